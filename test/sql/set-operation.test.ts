import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile } from '../../src/lib/sql/index.ts'
import { change, created, type Row, resumed, run, tableOf } from './events.ts'
import { changes } from './two-tables.ts'

const step = fc.record({
  table: fc.constantFrom('orders', 'users'),
  id: fc.nat(5),
  k: fc.option(fc.nat(1)),
  v: fc.nat(1),
  isDelete: fc.boolean()
})
const steps = fc.array(step, { maxLength: 60 })

/** How often a row comes out that the two sides have so often. */
const operations: [sql: string, times: (left: number, right: number) => number][] = [
  ['INTERSECT', (left, right) => (left > 0 && right > 0 ? 1 : 0)],
  ['INTERSECT ALL', (left, right) => Math.min(left, right)],
  ['EXCEPT', (left, right) => (left > 0 && right === 0 ? 1 : 0)],
  ['EXCEPT ALL', (left, right) => Math.max(left - right, 0)]
]

for (const [operation, times] of operations) {
  const sql = `SELECT k, v FROM orders ${operation} SELECT k, v FROM users`

  test(`${operation}: rows as often as those that are left say, whatever came and went`, () => {
    fc.assert(
      fc.property(steps, list => {
        const { lines, orders, users } = changes(list)
        const texts = (rows: Row[]): string[] => rows.map(({ k, v }) => JSON.stringify({ k, v }))
        const [left, right] = [texts(orders), texts(users)]
        const wanted = [...new Set([...left, ...right])].flatMap(text => {
          const count = (list: string[]): number => list.filter(other => other === text).length
          return Array<string>(times(count(left), count(right))).fill(text)
        })
        assert.deepEqual(tableOf(run(sql, lines).rows), wanted.sort())
      })
    )
  })

  test(`${operation}: one that is stopped and taken up again anywhere gives what one that was not gives`, () => {
    fc.assert(
      fc.property(steps, fc.nat(60), (list, at) => {
        const { lines } = changes(list)
        assert.deepEqual(resumed(sql, lines, at), run(sql, lines).rows)
      })
    )
  })
}

const user = (id: number, name: string): string => created({ id, name }, 'users')
const admin = (id: number, name: string): string => created({ id, name }, 'admins')
const [users, admins, guests] = ['users', 'admins', 'guests'].map(table => `SELECT name FROM ${table}`)
const lines = [user(1, 'ann'), user(2, 'bob'), admin(1, 'bob'), created({ id: 1, name: 'cy' }, 'guests')]

test('INTERSECT binds closer than UNION and EXCEPT, which bind from the left', () => {
  const names = (sql: string): string[] => tableOf(run(sql, lines).rows).map(text => JSON.parse(text).name)
  assert.deepEqual(names(`${guests} UNION ${users} INTERSECT ${admins}`), ['bob', 'cy'])
  assert.deepEqual(names(`(${guests} UNION ${users}) INTERSECT ${admins}`), ['bob'])
  assert.deepEqual(names(`${users} EXCEPT ${admins} UNION ${admins}`), ['ann', 'bob'])
  assert.deepEqual(names(`${users} EXCEPT (${admins} UNION ${guests})`), ['ann'])
})

test('a change of one side that leaves a row of it and brings another is one change', () => {
  const { rows } = run(`${users} EXCEPT ${admins}`, [
    ...lines,
    change('u', { id: 1, name: 'bob' }, { id: 1, name: 'ann' }, 'admins')
  ])
  assert.deepEqual(
    rows.slice(-1).map(({ op, before, after }) => [op, before, after]),
    [['u', { name: 'ann' }, { name: 'bob' }]]
  )
})

test('what a truncated table had is not there any more', () => {
  const truncated = [...lines, change('t', null, null, 'admins')]
  assert.deepEqual(tableOf(run(`${users} EXCEPT ${admins}`, truncated).rows), [
    '{"name":"ann"}',
    '{"name":"bob"}'
  ])
  assert.deepEqual(tableOf(run(`${users} INTERSECT ${admins}`, truncated).rows), [])
})

test('rows that have not come or gone for table.exec.state.ttl are forgotten', () => {
  const at = (ms: number, line: string): string => JSON.stringify({ ...JSON.parse(line), ts_ms: ms })
  const { rows } = run(`SET 'table.exec.state.ttl' = '1 s'; ${users} INTERSECT ${admins}`, [
    at(1000, user(1, 'ann')),
    at(1500, user(2, 'bob')),
    at(2100, admin(1, 'ann')),
    at(2200, admin(2, 'bob'))
  ])
  assert.deepEqual(tableOf(rows), ['{"name":"bob"}'])
})

test('a result changes with both sides, also where these only gain rows', () => {
  const sql = `CREATE TABLE t (a INT) WITH ('connector' = 'stdin', 'format' = 'json'); SELECT a FROM t INTERSECT SELECT a FROM t`
  assert.equal(compile(sql, { reject() {} }).appendOnly, false)
})

test('mistakes are told where they stand', () => {
  const cases: [sql: string, error: RegExp][] = [
    [`${users} MINUS ${admins}`, /column 24: found "MINUS", expected EXCEPT/],
    [`${users} INTERSECT SELECT id, name FROM admins`, /the parts of INTERSECT have 1 and 2 columns/],
    [
      `SELECT CAST(id AS INT) AS i FROM users EXCEPT SELECT TRUE FROM admins`,
      /EXCEPT of INT and BOOLEAN: use CAST/
    ],
    [
      `SELECT ARRAY[id] AS a FROM users EXCEPT SELECT ARRAY[id] FROM users`,
      /a is a ARRAY<.*>, which EXCEPT does not compare/
    ]
  ]
  for (const [sql, error] of cases) assert.throws(() => compile(sql, { reject() {} }), error)
})
