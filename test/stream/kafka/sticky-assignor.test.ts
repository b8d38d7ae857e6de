import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeMember, encodeMember, type Member } from '../../../src/lib/stream/kafka/group-metadata.ts'
import { type Partition, partitionKey } from '../../../src/lib/stream/kafka/offsets.ts'
import { stickyShares } from '../../../src/lib/stream/kafka/sticky-assignor.ts'

const TOPICS = ['a', 'b', 'c']

function partitionsOf(counts: ReadonlyMap<string, number>): Partition[] {
  return [...counts].flatMap(([topic, count]) =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition }))
  )
}

const countsOf = fc
  .array(fc.nat(9), { minLength: 1, maxLength: TOPICS.length })
  .map(sizes => new Map(sizes.map((size, i) => [TOPICS[i] as string, size])))

/** Members of one generation, each partition in one hand or none. */
const groupOf = (wantAll: boolean): fc.Arbitrary<{ counts: Map<string, number>; members: Member[] }> =>
  fc
    .record({
      counts: countsOf,
      wants: fc.array(fc.subarray(TOPICS, { minLength: 1 }), { minLength: 1, maxLength: 6 }),
      hands: fc.array(fc.nat(11), { minLength: 30, maxLength: 30 })
    })
    .map(({ counts, wants, hands }) => {
      const all = partitionsOf(counts)
      const members = wants.map((topics, i) => ({
        id: `m${i}`,
        topics: new Set(wantAll ? [...counts.keys()] : topics),
        owned: all.filter((_, k) => hands[k] === i),
        generation: 1
      }))
      return { counts, members }
    })

/** The next round: all have given back what was missing in their share. */
function after(shares: ReadonlyMap<Member, Partition[]>): Member[] {
  return [...shares].map(([member, owned]) => ({ ...member, owned, generation: member.generation + 1 }))
}

const keysOf = (partitions: readonly Partition[]): string[] => partitions.map(partitionKey).sort()
const sizesOf = (shares: ReadonlyMap<Member, Partition[]>): number[] =>
  [...shares.values()].map(({ length }) => length)
const textOf = (shares: ReadonlyMap<Member, Partition[]>): string =>
  JSON.stringify([...shares].map(([{ id }, share]) => [id, keysOf(share)]))

test('all want the same: two rounds give each partition to one member, evenly, and a third changes nothing', () => {
  fc.assert(
    fc.property(groupOf(true), ({ counts, members }) => {
      const first = stickyShares(members, counts)
      const second = stickyShares(after(first), counts)
      assert.deepEqual(keysOf([...second.values()].flat()), keysOf(partitionsOf(counts)))
      assert.ok(Math.max(...sizesOf(second)) - Math.min(...sizesOf(second)) <= 1)
      assert.equal(textOf(stickyShares(after(second), counts)), textOf(second))
    })
  )
})

test('nothing moves that need not: as many partitions stay as even shares allow', () => {
  fc.assert(
    fc.property(groupOf(true), ({ counts, members }) => {
      const all = partitionsOf(counts).length
      const [each, rest] = [Math.floor(all / members.length), all % members.length]
      const most = members
        .map(({ owned }) => owned.length)
        .sort((a, b) => b - a)
        .reduce((sum, had, i) => sum + Math.min(had, each + (i < rest ? 1 : 0)), 0)
      let kept = 0
      for (const [member, share] of stickyShares(members, counts)) {
        const had = new Set(keysOf(member.owned))
        kept += share.filter(partition => had.has(partitionKey(partition))).length
      }
      assert.equal(kept, most)
    })
  )
})

