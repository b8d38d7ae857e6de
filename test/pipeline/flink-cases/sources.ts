import type { Sources, SourceTable } from '../../support/flink.ts'
import { randomNumbers } from '../../support/random.ts'

/** The events that queries run on in both programs; the same in every run. */

type Row = Record<string, unknown>

const START = Date.UTC(2026, 10, 24, 10)
const time = (ms: number): string => new Date(ms).toISOString().slice(0, -1)

const random = randomNumbers(7)
const upTo = (n: number): number => Math.floor(random() * n)
const oneOf = <T>(...values: readonly T[]): T => values[upTo(values.length)] as T
const sometimes = <T>(share: number, value: T): T | null => (random() < share ? null : value)
const money = (cents: number): string =>
  `${cents < 0 ? '-' : ''}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`

/** Plain rows out of order by up to 5 s, some of them late for a watermark 2 s behind, with values missing. */
function plays(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => {
    const at = START + i * 1300 - (random() < 0.3 ? upTo(5000) : 0) + (i > count / 2 ? 180_000 : 0)
    return {
      id: i,
      player: sometimes(0.1, upTo(6)),
      name: sometimes(0.1, oneOf('Ada', 'bob', 'Éva', 'Zoë 😀', ' pad ', '', 'a,b,c', "o'Neil", 'x%y_z')),
      stake: sometimes(0.1, money(upTo(20_000) - 5000)),
      score: sometimes(0.1, (upTo(4000) - 1000) / 8),
      points: sometimes(0.05, upTo(2000) - 300),
      total: sometimes(0.1, oneOf(0, 1, -1, 9007199254740991, upTo(1_000_000_000))),
      won: sometimes(0.1, random() < 0.5),
      born: sometimes(
        0.1,
        new Date(Date.UTC(1960 + upTo(80), upTo(12), 1 + upTo(28))).toISOString().slice(0, 10)
      ),
      at: time(at),
      seen: `${time(at + upTo(100_000))}Z`,
      place: sometimes(0.1, {
        city: sometimes(0.2, oneOf('Pune', 'Goa', 'Agra')),
        geo: { lat: upTo(90), lon: sometimes(0.2, upTo(180)) }
      }),
      tags: sometimes(
        0.1,
        Array.from({ length: upTo(4) }, () => oneOf('new', 'vip', 'mobile'))
      ),
      extra: sometimes(
        0.1,
        random() < 0.5 ? { app: oneOf('ios', 'android') } : { app: 'web', ref: oneOf('ad', 'mail') }
      )
    }
  })
}

type Change = { before: Row | null; after: Row | null; source: Row; op: string; ts_ms: number }

