import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KeptObjects } from '../../../src/lib/rules/state/kept-objects.ts'
import { resumed } from './resumed.ts'

const step = fc.record({
  does: fc.constantFrom('add', 'add', 'add', 'drop', 'gather', 'resume'),
  size: fc.oneof(fc.nat(200), fc.nat(50_000)),
  which: fc.nat()
})

test('objects are as they were, whatever goes, and after a snapshot', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), steps => {
      let kept = new KeptObjects()
      const wanted = new Map<number, object>()
      for (const [i, { does, size, which }] of steps.entries()) {
        if (does === 'add') {
          const object = { i, text: 'é'.repeat(size % 7) + 'x'.repeat(size) }
          wanted.set(kept.add(object), object)
        } else if (does === 'resume') kept = resumed(kept, new KeptObjects())
        else if (does === 'gather') {
          const numbers = [...wanted.keys()].sort((a, b) => a - b)
          const objects = numbers.map(number => wanted.get(number)!)
          wanted.clear()
          kept.gather(numbers, (at, number) => wanted.set(number, objects[at]!))
        } else {
          const number = [...wanted.keys()][which % wanted.size]
          if (number === undefined) continue
          kept.drop(number)
          wanted.delete(number)
        }
      }
      for (const [number, object] of wanted) assert.deepEqual(kept.read(number), object)
    }),
    { numRuns: 50 }
  )
})

test('a few that stay do not keep for ever the room of many that went', () => {
  const kept = new KeptObjects()
  const numbers = Array.from({ length: 10_000 }, (_, i) => kept.add({ i, text: 'x'.repeat(200) }))
  assert.equal(kept.isSparse, false)
  const stay = numbers.filter((_, i) => i % 100 === 0)
  for (const [i, number] of numbers.entries()) if (i % 100 !== 0) kept.drop(number)
  assert.equal(kept.isSparse, true)
  const moved: number[] = []
  kept.gather(stay, (_, number) => moved.push(number))
  assert.equal(kept.isSparse, false)
  assert.deepEqual(
    moved.map(number => (kept.read(number) as { i: number }).i),
    stay.map((_, i) => i * 100)
  )
})
