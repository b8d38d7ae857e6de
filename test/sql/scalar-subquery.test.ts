import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile } from '../../src/lib/sql/index.ts'
import { change, created, type Row, resumed, run, tableOf } from './events.ts'
import { changes } from './two-tables.ts'

const step = fc.record({
  table: fc.constantFrom('orders', 'users'),
  id: fc.nat(5),
  k: fc.option(fc.nat(2)),
  v: fc.nat(3),
  isDelete: fc.boolean()
})
const steps = fc.array(step, { maxLength: 60 })

const most = (rows: Row[]): number | null => {
  const values = rows.flatMap(row => (row.v === null ? [] : [Number(row.v)]))
  return values.length === 0 ? null : Math.max(...values)
}
const ofKey = (rows: Row[], key: unknown): Row[] => rows.filter(row => row.k !== null && row.k === key)

const queries: [sql: string, wanted: (orders: Row[], users: Row[]) => Row[]][] = [
  [
    'SELECT id, (SELECT MAX(v) FROM users) AS m FROM orders',
    (orders, users) => orders.map(({ id }) => ({ id, m: most(users) }))
  ],
  [
    'SELECT id FROM orders WHERE v >= (SELECT MAX(v) FROM users) AND id > 1',
    (orders, users) => {
      const m = most(users)
      return orders.filter(o => m !== null && Number(o.v) >= m && Number(o.id) > 1).map(({ id }) => ({ id }))
    }
  ],
  [
    'SELECT id FROM orders WHERE v = (SELECT MAX(v) FROM orders) OR k = 1',
    orders => orders.filter(o => o.v === most(orders) || o.k === 1).map(({ id }) => ({ id }))
  ],
  [
    'SELECT o.id, (SELECT MAX(u.v) FROM users u WHERE u.k = o.k) AS m FROM orders o',
    (orders, users) => orders.map(({ id, k }) => ({ id, m: most(ofKey(users, k)) }))
  ],
  [
    'SELECT o.id, (SELECT COUNT(*) * 2 FROM users u WHERE o.k = u.k AND u.v > 0) AS n FROM orders o',
    (orders, users) =>
      orders.map(({ id, k }) => ({ id, n: ofKey(users, k).filter(u => Number(u.v) > 0).length * 2 }))
  ],
  [
    'SELECT o.id FROM orders o WHERE o.v > (SELECT MAX(u.v) FROM users u WHERE u.k + 1 = o.k + 1)',
    (orders, users) =>
      orders
        .filter(o => {
          const m = most(ofKey(users, o.k))
          return m !== null && Number(o.v) > m
        })
        .map(({ id }) => ({ id }))
  ],
  [
    'SELECT o.id, (SELECT u.v FROM users u WHERE u.id = o.id) AS v FROM orders o',
    (orders, users) => orders.map(({ id }) => ({ id, v: users.find(u => u.id === id)?.v ?? null }))
  ],
  [
    'SELECT k, COUNT(*) AS n FROM orders GROUP BY k HAVING COUNT(*) >= (SELECT COUNT(*) FROM users WHERE v = 0)',
    (orders, users) => {
      const least = users.filter(u => u.v === 0).length
      // As in Flink a count of what has no rows yet is NULL.
      return [...Map.groupBy(orders, o => o.k)]
        .filter(([, rows]) => least > 0 && rows.length >= least)
        .map(([k, rows]) => ({ k, n: rows.length }))
    }
  ]
]

for (const [sql, wanted] of queries) {
  test(`${sql}: what the rows that are left give, whatever came and went`, () => {
    fc.assert(
      fc.property(steps, list => {
        const { lines, orders, users } = changes(list)
        const rows = wanted(orders, users).map(row => JSON.stringify(row))
        assert.deepEqual(tableOf(run(sql, lines).rows), rows.sort())
      })
    )
  })
}

test('one that is stopped and taken up again anywhere gives what one that was not gives', () => {
  fc.assert(
    fc.property(steps, fc.nat(60), fc.constantFrom(...queries.map(([sql]) => sql)), (list, at, sql) => {
      const { lines } = changes(list)
      assert.deepEqual(resumed(sql, lines, at), run(sql, lines).rows)
    })
  )
})