/** What happens to the rows of a table, as change events: it is made at `START` and changed every so often. */
class ChangingTable {
  readonly events: Change[] = []
  readonly #rows = new Map<number, Row>()
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  get ids(): number[] {
    return [...this.#rows.keys()]
  }

  /** Puts a row in the place of the one with its id; null deletes it. */
  set(id: number, row: Row | null, ms: number): void {
    const before = this.#rows.get(id) ?? null
    if (before === null && row === null) return
    if (row === null) this.#rows.delete(id)
    else this.#rows.set(id, row)
    const op = before === null ? 'c' : row === null ? 'd' : 'u'
    this.events.push({
      before,
      after: row,
      source: { db: 'dream', table: this.#name, ts_ms: ms },
      op,
      ts_ms: ms
    })
  }

  row(id: number): Row {
    return this.#rows.get(id) as Row
  }

  lines(): string[] {
    return this.events.map(event => JSON.stringify(event))
  }
}

/** Entries to contests, most of them changed later, some deleted; their event time stays. */
function entries(count: number): ChangingTable {
  const table = new ChangingTable('entries')
  for (let i = 0; i < count; i++) {
    const now = START + i * 1000
    const known = table.ids
    const dice = random()
    if (known.length < 5 || dice < 0.5) {
      const at = now - upTo(3000)
      const row = {
        id: i,
        contest: sometimes(0.05, 1 + upTo(6)),
        player: sometimes(0.05, upTo(8)),
        amount: sometimes(0.05, money(100 + upTo(5000)))
      }
      table.set(i, { ...row, status: oneOf('NEW', 'PAID', 'FAILED'), at: time(at) }, now)
      continue
    }
    const id = known[upTo(known.length)] as number
    const old = table.row(id)
    if (dice < 0.65) table.set(id, null, now)
    else if (dice < 0.85) table.set(id, { ...old, status: oneOf('PAID', 'FAILED', 'REFUNDED') }, now)
    else table.set(id, { ...old, amount: money(upTo(9000)), contest: 1 + upTo(6) }, now)
  }
  return table
}

/** Contests that change while entries come; `since` is the time of each version. */
function contests(): ChangingTable {
  const table = new ChangingTable('contests')
  for (let i = 0; i < 60; i++) {
    const now = START - 10_000 + i * 5000
    const id = 1 + upTo(5)
    const gone = random() < 0.1 && table.ids.includes(id)
    table.set(
      id,
      gone
        ? null
        : { id, title: oneOf('Cup', 'Derby', 'Final', null), seats: 10 * (1 + upTo(4)), since: time(now) },
      now
    )
  }
  return table
}

function players(): ChangingTable {
  const table = new ChangingTable('players')
  for (let i = 0; i < 30; i++) {
    const id = upTo(9)
    const now = START + i * 9000
    table.set(id, random() < 0.2 ? null : { id, name: oneOf('ann', 'bo', 'cy', null), level: upTo(4) }, now)
  }
  return table
}

/** Orders and their shipments and payments in one stream of plain rows: never late beyond the watermark's 5 s. */
function shop(): Row[] {
  const rows: { row: Row; at: number }[] = []
  for (let i = 0; i < 90; i++) {
    const at = START + i * 2000
    rows.push({
      at,
      row: { kind: 'order', id: i, buyer: sometimes(0.1, upTo(5)), price: money(upTo(10_000)) }
    })
    if (random() < 0.7) {
      const later = at + upTo(20_000)
      rows.push({
        at: later,
        row: { kind: 'shipment', id: 1000 + i, parent: sometimes(0.05, i), carrier: oneOf('dhl', 'ups') }
      })
      if (random() < 0.2)
        rows.push({ at: later + 3000, row: { kind: 'shipment', id: 2000 + i, parent: i, carrier: 'post' } })
    }
    if (random() < 0.6)
      rows.push({
        at: at + upTo(9000),
        row: { kind: 'payment', id: 3000 + i, parent: i, paid: money(upTo(10_000)) }
      })
  }
  return rows
    .map(({ row, at }) => ({ row, at, order: at + upTo(4000) }))
    .sort((a, b) => a.order - b.order)
    .map(({ row, at }) => ({ ...row, at: time(at) }))
}

const table = (
  name: string,
  format: SourceTable['format'],
  columns: string,
  lines: readonly string[]
): SourceTable => ({
  name,
  format,
  columns,
  lines
})

const asLines = (rows: readonly Row[]): string[] => rows.map(row => JSON.stringify(row))

const drawn: Sources = {
  tables: [
    table(
      'plays',
      'json',
      `id BIGINT, player INT, name STRING, stake DECIMAL(10, 2), score DOUBLE, points SMALLINT, total BIGINT, won BOOLEAN, born DATE,
      \`at\` TIMESTAMP(3), seen TIMESTAMP_LTZ(3), place ROW<city STRING, geo ROW<lat INT, lon INT>>, tags ARRAY<STRING>, extra MAP<STRING, STRING>,
      WATERMARK FOR \`at\` AS \`at\` - INTERVAL '2' SECOND`,
      asLines(plays(300))
    ),
    table(
      'entries',
      'debezium-json',
      `id BIGINT, contest INT, player INT, amount DECIMAL(10, 2), status STRING, \`at\` TIMESTAMP(3),
      WATERMARK FOR \`at\` AS \`at\` - INTERVAL '10' MINUTE`,
      entries(240).lines()
    ),
    table(
      'contests',
      'debezium-json',
      `id INT, title STRING, seats INT, since TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR since AS since`,
      contests().lines()
    ),
    table(
      'players',
      'debezium-json',
      'id INT, name STRING, level INT, PRIMARY KEY (id) NOT ENFORCED',
      players().lines()
    ),
    table(
      'shop',
      'json',
      `kind STRING, id BIGINT, buyer INT, price DECIMAL(10, 2), parent BIGINT, carrier STRING, paid DECIMAL(10, 2), \`at\` TIMESTAMP(3),
      WATERMARK FOR \`at\` AS \`at\` - INTERVAL '5' SECOND`,
      asLines(shop())
    )
  ],
  views: [
    { name: 'orders', sql: "SELECT id, buyer, price, `at` FROM shop WHERE kind = 'order'" },
    { name: 'shipments', sql: "SELECT id, parent, carrier, `at` FROM shop WHERE kind = 'shipment'" },
    { name: 'payments', sql: "SELECT id, parent, paid, `at` FROM shop WHERE kind = 'payment'" }
  ]
}

/**
 * The contests without those that were deleted: the deletion of a version has its time, so whether Flink finds the version
 * before depends on which of its files it has read further.
 */
function versions(): SourceTable {
  const contests = drawn.tables.find(({ name }) => name === 'contests') as SourceTable
  const lines = contests.lines
    .filter(line => !line.includes('"op":"d"'))
    .map(line => line.replace('"table":"contests"', '"table":"versions"'))
  return { ...contests, name: 'versions', lines }
}

export const sources: Sources = { ...drawn, tables: [...drawn.tables, versions()] }
