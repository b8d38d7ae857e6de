import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Cluster } from '../../../src/lib/stream/kafka/cluster.ts'
import { ConsumerGroup } from '../../../src/lib/stream/kafka/consumer-group.ts'
import { NotReady } from '../../../src/lib/stream/kafka/errors.ts'
import { HEARTBEAT_EVERY_MS } from '../../../src/lib/stream/kafka/group.ts'
import type { Partition } from '../../../src/lib/stream/kafka/offsets.ts'

const TOPIC = { name: 'events', id: 'a-topic', leaders: [0] }

/** A broker whose group can be joined after some failures, what it assigns, and the epochs of all who asked. */
function brokerOf(failures: number): { cluster: Cluster; epochs: number[]; assign: (all: number[]) => void } {
  const epochs: number[] = []
  let partitions = [0]
  let left = failures
  const cluster = {
    coordinator: async () => 0,
    topic: async () => TOPIC,
    check: () => {},
    forget: () => {},
    ask: async (_request: unknown, _node: number, _id: string, _member: string, epoch: number) => {
      epochs.push(epoch)
      if (left-- > 0) throw new NotReady('COORDINATOR_NOT_AVAILABLE')
      const assignment = { topicPartitions: [{ topicId: TOPIC.id, partitions }] }
      return { errorCode: 0, errorMessage: null, memberEpoch: 7, assignment }
    }
  }
  const assign = (all: number[]): void => {
    partitions = all
  }
  return { cluster: cluster as unknown as Cluster, epochs, assign }
}

test('a member whose first request failed lost its partitions for ever: it was in, but had no heartbeat', async t => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => mock.timers.reset())
  const { cluster, epochs } = brokerOf(1)
  const group = new ConsumerGroup(cluster, 'g')
  await assert.rejects(group.join(['events'], []), NotReady)
  assert.deepEqual(await group.join(['events'], []), [{ topic: 'events', partition: 0 }])
  const before = epochs.length
  for (let beat = 0; beat < 3; beat++) {
    mock.timers.tick(HEARTBEAT_EVERY_MS)
    await turn()
  }
  assert.deepEqual(epochs.slice(before), [7, 7, 7])
  await group.leave()
})

test('a partition that is to go stays until it is finished, though the member joins again for another reason', async () => {
  const { cluster, assign } = brokerOf(0)
  const group = new ConsumerGroup(cluster, 'g')
  await group.join(['events'], [])
  assign([1])
  await group.renew()
  const [gone, here] = [0, 1].map(partition => ({ topic: 'events', partition }))
  assert.deepEqual(await group.join(['events'], [gone as Partition]), [here, gone])
  assert.equal(group.isMoving, true)
  assert.deepEqual(await group.join(['events'], []), [here])
  assert.equal(group.isMoving, false)
  await group.leave()
})
