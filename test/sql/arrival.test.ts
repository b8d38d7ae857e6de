import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile } from '../../src/lib/sql/index.ts'
import { created, resumed, run, tableOf } from './events.ts'

const TABLE = `CREATE TABLE t (id INT, k INT, v INT) WITH ('connector' = 'stdin', 'format' = 'json');`
const by = 'PARTITION BY k ORDER BY PROCTIME()'

type Item = { id: number; k: number | null; v: number }
const items = fc
  .array(fc.record({ k: fc.option(fc.nat(2)), v: fc.nat(9) }), { maxLength: 40 })
  .map(list => list.map((item, id): Item => ({ id, ...item })))
const linesOf = (list: readonly Item[]): string[] => list.map(item => JSON.stringify(item))

/** The rows of an item's key up to it. */
const before = (list: readonly Item[], { id, k }: Item): Item[] => list.filter(o => o.k === k && o.id <= id)
const sum = (list: readonly Item[]): number => list.reduce((total, { v }) => total + v, 0)

const queries: [sql: string, result: (list: readonly Item[], item: Item) => unknown][] = [
  [`SUM(v) OVER (${by})`, (list, item) => sum(before(list, item))],
  [`SUM(v) OVER (${by} ROWS 2 PRECEDING)`, (list, item) => sum(before(list, item).slice(-3))],
  [`SUM(v) OVER (${by} ROWS BETWEEN 0 PRECEDING AND CURRENT ROW)`, (_, item) => item.v],
  [
    `MAX(v) OVER (${by} ROWS 1 PRECEDING)`,
    (list, item) =>
      Math.max(
        ...before(list, item)
          .slice(-2)
          .map(({ v }) => v)
      )
  ],
  [`ROW_NUMBER() OVER (${by})`, (list, item) => before(list, item).length],
  [`LAG(v) OVER (${by})`, (list, item) => before(list, item).at(-2)?.v ?? null]
]

for (const [call, result] of queries) {
  const sql = `${TABLE} SELECT id, ${call} AS r FROM t`

  test(`${call}: each row comes out at once, with what came before it`, () => {
    fc.assert(
      fc.property(items, list => {
        const wanted = list.map(item => ({ id: item.id, r: result(list, item) }))
        assert.deepEqual(run(sql, linesOf(list), { unended: true }).rows, wanted)
      })
    )
  })

  test(`${call}: one that is stopped and taken up again anywhere gives what one that was not gives`, () => {
    fc.assert(
      fc.property(items, fc.nat(40), (list, at) => {
        assert.deepEqual(resumed(sql, linesOf(list), at), run(sql, linesOf(list)).rows)
      })
    )
  })
}

const ranked = (order: string, condition: string): string =>
  `${TABLE} SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ${order}) AS n FROM (SELECT *, PROCTIME() AS p FROM t)) WHERE ${condition}`

test('the first rows of each key by the time of processing are those that came first, and stay', () => {
  const lines = linesOf([
    { id: 1, k: 1, v: 5 },
    { id: 2, k: 1, v: 3 },
    { id: 3, k: 2, v: 4 },
    { id: 4, k: 1, v: 1 }
  ])
  assert.deepEqual(run(ranked('p', 'n = 1'), lines).rows, [
    { k: 1, v: 5 },
    { k: 2, v: 4 }
  ])
  assert.deepEqual(run(ranked('PROCTIME()', 'n BETWEEN 2 AND 3'), lines).rows, [
    { k: 1, v: 3 },
    { k: 1, v: 1 }
  ])
  assert.equal(compile(ranked('p', 'n <= 2'), { reject() {} }).appendOnly, true)
})

test('the last row of each key by the time of processing changes with each that comes', () => {
  fc.assert(
    fc.property(items, fc.nat(40), (list, at) => {
      const sql = ranked('p DESC', 'n = 1')
      const { rows } = run(sql, linesOf(list))
      const last = new Map(list.map(({ k, v }) => [k, { k, v }]))
      assert.deepEqual(tableOf(rows), [...last.values()].map(row => JSON.stringify(row)).sort())
      assert.deepEqual(resumed(sql, linesOf(list), at), rows)
    })
  )
})

test('what depends on the clock, or on rows that change, is refused with its place', () => {
  const cases: [sql: string, error: RegExp][] = [
    [
      `SELECT SUM(v) OVER (ORDER BY PROCTIME() RANGE INTERVAL '1' SECOND PRECEDING) AS s FROM t`,
      /column 41: RANGE of PROCTIME\(\) depends on the clock/
    ],
    ['SELECT SUM(v) OVER (ORDER BY PROCTIME() DESC) AS s FROM t', /an order other than that of event time/],
    [
      'SELECT ROW_NUMBER() OVER (ORDER BY PROCTIME(), v) AS n FROM t',
      /OVER in order of PROCTIME\(\) and more/
    ],
    ['SELECT id, PROCTIME() AS p FROM t', /PROCTIME depends on the clock.* and the order of OVER/]
  ]
  for (const [sql, error] of cases) assert.throws(() => compile(`${TABLE}\n${sql}`, { reject() {} }), error)
  assert.throws(
    () => compile(ranked('p DESC', 'n <= 2'), { reject() {} }),
    /ROW_NUMBER in order of PROCTIME\(\) DESC but for the first row/
  )
  const changing = (call: string): string =>
    `SELECT ${call} OVER (PARTITION BY k ORDER BY PROCTIME()) AS n FROM joins`
  assert.throws(() => run(changing('SUM(v)'), [created({ k: 1, v: 1 })]), /over rows that change/)
  assert.throws(() => run(changing('ROW_NUMBER()'), [created({ k: 1, v: 1 })]), /over rows that change/)
})
