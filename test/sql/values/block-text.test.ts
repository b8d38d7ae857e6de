import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BlockText } from '../../../src/lib/sql/values/block-text.ts'

test('a piece is the text at its offsets, whatever was asked for before', () => {
  const block = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * i) % 251))
  const whole = block.toString('latin1')
  const piece = fc.tuple(fc.nat(block.length), fc.oneof(fc.nat(40), fc.nat(50_000)))
  // Pieces close together make it decode, pieces far from each other do not.
  const run = fc.tuple(fc.nat(block.length), fc.nat(60), fc.integer({ min: -20, max: 20 }))
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, run), { maxLength: 40 }), requests => {
      const text = new BlockText(block)
      for (const [start, size, step] of requests) {
        for (let n = 0; n < (step === undefined ? 1 : 60); n++) {
          const from = Math.min(Math.max(start + n * (step ?? 0), 0), block.length)
          const to = Math.min(from + size, block.length)
          assert.equal(text.substring(from, to), whole.substring(from, to))
        }
      }
    })
  )
})
