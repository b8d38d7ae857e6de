import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Assignment } from '../../../src/lib/stream/kafka/assignment.ts'
import type { Cluster } from '../../../src/lib/stream/kafka/cluster.ts'
import type { Group } from '../../../src/lib/stream/kafka/group.ts'
import { EARLIEST } from '../../../src/lib/stream/kafka/offsets.ts'
import { Subscription } from '../../../src/lib/stream/kafka/subscription.ts'

const PARTITION = { topic: 'events', partition: 0 }

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
  ;(await assignment.take({}))()
  assert.equal(await assignment.mustMove(), false)
  group.isMoving = true
  assignment.hold()
  group.isMoving = false
  group.goes = () => false
  assert.equal(assignment.position(PARTITION), undefined)
  assert.equal(await assignment.mustMove(), true)
  ;(await assignment.take({}))()
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
      ;(await assignment.take({}))()
      return 'alone'
    }
  }
  const assignment = new Assignment(cluster as unknown as Cluster, group as unknown as Group, {
    subscription: new Subscription('events', '--in'),
    from: EARLIEST,
    stopAtNow: true
  })
  ;(await assignment.take({}))()
  assert.equal(await assignment.isDone(), false)
  assert.equal(assignment.position({ topic: 'events', partition: 1 }), 1)
})
