import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Member } from '../../../src/lib/stream/kafka/group-metadata.ts'
import { rangeShares } from '../../../src/lib/stream/kafka/range-assignor.ts'

const member = (id: string, topics: string, ...owned: number[]): Member => ({
  id,
  topics: new Set(topics),
  owned: owned.map(partition => ({ topic: 'a', partition })),
  generation: owned.length === 0 ? -1 : 3
})
const given = (members: readonly Member[], counts: Record<string, number>): Record<string, string> =>
  Object.fromEntries(
    [...rangeShares(members, new Map(Object.entries(counts)))].map(([{ id }, share]) => [
      id,
      share.map(({ topic, partition }) => `${topic}${partition}`).join(' ')
    ])
  )

test('each topic is divided in ranges among those that want it, the first in order of their ids having one more', () => {
  assert.deepEqual(given([member('z', 'ab'), member('x', 'a'), member('y', 'ab')], { a: 5, b: 1 }), {
    x: 'a0 a1',
    y: 'a2 a3 b0',
    z: 'a4'
  })
})

test('while members have partitions in hand they keep them, and nobody gets any', () => {
  const members = [member('x', 'a', 3, 0), member('y', 'a'), member('z', 'a', 1)]
  assert.deepEqual(given(members, { a: 5 }), { x: 'a3 a0', y: '', z: 'a1' })
})
