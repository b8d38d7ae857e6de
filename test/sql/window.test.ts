import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { blockOf, change, created, parseLines, type Row, run, strictQuery, tableOf } from './events.ts'

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 24, 10) + seconds * 1000).toISOString()
const join = (id: number, seconds: number, amount = '1.00', contest = 9): Row => ({
  id,
  contest,
  amount,
  created_at: at(seconds)
})

const perMinute = (items: string, more = ''): string =>
  `SELECT ${items} FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end${more}`

test('a tumbling window comes out as a plain row when the watermark reaches its last millisecond', () => {
  const sql = perMinute('window_start, window_end, COUNT(*) AS n, SUM(amount) AS total')
  const open = [created(join(1, 0, '1.50')), created(join(2, 30, '2.25')), created(join(3, 59.998))]
  assert.deepEqual(run(sql, open, { unended: true }).rows, [])
  const closed = [...open, created(join(4, 59.999, '0.25'))]
  assert.deepEqual(run(sql, closed, { unended: true }).rows, [
    { window_start: '2026-11-24T10:00:00.000', window_end: '2026-11-24T10:01:00.000', n: 4, total: '5.00' }
  ])
})

test('the end of input closes what is open, windows in the order of their ends', () => {
  const { rows } = run(perMinute('window_end, COUNT(*) AS n'), [created(join(1, 90)), created(join(2, 150))])
  assert.deepEqual(rows, [
    { window_end: '2026-11-24T10:02:00.000', n: 1 },
    { window_end: '2026-11-24T10:03:00.000', n: 1 }
  ])
})

test('a row for a closed window is late: told, and not counted', () => {
  const late = created(join(3, 10))
  const result = run(perMinute('window_end, COUNT(*) AS n'), [
    created(join(1, 0)),
    created(join(2, 61)),
    late,
    created(join(4, 62))
  ])
  assert.deepEqual(
    result.rows.map(r => r.n),
    [1, 2]
  )
  assert.deepEqual(result.late, [late])
})

test('a delay keeps windows open for rows out of order', () => {
  const lines = [created(join(1, 0)), created(join(2, 61)), created(join(3, 10))]
  const { rows, late } = run(perMinute('COUNT(*) AS n'), lines, { watermarkDelay: 5000 })
  assert.deepEqual([rows.map(r => r.n), late], [[2, 1], []])
})

test('updates and deletes take back what they replace, and a group without rows does not come out', () => {
  const lines = [
    created(join(1, 0, '1.00')),
    created(join(2, 1, '5.00')),
    created(join(3, 2, '9.00', 7)),
    change('u', join(2, 1, '5.00'), join(2, 1, '2.00')),
    change('d', join(3, 2, '9.00', 7), null)
  ]
  const items =
    'contest, COUNT(*) AS n, SUM(amount) AS sum, AVG(amount) AS avg, MAX(amount) AS max, COUNT(DISTINCT amount) AS d'
  assert.deepEqual(run(perMinute(items, ', contest'), lines).rows, [
    { contest: 9, n: 2, sum: '3.00', avg: '1.500000', max: '2.00', d: 2 }
  ])
})

test('a key that changes moves the row to another group', () => {
  const lines = [created(join(1, 0)), change('u', join(1, 0), join(1, 0, '1.00', 8))]
  assert.deepEqual(run(perMinute('contest, COUNT(*) AS n', ', contest'), lines).rows, [{ contest: 8, n: 1 }])
})

test('a truncate empties open windows', () => {
  assert.deepEqual(
    run(perMinute('COUNT(*) AS n'), [created(join(1, 0)), change('t', null, null), created(join(2, 1))]).rows,
    [{ n: 1 }]
  )
})

test('aggregates pass over NULL, and have the types that Flink derives', () => {
  const table = `CREATE TABLE joins (i INT, d DECIMAL(10, 2), x DOUBLE, created_at TIMESTAMP(3), WATERMARK FOR created_at AS created_at)
    WITH ('connector' = 'stdin', 'format' = 'json');`
  const rows = [
    { i: 1, d: '1.00', x: 1, created_at: at(0) },
    { i: 2, d: '2.00', x: 2.5, created_at: at(1) },
    { i: null, d: null, x: null, created_at: at(2) },
    { i: 2, d: '2.00', x: 0.5, created_at: at(3) }
  ].map(r => JSON.stringify(r))
  const items = `COUNT(*) AS n, COUNT(i) AS ci, SUM(i) AS si, AVG(i) AS ai, SUM(d) AS sd, AVG(d) AS ad, SUM(x) AS sx, AVG(x) AS ax,
    MIN(d) AS mind, SUM(DISTINCT d) AS sdd, COUNT(*) FILTER (WHERE i = 2) AS f, SUM(d) FILTER (WHERE i > 5) AS none`
  assert.deepEqual(run(table + perMinute(items), rows).rows, [
    {
      n: 4,
      ci: 3,
      si: 5,
      ai: 1,
      sd: '5.00',
      ad: '1.666667',
      sx: 4,
      ax: 4 / 3,
      mind: '1.00',
      sdd: '3.00',
      f: 2,
      none: null
    }
  ])
})

