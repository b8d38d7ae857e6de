import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate, run } from './events.ts'

/** Expressions with what Flink 2.3 gives for them. */
function gives(cases: [expression: string, value: unknown][], columns = '', row = {}): void {
  for (const [expression, value] of cases) {
    assert.deepEqual(evaluate(expression, row, columns), value, expression)
  }
}

test('operators bind as in Flink', () => {
  gives([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['-2 * 3 - 4', -10],
    ['10 - 3 - 2', 5],
    ['NOT TRUE OR TRUE', true],
    ['TRUE OR TRUE AND FALSE', true],
    ['1 + 1 BETWEEN 1 AND 3 AND TRUE', true],
    ["'a' || 'b' = 'ab'", true],
    ['NOT 1 = 2', true]
  ])
})

test('integers divide towards zero, keep their type and wrap', () => {
  gives([
    ['7 / 2', 3],
    ['-7 / 2', -3],
    ['-7 % 3', -1],
    ['2147483647 + 1', -2147483648],
    ['7 / 0', 'error: 0: division by zero']
  ])
})

test('a branch of CASE that is not taken is not computed', () => {
  gives([['CASE WHEN TRUE THEN 1 ELSE 1 / 0 END', 1]])
})

test('DECIMAL arithmetic is exact, with the scales that Flink derives', () => {
  gives([
    ['0.1 + 0.2', '0.3'],
    ['1.10 * 1.10', '1.2100'],
    ['1.00 / 3', '0.3333333333333'],
    ['10.55 - 0.5', '10.05'],
    ['5.5 % 2', '1.5'],
    ['CAST(2.345 AS DECIMAL(10, 2))', '2.35'],
    ['CAST(-2.345 AS DECIMAL(10, 2))', '-2.35'],
    ['CAST(12345.6 AS DECIMAL(5, 2))', null],
    ['99999999999999999999999999999999999999 + 1', null]
  ])
})

test('whole numbers beyond 2^53 stay exact', () => {
  gives([['b + 1', 9007199254740994]], 'b BIGINT', { b: '9007199254740993' })
  assert.equal(evaluate('CAST(b + 1 AS STRING)', { b: '9007199254740993' }, 'b BIGINT'), '9007199254740994')
  assert.equal(
    evaluate('CAST(b + 1 AS STRING)', { b: '9223372036854775807' }, 'b BIGINT'),
    '-9223372036854775808'
  )
})

test('NULL spreads through operators, and AND and OR decide without it where they can', () => {
  gives([
    ['n + 1', null],
    ['n = n', null],
    ['n AND FALSE', false],
    ['n AND TRUE', null],
    ['n OR TRUE', true],
    ['n OR FALSE', null],
    ['NOT n', null],
    ['n IS NULL', true],
    ['n IS NOT TRUE', true],
    ['n IS DISTINCT FROM 1', true],
    ['n IS NOT DISTINCT FROM NULL', true],
    ['1 IN (2, n)', null],
    ['1 IN (1, n)', true],
    ['1 NOT IN (2, n)', null],
    ["'a' || n", null],
    ['COALESCE(n, 2)', 2],
    ['NULLIF(1, 1)', null]
  ])
})

test('LIKE takes wildcards and an escape character', () => {
  gives([
    ["'abc' LIKE 'a%'", true],
    ["'abc' LIKE '_b_'", true],
    ["'abc' LIKE '%d%'", false],
    ["'a%c' LIKE 'a!%c' ESCAPE '!'", true],
    ["'abc' LIKE 'a!%c' ESCAPE '!'", false],
    ["'' LIKE '%'", true],
    ["'aXbXc' NOT LIKE '%X%X%'", false]
  ])
})

