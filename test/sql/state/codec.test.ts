import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StateCodec } from '../../../src/lib/sql/state/codec.ts'
import { type Key, KeyCodec, keyRange } from '../../../src/lib/sql/state/key-codec.ts'

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 50 }), fc.constant('\ud800'))
const plain = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    text,
    fc.constantFrom(null, undefined, -0, 2 ** 31, -(2 ** 31), '__proto__'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constant('__proto__')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true
    }),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 3 }).map(entries => new Map(entries)),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 5 })
  )
})).value

test('a value that was written is read as it was, also by one that knows the names from a snapshot', () => {
  const codec = new StateCodec()
  fc.assert(
    fc.property(plain, value => {
      const bytes = Buffer.from(codec.encode(value))
      assert.deepStrictEqual(codec.decode(bytes), value)
      const other = new StateCodec()
      other.restore(codec.names)
      assert.deepStrictEqual(other.decode(bytes), value)
    }),
    { numRuns: 500 }
  )
})

test('objects whose names run together are told apart', () => {
  const codec = new StateCodec()
  for (const value of [
    { 'a\0b': 1, c: 2 },
    { a: 1, 'b\0c': 2 }
  ])
    assert.deepStrictEqual(codec.decode(codec.encode(value)), value)
})

const keys = fc.oneof(
  text,
  fc.double({ noNaN: true }).filter(key => !Object.is(key, -0)),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null)
)

test('keys are read as they were, those that differ have other bytes, and numbers are in their order', () => {
  const codec = new KeyCodec()
  fc.assert(
    fc.property(keys, keys, fc.nat(1000), (a, b, map) => {
      const [first, second] = [a, b].map(key => Buffer.from(codec.encode(map, key as Key))) as [
        Buffer,
        Buffer
      ]
      assert.equal(codec.decode(first), a)
      assert.equal(first.equals(second), a === b)
      if (typeof a === 'number' && typeof b === 'number')
        assert.equal(first.compare(second), Math.sign(a - b))
      const [from, to] = keyRange(map)
      assert.ok(from.compare(first) <= 0 && first.compare(to) < 0)
    })
  )
})
