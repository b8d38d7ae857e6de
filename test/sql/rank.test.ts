import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import {
  blockOf,
  change,
  created,
  parseLines,
  type Row,
  run,
  runStopped,
  strictQuery,
  tableOf
} from './events.ts'

const ranked = (order: string): string =>
  `(SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ${order}) AS rn FROM joins)`

const rowStep = fc.record({
  id: fc.nat(9),
  k: fc.constantFrom(null, 'a', 'b'),
  v: fc.option(fc.nat(4)),
  isDelete: fc.boolean()
})
const steps = fc.array(rowStep, { maxLength: 80 })

type Step = { id: number; k: string | null; v: number | null; isDelete: boolean }

/** The changes of a table, and what they leave: an update puts a row behind all others. */
function changes(list: readonly Step[]): { lines: string[]; rows: Row[] } {
  const rows = new Map<number, Row>()
  const lines: string[] = []
  for (const { id, k, v, isDelete } of list) {
    const old = rows.get(id) ?? null
    if (isDelete && old === null) continue
    const now = isDelete ? null : { id, k, v }
    lines.push(change(old === null ? 'c' : now === null ? 'd' : 'u', old, now))
    rows.delete(id)
    if (now !== null) rows.set(id, now)
  }
  return { lines, rows: [...rows.values()] }
}

const orders: [order: string, key: (row: Row) => number][] = [
  ['v', ({ v }) => (v === null ? -1 : Number(v))],
  ['v DESC', ({ v }) => (v === null ? 99 : -Number(v))],
  ['v NULLS LAST', ({ v }) => (v === null ? 99 : Number(v))],
  ['v DESC NULLS FIRST', ({ v }) => (v === null ? -99 : -Number(v))]
]
const ranges: [condition: string, from: number, to: number][] = [
  ['rn <= 3', 1, 3],
  ['rn < 3', 1, 2],
  ['3 >= rn', 1, 3],
  ['rn = 1', 1, 1],
  ['rn = 2', 2, 2],
  ['rn BETWEEN 2 AND 4', 2, 4],
  ['rn > 1 AND rn <= 3', 2, 3]
]

function placed(rows: readonly Row[], key: (row: Row) => number, from: number, to: number): Row[] {
  const partitions = [...Map.groupBy(rows, row => row.k).values()]
  return partitions.flatMap(partition => {
    const sorted = partition.toSorted((a, b) => key(a) - key(b))
    return sorted.map((row, i) => ({ ...row, rn: i + 1 })).slice(from - 1, to)
  })
}

for (const withPlace of [true, false]) {
  test(`ROW_NUMBER ${withPlace ? 'with' : 'without'} the place: the rows are the first of those that are left`, () => {
    fc.assert(
      fc.property(
        steps,
        fc.constantFrom(...orders),
        fc.constantFrom(...ranges),
        (list, [order, key], [condition, from, to]) => {
          const { lines, rows } = changes(list)
          const items = withPlace ? 'id, k, v, rn' : 'id, k, v'
          const { rows: events } = run(`SELECT ${items} FROM ${ranked(order)} WHERE ${condition}`, lines)
          const wanted = placed(rows, key, from, to).map(({ rn, ...row }) =>
            JSON.stringify(withPlace ? { ...row, rn } : row)
          )
          assert.deepEqual(tableOf(events), wanted.sort())
        }
      )
    )
  })
}

test('rows that are only added: as many are kept as there are places, and come out the same', () => {
  const plain = fc.array(fc.record({ k: fc.constantFrom('a', 'b'), v: fc.nat(9) }), { maxLength: 60 })
  fc.assert(
    fc.property(plain, fc.constantFrom(...ranges), (list, [condition, from, to]) => {
      const rows = list.map((row, id): Row => ({ id, ...row }))
      const query = strictQuery(
        `SELECT id, k, v, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) AS rn FROM events) WHERE ${condition}`
      )
      const out = new ByteWriter()
      query.process(blockOf(rows.map(row => JSON.stringify(row))), out)
      const wanted = placed(rows, row => Number(row.v), from, to).map(row => JSON.stringify(row))
      assert.deepEqual(tableOf(parseLines(out.written().toString())), wanted.sort())
      assert.ok(query.snapshot().length < 1000 + 2 * to * 100, 'the state grows with the rows')
    })
  )
})

test('a partition of many rows is kept in order', () => {
  const lines = Array.from({ length: 3000 }, (_, i) => created({ id: i, k: 'a', v: (i * 7919) % 3000 }))
  for (let id = 0; id < 2900; id++) lines.push(change('d', { id, k: 'a', v: (id * 7919) % 3000 }, null))
  const left = Array.from({ length: 100 }, (_, i) => ((2900 + i) * 7919) % 3000).sort((a, b) => a - b)
  const { rows } = run(`SELECT v FROM ${ranked('v')} WHERE rn <= 3`, lines)
  assert.deepEqual(
    tableOf(rows),
    left
      .slice(0, 3)
      .map(v => JSON.stringify({ v }))
      .sort()
  )
})

