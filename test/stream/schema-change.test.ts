import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSchemaChange } from '../../src/lib/stream/schema-change.ts'

function is(line: unknown): boolean {
  const bytes = Buffer.from(JSON.stringify(line))
  return isSchemaChange(bytes, 0, bytes.length)
}

test('a statement that defines tables is told from rows, which may have fields of the same names', () => {
  const line = {
    source: { db: 'd' },
    ts_ms: 1,
    databaseName: 'd',
    schemaName: null,
    ddl: 'DROP TABLE t',
    tableChanges: []
  }
  assert.ok(is(line))
  assert.ok(!is({ ...line, op: 'c' }))
  for (const field of ['source', 'databaseName', 'ddl'])
    assert.ok(!is({ ...line, [field]: undefined }), field)
  assert.ok(!is({ ...line, source: 'd' }))
  assert.ok(!is({ ...line, ddl: null }))
  assert.ok(!is({ source: { db: 'd' }, before: null, after: { databaseName: 'd', ddl: 'x' }, op: 'c' }))
  assert.ok(!is([1]))
})
