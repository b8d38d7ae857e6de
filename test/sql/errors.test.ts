import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile, SqlError } from '../../src/lib/sql/index.ts'

function errorOf(sql: string): SqlError {
  try {
    compile(sql, { reject() {} })
  } catch (error) {
    if (error instanceof SqlError) return error
    throw error
  }
  throw new Error(`no error: ${sql}`)
}

function says(cases: [sql: string, message: string | RegExp][]): void {
  for (const [sql, message] of cases) {
    const error = errorOf(sql)
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
  }
}

test('a syntax error names line, column, what was found and what was expected', () => {
  says([
    ['SELECT a FORM t', 'line 1, column 10: found "FORM", expected FROM'],
    ['SELECT a,\n  FROM t', 'line 2, column 3: found "FROM", expected an expression'],
    ['SELECT a FROM t WHERE (a = 1', 'line 1, column 29: found the end of the text, expected )'],
    ["SELECT 'a FROM t", "line 1, column 8: this string has no closing '"],
    ['SELECT "a" FROM t', /unexpected character ": strings take single quotes, names take backquotes/],
    ['', /found no query, expected SELECT or INSERT INTO/],
    ['DELETE FROM t', /found "DELETE", expected SELECT, INSERT INTO, CREATE TABLE or CREATE VIEW/]
  ])
  assert.equal(errorOf('SELECT a,\n  b FORM t').frame, '  b FORM t\n    ^^^^')
})

const table =
  "CREATE TABLE t (amount DECIMAL(10, 2), status STRING, at TIMESTAMP(3)) WITH ('connector' = 'stdin');"

test('a misspelt column, function or option is suggested', () => {
  says([
    [`${table} SELECT amout FROM t`, /no column amout in t \(did you mean amount\?\)/],
    ['SELECT UPPR(a) FROM t', /no function UPPR \(did you mean UPPER\?\)/],
    ['SELECT CUONT(*) FROM t', /no function CUONT \(did you mean COUNT\?\)/],
    ["CREATE TABLE t (a INT) WITH ('conector' = 'stdin')", /needs WITH \('connector'/],
    [
      "CREATE TABLE t (a INT) WITH ('connector' = 'stdin', 'fromat' = 'json')",
      /option 'fromat' is not in the subset \(did you mean format\?\)/
    ],
    ["CREATE TABLE t (a INT) WITH ('connector' = 'pulsar')", /connector 'pulsar' is not in the subset/]
  ])
})

test('types that do not go together are told before a row is read', () => {
  says([
    [`${table} SELECT amount + status FROM t`, /DECIMAL\(10, 2\) \+ STRING is not possible: use CAST/],
    [`${table} SELECT status = 5 FROM t`, /STRING = INT is not possible: use CAST/],
    [`${table} SELECT amount FROM t WHERE amount`, /a condition is BOOLEAN, this is DECIMAL\(10, 2\)/],
    [`${table} SELECT UPPER(amount) FROM t`, /UPPER takes STRING here, found DECIMAL\(10, 2\): use CAST/],
    [`${table} SELECT SUBSTRING(status) FROM t`, /SUBSTRING takes 2 to 3 arguments, found 1/],
    [`${table} SELECT CASE WHEN TRUE THEN 1 ELSE status END FROM t`, /STRING does not go together with INT/],
    [
      `${table} SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(status), INTERVAL '1' MINUTE))`,
      /status \(STRING\) is no event time/
    ]
  ])
})

test('Flink SQL outside of the subset is refused by name', () => {
  const window = "FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(c), INTERVAL '1' MINUTE)) GROUP BY window_start"
  says([
    ['SELECT a FROM t ORDER BY a', /ORDER BY without LIMIT of rows that change: not in the subset/],
    ['SELECT a FROM t NATURAL JOIN u', /NATURAL JOIN: not in the subset/],
    ['SELECT DISTINCT * FROM t', /DISTINCT over \* of an undeclared table: not in the subset/],
    [
      'SELECT * FROM t INTERSECT SELECT * FROM u',
      /INTERSECT with \* of an undeclared table: not in the subset/
    ],
    ['SELECT a FROM t JOIN u ON t.a IN (SELECT b FROM v)', /a subquery stands in WHERE, SELECT and HAVING/],
    [`SELECT LAG(a) ${window}, window_end`, /the aggregate LAG: not in the subset/],
    ['SELECT NOW() FROM t', /NOW depends on the clock/],
    [
      "SELECT a FROM TABLE(TUMBLE((SELECT a, PROCTIME() AS p FROM t), DESCRIPTOR(p), INTERVAL '1' MINUTE))",
      /windows of the time of processing depend on the clock/
    ],
    ['SELECT CAST(a AS RAW(a, b)) FROM t', /the type RAW: not in the subset/],
    [`SELECT ${'9'.repeat(39)} FROM t`, /more than 38 digits/],
    ['SELECT 1', /SELECT without FROM: not in the subset/]
  ])
})

test('a name that would quietly be a column of NULLs is refused', () => {
  says([
    ['SELECT a + 1 AS b FROM t WHERE b > 1', /b is the name of a SELECT item/],
    [
      "SELECT UPPER(s) AS u, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(c), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, u",
      /u is the name of a SELECT item/
    ],
    [
      "SELECT s, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(c), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end",
      /s is neither in GROUP BY nor in an aggregate/
    ]
  ])
})

const seeds = [
  `${table} CREATE VIEW v AS SELECT *, amount * 2 AS twice FROM t WHERE status LIKE 'a!%' ESCAPE '!'; INSERT INTO stdout SELECT twice FROM v`,
  "SELECT window_end, k, COUNT(DISTINCT x) FILTER (WHERE y IS NOT NULL) FROM TABLE(HOP(TABLE t, DESCRIPTOR(c), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, k HAVING COUNT(*) > 2",
  "SELECT CASE WHEN a BETWEEN 1 AND -2.5e3 THEN CAST(b AS ROW<x INT>) ELSE INTERVAL '1-2' YEAR TO MONTH END, TRIM(BOTH ' ' FROM `q`) FROM a.b /* c */ -- d"
]

test('mutated SQL is compiled or gives an error with a position', () => {
  const pieces = fc.constantFrom(
    "'",
    '(',
    ')',
    ',',
    ' SELECT ',
    ' NOT ',
    '.',
    '[',
    '0',
    '1e99',
    ' FROM ',
    '`',
    '=',
    '-',
    ' AS ',
    ';',
    '\n',
    'é',
    '*',
    ' NULL '
  )
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(6), put: pieces })
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 }), (seed, edits) => {
      let text = seed
      for (const { at, cut, put } of edits) {
        const place = Math.floor(at * text.length)
        text = text.slice(0, place) + put + text.slice(place + cut)
      }
      try {
        compile(text, { reject() {} })
      } catch (error) {
        assert.ok(error instanceof SqlError, `${text}\n${error}`)
        assert.ok(error.line >= 1 && error.column >= 1)
      }
    }),
    { numRuns: 2000 }
  )
})

test('deep nesting is refused, not a crash', () => {
  assert.match(errorOf(`SELECT ${'('.repeat(5000)}1${')'.repeat(5000)} FROM t`).message, /nesting deeper/)
  const sum = Array.from({ length: 20_000 }, () => 'a').join(' + ')
  try {
    compile(`SELECT ${sum} FROM t`, { reject() {} })
  } catch (error) {
    assert.ok(error instanceof SqlError)
  }
})
