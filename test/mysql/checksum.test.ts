import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { checksumOf } from '../../src/lib/mysql/checksum.ts'

test('the checksum is zlib’s, of bytes of any length that lie anywhere', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(20), (given, offset) => {
      const bytes = Buffer.from(given)
      const start = Math.min(offset, bytes.length)
      assert.equal(checksumOf(bytes, start, bytes.length), crc32(bytes.subarray(start)))
    }),
    { numRuns: 2000 }
  )
})

test('every length around that from which zlib does it', () => {
  const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 167) & 255))
  for (let end = 0; end <= bytes.length; end++)
    assert.equal(checksumOf(bytes, 0, end), crc32(bytes.subarray(0, end)))
})
