import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Assignment } from '../../../src/lib/stream/kafka/assignment.ts'
import type { Cluster } from '../../../src/lib/stream/kafka/cluster.ts'
import { TryAgain } from '../../../src/lib/stream/kafka/errors.ts'
import type { Group } from '../../../src/lib/stream/kafka/group.ts'
import { EARLIEST, type Partition } from '../../../src/lib/stream/kafka/offsets.ts'
import { Subscription } from '../../../src/lib/stream/kafka/subscription.ts'

/** @returns of how many records others repeat what came of them */
async function takeAll(assignment: Assignment): Promise<number> {
  const take = await assignment.take({})
  assert.ok(take !== 'lost')
  return take()
}

const PARTITION = { topic: 'events', partition: 0 }
const BOTH = [PARTITION, { topic: 'events', partition: 1 }]

test('a partition that was to go, and is meant for the member again, is read on: it was held for ever', async () => {
  const topics = [{ name: 'events', partitions: [{ partitionIndex: 0, committedOffset: 3n, errorCode: 0 }] }]
  const cluster = {
    coordinator: async () => 0,
    topic: async () => ({ name: 'events', id: 'a-topic', leaders: [0] }),
    check: (code: number) => assert.equal(code, 0),
    ask: async () => ({ groups: [{ errorCode: 0, topics }] })
  }
  const group = { id: 'g', isMoving: false, failure: null, goes: () => true, join: async () => [PARTITION] }
  const assignment = new Assignment(cluster as unknown as Cluster, group as unknown as Group, {
    subscription: new Subscription('events', '--in'),
    from: EARLIEST,
    stopAtNow: false
  })
  await takeAll(assignment)
  assert.equal(await assignment.mustMove(), false)
  group.isMoving = true
  assignment.hold()
  group.isMoving = false
  group.goes = () => false
  assert.equal(assignment.position(PARTITION), undefined)
  assert.equal(await assignment.mustMove(), true)
  await takeAll(assignment)
  assert.equal(assignment.position(PARTITION), 3)
  assert.deepEqual(assignment.fresh, new Map())
})

test('--stop-at now reads a partition that comes while the broker is asked who else is there: it was left unread', async () => {
  const events = (offset: (partition: number) => object): object[] => [
    {
      name: 'events',
      partitions: [0, 1].map(partitionIndex => ({ partitionIndex, errorCode: 0, ...offset(partitionIndex) }))
    }
  ]
  const cluster = {
    coordinator: async () => 0,
    topic: async () => ({ name: 'events', id: 'a-topic', leaders: [0, 0] }),
    check: (code: number) => assert.equal(code, 0),
    // The ends, and what is committed: of the second partition there is more.
    ask: async () => ({
      topics: events(() => ({ offset: 3n })),
      groups: [
        { errorCode: 0, topics: events(partition => ({ committedOffset: partition === 0 ? 3n : 1n })) }
      ]
    })
  }
  let own = [PARTITION]
  const group = {
    id: 'g',
    isMoving: false,
    failure: null,
    goes: () => true,
    join: async () => own,
    async standing() {
      // The other member is dead: while this is asked, its partition is taken.
      own = [PARTITION, { topic: 'events', partition: 1 }]
      await takeAll(assignment)
      return 'alone'
    }
  }
  const assignment = new Assignment(cluster as unknown as Cluster, group as unknown as Group, {
    subscription: new Subscription('events', '--in'),
    from: EARLIEST,
    stopAtNow: true
  })
  await takeAll(assignment)
  assert.equal(await assignment.isDone(), false)
  assert.equal(assignment.position({ topic: 'events', partition: 1 }), 1)
})

/** Two partitions of which 3 records each are committed, read up to the tenth; and the group that gave them. */
async function readFurther(): Promise<{
  assignment: Assignment
  group: { isLost: boolean; join: () => unknown }
}> {
  const partitions = [0, 1].map(partitionIndex => ({ partitionIndex, committedOffset: 3n, errorCode: 0 }))
  const cluster = {
    coordinator: async () => 0,
    topic: async () => ({ name: 'events', id: 'a-topic', leaders: [0, 0] }),
    check: (code: number) => assert.equal(code, 0),
    ask: async () => ({ groups: [{ errorCode: 0, topics: [{ name: 'events', partitions }] }] })
  }
  const group = {
    id: 'g',
    isMoving: false,
    isLost: false,
    failure: null,
    goes: ({ partition }: Partition) => partition === 1,
    join: async () => BOTH
  }
  const assignment = new Assignment(cluster as unknown as Cluster, group as unknown as Group, {
    subscription: new Subscription('events', '--in'),
    from: EARLIEST,
    stopAtNow: false
  })
  await takeAll(assignment)
  for (const partition of BOTH) assignment.advance(partition, 10)
  return { assignment, group }
}

test('what was read of partitions that others get, and is not committed, is counted', async () => {
  const { assignment, group } = await readFurther()
  assert.equal(await takeAll(assignment), 0, 'what stays is not repeated')
  assignment.noteCommitted([{ ...PARTITION, offset: 8 }])
  group.join = async () => [PARTITION]
  assert.equal(await takeAll(assignment), 7)
  assert.equal(assignment.lose(), 2)
  assert.equal(await takeAll(assignment), 0, 'begun anew from what is committed')
  assert.equal(assignment.lose(), 0)
})

test('what was held, and may be with others when the tool is to stop, is counted', async () => {
  const { assignment } = await readFurther()
  assignment.hold()
  assert.equal(assignment.release(), 7)
})

test('a member that is none any more when it joins begins anew: it went on as another, where others had read meanwhile', async () => {
  const { assignment, group } = await readFurther()
  group.isLost = true
  group.join = () => assert.fail('it was to lose what it had first')
  assert.equal(await assignment.take({}), 'lost')
  group.isLost = false
  group.join = async () => {
    group.isLost = true
    return [PARTITION]
  }
  assert.equal(await assignment.take({}), 'lost')
  assert.equal(assignment.lose(), 14)
  await assert.rejects(assignment.take({}), TryAgain, 'it has nothing: it is tried again')
})
