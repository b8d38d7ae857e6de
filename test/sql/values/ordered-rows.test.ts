import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import {
  appendRow,
  firstRow,
  lastRow,
  liveRows,
  newOrderedRows,
  removeRow
} from '../../../src/lib/sql/values/ordered-rows.ts'

test('rows keep their order, and of equal ones the first goes, also after a snapshot', () => {
  const step = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(step, { maxLength: 500 }), steps => {
      let rows = newOrderedRows()
      const model: number[] = []
      for (const [i, [value, takes]] of steps.entries()) {
        if (takes) {
          const at = model.indexOf(value)
          if (at >= 0) model.splice(at, 1)
          assert.equal(removeRow(rows, value), at >= 0)
        } else {
          model.push(value)
          appendRow(rows, value)
        }
        if (i === 100) rows = deserialize(serialize(rows))
        assert.equal(firstRow(rows), model[0] ?? null)
        assert.equal(lastRow(rows), model.at(-1) ?? null)
      }
      assert.deepEqual([...liveRows(rows)], model)
    })
  )
})

test('rows that went take no room', () => {
  const rows = newOrderedRows()
  for (let i = 0; i < 10_000; i++) {
    appendRow(rows, i)
    if (i >= 10) removeRow(rows, i - 5)
  }
  assert.ok(rows.values.length < 100)
})
