import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { blockOf, created, type Row, run, runStopped, strictQuery } from './events.ts'

const TABLE = `CREATE TABLE e (id INT, k STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
  WITH ('connector' = 'stdin', 'format' = 'json');`
const START = Date.UTC(2026, 10, 24, 10)
const time = (ms: number): string => new Date(START + ms).toISOString().slice(0, -1)
const event = (id: number, k: string, v: number | null, ms: number): string =>
  JSON.stringify({ id, k, v, ts: time(ms) })

type Step = { k: string; v: number | null; behind: number }
const steps = fc.array(
  fc.record({ k: fc.constantFrom('a', 'b'), v: fc.option(fc.nat(9)), behind: fc.nat(19) }),
  { maxLength: 50 }
)

type Event = { id: number; k: string; v: number | null; at: number }

/** Rows out of order by less than the watermark's delay, some at equal times. */
const eventsOf = (list: readonly Step[]): Event[] =>
  list.map(({ k, v, behind }, id) => ({ id, k, v, at: Math.max(0, id * 400 - behind * 100) }))

const lineOf = ({ id, k, v, at }: Event): string => event(id, k, v, at)

const frames: [frame: string, counts: (rows: Event[], place: number) => Event[]][] = [
  ['', (rows, i) => rows.filter(({ at }) => at <= (rows[i] as Event).at)],
  ['ROWS UNBOUNDED PRECEDING', (rows, i) => rows.slice(0, i + 1)],
  ['ROWS BETWEEN 2 PRECEDING AND CURRENT ROW', (rows, i) => rows.slice(Math.max(0, i - 2), i + 1)],
  [
    "RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW",
    (rows, i) => {
      const { at } = rows[i] as Event
      return rows.filter(row => row.at <= at && row.at >= at - 1000)
    }
  ]
]

const overText = (frame: string): string => `OVER (PARTITION BY k ORDER BY ts ${frame})`
const sqlOf = (frame: string): string =>
  `${TABLE} SELECT id, COUNT(v) ${overText(frame)} AS n, SUM(v) ${overText(frame)} AS s, MAX(v) ${overText(frame)} AS m FROM e`

test('the aggregates of a row are those of the rows up to it, in the order of time', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(...frames), (list, [frame, counts]) => {
      const events = eventsOf(list)
      const wanted = [...Map.groupBy(events, ({ k }) => k).values()].flatMap(partition => {
        const rows = partition.toSorted((a, b) => a.at - b.at)
        return rows.map(({ id }, i) => {
          const values = counts(rows, i).flatMap(({ v }) => (v === null ? [] : [v]))
          const [s, m] = [values.reduce((a, b) => a + b, 0), Math.max(...values)]
          return values.length === 0 ? { id, n: 0, s: null, m: null } : { id, n: values.length, s, m }
        })
      })
      const { rows, late } = run(sqlOf(frame), events.map(lineOf))
      assert.deepEqual(late, [])
      assert.deepEqual(
        rows.toSorted((a, b) => Number(a.id) - Number(b.id)),
        wanted.sort((a, b) => a.id - b.id)
      )
    })
  )
})

test('one that is stopped and taken up again anywhere gives what one that was not gives', () => {
  fc.assert(
    fc.property(steps, fc.nat(50), fc.constantFrom(...frames), (list, at, [frame]) => {
      // Some are late here.
      const lines = eventsOf(list).map((row, i) => lineOf({ ...row, at: row.at + (i % 7) * 900 }))
      const { rows, rejected } = run(sqlOf(frame), lines)
      assert.deepEqual(runStopped(sqlOf(frame), lines, at), { rows, rejected })
    })
  )
})

test('rows come out when the watermark passes them, as plain rows; what is not after it is late', () => {
  const sql = `${TABLE} SELECT id, COUNT(*) OVER (ORDER BY ts) AS n FROM e`
  const lines = [
    event(1, 'a', 1, 5000),
    event(2, 'a', 1, 3000),
    event(3, 'a', 1, 4000),
    event(4, 'a', 1, 7000)
  ]
  const { rows, late } = run(sql, lines, { unended: true })
  assert.deepEqual(rows, [
    { id: 3, n: 1 },
    { id: 1, n: 2 }
  ])
  assert.deepEqual(late, [lines[1]])
})

test('where a frame has a beginning a row is late only behind the last of its partition', () => {
  const sql = `${TABLE} SELECT id, SUM(v) OVER (PARTITION BY k ORDER BY ts ROWS 1 PRECEDING) AS s FROM e`
  const lines = [
    event(1, 'a', 1, 1000),
    event(2, 'b', 1, 9000),
    event(3, 'a', 2, 3000),
    event(4, 'a', 4, 1000),
    event(5, 'b', 1, 12_000)
  ]
  const { rows, late } = run(sql, lines)
  assert.deepEqual(late, [lines[3]])
  assert.deepEqual(
    rows.toSorted((a, b) => Number(a.id) - Number(b.id)),
    [
      { id: 1, s: 1 },
      { id: 2, s: 1 },
      { id: 3, s: 3 },
      { id: 5, s: 2 }
    ]
  )
})

test('a partition whose rows are all too old for a RANGE is forgotten', () => {
  const query = strictQuery(
    `${TABLE} SELECT id, COUNT(*) OVER (PARTITION BY k ORDER BY ts RANGE INTERVAL '1' SECOND PRECEDING) AS n FROM e`
  )
  const out = new ByteWriter()
  const lines = Array.from({ length: 2000 }, (_, i) => event(i, `k${i}`, 1, i * 100))
  query.process(blockOf(lines.slice(0, 100)), out)
  const early = query.snapshot().length
  query.process(blockOf(lines.slice(100)), out)
  assert.ok(query.snapshot().length < early * 1.5)
})

