import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { compile, type RejectedLine } from '../../src/lib/sql/index.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { blockOf, change, created, parseLines, type Row, run, runStopped, tableOf } from './events.ts'
import { changes } from './two-tables.ts'

const folder = mkdtempSync(join(tmpdir(), 'result-errors-'))
after(() => rmSync(folder, { recursive: true }))
const tools = join(folder, 'tools.mjs')
writeFileSync(
  tools,
  `export const longest = {
     create: () => '',
     add(state, text) {
       if (text === 'bad') throw new Error('a bad text')
       return text.length > state.length ? text : state
     },
     result: state => state
   }
   export const listed = {
     create: () => ({ texts: [] }),
     add(state, text) { state.texts.push(text) },
     result: state => state.texts.join('')
   }`
)

const plain = (row: Row): string => JSON.stringify(row)
const afters = (rows: readonly Row[]): unknown[] => rows.map(row => row.after)

describe('an error in an argument of an aggregate refuses the line, of which nothing counts', () => {
  const counted: [name: string, sql: string, lines: string[], row: Row][] = [
    [
      'SUM of an undeclared column',
      'SELECT k, COUNT(*) AS n, SUM(v) AS s FROM events GROUP BY k',
      [plain({ k: 1, v: 2 }), plain({ k: 1, v: 'x' }), plain({ k: 1, v: 3 })],
      { k: 1, n: 2, s: 5 }
    ],
    [
      'variance',
      'SELECT k, COUNT(*) AS n, STDDEV_POP(v) AS s FROM events GROUP BY k',
      [plain({ k: 1, v: 2 }), plain({ k: 1, v: 'x' }), plain({ k: 1, v: 2 })],
      { k: 1, n: 2, s: 0 }
    ],
    [
      'a key that is NULL',
      'SELECT k, COUNT(*) AS n, JSON_OBJECTAGG(KEY v VALUE k) AS s FROM events GROUP BY k',
      [plain({ k: 1, v: 'a' }), plain({ k: 1, v: null }), plain({ k: 1, v: 'b' })],
      { k: 1, n: 2, s: '{"a":1,"b":1}' }
    ]
  ]
  for (const [name, sql, lines, row] of counted) {
    test(name, () => {
      const { rows, rejected } = run(sql, lines)
      assert.equal(rejected.length, 1)
      assert.match(rejected[0] ?? '', /^1: (?!a result is left out)/)
      assert.deepEqual(rows.at(-1)?.after, row)
    })
  }
})

test('MIN and MAX of values that are no numbers beside numbers refuse no line after it has counted', () => {
  const lines = [5, 'abc', true, '7'].map(v => plain({ v }))
  const { rows, rejected } = run('SELECT COUNT(*) AS n, MIN(v) AS a, MAX(v) AS b FROM events', lines)
  assert.deepEqual([rows.at(-1)?.after, rejected], [{ n: 4, a: 5, b: true }, []])
})

test('a result that cannot be computed is left out and told; the group counts on, and its next one comes', () => {
  const lines = [1, 4, 5].map(v => plain({ k: 'a', v }))
  const sql =
    'SELECT k, n, 100 / (s - 5) AS q FROM (SELECT k, COUNT(*) AS n, SUM(v) AS s FROM events GROUP BY k) g'
  const { rows, rejected } = run(sql, lines)
  assert.deepEqual(rejected, ['1: a result is left out: division by zero, in a row of ["a",2,5]'])
  assert.deepEqual(
    rows.map(({ op, before, after }) => [op, before, after]),
    [
      ['c', null, { k: 'a', n: 1, q: -25 }],
      ['d', { k: 'a', n: 1, q: -25 }, null],
      ['c', null, { k: 'a', n: 3, q: 20 }]
    ]
  )
})

test('a line whose result is left out is told as one that has taken effect, another as one that has not', () => {
  const told: RejectedLine[] = []
  const query = compile('SELECT 1 / SUM(v) AS q FROM events', { reject: line => told.push(line) })
  query.process(blockOf([plain({ v: 0 }), plain({ v: 'x' })]), new ByteWriter())
  assert.deepEqual(
    told.map(({ index, isApplied }) => [index, isApplied]),
    [
      [0, true],
      [1, false]
    ]
  )
})