test('CAST converts as Flink does, TRY_CAST gives NULL where it fails', () => {
  gives([
    ["CAST('12' AS INT)", 12],
    ["CAST('x' AS INT)", 'error: 0: "x" is not a number'],
    ["TRY_CAST('x' AS INT)", null],
    ['CAST(1.9 AS INT)', 1],
    ['CAST(-1.9 AS INT)', -1],
    ['CAST(TRUE AS STRING)', 'TRUE'],
    ['CAST(1e7 AS STRING)', '1.0E7'],
    ['CAST(2.5e0 AS STRING)', '2.5'],
    ['CAST(300 AS TINYINT)', 44],
    ["CAST(TIMESTAMP '2026-11-24 10:00:00.5' AS STRING)", '2026-11-24 10:00:00.5'],
    ["CAST('2026-11-24 10:00:00' AS TIMESTAMP(3))", '2026-11-24T10:00:00.000'],
    ["CAST(TIMESTAMP '2026-11-24 10:00:00' AS DATE)", '2026-11-24']
  ])
})

test('functions of strings', () => {
  gives([
    ["UPPER('é')", 'É'],
    ["SUBSTRING('hello' FROM 2 FOR 3)", 'ell'],
    ["SUBSTRING('hello', -3)", 'llo'],
    ["CHAR_LENGTH('a😀')", 2],
    ["TRIM(BOTH 'x' FROM 'xxaxx')", 'a'],
    ["TRIM('  a ')", 'a'],
    ["POSITION('l' IN 'hello')", 3],
    ["ASCII('é')", -61],
    ["CONCAT_WS('-', 'a', NULL, 'b')", 'a-b'],
    ["REPLACE('aba', 'a', 'c')", 'cbc'],
    ["LPAD('7', 3, '0')", '007'],
    ["SPLIT_INDEX('a,b', ',', 1)", 'b'],
    ["MD5('a')", '0cc175b9c0f1b6a831c399e269772661']
  ])
})

test('functions of time', () => {
  const t = "TIMESTAMP '2026-11-24 10:20:30'"
  gives([
    [`EXTRACT(HOUR FROM ${t})`, 10],
    [`FLOOR(${t} TO HOUR)`, '2026-11-24T10:00:00'],
    [`${t} + INTERVAL '1 01:00' DAY TO MINUTE`, '2026-11-25T11:20:30'],
    [`TIMESTAMPDIFF(MINUTE, TIMESTAMP '2026-11-24 10:00:00', ${t})`, 20],
    ["DATE '2026-01-31' + INTERVAL '1' MONTH", '2026-02-28'],
    [`DATE_FORMAT(${t}, 'yyyy-MM-dd HH:mm')`, '2026-11-24 10:20'],
    ["TO_TIMESTAMP('2026-11-24 10:00:00')", '2026-11-24T10:00:00.000'],
    ['TO_TIMESTAMP_LTZ(1795514400123, 3)', '2026-11-24T10:00:00.123Z'],
    ['TO_TIMESTAMP_LTZ(9007199254740991, 0)', null],
    ["TIMESTAMPDIFF(MONTH, DATE '2026-01-31', DATE '2026-02-28')", 1],
    ["TIMESTAMPDIFF(MONTH, TIMESTAMP '2026-03-15 10:00:00', TIMESTAMP '2026-01-15 09:00:00')", -3]
  ])
})

test('undeclared values are what the JSON holds, and numbers where numbers are needed', () => {
  const row = { price: '49.90', n: 3, x: 2.5, s: 'text', big: '10', nested: { list: [1, { k: 'v' }] } }
  gives(
    [
      ['price', '49.90'],
      ['price * 2', '99.80'],
      ['price + n', '52.90'],
      ['n * x', 7.5],
      ['n / 2', 1],
      ['price > 5', true],
      ['big > price', false],
      ["s = 'text'", true],
      ['s * 2', 'error: 0: "text" is not a number'],
      ['nested.list[2].k', 'v'],
      ['nested.list[9]', null],
      ['nested.nothing.at_all', null],
      ['CAST(price AS DECIMAL(10, 1))', '49.9'],
      ['UPPER(s)', 'TEXT']
    ],
    '',
    row
  )
})