const order = (id: number, k: number): string => created({ id, k }, 'orders')
const user = (id: number, k: number): string => created({ id, k }, 'users')

test('a second row is an error of the line that brings it, which counts for nothing', () => {
  const { rows, rejected } = run('SELECT id, (SELECT id FROM users) AS u FROM orders', [
    order(1, 1),
    user(1, 1),
    user(2, 1),
    change('u', { id: 1, k: 1 }, { id: 3, k: 1 }, 'users'),
    change('d', { id: 2, k: 1 }, null, 'users')
  ])
  assert.deepEqual(rejected, [
    '2: a result is left out: a subquery that stands for a value has more than one row, in a row of [2]'
  ])
  assert.deepEqual(tableOf(rows), ['{"id":1,"u":3}'])
})

test('each key has a row of its own, one that goes makes room for another', () => {
  const sql = 'SELECT o.id, (SELECT u.id FROM users u WHERE u.k = o.k) AS u FROM orders o'
  const { rows, rejected } = run(sql, [
    order(1, 1),
    order(2, 2),
    user(1, 1),
    user(2, 2),
    user(3, 2),
    change('d', { id: 2, k: 2 }, null, 'users'),
    user(4, 2)
  ])
  assert.deepEqual(rejected, [
    '4: a result is left out: a subquery that stands for a value has more than one row, in a row of [2,3]'
  ])
  assert.deepEqual(tableOf(rows), ['{"id":1,"u":1}', '{"id":2,"u":4}'])
  const truncated = run(sql, [order(1, 1), user(1, 1), change('t', null, null, 'users'), user(2, 1)])
  assert.deepEqual([truncated.rejected, tableOf(truncated.rows)], [[], ['{"id":1,"u":2}']])
})

test('the first row by LIMIT 1 changes with another that comes before it', () => {
  const sql = 'SELECT id, (SELECT id FROM users ORDER BY k DESC LIMIT 1) AS u FROM orders'
  const { rows, rejected } = run(sql, [order(1, 1), user(1, 1), user(2, 2), user(3, 0)])
  assert.deepEqual([rejected, tableOf(rows)], [[], ['{"id":1,"u":2}']])
})

test('a declared table tells columns of its own from those of the query around it', () => {
  const declared = (name: string, columns: string): string =>
    `CREATE TABLE ${name} (${columns}) WITH ('connector' = 'stdin', 'format' = 'debezium-json');`
  const sql = `${declared('orders', 'id INT, k INT')} ${declared('users', 'id INT, level INT')}
    SELECT id FROM orders WHERE 1 < (SELECT MAX(level) FROM users WHERE level = k AND users.id = orders.id)`
  const lines = [
    order(1, 2),
    order(2, 3),
    created({ id: 1, level: 2 }, 'users'),
    created({ id: 2, level: 2 }, 'users')
  ]
  assert.deepEqual(tableOf(run(sql, lines).rows), ['{"id":1}'])
})

test('mistakes are told where they stand', () => {
  const cases: [sql: string, error: RegExp][] = [
    [
      'SELECT (SELECT id, k FROM users) AS u FROM orders',
      /column 9: a subquery that stands for a value has one column/
    ],
    ['SELECT (SELECT * FROM users) AS u FROM orders', /has one column/],
    [
      'SELECT SUM(v + (SELECT MAX(k) FROM users)) AS s FROM orders',
      /column 16: .* not in an aggregate, GROUP BY, ORDER BY or ON/
    ],
    [
      'SELECT o.id FROM orders o JOIN users u ON u.id = (SELECT MAX(id) FROM users)',
      /stands in WHERE, SELECT and HAVING/
    ],
    [
      'SELECT o.id, (SELECT MAX(u.id) FROM users u WHERE u.k < o.k) AS u FROM orders o',
      /column 51: .* otherwise than inner value = outer value/
    ],
    [
      'SELECT o.id, (SELECT MAX(u.id) FROM users u WHERE u.k = o.k GROUP BY u.v) AS u FROM orders o',
      /GROUP BY, HAVING, DISTINCT, UNION or WITH that reads the tables of the query around it/
    ],
    ['SELECT (SELECT MAX(id) FROM users AS m FROM orders', /found "FROM", expected \)/]
  ]
  for (const [sql, error] of cases) assert.throws(() => compile(sql, { reject() {} }), error)
})
