import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile, type Query, type QueryOptions } from '../../src/lib/sql/index.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { blockOf, parseLines, type Row } from './events.ts'

const START = Date.UTC(2026, 10, 24, 10)
/** A row that came when it says, and its event with it. */
const event = (table: string, id: number, seconds: number, lag = 0): string => {
  const ms = START + seconds * 1000
  const after = { id, user: id, at: new Date(ms - lag * 1000).toISOString() }
  return JSON.stringify({
    before: null,
    after,
    source: { db: 'dream', table, ts_ms: ms },
    op: 'c',
    ts_ms: ms
  })
}

const declared = (table: string): string =>
  `CREATE TABLE ${table} (id INT, user INT, \`at\` TIMESTAMP(3), WATERMARK FOR \`at\` AS \`at\`)
   WITH ('connector' = 'stdin', 'format' = 'debezium-json');`
const windowed = (table: string): string =>
  `(SELECT * FROM TABLE(TUMBLE(TABLE ${table}, DESCRIPTOR(\`at\`), INTERVAL '10' SECOND)))`
const join = `${declared('orders')} ${declared('payments')}
  SELECT o.id AS o, p.id AS p FROM ${windowed('orders')} o LEFT JOIN ${windowed('payments')} p
  ON o.window_start = p.window_start AND o.window_end = p.window_end AND o.user = p.user`

type Step = string | { mark: number }
/** Time that passes without events, in seconds. */
const mark = (seconds: number): Step => ({ mark: START + seconds * 1000 })

function query(sql: string, options: Partial<QueryOptions>): Query {
  return compile(sql, {
    idleTimeout: 60_000,
    ...options,
    reject({ reason }) {
      throw new Error(reason)
    }
  })
}

async function feed(query: Query, steps: readonly Step[], out: ByteWriter): Promise<void> {
  for (const step of steps) {
    if (typeof step === 'string') query.process(blockOf([step]), out)
    else await query.passTime(step.mark, out)
  }
}

async function results(
  sql: string,
  steps: readonly Step[],
  options: Partial<QueryOptions> = {}
): Promise<string[]> {
  const out = new ByteWriter()
  await feed(query(sql, options), steps, out)
  return shown(parseLines(out.written().toString()))
}

const shown = (rows: Row[]): string[] => rows.map(row => `${row.o} ${row.p ?? '–'}`)
const every = (step: number, from: number, to: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step)

test('rows of an outer side come out though the other table has none any more', async () => {
  const orders = every(5, 0, 120).map(second => event('orders', second, second))
  const steps = [event('payments', 0, 0), ...orders]
  assert.deepEqual(await results(join, steps, { idleTimeout: 0 }), [])
  // At 120 s the payments are taken to be at 60 s.
  const expected = ['0 0', ...every(5, 5, 55).map(id => `${id} –`)]
  assert.deepEqual(await results(join, steps), expected)
})

test('a table that never had a row holds nothing back either', async () => {
  const orders = every(5, 0, 100).map(second => event('orders', second, second))
  assert.deepEqual(
    await results(join, orders),
    every(5, 0, 35).map(id => `${id} –`)
  )
})

test('a row of a table that was idle counts as long as it is not later than the time-out', async () => {
  const orders = every(5, 0, 120).map(second => event('orders', second, second))
  const back = event('payments', 70, 121, 51)
  const closed = [...every(5, 125, 300).map(second => event('orders', second, second))]
  const rows = await results(join, [...orders, back, ...closed])
  assert.ok(rows.includes('70 70'))
  assert.ok(!rows.includes('70 –'))
})

test('marks tell that time has passed as events do, and a long gap is no idleness', async () => {
  const orders = every(5, 0, 40).map(second => event('orders', second, second))
  const marks = every(1, 41, 100).map(mark)
  const next = event('orders', 101, 101)
  assert.deepEqual(
    await results(join, [...orders, ...marks, next]),
    every(5, 0, 35).map(id => `${id} –`)
  )
  assert.deepEqual(await results(join, [...orders, mark(3600), event('orders', 101, 3600)]), [])
})

test('while no table has rows time stands still, unless it passes with the marks', async () => {
  const steps: Step[] = [
    event('orders', 1, 0),
    event('payments', 1, 1),
    event('orders', 2, 2),
    ...every(1, 3, 80).map(mark)
  ]
  assert.deepEqual(await results(join, steps), [])
  assert.deepEqual(await results(join, steps, { isMarkTime: true }), ['1 1', '2 –'])
})

test('a window of one table closes with the marks where they are time', async () => {
  const sql = `${declared('orders')} SELECT window_end AS o, COUNT(*) AS p
    FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(\`at\`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end`
  const steps = [event('orders', 1, 2), event('orders', 2, 3), ...every(1, 4, 80).map(mark)]
  assert.deepEqual(await results(sql, steps), [])
  assert.deepEqual(await results(sql, steps, { isMarkTime: true }), ['2026-11-24T10:00:10.000 2'])
})

test('SET table.exec.source.idle-timeout comes before the flag', async () => {
  const orders = every(5, 0, 40).map(second => event('orders', second, second))
  const set = (value: string): string => `SET 'table.exec.source.idle-timeout' = '${value}'; ${join}`
  assert.deepEqual(await results(set('20 s'), orders), ['0 –', '5 –', '10 –', '15 –'])
  assert.deepEqual(await results(set('0'), [...orders, ...every(1, 41, 300).map(mark)]), [])
})

const steps = fc.array(
  fc.record({ kind: fc.constantFrom('orders', 'payments', 'mark'), gap: fc.nat(12), lag: fc.nat(8) }),
  { maxLength: 60 }
)

test('idle tables: stopped and taken up anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(60), async (list, place) => {
      let second = 0
      const all = list.map(({ kind, gap, lag }, i): Step => {
        second += gap
        return kind === 'mark' ? mark(second) : event(kind, i % 3, second, lag)
      })
      const cut = Math.min(place, all.length)
      const options = { idleTimeout: 15_000, isMarkTime: true }
      const out = new ByteWriter()
      const first = query(join, options)
      await feed(first, all.slice(0, cut), out)
      const later = query(join, options)
      later.restore(first.snapshot())
      await feed(later, all.slice(cut), out)
      assert.deepEqual(shown(parseLines(out.written().toString())), await results(join, all, options))
    })
  )
})
