import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate, run } from '../events.ts'

const columns =
  'id BIGINT, tags ARRAY<STRING>, prices MAP<STRING, DECIMAL(10, 2)>, place ROW<city STRING, at TIMESTAMP(3), deep ROW<n INT>>, steps ARRAY<ROW<n INT, s STRING>>'
const row = {
  id: 1,
  tags: ['b', null, 'a'],
  prices: { x: '1.5', y: 2 },
  place: { city: 'Pune', at: '2026-11-24T10:00:00', deep: { n: 7, unknown: 1 }, extra: true },
  steps: [{ n: 1, s: 'one' }, { n: 2 }, null]
}

test('nested columns are written by their types: no field more, DECIMALs with their scale', () => {
  const sql = `CREATE TABLE t (${columns}) WITH ('connector' = 'stdin', 'format' = 'json'); SELECT tags, prices, place, steps FROM t`
  assert.equal(
    run(sql, [JSON.stringify(row)]).text,
    '{"tags":["b",null,"a"],"prices":{"x":"1.50","y":"2.00"},"place":{"city":"Pune","at":"2026-11-24T10:00:00.000","deep":{"n":7}},"steps":[{"n":1,"s":"one"},{"n":2,"s":null},null]}\n'
  )
})

test('members of nested columns are found by name, place and key', () => {
  const cases: [string, unknown][] = [
    ['tags[1]', 'b'],
    ['tags[2]', null],
    ['tags[9]', null],
    ["prices['x'] * 2", '3.00'],
    ["prices['z']", null],
    ['place.deep.n + 1', 8],
    ['steps[1].s', 'one'],
    ['steps[2].s', null],
    ['steps[3].n', null],
    ['steps[id].n', 1],
    ['CARDINALITY(steps)', 3],
    ["ARRAY_JOIN(ARRAY_SORT(tags), '-', '?')", '?-a-b'],
    ['MAP_KEYS(prices)', ['x', 'y']],
    ['CAST(place AS STRING)', '(Pune, 2026-11-24 10:00:00.000, (7))'],
    ["tags = ARRAY['b', NULL, 'a']", true],
    ['place.deep = ROW(7)', true],
    ['JSON_STRING(place)', '{"at":"2026-11-24T10:00:00","city":"Pune","deep":{"n":7}}']
  ]
  for (const [expression, value] of cases)
    assert.deepEqual(evaluate(expression, row, columns), value, expression)
})

test('undeclared arrays and objects go where arrays and maps are wanted', () => {
  const given = { list: [3, 1, 2], m: { a: 1, b: 'x' }, words: ['b', 'a'], n: 5 }
  const cases: [string, unknown][] = [
    ['ARRAY_SORT(list)', [1, 2, 3]],
    ['ARRAY_MAX(list) + 1', 4],
    ['ARRAY_CONTAINS(list, 2)', true],
    ["ARRAY_CONTAINS(words, 'a')", true],
    ['ARRAY_APPEND(list, n)', [3, 1, 2, 5]],
    ['CARDINALITY(m)', 2],
    ["ARRAY_JOIN(words, '+')", 'b+a'],
    ['MAP_VALUES(m)', [1, 'x']],
    ['CAST(list AS ARRAY<DOUBLE>)', [3, 1, 2]],
    ['CAST(list AS ARRAY<TINYINT>)[1]', 3],
    ["JSON_VALUE(m, '$.b')", 'x'],
    ["JSON_OBJECT('m' VALUE m)", '{"m":{"a":1,"b":"x"}}'],
    ['ARRAY[n, 1]', [5, 1]],
    ['ARRAY_SORT(n)', 'error: 0: 5 is not an ARRAY']
  ]
  for (const [expression, value] of cases) assert.deepEqual(evaluate(expression, given), value, expression)
})

test('a value that does not fit the type inside of a nested column is an error of its row', () => {
  const overflow = evaluate('a', { a: [1, 300] }, 'a ARRAY<TINYINT>')
  assert.equal(overflow, 'error: 0: 300 is outside of its type')
  assert.equal(evaluate('a', { a: 5 }, 'a ARRAY<TINYINT>'), 'error: 0: 5 is not an ARRAY')
  assert.equal(evaluate('a', { a: 5 }, 'a ROW<b INT>'), 'error: 0: 5 is not a ROW')
})
