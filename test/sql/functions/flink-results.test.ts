import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { planText } from '../../../src/lib/sql/compile.ts'
import { SqlError } from '../../../src/lib/sql/errors.ts'
import { typeName } from '../../../src/lib/sql/types.ts'
import { evaluate } from '../events.ts'

/** An expression with what Flink 2.3 gives for it: numbers but DOUBLE as strings, times without zeros at their end. */
type Recorded = { sql: string; type?: string; value?: unknown; error?: true }

const recorded = readFileSync(new URL('flink-results.ndjson', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line) as Recorded)

/** The value in the form in which those of Flink are recorded. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string' && /^(?:\d{4,}-\d\d-\d\dT)?\d\d:\d\d:\d\d\./.test(value))
    return value.replace(/\.?0*(Z?)$/, '$1')
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
}

function typeOf(expression: string): string {
  const [plan] = planText(`SELECT ${expression} AS v FROM events`, {}).plans
  const projection = plan?.projections[0]
  return projection?.kind === 'value' ? typeName(projection.value.type) : 'none'
}

for (const { sql, type, value, error } of recorded) {
  test(sql, () => {
    if (error) {
      const given = resultOf(sql)
      assert.ok(typeof given === 'string' && given.startsWith('error'), `no error: ${given}`)
      return
    }
    assert.equal(typeOf(sql), type)
    assert.deepEqual(plain(evaluate(sql)), plain(value))
  })
}

function resultOf(sql: string): unknown {
  try {
    return evaluate(sql)
  } catch (error) {
    if (error instanceof SqlError) return `error: ${error.message}`
    throw error
  }
}
