import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { change, created, type Row, run } from './events.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-functions-'))
after(() => rmSync(folder, { recursive: true }))

const module = (name: string, source: string): string => {
  const path = join(folder, name)
  writeFileSync(path, source)
  return path
}

const tools = module(
  'tools.mjs',
  `export const score = (amount, tags) => Number(amount) * tags.length
   export function grade(n) { return n > 10 ? 'high' : undefined }
   grade.returns = 'STRING'
   export function orElse(a, b) { return a ?? b }
   orElse.acceptsNull = true
   export const fails = () => { throw new Error('no such player') }
   export const big = () => 2n ** 60n
   export const half = n => n / 2
   half.returns = 'DECIMAL(10, 2)'
   export const longest = {
     create: () => ({ text: '' }),
     add(state, text) { if (text.length > state.text.length) state.text = text },
     result: state => state.text
   }
   export const product = {
     create: () => 1,
     add: (state, n) => state * n,
     retract: (state, n) => state / n,
     result: state => state
   }
   product.returns = 'BIGINT'`
)

const declared = (...names: string[]): string =>
  names.map(name => `CREATE FUNCTION ${name} AS '${tools}' LANGUAGE JAVASCRIPT;`).join('\n')

const resultOf = (name: string, call: string, row: Row = {}): unknown => {
  const { rows, rejected } = run(`${declared(name)} SELECT ${call} AS v FROM events`, [JSON.stringify(row)])
  return rejected.length > 0 ? `error: ${rejected[0]}` : rows[0]?.v
}

test('a function of a module is called with the values of a row', () => {
  assert.equal(resultOf('score', 'SCORE(amount, tags)', { amount: '2.5', tags: ['a', 'b'] }), 5)
  assert.equal(resultOf('score', 'score(CAST(1.50 AS DECIMAL(5, 2)), ARRAY[1, 2]) + 1', {}), 4)
  assert.equal(resultOf('big', 'CAST(big() + 1 AS STRING)'), '1152921504606846977')
})

test('what a function returns has the type that it names', () => {
  assert.equal(resultOf('grade', "grade(n) || '!'", { n: 11 }), 'high!')
  assert.equal(resultOf('grade', 'grade(n)', { n: 1 }), null)
  assert.equal(resultOf('half', 'half(n)', { n: 5 }), '2.50')
})

test('NULL gives NULL unless the function asks for it', () => {
  assert.equal(resultOf('score', 'score(amount, tags)', { tags: [] }), null)
  assert.equal(resultOf('orElse', "orElse(a, 'b')"), 'b')
})

test('what a function throws is an error of the row', () => {
  assert.equal(resultOf('fails', 'fails(1)'), 'error: 0: FAILS: no such player')
})

test('an aggregate of a module takes rows back, or is made anew of those that are left', () => {
  const lines = [
    created({ k: 1, s: 'aa', n: 2 }, 't'),
    created({ k: 1, s: 'bbbb', n: 5 }, 't'),
    change('d', { k: 1, s: 'bbbb', n: 5 }, null, 't')
  ]
  const sql = `${declared('longest', 'product')} SELECT k, longest(s) AS l, product(n) AS p FROM t GROUP BY k`
  const { rows } = run(sql, lines)
  assert.deepEqual(
    rows.map(row => row.after),
    [
      { k: 1, l: 'aa', p: 2 },
      { k: 1, l: 'bbbb', p: 10 },
      { k: 1, l: 'aa', p: 2 }
    ]
  )
})

test('a module that cannot be used is told where it is named', () => {
  const fails = (sql: string, message: RegExp): void => assert.throws(() => run(sql, []), message, sql)
  fails(
    `CREATE FUNCTION f AS '${join(folder, 'none.mjs')}'; SELECT 1 FROM events`,
    /column 22: .*none.mjs cannot be loaded: Cannot find/
  )
  fails(
    `CREATE FUNCTION g AS '${tools}'; SELECT g() FROM events`,
    /exports no function, neither as default nor as g/
  )
  fails(`CREATE FUNCTION upper AS '${tools}'; SELECT 1 FROM events`, /there is a function UPPER already/)
  fails(
    `CREATE FUNCTION f AS 'com.example.F' LANGUAGE JAVA; SELECT 1 FROM events`,
    /another language than JAVASCRIPT/
  )
})
