import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Numbers } from '../../../src/lib/rules/types/numbers.ts'

test('a percentile lies between the ranks of the sorted numbers, few or many, one after the other', () => {
  const numbers = new Numbers()
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 60 }), fc.nat(100), (all, p) => {
      numbers.clear()
      for (const one of all) numbers.add(one)
      const found = numbers.percentile(p)
      if (all.length === 0) {
        assert.equal(found, undefined)
        return
      }
      const sorted = all.toSorted((a, b) => a - b)
      const rank = (p / 100) * (all.length - 1)
      const [low, high] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!]
      assert.ok(Math.abs(found! - (low + (high - low) * (rank % 1))) < 1e-9)
    })
  )
})