test('one that is stopped and taken up again anywhere gives what one that was not gives', () => {
  const sqls = [
    `SELECT id, v, rn FROM ${ranked('v DESC')} WHERE rn <= 3`,
    `SELECT id, v FROM ${ranked('v')} WHERE rn BETWEEN 2 AND 3`
  ]
  fc.assert(
    fc.property(steps, fc.nat(80), fc.constantFrom(...sqls), (list, at, sql) => {
      const { lines } = changes(list)
      const { rows, rejected } = run(sql, lines)
      assert.deepEqual(runStopped(sql, lines, at), { rows, rejected })
    })
  )
})

const ops = (rows: readonly Row[]): unknown[] => rows.map(({ op, before, after }) => [op, before, after])

test('a place is updated in one piece; the next row moves up when one goes', () => {
  const [a, b, c] = [5, 7, 6].map((v, id): Row => ({ id, k: 'a', v })) as [Row, Row, Row]
  const { rows } = run(`SELECT rn, v FROM ${ranked('v DESC')} WHERE rn <= 2`, [
    created(a),
    created(b),
    created(c),
    change('d', b, null)
  ])
  assert.deepEqual(ops(rows), [
    ['c', null, { rn: 1, v: 5 }],
    ['u', { rn: 1, v: 5 }, { rn: 1, v: 7 }],
    ['c', null, { rn: 2, v: 5 }],
    ['u', { rn: 2, v: 5 }, { rn: 2, v: 6 }],
    ['u', { rn: 1, v: 7 }, { rn: 1, v: 6 }],
    ['u', { rn: 2, v: 6 }, { rn: 2, v: 5 }]
  ])
})

test('without the place a row that is pushed out is deleted, and one that stays is updated', () => {
  const row = (id: number, v: number): Row => ({ id, k: 'a', v })
  const { rows } = run(`SELECT id, v FROM ${ranked('v DESC')} WHERE rn <= 2`, [
    created(row(1, 5)),
    created(row(2, 6)),
    created(row(3, 9)),
    change('u', row(3, 9), row(3, 8)),
    change('u', row(3, 8), row(3, 1))
  ])
  assert.deepEqual(ops(rows), [
    ['c', null, { id: 1, v: 5 }],
    ['c', null, { id: 2, v: 6 }],
    ['d', { id: 1, v: 5 }, null],
    ['c', null, { id: 3, v: 9 }],
    ['u', { id: 3, v: 9 }, { id: 3, v: 8 }],
    ['d', { id: 3, v: 8 }, null],
    ['c', null, { id: 1, v: 5 }]
  ])
})

test('one place alone changes its row in one piece', () => {
  const row = (id: number, v: number): Row => ({ id, k: 'a', v })
  const { rows } = run('SELECT id FROM joins QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) = 1', [
    created(row(1, 5)),
    created(row(2, 4)),
    change('t', null, null)
  ])
  assert.deepEqual(ops(rows), [
    ['c', null, { id: 1 }],
    ['u', { id: 1 }, { id: 2 }],
    ['d', { id: 2 }, null]
  ])
})

test('undeclared columns of all kinds have an order', () => {
  const values = ['x', 10, '9.5', true, { a: 1 }, null, 'w', 2.25]
  const lines = values.map((v, id) => created({ id, k: 1, v }))
  const { rows } = run(`SELECT rn, v FROM ${ranked('v')} WHERE rn <= 20`, lines)
  const sorted = tableOf(rows).map(text => JSON.parse(text) as { rn: number; v: unknown })
  assert.deepEqual(
    sorted.sort((a, b) => a.rn - b.rn).map(({ v }) => v),
    [null, true, 2.25, '9.5', 10, 'w', 'x', { a: 1 }]
  )
})

