import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmur2, partitionOf } from '../../../src/lib/stream/kafka/murmur2.ts'

/** Source: org.apache.kafka.common.utils.UtilsTest.testMurmur2 */
const KNOWN: Readonly<Record<string, number>> = {
  '21': -973932308,
  foobar: -790332482,
  'a-little-bit-long-string': -985981536,
  'a-little-bit-longer-string': -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107
}

test('hashes as Java does', () => {
  for (const [text, hash] of Object.entries(KNOWN)) assert.equal(murmur2(Buffer.from(text)), hash, text)
})

test('hashes a key inside other bytes', () => {
  const bytes = Buffer.from('<<foobar>>')
  assert.equal(murmur2(bytes, 2, 8), -790332482)
})

test('a negative hash is placed as in Java, by its lower 31 bits', () => {
  assert.equal(partitionOf(Buffer.from('21'), 0, 2, 7), (-973932308 & 0x7fffffff) % 7)
})
