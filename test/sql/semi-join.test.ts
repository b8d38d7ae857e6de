import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { change, type Row, run, runStopped, tableOf } from './events.ts'
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
const isIn = (x: unknown, list: unknown[]): boolean | null =>
  list.length === 0
    ? false
    : list.some(y => y !== null && x === y)
      ? true
      : x === null || list.includes(null)
        ? null
        : false

const conditions: [sql: string, holds: (row: Row, users: Row[]) => boolean][] = [
  [
    'o.k IN (SELECT k FROM users)',
    (o, users) =>
      isIn(
        o.k,
        users.map(u => u.k)
      ) === true
  ],
  [
    'o.k NOT IN (SELECT k FROM users)',
    (o, users) =>
      isIn(
        o.k,
        users.map(u => u.k)
      ) === false
  ],
  [
    'NOT (o.k IN (SELECT u.k FROM users u WHERE u.v > 1))',
    (o, users) =>
      isIn(
        o.k,
        users.filter(u => Number(u.v) > 1).map(u => u.k)
      ) === false
  ],
  [
    'EXISTS (SELECT * FROM users u WHERE u.k = o.k)',
    (o, users) => users.some(u => u.k !== null && u.k === o.k)
  ],
  [
    'NOT EXISTS (SELECT 1 FROM users u WHERE u.k = o.k AND u.v >= o.v)',
    (o, users) => !users.some(u => u.k !== null && u.k === o.k && Number(u.v) >= Number(o.v))
  ],
  [
    'EXISTS (SELECT u.id FROM users u WHERE u.v < o.v)',
    (o, users) => users.some(u => Number(u.v) < Number(o.v))
  ],
  ['NOT EXISTS (SELECT 1 FROM users)', (_, users) => users.length === 0],
  [
    'o.v NOT IN (SELECT u.k FROM users u WHERE u.id = o.id)',
    (o, users) =>
      isIn(
        o.v,
        users.filter(u => u.id === o.id).map(u => u.k)
      ) === false
  ],
  [
    'o.v + 1 IN (SELECT k + 1 FROM users) AND o.id > 1',
    (o, users) =>
      isIn(
        o.v,
        users.map(u => u.k)
      ) === true && Number(o.id) > 1
  ],
  [
    'o.k IN (SELECT k FROM users) AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = o.id)',
    (o, users) =>
      isIn(
        o.k,
        users.map(u => u.k)
      ) === true && !users.some(u => u.id === o.id)
  ],
  [
    'o.k IN (SELECT MAX(k) FROM users GROUP BY v)',
    (o, users) => {
      const most = [...Map.groupBy(users, u => u.v).values()].map(list => {
        const ks = list.flatMap(u => (u.k === null ? [] : [Number(u.k)]))
        return ks.length === 0 ? null : Math.max(...ks)
      })
      return isIn(o.k, most) === true
    }
  ]
]

const sql = (condition: string): string => `SELECT o.id, o.k, o.v FROM orders o WHERE ${condition}`

for (const [condition, holds] of conditions) {
  test(`${condition}: the rows for which it is true of what is left, whatever came and went`, () => {
    fc.assert(
      fc.property(steps, list => {
        const { lines, orders, users } = changes(list)
        const wanted = orders
          .filter(o => holds(o, users))
          .map(o => JSON.stringify(o))
          .sort()
        assert.deepEqual(tableOf(run(sql(condition), lines).rows), wanted)
      })
    )
  })
}

test('one that is stopped and taken up again anywhere gives what one that was not gives', () => {
  fc.assert(
    fc.property(
      steps,
      fc.nat(60),
      fc.constantFrom(...conditions.map(([condition]) => condition)),
      (list, at, condition) => {
        const { lines } = changes(list)
        const { rows, rejected } = run(sql(condition), lines)
        assert.deepEqual(runStopped(sql(condition), lines, at), { rows, rejected })
      }
    )
  )
})

test('a row that still has a pair after an update of the right side is not taken back between', () => {
  const { rows } = run('SELECT o.id FROM orders o WHERE o.k IN (SELECT k FROM users)', [
    change('c', null, { id: 1, k: 7 }, 'orders'),
    change('c', null, { id: 2, k: 7, v: 1 }, 'users'),
    change('u', { id: 2, k: 7, v: 1 }, { id: 2, k: 7, v: 2 }, 'users'),
    change('u', { id: 1, k: 7 }, { id: 3, k: 7 }, 'orders')
  ])
  assert.deepEqual(
    rows.map(({ op, before, after }) => [op, before, after]),
    [
      ['c', null, { id: 1 }],
      ['u', { id: 1 }, { id: 3 }]
    ]
  )
})

test('what a subquery cannot be is told where it stands', () => {
  const reason = (text: string): string => {
    try {
      run(text, [])
    } catch (error) {
      return (error as Error).message
    }
    return 'none'
  }
  const from = 'SELECT o.id FROM orders o WHERE'
  assert.match(
    reason(`${from} o.k IN (SELECT k, v FROM users)`),
    /column 41: IN takes a subquery of one column/
  )
  assert.match(
    reason(`${from} o.k IN (SELECT MAX(u.k) FROM users u WHERE u.id = o.id)`),
    /column 83: a subquery with aggregates/
  )
})