test('declared columns are read as their types say, and a value that is not of the type is an error of the row', () => {
  const columns =
    'd DECIMAL(10, 2), t TIMESTAMP(6), f BOOLEAN, i INT, o ROW<a INT, b ROW<c STRING>>, l ARRAY<INT>, day DATE'
  const row = {
    d: 1.005,
    t: '2026-11-24T10:00:00.123456Z',
    f: true,
    i: 5,
    o: { a: 1, b: { c: 'x' } },
    l: [7],
    day: '0000-00-00'
  }
  gives(
    [
      ['d', '1.01'],
      ['t', '2026-11-24T10:00:00.123456'],
      ['i + o.a', 6],
      ['o.b.c', 'x'],
      ['l[1] + 1', 8],
      ['day', null],
      ['f', true]
    ],
    columns,
    row
  )
  assert.equal(evaluate('i', { i: 'five' }, 'i INT'), 'error: 0: "five" is not a whole number')
  assert.equal(evaluate('i', { i: 3e9 }, 'i INT'), "error: 0: 3000000000 is outside of the column's type")
  assert.match(
    String(evaluate('b', { b: '18446744073709551615' }, 'b BIGINT')),
    /outside of BIGINT: DECIMAL\(20, 0\)/
  )
  assert.equal(evaluate('b', { b: '18446744073709551615' }, 'b DECIMAL(20, 0)'), '18446744073709551615')
  assert.equal(evaluate('f', { f: 1 }, 'f BOOLEAN'), 'error: 0: "1" is not a BOOLEAN')
})

test('a value that is not JSON is never passed through', () => {
  for (const value of ['nul', 'nope', '007', '-07', '-', '1.', 'truth', 'NaN']) {
    const line = `{"before":null,"after":{"a":${value}},"source":{"table":"t"},"op":"c"}`
    for (const sql of ['SELECT a FROM t', 'SELECT a AS b FROM t WHERE a IS NOT NULL OR TRUE']) {
      const { rows, rejected } = run(sql, [line])
      assert.deepEqual([rows.length, rejected.length], [0, 1], value)
    }
  }
})

test('an undeclared time is compared to the last digit, in whatever form it is written', () => {
  const row = { t: '2026-11-24T10:00:00.000001Z', day: '2026-11-24', s: 'text', amount: '49.00' }
  gives(
    [
      ["t > TIMESTAMP '2026-11-24 10:00:00'", true],
      ["t = TIMESTAMP '2026-11-24 10:00:00'", false],
      ["t > '2026-11-24 10:00:00'", true],
      ["t < '2026-11-24 10:00:01'", true],
      ["t = '2026-11-24 10:00:00.000001'", true],
      ["'2026-11-24 10:00:01' > t", true],
      ["t BETWEEN '2026-11-24' AND '2026-11-25'", true],
      ["day = '2026-11-24'", true],
      ['day < t', true],
      ["s = '2026-11-24'", false],
      ["amount < '100'", true],
      ["s > 'abc'", true]
    ],
    '',
    row
  )
})

test('numbers of any size keep their digits inside of nested columns', () => {
  const columns =
    'a ARRAY<BIGINT>, r ROW<n BIGINT, x DOUBLE, t STRING>, m MAP<STRING, BIGINT>, d ARRAY<DECIMAL(30, 2)>'
  const json =
    '{"a":[9007199254740993,1],"r":{"n":9223372036854775807,"x":0.30000000000000004,"t":"x"},"m":{"k":-9007199254740995},"d":[12345678901234567890123.45,0.1]}'
  const { text, rejected } = run(
    `CREATE TABLE t (${columns}) WITH ('connector' = 'stdin', 'format' = 'json'); SELECT a, r.n AS n, r.x AS x, m['k'] AS k, d FROM t`,
    [json]
  )
  assert.deepEqual(rejected, [])
  assert.equal(
    text,
    '{"a":[9007199254740993,1],"n":9223372036854775807,"x":0.30000000000000004,"k":-9007199254740995,"d":["12345678901234567890123.45","0.10"]}\n'
  )
  const undeclared = run('SELECT a[1] AS x, r.n AS n, COUNT(*) AS c FROM events GROUP BY a[1], r.n', [json])
  assert.match(undeclared.text, /"after":\{"x":9007199254740993,"n":9223372036854775807,"c":1\}/)
})

test('DATE_FORMAT of a text reads it leniently in the form that Flink takes', () => {
  assert.equal(evaluate("DATE_FORMAT('2026-02-30 10:00:00', 'MM-dd HH')"), '03-02 10')
  assert.equal(evaluate("DATE_FORMAT('2026-11-24T10:00:00.120Z', 'SSS')"), '120')
})
