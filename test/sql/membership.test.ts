import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile } from '../../src/lib/sql/index.ts'
import { type Row, resumed, run, tableOf } from './events.ts'
import { changes } from './two-tables.ts'

const step = fc.record({
  table: fc.constantFrom('orders', 'users'),
  id: fc.nat(5),
  k: fc.option(fc.nat(2)),
  v: fc.nat(3),
  isDelete: fc.boolean()
})
const steps = fc.array(step, { maxLength: 60 })

/** `x IN (list)` in three values. */
function isIn(x: unknown, list: unknown[]): boolean | null {
  if (list.length === 0) return false
  if (x === null) return null
  if (list.includes(x)) return true
  return list.includes(null) ? null : false
}
const ks = (rows: Row[]): unknown[] => rows.map(row => row.k)
const ofKey = (rows: Row[], key: unknown): Row[] => rows.filter(row => row.k !== null && row.k === key)
const not = (value: boolean | null): boolean | null => (value === null ? null : !value)

/** A value for each order; as a condition the rows for which it is TRUE. */
const values: [sql: string, value: (order: Row, users: Row[]) => boolean | null][] = [
  ['o.k IN (SELECT k FROM users)', (o, users) => isIn(o.k, ks(users))],
  ['o.k NOT IN (SELECT k FROM users)', (o, users) => not(isIn(o.k, ks(users)))],
  [
    'o.k IN (SELECT MAX(k) FROM users GROUP BY v HAVING COUNT(*) > 0)',
    (o, users) => {
      const most = [...Map.groupBy(users, u => u.v).values()].map(list => {
        const own = ks(list).flatMap(k => (k === null ? [] : [Number(k)]))
        return own.length === 0 ? null : Math.max(...own)
      })
      return isIn(o.k, most)
    }
  ],
  // As in Flink NULL is never known to be in the rows of a key, even if there are none.
  [
    'o.k IN (SELECT u.k FROM users u WHERE u.v = o.v)',
    (o, users) => (o.k === null ? null : isIn(o.k, ks(users.filter(u => u.v === o.v))))
  ],
  ['EXISTS (SELECT 1 FROM users u WHERE u.k = o.k)', (o, users) => ofKey(users, o.k).length > 0],
  [
    'NOT EXISTS (SELECT 1 FROM users u WHERE o.k = u.k AND u.v > 1)',
    (o, users) => !ofKey(users, o.k).some(u => Number(u.v) > 1)
  ],
  ['EXISTS (SELECT * FROM users)', (_, users) => users.length > 0]
]

for (const [sql, value] of values) {
  test(`${sql} as a value: that of the rows that are left, whatever came and went`, () => {
    fc.assert(
      fc.property(steps, list => {
        const { lines, orders, users } = changes(list)
        const wanted = orders.map(o => JSON.stringify({ id: o.id, b: value(o, users) })).sort()
        assert.deepEqual(tableOf(run(`SELECT o.id, ${sql} AS b FROM orders o`, lines).rows), wanted)
      })
    )
  })

  test(`${sql} under OR: the rows for which one of them is true`, () => {
    fc.assert(
      fc.property(steps, list => {
        const { lines, orders, users } = changes(list)
        const kept = orders.filter(o => value(o, users) === true || o.v === 1)
        const wanted = kept.map(o => JSON.stringify({ id: o.id })).sort()
        const { rows } = run(`SELECT o.id FROM orders o WHERE o.v = 1 OR ${sql}`, lines)
        assert.deepEqual(tableOf(rows), wanted)
      })
    )
  })
}

test('one that is stopped and taken up again anywhere gives what one that was not gives', () => {
  fc.assert(
    fc.property(steps, fc.nat(60), fc.constantFrom(...values.map(([sql]) => sql)), (list, at, sql) => {
      const { lines } = changes(list)
      const query = `SELECT o.id, ${sql} AS b FROM orders o`
      assert.deepEqual(resumed(query, lines, at), run(query, lines).rows)
    })
  )
})

test('mistakes are told where they stand', () => {
  const cases: [sql: string, error: RegExp][] = [
    [
      'SELECT o.k IN (SELECT id, k FROM users) AS b FROM orders o',
      /column 16: IN takes a subquery of one column/
    ],
    [
      'SELECT o.k IN (SELECT u.id FROM users u WHERE u.k < o.k) AS b FROM orders o',
      /column 47: .* otherwise than inner value = outer value/
    ],
    [
      'SELECT COUNT(*) FILTER (WHERE k IN (SELECT k FROM users)) AS n FROM orders',
      /column 31: a subquery stands in WHERE/
    ],
    ['SELECT k FROM orders GROUP BY k, k IN (SELECT k FROM users)', /column 34: a subquery stands in WHERE/]
  ]
  for (const [sql, error] of cases) assert.throws(() => compile(sql, { reject() {} }), error)
})
