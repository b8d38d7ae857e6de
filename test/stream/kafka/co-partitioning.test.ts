import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkCoPartitioned } from '../../../src/lib/stream/kafka/co-partitioning.ts'

const check = (key: string | null, columns: readonly string[], partitions = 12): string | null =>
  checkCoPartitioned('joins', partitions, key === null ? null : Buffer.from(key), columns)

test('groups lie in one partition when the key is made of some of their columns', () => {
  assert.equal(check('{"contest_id":7}', ['contest_id']), null)
  assert.equal(check('{"contest_id":7}', ['status', 'contest_id']), null)
  assert.equal(check('{"schema":{"type":"struct"},"payload":{"contest_id":7}}', ['contest_id']), null)
})

test('of one partition there is nothing to ask', () => {
  assert.equal(check(null, [], 1), null)
})

test('a key of other columns, or none, is refused with the remedy', () => {
  assert.throws(
    () => check('{"id":1}', ['contest_id']),
    /joins is keyed by id, so rows of the same contest_id/
  )
  assert.throws(() => check('{"id":1,"contest_id":7}', ['contest_id']), /keyed by id, contest_id/)
  assert.throws(() => check('{"contest_id":7}', []), /all rows are not in one partition/)
  assert.throws(() => check(null, ['contest_id']), /its records have no key/)
})

test('of a key that is a text it cannot be told', () => {
  assert.match(check('7@2026', ['contest_id']) ?? '', /cannot be told from keys such as 7@2026/)
})