test('HAVING, expressions on keys and aggregates, and views', () => {
  const sql = `CREATE VIEW paid AS SELECT contest % 2 AS odd, amount, created_at FROM joins WHERE amount > 1;
    SELECT odd + 1 AS k, SUM(amount) / COUNT(*) AS mean FROM TABLE(TUMBLE(TABLE paid, DESCRIPTOR(created_at), INTERVAL '1' MINUTE))
    GROUP BY window_start, window_end, odd HAVING COUNT(*) > 1`
  const lines = [join(1, 0, '2.00'), join(2, 1, '4.00'), join(3, 2, '1.00'), join(4, 3, '5.00', 8)].map(r =>
    created(r)
  )
  assert.deepEqual(run(sql, lines).rows, [{ k: 2, mean: '3.000000' }])
})

test('HOP counts a row in each window that it lies in, CUMULATE in each step up to the size', () => {
  const counts = (window: string): unknown[] =>
    run(
      `SELECT window_start, window_end, COUNT(*) AS n FROM TABLE(${window}) GROUP BY window_start, window_end`,
      [created(join(1, 70))]
    ).rows.map(r => `${String(r.window_start).slice(14, 19)}–${String(r.window_end).slice(14, 19)}`)
  assert.deepEqual(
    counts("HOP(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)"),
    ['00:00–02:00', '01:00–03:00']
  )
  assert.deepEqual(
    counts("CUMULATE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE, INTERVAL '3' MINUTE)"),
    ['00:00–02:00', '00:00–03:00']
  )
})

test('windows can be shifted, and lie where they should before 1970', () => {
  const sql =
    "SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE, INTERVAL '10' SECOND)) GROUP BY window_start, window_end"
  const starts = (time: string): unknown => run(sql, [created({ created_at: time })]).rows[0]?.window_start
  assert.equal(starts('2026-11-24T10:00:05.000Z'), '2026-11-24T09:59:10.000')
  assert.equal(starts('1969-12-31T23:59:59.999Z'), '1969-12-31T23:59:10.000')
})

test('a row without event time is an error of the row', () => {
  const { rejected } = run(perMinute('COUNT(*) AS n'), [created({ id: 1 }), created({ created_at: 'soon' })])
  assert.deepEqual(rejected, [
    '0: created_at is NULL, but it is the event time',
    '1: "soon" is not a TIMESTAMP'
  ])
})

test('a row that WHERE drops needs no event time, unless a WATERMARK asks it of every row', () => {
  const view = `CREATE VIEW a AS SELECT id, created_at FROM joins WHERE id < 10;
    SELECT window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(created_at), INTERVAL '1' MINUTE))
    GROUP BY window_start, window_end`
  const events = [created(join(1, 0)), created({ id: 20, created_at: null }), created(join(2, 30))]
  const { rows, rejected } = run(view, events)
  assert.deepEqual([rows.map(row => row.n), rejected], [[2], []])
  const declared = `CREATE TABLE joins (id BIGINT, created_at TIMESTAMP(3), WATERMARK FOR created_at AS created_at)
    WITH ('connector' = 'stdin', 'format' = 'debezium-json', 'table' = 'joins'); ${view}`
  assert.match(run(declared, events).rejected.join(), /created_at is NULL, but it is the event time/)
})

test('a window function without GROUP BY adds its bounds to each row', () => {
  const sql =
    "SELECT id, window_start FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' HOUR))"
  assert.deepEqual(run(sql, [created(join(1, 70))]).rows[0]?.after, {
    id: 1,
    window_start: '2026-11-24T10:00:00.000'
  })
})

const events = fc.array(
  fc.record({
    seconds: fc.integer({ min: 0, max: 300 }),
    cents: fc.integer({ min: -999, max: 999 }),
    contest: fc.integer({ min: 1, max: 3 })
  }),
  { maxLength: 40 }
)
const summary = perMinute(
  'window_end, contest, COUNT(*) AS n, SUM(amount) AS sum, MIN(amount) AS min, COUNT(DISTINCT amount) AS d',
  ', contest'
)

test('a snapshot between any two blocks, restored elsewhere, changes nothing', () => {
  fc.assert(
    fc.property(events, fc.nat(40), (list, place) => {
      const lines = list.map(({ seconds, cents, contest }, i) =>
        created(join(i, seconds, (cents / 100).toFixed(2), contest))
      )
      const cut = Math.min(place, lines.length)
      const unbroken = run(summary, lines).text
      const out = new ByteWriter()
      const first = strictQuery(summary)
      first.process(blockOf(lines.slice(0, cut)), out)
      const second = strictQuery(summary)
      second.restore(first.snapshot())
      second.process(blockOf(lines.slice(cut)), out)
      second.end(out)
      assert.equal(out.written().toString(), unbroken)
    }),
    { numRuns: 60 }
  )
})

