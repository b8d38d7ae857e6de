import assert from 'node:assert/strict'
import { test } from 'node:test'
import { change, created, run, tableOf } from './events.ts'

const lines = [
  created({ id: 1, name: 'ann' }, 'users'),
  created({ id: 1, name: 'bob' }, 'admins'),
  created({ id: 1, name: 'ann' }, 'admins'),
  change('d', { id: 1, name: 'ann' }, null, 'users')
]

test('UNION ALL: the rows of all inputs, each as often as it is there', () => {
  const { rows } = run('SELECT id, name FROM users UNION ALL SELECT id, name AS x FROM admins', lines)
  assert.deepEqual(tableOf(rows), ['{"id":1,"name":"ann"}', '{"id":1,"name":"bob"}'])
})

test('UNION: each row once', () => {
  const { rows } = run('SELECT name FROM users UNION SELECT name FROM admins', lines.slice(0, 3))
  assert.deepEqual(tableOf(rows), ['{"name":"ann"}', '{"name":"bob"}'])
})

test('rows of undeclared tables come out as they are', () => {
  const { rows } = run('SELECT * FROM users UNION ALL SELECT * FROM admins', lines.slice(0, 2))
  assert.deepEqual(
    rows.map(({ after }) => after),
    [
      { id: 1, name: 'ann' },
      { id: 1, name: 'bob' }
    ]
  )
})

test('inputs of different types have the type that holds the values of all', () => {
  const { rows } = run(
    `CREATE TABLE t (a INT, b DECIMAL(5, 2)) WITH ('connector' = 'stdin', 'format' = 'json');
    SELECT a AS v FROM t UNION ALL SELECT b FROM t`,
    ['{"a":1,"b":"2.5"}']
  )
  assert.deepEqual(rows, [{ v: '1.00' }, { v: '2.50' }])
})

test('SELECT DISTINCT: a row is there as long as one like it is', () => {
  const { rows } = run('SELECT DISTINCT name FROM users', [
    created({ id: 1, name: 'ann' }, 'users'),
    created({ id: 2, name: 'ann' }, 'users'),
    change('d', { id: 1, name: 'ann' }, null, 'users'),
    change('d', { id: 2, name: 'ann' }, null, 'users')
  ])
  assert.deepEqual(
    rows.map(({ op, before, after }) => [op, before, after]),
    [
      ['c', null, { name: 'ann' }],
      ['d', { name: 'ann' }, null]
    ]
  )
})

test('several queries of a text run side by side, each line through all of them', () => {
  const { rows } = run(
    `EXECUTE STATEMENT SET BEGIN
      INSERT INTO stdout SELECT id FROM events WHERE id > 1;
      INSERT INTO stdout SELECT id * 10 AS ten FROM events;
    END`,
    ['{"id":1}', '{"id":2}']
  )
  assert.deepEqual(rows, [{ ten: 10 }, { id: 2 }, { ten: 20 }])
})

test('WITH names queries that the query uses, also under the name of a table', () => {
  const { rows } = run(
    'WITH users AS (SELECT id, name FROM users WHERE id = 1), n AS (SELECT COUNT(*) AS n FROM users) SELECT n FROM n',
    [created({ id: 1, name: 'ann' }, 'users'), created({ id: 2, name: 'bob' }, 'users')]
  )
  assert.deepEqual(tableOf(rows), ['{"n":1}'])
})