test('members that want different topics: each partition goes to one that wants it, and no move would even out more', () => {
  fc.assert(
    fc.property(groupOf(false), ({ counts, members }) => {
      let shares = stickyShares(members, counts)
      let next = stickyShares(after(shares), counts)
      for (let round = 0; textOf(next) !== textOf(shares); round++) {
        assert.ok(round < members.length, 'the rounds come to an end')
        shares = next
        next = stickyShares(after(shares), counts)
      }
      const wanted = partitionsOf(counts).filter(({ topic }) =>
        members.some(({ topics }) => topics.has(topic))
      )
      assert.deepEqual(keysOf([...shares.values()].flat()), keysOf(wanted))
      const all = [...shares]
      for (const [member, share] of all) {
        for (const { topic } of share) {
          assert.ok(member.topics.has(topic))
          for (const [other, { length }] of all)
            assert.ok(!other.topics.has(topic) || length >= share.length - 1)
        }
      }
    })
  )
})

test('partitions of one number stay together: no member has a part of them, in any round', () => {
  fc.assert(
    fc.property(
      fc.nat(9),
      fc.nat(5),
      fc.array(fc.nat(6), { minLength: 10, maxLength: 10 }),
      (count, size, hands) => {
        const counts = new Map(TOPICS.map(topic => [topic, count]))
        let members: Member[] = Array.from({ length: size + 1 }, (_, i) => ({
          id: `m${i}`,
          topics: new Set(TOPICS),
          // The last topic is new.
          owned: partitionsOf(counts).filter(
            ({ topic, partition }) => topic !== 'c' && hands[partition] === i
          ),
          generation: 1
        }))
        for (let round = 0; round < 2; round++) {
          const shares = stickyShares(members, counts, true)
          for (const share of shares.values()) {
            for (const of of Map.groupBy(share, ({ partition }) => partition).values()) {
              assert.equal(of.length, TOPICS.length)
            }
          }
          members = after(shares)
          if (round === 0) continue
          assert.equal([...shares.values()].flat().length, TOPICS.length * count)
          assert.ok(Math.max(...sizesOf(shares)) - Math.min(...sizesOf(shares)) <= TOPICS.length)
        }
      }
    )
  )
})

const member = (id: string, generation: number, ...owned: number[]): Member => ({
  id,
  topics: new Set(['a']),
  owned: owned.map(partition => ({ topic: 'a', partition })),
  generation
})
const given = (shares: ReadonlyMap<Member, Partition[]>): number[][] =>
  [...shares.values()].map(share => share.map(({ partition }) => partition).sort())

test('of two that claim a partition it is that of the higher generation, whoever tells first', () => {
  const counts = new Map([['a', 2]])
  assert.deepEqual(given(stickyShares([member('x', 4, 0), member('y', 5, 0)], counts)), [[1], [0]])
  assert.deepEqual(given(stickyShares([member('y', 5, 0), member('x', 4, 0)], counts)), [[0], [1]])
})

test('what two claim with one generation both have to give back first', () => {
  const shares = stickyShares([member('x', 5, 0), member('y', 5, 0)], new Map([['a', 2]]))
  assert.deepEqual(given(shares).flat(), [1])
})

test('what nobody has in hand goes to another member rather than what would have to be finished', () => {
  const counts = new Map([
    ['a', 3],
    ['b', 3]
  ])
  const both = { ...member('y', 5, 1), topics: new Set(['a', 'b']) }
  const last = { ...member('z', 5), topics: new Set(['b']) }
  const [first, second] = stickyShares([both, member('x', 5, 0), last], counts).values()
  assert.deepEqual(
    [first?.map(partitionKey), second?.map(partitionKey)],
    [
      ['a 1', 'b 2'],
      ['a 0', 'a 2']
    ]
  )
})

test('a partition whose topic its owner does not want any more is given to none before it is given back', () => {
  const owner = { ...member('x', 5, 0, 1), topics: new Set(['b']) }
  const counts = new Map([
    ['a', 2],
    ['b', 1]
  ])
  const shares = stickyShares([owner, member('y', 5)], counts)
  assert.deepEqual(given(shares), [[0], []])
  assert.deepEqual(given(stickyShares(after(shares), counts)), [[0], [0, 1]])
})

test('a member says the same in all versions that carry it', () => {
  const words = member('x', 7, 3, 1)
  assert.deepEqual(decodeMember('x', encodeMember(words)), { ...words, owned: member('', 0, 1, 3).owned })
})
