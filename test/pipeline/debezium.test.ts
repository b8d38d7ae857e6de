import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { type Connection, createConnection } from 'mysql2/promise'
import { Debezium, debeziumMissing } from '../../scripts/lib/peers/debezium.ts'
import { Topics } from '../../scripts/lib/peers/topic.ts'
import { change, prepare, TABLES } from '../mysql/debezium-workload.ts'
import { dataLines, killRunningTails, RunningTail } from '../mysql/tail.ts'
import {
  type ChangeRecord,
  fieldsInOrder,
  parseExactly,
  withoutTombstones
} from '../support/change-records.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const LARGEST_RECORD = '50000000'

/** Debezium's defaults, where its starter or Kafka Connect have others, and what makes it tell of TRUNCATE and of NULL. */
const CONFIG = {
  'decimal.handling.mode': 'precise',
  'tombstones.on.delete': 'true',
  'skipped.operations': 'none',
  'provide.transaction.metadata': 'true',
  // Else a NULL in a column with a default turns into the default.
  'value.converter.replace.null.with.default': 'false',
  'producer.override.max.request.size': LARGEST_RECORD
}

/** What tells the two programs apart, and when each of them was at work. */
const OWN_FIELDS = ['ts_ms', 'ts_us', 'ts_ns', 'source.version', 'source.name']
/** Of the rows of a snapshot Debezium tells the time when it began, first and last ones, and no server. */
const OWN_SNAPSHOT_FIELDS = [
  'source.ts_ms',
  'source.ts_us',
  'source.ts_ns',
  'source.snapshot',
  'source.server_id'
]
/** Debezium numbers the events in a compressed transaction as if they stood in the log. */
const OWN_COMPRESSED_FIELDS = ['source.pos', 'source.row']
/** A statement has its own time, to the millisecond, besides that of the commit, and is in no transaction there. */
const OWN_TRUNCATE_FIELDS = ['source.ts_us', 'source.ts_ns', 'transaction']

/** The values that differ; what they are is said in the manual page. */
const OWN_VALUES: readonly {
  readonly why: string
  readonly is: (op: string, column: string, theirs: unknown) => boolean
}[] = [
  {
    why: 'YEAR 0000 is 1900 in its stream and 2000 in its snapshot',
    is: (_, column, theirs) => column === 'ye' && (theirs === 1900 || theirs === 2000)
  },
  {
    why: 'its snapshot moves days that the calendar left out',
    is: (op, column, theirs) => op === 'r' && column === 'dt' && theirs === -12218860800000000n
  },
  {
    why: 'its stream puts the default for a date that is none',
    is: (op, column, theirs) => op !== 'r' && column === 'dd' && theirs === 18_262
  },
  { why: 'its snapshot misreads TIME', is: (op, column) => op === 'r' && /^ti\d$/.test(column) },
  { why: 'FLOAT(M,D) is widened to a double', is: (_, column) => column === 'f74' },
  {
    why: 'its stream takes them for similar ones of Java',
    is: (op, column) => op !== 'r' && /_(swe7|euckr|koi8u|greek)$/.test(column)
  },
  {
    why: 'its stream has labels with commas wrong',
    is: (op, column, theirs) => op !== 'r' && column === 'en' && theirs === 'b\\,c'
  },
  {
    why: 'its stream has TIME in JSON wrong',
    is: (op, column, theirs) => op !== 'r' && column === 'js' && String(theirs).includes('"t":')
  }
]

const missing = debeziumMissing() ?? unavailable('mysql', 'kafka')

