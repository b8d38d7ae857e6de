import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { viewOf } from '../../src/lib/stream/bytes.ts'
import { spanNumber } from '../../src/lib/stream/fields.ts'
import { RepeatedNumber } from '../../src/lib/stream/repeated-number.ts'

test('numbers that may be repeated are read as each by itself', () => {
  const time = fc.integer({ min: 1_795_514_400_000, max: 1_795_514_400_003 })
  const value = fc.oneof(
    { weight: 5, arbitrary: time },
    fc.nat(),
    fc.bigInt({ min: 0n, max: 10n ** 17n }),
    time.map(String),
    fc.constantFrom('', 'null', '12345678x', '      12', 1e21, -5)
  )
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), values => {
      const repeated = new RepeatedNumber()
      const texts = values.map(one => (typeof one === 'string' ? JSON.stringify(one) : String(one)))
      const buffer = Buffer.from(texts.join(','))
      let start = 0
      for (const text of texts) {
        const end = start + text.length
        assert.equal(repeated.read(buffer, viewOf(buffer), start, end), spanNumber(buffer, start, end), text)
        start = end + 1
      }
      assert.ok(Number.isNaN(repeated.read(buffer, viewOf(buffer), -1, -1)))
    })
  )
})
