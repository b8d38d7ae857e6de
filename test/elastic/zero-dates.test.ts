import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hasZeroDate, nullZeroDates } from '../../src/lib/elastic/zero-dates.ts'

test('a zero date is seen wherever it stands, and only within the document', () => {
  const part = fc.string({ unit: fc.constantFrom('"', '0', '-', 'a', '0000-', '-00'), maxLength: 20 })
  fc.assert(
    fc.property(part, part, fc.boolean(), fc.nat(40), fc.nat(40), (before, after, isThere, from, to) => {
      const text = before + (isThere ? '"0000-00-00' : '') + after
      const block = Buffer.from(text)
      const [start = 0, end = 0] = [from % (block.length + 1), to % (block.length + 1)].sort((a, b) => a - b)
      assert.equal(hasZeroDate(block, start, end), text.slice(start, end).includes('"0000-00-00'))
    }),
    { numRuns: 2000 }
  )
})

test('zero dates become null, other texts that begin so do not', () => {
  assert.equal(
    nullZeroDates(
      '{"a":"0000-00-00","b":["0000-00-00T00:00:00","0000-00-00T00:00:00.000Z"],"c":"0000-00-00x","d":"x \\"0000-00-00\\"","0000-00-00":1}'
    ),
    '{"a":null,"b":[null,null],"c":"0000-00-00x","d":"x \\"0000-00-00\\"","0000-00-00":1}'
  )
})
