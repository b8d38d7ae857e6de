import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SqlError } from '../../src/lib/sql/index.ts'
import { type Columns, expressionOf, type Kind } from '../support/expressions.ts'
import { rounds } from '../support/rounds.ts'
import { type Result, run } from './events.ts'

const declared =
  'n INT, b BIGINT, d DECIMAL(10, 2), x DOUBLE, s STRING, w STRING, p BOOLEAN, t TIMESTAMP(3), y DATE'
const table = `CREATE TABLE t (${declared}) WITH ('connector' = 'stdin', 'format' = 'json');`

const columns: Columns = {
  number: ['n', 'b'],
  decimal: ['d'],
  double: ['x'],
  text: ['s', 'w'],
  condition: ['p'],
  time: ['t'],
  date: ['y']
}

const row = fc.record({
  n: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  b: fc.option(fc.constantFrom(0, 1, -7, '9007199254740993', '-9223372036854775808', 123456789012)),
  d: fc.option(fc.constantFrom('0.00', '12.34', '-99999999.99', '0.05')),
  x: fc.option(fc.constantFrom(0, 0.5, -2.25, 1e7, 1234.5678)),
  s: fc.option(fc.constantFrom('', 'Ada', 'a,b', 'é😀x', '%_', 'banana')),
  w: fc.option(fc.string({ maxLength: 6 })),
  p: fc.option(fc.boolean()),
  t: fc.option(
    fc.constantFrom('2026-11-24T10:00:00.123', '1969-12-31T23:59:59.999', '2024-02-29T00:00:00.000')
  ),
  y: fc.option(fc.constantFrom('2026-11-24', '1960-01-31', '2024-02-29'))
})

const kinds = ['number', 'decimal', 'double', 'text', 'condition', 'time', 'date'] as const

/** What a query gives; an expression whose types do not go together, the same for all queries of it. */
function results(sql: string, line: string): Pick<Result, 'rows' | 'rejected'> | string {
  try {
    const { rows, rejected } = run(`${table} ${sql}`, [line])
    return { rows: rows.map(r => ('after' in r ? (r.after as object) : r)) as Result['rows'], rejected }
  } catch (error) {
    if (error instanceof SqlError) return error.reason
    throw error
  }
}

const anyExpression = fc.constantFrom<Kind>(...kinds).chain(kind => expressionOf(kind, columns))
const names = declared.split(/, (?!\d)/).map(column => column.split(' ')[0])

test('an expression has one value, over the bytes of a line as over the rows of a group', () => {
  fc.assert(
    fc.property(anyExpression, row, (expression, values) => {
      const line = JSON.stringify(values)
      const overBytes = results(`SELECT ${expression} AS v FROM t`, line)
      const overGroup = results(
        `SELECT ${expression} AS v FROM (SELECT ${names.join(', ')} FROM t GROUP BY ${names.join(', ')})`,
        line
      )
      assert.deepEqual(overGroup, overBytes, expression)
      assert.ok(typeof overBytes !== 'string', `${expression}: ${overBytes}`)
    }),
    { numRuns: rounds(5000, 400) }
  )
})

test('WHERE lets a row pass exactly when the condition is TRUE', () => {
  fc.assert(
    fc.property(expressionOf('condition', columns), row, (condition, values) => {
      const line = JSON.stringify(values)
      const value = results(`SELECT ${condition} AS v FROM t`, line)
      const passed = results(`SELECT 1 AS v FROM t WHERE ${condition}`, line)
      assert.ok(typeof value !== 'string' && typeof passed !== 'string', condition)
      assert.deepEqual(passed.rejected, value.rejected, condition)
      assert.equal(passed.rows.length, value.rows[0]?.v === true ? 1 : 0, condition)
    }),
    { numRuns: rounds(5000, 400) }
  )
})

test('an expression of literals has the value of the same over columns', () => {
  const types = new Map(declared.split(/, (?!\d)/).map(column => column.split(/ (.*)/) as [string, string]))
  fc.assert(
    fc.property(anyExpression, row, (expression, values) => {
      const literal = (name: string): string => {
        const value = (values as Record<string, unknown>)[name]
        const quoted = value === null ? 'NULL' : `'${String(value).replaceAll("'", "''")}'`
        return `CAST(${quoted} AS ${types.get(name)})`
      }
      const ofLiterals = expression.replace(/'(?:[^']|'')*'|\b[nbdxswpty]\b/g, found =>
        found.startsWith("'") ? found : literal(found)
      )
      const overColumns = results(`SELECT ${expression} AS v FROM t`, JSON.stringify(values))
      assert.deepEqual(results(`SELECT ${ofLiterals} AS v FROM t`, '{}'), overColumns, expression)
    }),
    { numRuns: rounds(5000, 400) }
  )
})