describe('--debezium-types beside Debezium', { skip: missing }, () => {
  let mysql: RunningServer
  let kafka: RunningServer
  let connection: Connection
  const ours = new Map<string, ChangeRecord[]>()
  const theirs = new Map<string, ChangeRecord[]>()
  const boundaries: { ours: Boundary[]; theirs: Boundary[] } = { ours: [], theirs: [] }

  before(async () => {
    ;[mysql, kafka] = await Promise.all([
      startServer('mysql', { args: ['--binlog-row-metadata=FULL'] }),
      startServer('kafka', { args: [`message.max.bytes=${LARGEST_RECORD}`] })
    ])
    connection = await createConnection({
      uri: `${mysql.url}/test`,
      charset: 'utf8mb4',
      multipleStatements: true
    })
    await connection.query("SET sql_mode = '', time_zone = '+00:00'")
    await prepare(connection)
    const bootstrap = `127.0.0.1:${kafka.port}`
    await using debezium = await Debezium.start({
      bootstrap,
      mysql: mysql.url,
      tables: TABLES.map(table => `test.${table}`),
      config: CONFIG
    })
    await using topics = new Topics(bootstrap)
    const tail = new RunningTail([cdcUrl(mysql, 'test'), '--debezium-types', '--transactions'])
    await topics.reaches(debezium.topic('test.fence'), 1, 50, 60_000)
    await tail.until('snapshot', ({ stdout }) => stdout.includes('{"@mark"'))
    await change(connection)
    await topics.reaches(debezium.topic('test.fence'), 2, 50, 60_000)
    await tail.until('the last event', ({ stdout }) => /"table":"fence".*"op":"c"/.test(stdout))
    const { status, stdout, stderr } = await tail.stop()
    assert.equal(status, 0, stderr)
    for (const table of TABLES) ours.set(table, [])
    for (const line of dataLines(stdout)) {
      const event = parseExactly(line)
      ours.get(event.source.table as string)?.push(event)
    }
    boundaries.ours = stdout.split('\n').flatMap(line => {
      const { '@transaction': told } = line.startsWith('{"@transaction"') ? JSON.parse(line) : {}
      return told === undefined ? [] : [told as Boundary]
    })
    const records = await topics.read(debezium.topic('transaction'))
    boundaries.theirs = records.map(({ value }) => JSON.parse(value ?? 'null') as Boundary)
    for (const table of TABLES)
      theirs.set(table, withoutTombstones(await topics.read(debezium.topic(`test.${table}`))))
  })

  after(async () => {
    killRunningTails()
    await connection?.end()
    for (const server of [mysql, kafka]) {
      await server?.kill()
      await server?.stop()
    }
  })

  for (const table of TABLES) {
    test(`the same events in the same order, with the same values: ${table}`, () => {
      const [mine, their] = [ours.get(table) ?? [], theirs.get(table) ?? []]
      assert.deepEqual(mine.map(outline), their.map(outline))
      const differences = mine.flatMap((event, i) => {
        const other = their[i] as ChangeRecord
        assert.deepEqual(fieldsInOrder(event), fieldsInOrder(other))
        return differing(event, other, table).map(
          difference => `event ${i}, ${outline(event)}: ${difference}`
        )
      })
      assert.deepEqual(differences, [])
    })
  }

  test('the same beginnings and ends of transactions, with the same counts', () => {
    // There a truncated table is in no transaction.
    const truncates = new Set(
      [...ours.values()].flat().flatMap(({ op, source }) => (op === 't' ? [source.gtid] : []))
    )
    assert.deepEqual(
      boundaries.ours.filter(({ id }) => !truncates.has(id)).map(inOrder),
      boundaries.theirs.map(inOrder)
    )
  })

  test('every kind of event was among them, and every exception was met', () => {
    for (const [table, events] of theirs) assert.notEqual(events.length, 0, table)
    assert.equal(theirs.get('random_rows')?.length, 300)
    const all = [...theirs.values()].flat()
    assert.deepEqual(new Set(all.map(({ op }) => op)), new Set(['r', 'c', 'u', 'd', 't']))
    for (const { why, is } of OWN_VALUES) {
      const met = all.some(({ op, before, after }) =>
        Object.entries(after ?? before ?? {}).some(([column, value]) => is(op, column, value))
      )
      assert.ok(met, why)
    }
  })
})

/** Where a transaction begins or ends. */
interface Boundary {
  readonly id: string
  readonly status: string
  readonly event_count: number | null
  readonly data_collections:
    | readonly { readonly data_collection: string; readonly event_count: number }[]
    | null
}

/** Debezium lists the tables in the order of a hash. */
function inOrder(boundary: Boundary): Boundary {
  const { data_collections } = boundary
  const sorted = data_collections?.toSorted((a, b) => (a.data_collection < b.data_collection ? -1 : 1))
  return { ...boundary, data_collections: sorted ?? null }
}

/** What an event is about, short enough to read a whole list of them. */
function outline({ op, before, after }: ChangeRecord): string {
  const id = (row: Record<string, unknown> | null): string =>
    row === null ? '-' : String(Object.values(row)[0])
  return `${op} ${id(before)} ${id(after)}`
}

/** The fields that differ but must not, with both values. */
function differing(ours: ChangeRecord, theirs: ChangeRecord, table: string): string[] {
  const { op } = theirs
  const own = new Set([
    ...OWN_FIELDS,
    ...(op === 'r' ? OWN_SNAPSHOT_FIELDS : []),
    ...(op === 't' ? OWN_TRUNCATE_FIELDS : []),
    ...(table === 'packed' ? OWN_COMPRESSED_FIELDS : [])
  ])
  const [mine, their] = [flat(ours), flat(theirs)]
  const names = new Set([...mine.keys(), ...their.keys()])
  return [...names].flatMap(name => {
    const [a, b] = [mine.get(name), their.get(name)]
    const [, column] = /^(?:before|after)\.(.*)$/.exec(name) ?? []
    if (own.has(name) || isDeepStrictEqual(a, b)) return []
    // The default, which CONFIG has left out.
    if (name === 'source.snapshot' && a === 'false' && b === null) return []
    if (column !== undefined && OWN_VALUES.some(({ is }) => is(op, column, b))) return []
    return column !== undefined && isSameSingle(column, a, b) ? [] : `${name} is ${brief(a)}, not ${brief(b)}`
  })
}

/** The values by the path to them; an image's columns with their order. */
function flat({ before, after, source, ...rest }: ChangeRecord): Map<string, unknown> {
  const parts = { source, before: before ?? {}, after: after ?? {} }
  return new Map<string, unknown>([
    ...Object.entries(rest),
    ['before', before && Object.keys(before)],
    ['after', after && Object.keys(after)],
    ...Object.entries(parts).flatMap(([part, fields]) =>
      Object.entries(fields).map(([name, value]): [string, unknown] => [`${part}.${name}`, value])
    )
  ])
}

/** Java 17 writes more digits of some single-precision numbers than are needed. */
function isSameSingle(column: string, a: unknown, b: unknown): boolean {
  return column === 'f' && Math.fround(a as number) === Math.fround(b as number)
}

function brief(value: unknown): string {
  const text = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'absent')
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
