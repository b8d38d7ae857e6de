import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rootCause } from '../../../src/lib/sql/flink/root-cause.ts'

const trace = (...causes: string[]): string =>
  [
    'Internal server error.',
    '<Exception on server side:',
    ...causes.flatMap((cause, i) => [
      `${i === 0 ? '' : 'Caused by: '}${cause}`,
      '\tat org.apache.flink.Some.method(Some.java:91)',
      '\t... 7 more'
    ]),
    '',
    'End of exception on server side>'
  ].join('\n')

test('the innermost cause is told, without the classes and frames around it', () => {
  const failed = 'org.apache.flink.table.gateway.api.utils.SqlGatewayException: Failed to fetchResults.'
  assert.equal(
    rootCause(trace(failed, 'java.lang.UnsupportedOperationException: no such map')),
    'no such map'
  )
})

test('the cause that says where in the text comes before the bare one inside of it', () => {
  const text = rootCause(
    trace(
      "org.apache.flink.table.api.ValidationException: SQL validation failed. From line 1, column 8 to line 1, column 8: Column 'a' not found in any table",
      "org.apache.calcite.runtime.CalciteContextException: From line 1, column 8 to line 1, column 8: Column 'a' not found in any table",
      "org.apache.calcite.sql.validate.SqlValidatorException: Column 'a' not found in any table"
    )
  )
  assert.equal(text, "From line 1, column 8 to line 1, column 8: Column 'a' not found in any table")
})

test('a message of several lines is one, and what the parser would have taken is left out', () => {
  const text = trace(
    'org.apache.flink.table.api.SqlParserException: SQL parse failed. Encountered "next" at line 1, column 9.\nWas expecting one of:\n    <IDENTIFIER> ...'
  )
  assert.equal(rootCause(text), 'Encountered "next" at line 1, column 9.')
})

test('an exception without a message is told by its name', () => {
  assert.equal(
    rootCause(trace('java.lang.RuntimeException: x', 'java.lang.NullPointerException')),
    'NullPointerException'
  )
})

test('what is no stack trace is told as it is', () => {
  assert.equal(rootCause('Session\n  not found'), 'Session not found')
})
