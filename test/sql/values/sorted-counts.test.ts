import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  atRank,
  countSorted,
  greatest,
  newSortedCounts,
  rowsOf,
  smallest
} from '../../../src/lib/sql/values/sorted-counts.ts'

const order = (a: number, b: number): number => a - b

test('rows are counted in the order of their values, whatever comes and goes', () => {
  const step = fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(step, { minLength: 500, maxLength: 4000 }), steps => {
      const sorted = newSortedCounts()
      const model: number[] = []
      for (const [value, takes] of steps) {
        const at = model.indexOf(value)
        if (takes && at >= 0) model.splice(at, 1)
        else model.push(value)
        countSorted(sorted, value, takes && at >= 0 ? -1 : 1, order)
      }
      model.sort(order)
      assert.equal(rowsOf(sorted), model.length)
      assert.equal(smallest(sorted), model[0] ?? null)
      assert.equal(greatest(sorted), model.at(-1) ?? null)
      for (let rank = 0; rank < model.length; rank += 97) assert.equal(atRank(sorted, rank), model[rank])
    }),
    { numRuns: 20 }
  )
})

test('chunks stay short, so that a value more costs little', () => {
  const sorted = newSortedCounts()
  for (let i = 0; i < 20_000; i++) countSorted(sorted, (i * 7919) % 20_011, 1, order)
  assert.ok(sorted.values.every(chunk => chunk.length <= 512))
  for (let i = 0; i < 20_000; i++) countSorted(sorted, (i * 7919) % 20_011, -1, order)
  assert.deepEqual(sorted, newSortedCounts())
})