test('rows that are written and taken back leave the sums as if they had never been', () => {
  fc.assert(
    fc.property(events, events, (kept, undone) => {
      const rows = (list: typeof kept): Row[] =>
        list.map(({ seconds, cents, contest }, i) => join(i, seconds, (cents / 100).toFixed(2), contest))
      const sorted = (text: string): string[] =>
        parseLines(text)
          .map(r => JSON.stringify({ ...r, min: Number(r.min), sum: Number(r.sum) }))
          .sort()
      const delay = { watermarkDelay: 3_600_000 }
      const plain = run(
        summary,
        rows(kept).map(r => created(r)),
        delay
      ).text
      const taken = rows(undone)
      const lines = [
        ...taken.map(r => created(r)),
        ...rows(kept).map(r => created(r)),
        ...taken.map(r => change('d', r, null))
      ]
      assert.deepEqual(sorted(run(summary, lines, delay).text), sorted(plain))
    }),
    { numRuns: 60 }
  )
})

test('a snapshot of another query is refused', () => {
  assert.throws(
    () => strictQuery(summary).restore(strictQuery(perMinute('COUNT(*) AS n')).snapshot()),
    /another query/
  )
})

const hop = (more: string): string =>
  `SELECT id, window_start, window_end ${more} FROM TABLE(HOP(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE))`

test('without GROUP BY a row of HOP comes out in each of its windows, and is never late', () => {
  const sql = `CREATE TABLE joins (id INT, created_at TIMESTAMP(3), WATERMARK FOR created_at AS created_at)
    WITH ('connector' = 'stdin', 'format' = 'json'); ${hop('')}`
  const { rows, late } = run(
    sql,
    [join(1, 70), join(2, 600), join(3, 30)].map(row => JSON.stringify(row))
  )
  const shown = rows.map(
    row => `${row.id} ${String(row.window_start).slice(11, 16)}–${String(row.window_end).slice(11, 16)}`
  )
  assert.deepEqual(shown, [
    '1 10:00–10:02',
    '1 10:01–10:03',
    '2 10:09–10:11',
    '2 10:10–10:12',
    '3 09:59–10:01',
    '3 10:00–10:02'
  ])
  assert.deepEqual(late, [])
})

test('an update that keeps its time changes the row in each of its windows', () => {
  const { rows } = run(hop(', amount'), [created(join(1, 70)), change('u', join(1, 70), join(1, 70, '7.00'))])
  assert.deepEqual(
    rows.map(({ op, before, after }) => [op, (before as Row | null)?.amount, (after as Row).amount]),
    [
      ['c', undefined, '1.00'],
      ['c', undefined, '1.00'],
      ['u', '1.00', '7.00'],
      ['u', '1.00', '7.00']
    ]
  )
})

test('* over HOP of an undeclared table is its row with the bounds', () => {
  const sql =
    "SELECT * FROM TABLE(HOP(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE, INTERVAL '1' MINUTE))"
  assert.deepEqual(run(sql, [created(join(1, 70))]).rows[0]?.after, {
    ...join(1, 70),
    window_start: '2026-11-24T10:01:00.000',
    window_end: '2026-11-24T10:02:00.000',
    window_time: '2026-11-24T10:01:59.999'
  })
  const named = `SELECT contest, window_end FROM (${sql}) WHERE amount > 0 AND window_start > TIMESTAMP '2026-11-24 10:00:00'`
  assert.deepEqual(
    run(named, [created(join(1, 70)), created(join(2, 30))]).rows.map(({ after }) => after),
    [{ contest: 9, window_end: '2026-11-24T10:02:00.000' }]
  )
})

test('groups of one bound of a window change with their rows, and no row is late for them', () => {
  const sql = `SELECT window_end, COUNT(*) AS n ${hop('').slice(hop('').indexOf('FROM'))} GROUP BY window_end`
  const { rows, late } = run(sql, [created(join(1, 70)), created(join(2, 600)), created(join(3, 65))])
  assert.deepEqual(tableOf(rows), [
    '{"window_end":"2026-11-24T10:02:00.000","n":2}',
    '{"window_end":"2026-11-24T10:03:00.000","n":2}',
    '{"window_end":"2026-11-24T10:11:00.000","n":1}',
    '{"window_end":"2026-11-24T10:12:00.000","n":1}'
  ])
  assert.deepEqual(late, [])
})

test('rows of windows that are grouped by both bounds later come out when the windows close', () => {
  const sql = `SELECT window_start, SUM(n) AS n, COUNT(*) AS contests FROM (
      ${perMinute('window_start, window_end, contest, COUNT(*) AS n', ', contest')}
    ) GROUP BY window_start, window_end`
  const lines = [join(1, 0), join(2, 10), join(3, 20, '1.00', 7), join(4, 61)].map(row => created(row))
  assert.deepEqual(run(sql, lines, { unended: true }).rows, [
    { window_start: '2026-11-24T10:00:00.000', n: 3, contests: 2 }
  ])
})
