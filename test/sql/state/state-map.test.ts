import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KeyCodec } from '../../../src/lib/sql/state/key-codec.ts'
import { KeyFilter } from '../../../src/lib/sql/state/key-filter.ts'
import { StateMap } from '../../../src/lib/sql/state/state-map.ts'
import { StateMemory } from '../../../src/lib/sql/state/state-memory.ts'

type Value = { n: number }

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('add', 'add', 'delete', 'peek', 'check'),
    first: fc.nat(9000),
    many: fc.nat(1500)
  }),
  { maxLength: 40 }
)

test('thousands of entries: the same as a Map, in its order, with a part of them in memory', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(1, 100_000, 500_000), (list, limit) => {
      const memory = new StateMemory(limit)
      const map = new StateMap<Value>(memory)
      const plain = new Map<string, Value>()
      for (const { kind, first, many } of list) {
        if (kind === 'check') memory.check()
        for (let i = first; i < first + many; i++) {
          const key = `key ${i}`
          const known = plain.get(key)
          if (kind === 'peek') {
            assert.deepEqual(map.peek(key), known)
            continue
          }
          const value = map.get(key)
          assert.deepEqual(value, known)
          if (kind === 'delete') {
            map.delete(key)
            plain.delete(key)
          } else if (value === undefined) {
            map.set(key, { n: 0 })
            plain.set(key, { n: 0 })
          } else {
            value.n++
            plain.set(key, { n: value.n })
          }
        }
        assert.equal(map.size, plain.size)
      }
      assert.deepEqual([...map.entries()], [...plain])
      assert.deepEqual([...map.take()], [...plain])
      assert.equal(map.size, 0)
      memory.close()
    }),
    { numRuns: 30 }
  )
})

test('a state takes no more than its memory, whatever its values are', () => {
  const memory = new StateMemory(1_000_000)
  const maps = Array.from({ length: 3 }, () => new StateMap<string[]>(memory))
  for (let i = 0; i < 60_000; i++) {
    const map = maps[i % 7 === 0 ? 0 : 1] as StateMap<string[]>
    if (map.get(i) === undefined) map.set(i, ['some text', `and more ${i}`])
    if (i % 500 > 0) continue
    memory.check()
    assert.ok(maps.reduce((sum, { bytes }) => sum + bytes, 0) <= 1_000_000)
  }
  assert.ok(maps.every(map => map.bytes <= 1_000_000))
  memory.close()
})

test('a filter knows all keys that it has, and most that it has not', () => {
  const codec = new KeyCodec()
  for (const keyOf of [(i: number) => i, (i: number) => `contest ${i}`]) {
    const filter = new KeyFilter(10_000)
    for (let i = 0; i < 30_000; i++) {
      assert.ok(!filter.isFull)
      filter.add(codec.encode(1, keyOf(i)))
    }
    assert.ok(filter.isFull)
    let wrong = 0
    for (let i = 0; i < 60_000; i++) {
      const may = filter.mayHave(codec.encode(1, keyOf(i)))
      assert.ok(may || i >= 30_000)
      if (may && i >= 30_000) wrong++
    }
    assert.ok(wrong < 1500, `${wrong} of 30,000`)
  }
})