test('places over groups, in views, unions, joins, and as the input of groups', () => {
  const lines = ['a', 'b', 'b', 'c', 'c', 'c'].map((k, id) => created({ id, k, v: id }))
  const of = (sql: string): string[] => tableOf(run(sql, lines).rows)
  assert.deepEqual(
    of(
      `SELECT k, n FROM (SELECT k, COUNT(*) AS n, ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC) AS rn FROM joins GROUP BY k) WHERE rn <= 2`
    ),
    ['{"k":"b","n":2}', '{"k":"c","n":3}']
  )
  assert.deepEqual(
    of(
      'SELECT k, COUNT(*) AS n FROM joins GROUP BY k WINDOW w AS (ORDER BY k) QUALIFY ROW_NUMBER() OVER w = 1'
    ),
    ['{"k":"a","n":1}']
  )
  assert.deepEqual(of(`SELECT COUNT(*) AS n, SUM(v) AS s FROM ${ranked('v DESC')} WHERE rn <= 2`), [
    '{"n":5,"s":12}'
  ])
  assert.deepEqual(
    of(`SELECT j.id, t.v FROM joins j JOIN ${ranked('v DESC')} t ON t.k = j.k AND t.rn = 1 WHERE j.v < 2`),
    ['{"id":0,"v":0}', '{"id":1,"v":2}']
  )
  assert.deepEqual(
    of(`SELECT v FROM ${ranked('v')} WHERE rn = 1 UNION ALL SELECT v FROM ${ranked('v DESC')} WHERE rn = 1`),
    ['{"v":0}', '{"v":0}', '{"v":1}', '{"v":2}', '{"v":3}', '{"v":5}']
  )
  assert.deepEqual(of(`SELECT t.*, v + 1 AS w FROM ${ranked('v')} t WHERE rn = 1 AND v = 1`), [
    '{"id":1,"k":"b","v":1,"rn":1,"w":2}'
  ])
})

const EVENTS = `CREATE TABLE e (id INT, k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
  WITH ('connector' = 'stdin', 'format' = 'json');`
const event = (id: number, k: string, second: number): string =>
  JSON.stringify({ id, k, ts: `2026-11-24T10:00:${String(second).padStart(2, '0')}` })

test('the first row by event time comes out, once, when the watermark has passed it; older ones are late', () => {
  const sql = `${EVENTS} SELECT id, k, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) AS rn FROM e) WHERE rn = 1`
  const lines = [
    event(1, 'a', 5),
    event(2, 'a', 4),
    event(3, 'a', 4),
    event(4, 'b', 9),
    event(5, 'a', 6),
    event(6, 'b', 8),
    event(7, 'a', 12),
    event(8, 'c', 3)
  ]
  const { rows, late } = run(sql, lines)
  assert.deepEqual(rows, [
    { id: 2, k: 'a', rn: 1 },
    { id: 6, k: 'b', rn: 1 }
  ])
  assert.deepEqual(late, [event(5, 'a', 6), event(8, 'c', 3)])
})

test('the last row by event time is updated at once; of two at one time the one that came last counts', () => {
  const sql = `${EVENTS} SELECT id, k FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn FROM e) WHERE rn = 1`
  const { rows } = run(sql, [event(1, 'a', 5), event(2, 'a', 4), event(3, 'a', 5)])
  assert.deepEqual(ops(rows), [
    ['c', null, { id: 1, k: 'a' }],
    ['u', { id: 1, k: 'a' }, { id: 3, k: 'a' }]
  ])
})

test('what is no top-N is refused, with its place', () => {
  const says = (sql: string, message: RegExp): void => {
    assert.throws(() => strictQuery(sql), message)
  }
  const over = 'ROW_NUMBER() OVER (PARTITION BY k ORDER BY v)'
  says(`SELECT id, ${over} AS rn FROM joins`, /column 12: ROW_NUMBER in order of v without a condition/)
  says(`SELECT id FROM ${ranked('v')} WHERE rn > 3`, /ROW_NUMBER in order of v without a condition/)
  says(`SELECT id FROM ${ranked('v')} WHERE rn <= 0`, /no ROW_NUMBER is within its bounds/)
  says(`SELECT id FROM joins WHERE ${over} = 1`, /OVER stands in the SELECT list or in QUALIFY/)
  says('SELECT id FROM joins QUALIFY id = 1', /QUALIFY takes a condition on a call with OVER/)
  says(
    `SELECT RANK() OVER (ORDER BY v) AS r FROM joins`,
    /RANK \(for which Flink gives in streams what COUNT\(\*\) gives: use that, or ROW_NUMBER\): not in the subset/
  )
  says(`SELECT ${over} AS a, ROW_NUMBER() OVER (ORDER BY v) AS b FROM joins`, /OVER windows that differ/)
  says('SELECT ROW_NUMBER() OVER (PARTITION BY k) AS a FROM joins', /ROW_NUMBER needs ORDER BY/)
  says('SELECT ROW_NUMBER() OVER x AS a FROM joins WINDOW w AS (ORDER BY v)', /no window x in WINDOW/)
  says('SELECT ROW_NUMBER() OVER (ORDER BY v ROWS 2 PRECEDING) AS a FROM joins', /takes no ROWS or RANGE/)
  says('SELECT ROW_NUMBER() OVER (ORDER BY v ROWS 2) AS a FROM joins', /expected PRECEDING or FOLLOWING/)
})
