import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ArrayText, parseArray } from '../../src/lib/poll/postgres-array.ts'

/** As array_out prints it. */
function print(list: ArrayText): string {
  const element = (value: string | null | ArrayText): string => {
    if (value === null) return 'NULL'
    if (typeof value !== 'string') return print(value)
    const isBare = value !== '' && !/[{}",\\\s]/.test(value) && value.toUpperCase() !== 'NULL'
    return isBare ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
  }
  return `{${list.map(element).join(',')}}`
}

const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', '{', '}', ' ', 'NULL', 'é') })
const list = fc.array(fc.option(text), { minLength: 1, maxLength: 5 })

test('an array is read as it was printed, of one dimension and more', () => {
  fc.assert(
    fc.property(fc.oneof(list, fc.array(list, { minLength: 1, maxLength: 3 })), value => {
      assert.deepEqual(parseArray(print(value)), value)
    })
  )
})

test('bounds in front are passed over, an empty array is empty, and boxes are told apart by semicolons', () => {
  assert.deepEqual(parseArray('[0:1][2:3]={{1,2},{3,4}}'), [
    ['1', '2'],
    ['3', '4']
  ])
  assert.deepEqual(parseArray('{}'), [])
  assert.deepEqual(parseArray('{(1,1),(0,0);(3,3),(2,2)}', ';'), ['(1,1),(0,0)', '(3,3),(2,2)'])
})
