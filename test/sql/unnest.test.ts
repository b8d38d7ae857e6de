import assert from 'node:assert/strict'
import { test } from 'node:test'
import { change, created, run, tableOf } from './events.ts'

const of = (sql: string, ...rows: object[]): unknown[] =>
  run(
    sql,
    rows.map(row => JSON.stringify(row))
  ).rows

test('members of undeclared arrays: one name is the member, several are its fields', () => {
  const order = { id: 1, items: [{ sku: 'a', qty: 2 }, { sku: 'b' }, 7, null] }
  assert.deepEqual(
    of('SELECT o.id, t.sku, t.qty FROM events o CROSS JOIN UNNEST(o.items) AS t (sku, qty)', order),
    [
      { id: 1, sku: 'a', qty: 2 },
      { id: 1, sku: 'b', qty: null },
      { id: 1, sku: null, qty: null },
      { id: 1, sku: null, qty: null }
    ]
  )
  assert.deepEqual(
    of('SELECT i.n, t.item.sku AS sku FROM events i, UNNEST(i.tags) WITH ORDINALITY AS t (item, n)', {
      tags: [{ sku: 'x' }, 'y']
    }),
    [
      { n: null, sku: 'x' },
      { n: null, sku: null }
    ]
  )
  assert.deepEqual(
    of('SELECT t.n, tag FROM events, UNNEST(tags) WITH ORDINALITY AS t (tag, n)', { tags: ['x', 'y'] }),
    [
      { n: 1, tag: 'x' },
      { n: 2, tag: 'y' }
    ]
  )
})

test('a row without members: none of an inner join, NULLs of a left one', () => {
  const rows = [{ id: 1, tags: [] }, { id: 2 }, { id: 3, tags: null }, { id: 4, tags: ['x'] }]
  assert.deepEqual(of('SELECT id, tag FROM events CROSS JOIN UNNEST(tags) AS t (tag)', ...rows), [
    { id: 4, tag: 'x' }
  ])
  assert.deepEqual(of('SELECT id, tag FROM events LEFT JOIN UNNEST(tags) AS t (tag) ON TRUE', ...rows), [
    { id: 1, tag: null },
    { id: 2, tag: null },
    { id: 3, tag: null },
    { id: 4, tag: 'x' }
  ])
})

test('an update changes the rows of members by their places, and takes back or adds the others', () => {
  const sql = 'SELECT o.id, t.tag FROM joins o LEFT JOIN UNNEST(o.tags) AS t (tag) ON TRUE'
  const { rows } = run(sql, [
    created({ id: 1, tags: ['a', 'b'] }),
    change('u', { id: 1, tags: ['a', 'b'] }, { id: 1, tags: ['a', 'c', 'd'] }),
    change('u', { id: 1, tags: ['a', 'c', 'd'] }, { id: 1, tags: [] })
  ])
  assert.deepEqual(
    rows.map(({ op, before, after }) => `${op} ${JSON.stringify(before)} ${JSON.stringify(after)}`),
    [
      'c null {"id":1,"tag":"a"}',
      'c null {"id":1,"tag":"b"}',
      'u {"id":1,"tag":"b"} {"id":1,"tag":"c"}',
      'c null {"id":1,"tag":"d"}',
      'u {"id":1,"tag":"a"} {"id":1,"tag":null}',
      'd {"id":1,"tag":"c"} null',
      'd {"id":1,"tag":"d"} null'
    ]
  )
  assert.deepEqual(tableOf(rows), ['{"id":1,"tag":null}'])
})

test('a value that is no array rejects its line; what cannot be taken apart is told where it stands', () => {
  const { rows, rejected } = run('SELECT tag FROM events CROSS JOIN UNNEST(tags) AS t (tag)', [
    '{"tags":"x"}',
    '{"tags":["y"]}'
  ])
  assert.deepEqual([rows, rejected], [[{ tag: 'y' }], ['0: "x" is not an ARRAY']])
  const table =
    "CREATE TABLE o (id INT, tags ARRAY<STRING>) WITH ('connector' = 'stdin', 'format' = 'json');\n"
  const reason = (sql: string): string => {
    try {
      run(table + sql, [])
    } catch (error) {
      return (error as Error).message
    }
    return 'none'
  }
  assert.match(
    reason('SELECT id FROM o, UNNEST(id) AS t (a)'),
    /^line 2, column 26: UNNEST takes an ARRAY, MAP or MULTISET, this is INT/
  )
  assert.match(
    reason('SELECT id FROM o, UNNEST(tags) AS t (a, b)'),
    /^line 2, column 38: a list of 2 columns for 1/
  )
  assert.match(
    reason("SELECT id FROM o LEFT JOIN UNNEST(tags) AS t (a) ON t.a = 'x'"),
    /^line 2, column 53: a condition of a join with UNNEST/
  )
  assert.match(
    reason('SELECT 1 AS a FROM events, UNNEST(tags) AS t'),
    /column 35: the members of an undeclared array need names/
  )
  assert.match(
    reason('SELECT 1 AS a FROM UNNEST(tags) AS t (a)'),
    /column 20: UNNEST without a table before it/
  )
})
