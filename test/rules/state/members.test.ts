import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemberSets } from '../../../src/lib/rules/state/members.ts'
import { Records } from '../../../src/lib/rules/state/records.ts'
import { resumed } from './resumed.ts'

const step = fc.record({
  owner: fc.nat(3),
  member: fc.nat(30),
  does: fc.constantFrom('set', 'set', 'set', 'drop below', 'resume')
})

test('sets hold for each owner what a Map would, also after a snapshot', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), steps => {
      let owners = new Records(1)
      let sets = new MemberSets(owners, 0)
      const numbers = [owners.take(), owners.take(), owners.take(), owners.take()]
      const maps = numbers.map(() => new Map<number, number>())
      for (const [i, { owner, member, does }] of steps.entries()) {
        const map = maps[owner]!
        if (does === 'set') {
          assert.equal(sets.set(numbers[owner]!, member, i), !map.has(member))
          map.set(member, i)
        } else if (does === 'resume') {
          owners = resumed(owners, new Records(1))
          sets = resumed(sets, new MemberSets(owners, 0))
        } else {
          sets.each(numbers[owner]!, one => one < member)
          for (const one of map.keys()) if (one < member) map.delete(one)
        }
      }
      for (const [owner, map] of maps.entries()) {
        const found: [number, number][] = []
        sets.each(numbers[owner]!, (member, value) => {
          found.push([member, value])
          return false
        })
        assert.equal(sets.size(numbers[owner]!), map.size)
        assert.deepEqual(
          found.sort(([a], [b]) => a - b),
          [...map].sort(([a], [b]) => a - b)
        )
      }
    })
  )
})