test('a window that closes gives the results of all groups but those that cannot be computed', () => {
  const sql = `SELECT k, 6 / SUM(v) AS q FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
    GROUP BY window_start, window_end, k`
  const row = (k: string, v: number, minute: number): string =>
    plain({ k, v, ts: `2026-11-24T10:0${minute}:00Z` })
  const lines = [
    row('a', 1, 0),
    row('b', 0, 0),
    row('c', 2, 0),
    row('d', 0, 1),
    row('a', 3, 2),
    row('z', 0, 2)
  ]
  const left: string[] = []
  const rejected: string[] = []
  const query = compile(sql, {
    reject: ({ index, reason, isApplied }) => rejected.push(`${index} ${isApplied} ${reason}`),
    leftOut: reason => left.push(reason)
  })
  const out = new ByteWriter()
  query.process(blockOf(lines), out)
  query.end(out)
  assert.deepEqual(
    parseLines(out.written().toString()).map(({ k, q }) => [k, q]),
    [
      ['a', 6],
      ['c', 3],
      ['a', 2]
    ]
  )
  assert.equal(rejected.length, 2)
  assert.match(rejected[0] ?? '', /^3 true a result is left out: division by zero, in a row of \[.*"b",0\]$/)
  assert.match(rejected[1] ?? '', /^4 true .*"d",0\]$/)
  assert.equal(left.length, 1)
  assert.match(left[0] ?? '', /"z",0\]$/)
})

test('without anyone to tell of it, a result that the end of time leaves out is an error', () => {
  const query = compile(
    `SELECT 1 / SUM(v) AS q FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
     GROUP BY window_start, window_end`,
    { reject() {} }
  )
  const out = new ByteWriter()
  query.process(blockOf([plain({ v: 0, ts: '2026-11-24T10:00:00Z' })]), out)
  assert.throws(() => query.end(out), /a result is left out: division by zero/)
})

test('a key of JSON_OBJECTAGG that comes twice leaves the result out until one of them goes', () => {
  const row = (id: number, key: string): Row => ({ id, key, v: id })
  const { rows, rejected } = run('SELECT JSON_OBJECTAGG(KEY key VALUE v) AS o FROM t', [
    created(row(1, 'a'), 't'),
    created(row(2, 'a'), 't'),
    change('u', row(1, 'a'), row(1, 'b'), 't')
  ])
  assert.deepEqual(rejected, [
    '1: a result is left out: "a" comes twice as a key of JSON_OBJECTAGG, in a row of [""]'
  ])
  assert.deepEqual(afters(rows), [{ o: '{"a":1}' }, null, { o: '{"a":2,"b":1}' }])
})

test('what an aggregate of a module throws leaves out its result from then on, and the others of the row with it', () => {
  const sql = `CREATE FUNCTION longest AS '${tools}' LANGUAGE JAVASCRIPT; CREATE FUNCTION listed AS '${tools}' LANGUAGE JAVASCRIPT;
    SELECT k, COUNT(*) AS n, listed(s) AS l, longest(s) AS t FROM events GROUP BY k`
  const lines = ['a', 'bad', 'bbb'].map(s => plain({ k: 1, s }))
  const { rows, rejected } = run(sql, [...lines, plain({ k: 2, s: 'c' })])
  assert.deepEqual(rejected, [
    '1: a result is left out: LONGEST: a bad text, in a row of [1]',
    '2: a result is left out: LONGEST: a bad text, in a row of [1]'
  ])
  assert.deepEqual(afters(rows), [{ k: 1, n: 1, l: 'a', t: 'a' }, null, { k: 2, n: 1, l: 'c', t: 'c' }])
})

test('a line that one of several queries refuses counts in none', () => {
  const sql = 'SELECT COUNT(*) AS n FROM events; SELECT SUM(v) AS s FROM events'
  const { rows, rejected } = run(sql, [plain({ v: 1 }), plain({ v: 'x' }), plain({ v: 2 })])
  assert.deepEqual(rejected, ['1: "x" is not a number'])
  assert.deepEqual(
    afters(rows).map(row => JSON.stringify(row)),
    ['{"n":1}', '{"s":1}', '{"n":2}', '{"s":3}']
  )
})

