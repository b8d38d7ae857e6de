import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { blockOf, change, created, type Row, run, strictQuery } from './events.ts'

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 24, 10) + seconds * 1000).toISOString()
const order = (id: number, seconds: number, user: number | null = 1): string =>
  created({ id, user, at: at(seconds) }, 'orders')
const visit = (id: number, seconds: number, user: number | null = 1): string =>
  created({ id, user, at: at(seconds) }, 'visits')
const shown = (rows: Row[]): string[] => rows.map(row => `${row.o ?? '–'} ${row.v ?? '–'}`)

const windowed = (table: string): string =>
  `(SELECT * FROM TABLE(TUMBLE(TABLE ${table}, DESCRIPTOR(at), INTERVAL '10' SECOND)))`
const join = (type: string): string => `SELECT o.id AS o, v.id AS v FROM ${windowed('orders')} o
  ${type} JOIN ${windowed('visits')} v
  ON o.window_start = v.window_start AND o.window_end = v.window_end AND o.user = v.user`

const lines = [
  order(1, 0),
  visit(11, 1),
  visit(12, 2, 2),
  order(2, 5, null),
  visit(13, 8),
  visit(14, 9, null),
  order(3, 10),
  visit(15, 20),
  order(4, 21)
]

test('pairs of a window come out when the watermarks of both sides have passed it', () => {
  assert.deepEqual(shown(run(join(''), lines.slice(0, 7), { unended: true }).rows), [])
  assert.deepEqual(shown(run(join(''), lines, { unended: true }).rows), ['1 11', '1 13'])
  assert.deepEqual(shown(run(join(''), lines).rows), ['1 11', '1 13', '4 15'])
})

for (const [type, expected] of [
  ['LEFT', ['1 11', '1 13', '2 –', '3 –', '4 15']],
  ['RIGHT', ['1 11', '1 13', '– 12', '– 14', '4 15']],
  ['FULL', ['1 11', '1 13', '2 –', '– 12', '– 14', '3 –', '4 15']]
] as const) {
  test(`rows of the outer sides of a ${type} JOIN that are in no pair of their window come out padded`, () => {
    assert.deepEqual(shown(run(join(type), lines).rows), expected)
  })
}

for (const [condition, expected] of [
  ['o.user IN (SELECT v.user FROM', [1, 4]],
  ['EXISTS (SELECT 1 FROM', [1, 2, 4]],
  ['NOT EXISTS (SELECT 1 FROM', [3]]
] as const) {
  test(`rows of a window with ${condition.split(' (')[0]} come out when it closes, and are only added`, () => {
    const sql = `SELECT o.id FROM ${windowed('orders')} o WHERE ${condition} ${windowed('visits')} v
      WHERE o.window_start = v.window_start AND o.window_end = v.window_end)`
    const { rows } = run(sql, lines)
    assert.deepEqual(
      rows,
      expected.map(id => ({ id }))
    )
    const open = run(sql, lines.slice(0, 7), { unended: true })
    assert.deepEqual(open.rows, [])
  })
}

test('NOT IN of a window knows nothing of a row when one of its window is NULL', () => {
  const sql = `SELECT o.id FROM ${windowed('orders')} o WHERE o.user NOT IN (SELECT v.user FROM ${windowed('visits')} v
    WHERE o.window_start = v.window_start AND o.window_end = v.window_end)`
  const later = [order(6, 30), visit(16, 31, 2), order(7, 32, null), order(8, 40, null)]
  assert.deepEqual(run(sql, [...lines, ...later]).rows, [{ id: 3 }, { id: 6 }, { id: 8 }])
})

test('a row for a window that is closed for both sides is late', () => {
  const late = order(5, 9)
  const result = run(join(''), [order(1, 0), visit(11, 1), order(2, 30), visit(12, 30), late])
  assert.deepEqual([shown(result.rows), result.late], [['1 11', '2 12'], [late]])
  const inTime = run(join(''), [order(1, 0), order(2, 30), visit(11, 1)])
  assert.deepEqual([shown(inTime.rows), inTime.late], [['1 11'], []])
})

test('a row that is taken back before its window closes is in no pair', () => {
  const row = { id: 11, user: 1, at: at(1) }
  const { rows } = run(join('LEFT'), [
    order(1, 0),
    created(row, 'visits'),
    created({ ...row, id: 12 }, 'visits'),
    change('d', row, null, 'visits')
  ])
  assert.deepEqual(shown(rows), ['1 12'])
})

test('a truncated side has no rows in open windows', () => {
  const { rows } = run(join('FULL'), [order(1, 0), visit(11, 1), change('t', null, null, 'visits')])
  assert.deepEqual(shown(rows), ['1 –'])
})

test('different windows on both sides are joined by their bounds alone', () => {
  const sql = `SELECT o.id AS o, v.id AS v FROM ${windowed('orders')} o
    JOIN (SELECT * FROM TABLE(HOP(TABLE visits, DESCRIPTOR(at), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) v
    ON o.window_start = v.window_start AND o.window_end = v.window_end`
  const { rows } = run(sql, [order(1, 0), visit(11, 1)], { unended: true })
  assert.deepEqual(
    rows.map(row => row.after),
    [{ o: 1, v: 11 }]
  )
})

const ranked = (order: string, rn: string): string =>
  `SELECT user, id AS o, rn AS v FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, user ORDER BY ${order}) AS rn
    FROM ${windowed('orders')}) WHERE ${rn}`

test('ranks in windows come out when their window closes, without changes, and late rows are told', () => {
  const late = order(6, 8)
  const result = run(ranked('id DESC', 'rn <= 2'), [
    ...[1, 2, 3].map(id => order(id, id)),
    order(4, 4, 2),
    order(5, 20),
    late
  ])
  assert.deepEqual(shown(result.rows), ['3 1', '2 2', '4 1', '5 1'])
  assert.deepEqual(result.late, [late])
  const gone = { id: 3, user: 1, at: at(3) }
  const { rows } = run(ranked('id DESC', 'rn = 1'), [
    order(2, 2),
    created(gone, 'orders'),
    change('d', gone, null, 'orders')
  ])
  assert.deepEqual(shown(rows), ['2 1'])
})

const steps = fc.array(
  fc.record({
    second: fc.nat(60),
    user: fc.constantFrom(1, 2, null),
    isOrder: fc.boolean(),
    isUndone: fc.boolean()
  }),
  { maxLength: 40 }
)

for (const [name, sql] of [
  ['joins', join('FULL')],
  ['ranks', ranked('id DESC', 'rn <= 2')]
] as const) {
  test(`window ${name}: stopped and taken up anywhere`, () => {
    fc.assert(
      fc.property(steps, fc.nat(40), (list, place) => {
        const all = list.flatMap(({ second, user, isOrder, isUndone }, id) => {
          const table = isOrder ? 'orders' : 'visits'
          const row = { id, user, at: at(second) }
          return isUndone ? [created(row, table), change('d', row, null, table)] : [created(row, table)]
        })
        const cut = Math.min(place, all.length)
        const out = new ByteWriter()
        const options = { watermarkDelay: 15_000 }
        const first = strictQuery(sql, options)
        first.process(blockOf(all.slice(0, cut)), out)
        const second = strictQuery(sql, options)
        second.restore(first.snapshot())
        second.process(blockOf(all.slice(cut)), out)
        second.end(out)
        assert.equal(out.written().toString(), run(sql, all, options).text)
      })
    )
  })
}
