import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RowBag } from '../../../src/lib/sql/operators/row-bag.ts'

test('rows stand in the same order whether a bag was made anew between or not', () => {
  const step = fc.record({ value: fc.nat(3), takes: fc.integer({ min: 0, max: 2 }), isRenewed: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 100 }), steps => {
      const bag = new RowBag()
      let other = new RowBag()
      let id = 0
      for (const { value, takes, isRenewed } of steps) {
        if (isRenewed) other = new RowBag(other.rows.map(kept => ({ ...kept })))
        if (takes === 0) assert.equal(bag.take([value]), other.take([value]))
        else {
          // Matches tell equal rows apart, here.
          id++
          for (const one of [bag, other]) one.push({ row: [value], matches: id, at: 0, time: 0 })
        }
        assert.deepEqual(
          bag.rows.map(kept => kept.matches),
          other.rows.map(kept => kept.matches)
        )
      }
    })
  )
})