test('a row whose result is left out is ranked all the same', () => {
  const sql = `SELECT k, 6 / v AS q FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) AS rn FROM
    (SELECT k, MIN(v) AS v FROM events GROUP BY k) g) r WHERE rn = 1`
  const { rows, rejected } = run(sql, [plain({ k: 1, v: 2 }), plain({ k: 1, v: 0 }), plain({ k: 1, v: -3 })])
  assert.equal(rejected.length, 1)
  assert.match(rejected[0] ?? '', /^1: a result is left out: division by zero/)
  assert.deepEqual(afters(rows), [{ k: 1, q: 3 }, null, { k: 1, q: -2 }])
})

test('rows of which it cannot be told whether they are a pair are none; that one goes is no error', () => {
  const sql = 'SELECT o.id, u.id AS uid FROM orders o LEFT JOIN users u ON o.k = u.k AND 10 / u.v > o.v'
  const zero = { id: 7, k: 1, v: 0 }
  const { rows, rejected } = run(sql, [
    created({ id: 1, k: 1, v: 1 }, 'orders'),
    created(zero, 'users'),
    change('d', zero, null, 'users')
  ])
  assert.equal(rejected.length, 1)
  assert.match(rejected[0] ?? '', /^1: a result is left out: division by zero/)
  assert.deepEqual(tableOf(rows), ['{"id":1,"uid":null}'])
})

describe('results that cannot be computed leave those that can as they are, also after a stop anywhere', () => {
  const step = fc.record({
    table: fc.constantFrom('orders', 'users'),
    id: fc.nat(5),
    k: fc.option(fc.nat(2)),
    v: fc.nat(3),
    isDelete: fc.boolean()
  })
  /** Queries that fail where one of `safe` gives a row whose `d` is 0, which is left out there. */
  const queries: Record<string, [failing: string, safe: string]> = {
    group: [
      'SELECT k, 6 / d AS q FROM (SELECT k, SUM(v) - 3 AS d FROM orders GROUP BY k) g',
      'SELECT k, CASE WHEN d <> 0 THEN 6 / d END AS q FROM (SELECT k, SUM(v) - 3 AS d FROM orders GROUP BY k) g WHERE d <> 0'
    ],
    'group of groups': [
      'SELECT q, COUNT(*) AS n FROM (SELECT 6 / d AS q FROM (SELECT k, SUM(v) - 3 AS d FROM orders GROUP BY k) g) h GROUP BY q',
      'SELECT q, COUNT(*) AS n FROM (SELECT CASE WHEN d <> 0 THEN 6 / d END AS q FROM (SELECT k, SUM(v) - 3 AS d FROM orders GROUP BY k) g WHERE d <> 0) h GROUP BY q'
    ],
    join: [
      'SELECT o.id, u.id AS uid, 6 / (o.v - u.v) AS q FROM orders o JOIN users u ON o.k = u.k',
      'SELECT o.id, u.id AS uid, CASE WHEN o.v <> u.v THEN 6 / (o.v - u.v) END AS q FROM orders o JOIN users u ON o.k = u.k WHERE o.v <> u.v'
    ],
    'condition of an outer join': [
      'SELECT o.id, u.id AS uid FROM orders o FULL JOIN users u ON o.k = u.k AND 6 / (o.v - u.v) > 2',
      'SELECT o.id, u.id AS uid FROM orders o FULL JOIN users u ON o.k = u.k AND CASE WHEN o.v <> u.v THEN 6 / (o.v - u.v) > 2 ELSE FALSE END'
    ],
    'condition of EXISTS': [
      'SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT * FROM users u WHERE o.k = u.k AND 6 / (o.v - u.v) > 2)',
      'SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT * FROM users u WHERE o.k = u.k AND CASE WHEN o.v <> u.v THEN 6 / (o.v - u.v) > 2 ELSE FALSE END)'
    ],
    rank: [
      'SELECT id, 6 / v AS q FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v, id) AS rn FROM orders) r WHERE rn <= 2',
      'SELECT id, CASE WHEN v <> 0 THEN 6 / v END AS q FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v, id) AS rn FROM orders) r WHERE rn <= 2 AND v <> 0'
    ]
  }
  for (const [name, [failing, safe]] of Object.entries(queries)) {
    test(name, () => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 50 }), fc.nat(50), (list, at) => {
          const { lines } = changes(list)
          const whole = run(failing, lines)
          assert.deepEqual(tableOf(whole.rows), tableOf(run(safe, lines).rows))
          assert.deepEqual(runStopped(failing, lines, at), { rows: whole.rows, rejected: whole.rejected })
        })
      )
    })
  }
})