test('calls in expressions, by the name of a window, in QUALIFY, and over groups', () => {
  const lines = [1, 2, 3, 4].map(i => event(i, i % 2 === 0 ? 'even' : 'odd', i, i * 60_000))
  const of = (sql: string): Row[] => run(`${TABLE} ${sql}`, lines).rows
  assert.deepEqual(
    of(
      "SELECT id, v - COALESCE(LAG(v) OVER w, 0) AS d, CASE WHEN COUNT(*) OVER w > 2 THEN 'many' END AS c FROM e WINDOW w AS (ORDER BY ts)"
    ),
    [
      { id: 1, d: 1, c: null },
      { id: 2, d: 1, c: null },
      { id: 3, d: 1, c: 'many' },
      { id: 4, d: 1, c: 'many' }
    ]
  )
  assert.deepEqual(of('SELECT id, SUM(v) OVER (PARTITION BY k ORDER BY ts) AS s FROM e QUALIFY s > 3'), [
    { id: 3, s: 4 },
    { id: 4, s: 6 }
  ])
  assert.deepEqual(of('SELECT id, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) AS n FROM e'), [
    { id: 1, n: 1 },
    { id: 2, n: 1 },
    { id: 3, n: 2 },
    { id: 4, n: 2 }
  ])
  assert.deepEqual(
    of(
      "SELECT window_start, SUM(COUNT(*)) OVER (ORDER BY window_time) AS n FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(ts), INTERVAL '2' MINUTE)) GROUP BY window_start, window_end, window_time"
    ).map(row => row.n),
    [1, 3, 4]
  )
})

test('the ORDER BY of a table nobody declared becomes its event time', () => {
  const lines = [3, 1, 2].map(i => JSON.stringify({ id: i, ts: time(i * 1000), amount: `${i}.50` }))
  const sum = 'SELECT id, SUM(amount) OVER (ORDER BY ts ROWS UNBOUNDED PRECEDING) AS s FROM events'
  const { rows, late } = run(sum, lines, { watermarkDelay: 5000 })
  assert.deepEqual(rows, [
    { id: 1, s: '1.50' },
    { id: 2, s: '4.00' },
    { id: 3, s: '7.50' }
  ])
  assert.equal(late.length, 0)
  const numbers = run('SELECT *, ROW_NUMBER() OVER (ORDER BY ts) AS n FROM events', lines, {
    watermarkDelay: 5000
  })
  assert.deepEqual(
    numbers.rows.map(({ id, n }) => [id, n]),
    [
      [1, 1],
      [2, 2],
      [3, 3]
    ]
  )
})

test('what is no number is an error of its own line', () => {
  const lines = ['1', 'x', '2'].map((amount, i) => JSON.stringify({ id: i, ts: time(i * 1000), amount }))
  const { rows, rejected } = run('SELECT id, SUM(amount) OVER (ORDER BY ts) AS s FROM events', lines)
  assert.deepEqual(rejected, ['1: "x" is not a number'])
  assert.deepEqual(
    rows.map(({ s }) => s),
    ['1', '3']
  )
})

test('what Flink has no answer for is refused, with its place', () => {
  const says = (items: string, message: RegExp, from = 'e'): void => {
    assert.throws(() => strictQuery(`${TABLE} SELECT ${items} FROM ${from}`), message)
  }
  says('SUM(v) OVER (ORDER BY v) AS s', /OVER in order of a INT that is no event time/)
  says('SUM(v) OVER (PARTITION BY k) AS s', /OVER needs ORDER BY an event time/)
  says('SUM(v) OVER (ORDER BY ts DESC) AS s', /an order other than that of event time/)
  says('SUM(v) OVER (ORDER BY ts ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS s', /anything but CURRENT ROW/)
  says('SUM(v) OVER (ORDER BY ts ROWS CURRENT ROW) AS s', /OVER from anything but PRECEDING/)
  says("SUM(v) OVER (ORDER BY ts ROWS INTERVAL '1' DAY PRECEDING) AS s", /ROWS takes a number of rows/)
  says("SUM(v) OVER (ORDER BY ts RANGE INTERVAL '1' MONTH PRECEDING) AS s", /RANGE takes an interval such as/)
  says('LEAD(v) OVER (ORDER BY ts) AS s', /LEAD, which asks for rows that have not come yet/)
  says('RANK() OVER (ORDER BY ts) AS s', /RANK \(for which Flink gives in streams what COUNT/)
  says('LAG(v, -1) OVER (ORDER BY ts) AS s', /LAG takes a number of rows/)
  says('LAG(v) OVER (ORDER BY ts ROWS 2 PRECEDING) AS s', /LAG takes no ROWS or RANGE/)
  says('SUM(v) FILTER (WHERE v > 1) OVER (ORDER BY ts) AS s', /FILTER with OVER/)
  says('UPPER(k) OVER (ORDER BY ts) AS s', /the aggregate UPPER/)
  says('SUM(v) OVER (ORDER BY ts) AS s', /OVER of aggregates over rows that change/, 'joins')
  assert.throws(
    () => strictQuery(`${TABLE} SELECT SUM(v) OVER (ORDER BY v) AS s FROM e`),
    /line 2, column \d+: /
  )
  assert.equal(run('SELECT COUNT(*) AS n FROM joins', [created({ id: 1 })]).rows.length, 1)
})
