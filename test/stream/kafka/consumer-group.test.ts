import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Cluster } from '../../../src/lib/stream/kafka/cluster.ts'
import { ConsumerGroup } from '../../../src/lib/stream/kafka/consumer-group.ts'
import { NotReady, TryAgain } from '../../../src/lib/stream/kafka/errors.ts'
import { HEARTBEAT_EVERY_MS } from '../../../src/lib/stream/kafka/group.ts'
import type { Partition } from '../../../src/lib/stream/kafka/offsets.ts'

const TOPIC = { name: 'events', id: 'a-topic', leaders: [0] }

interface Broker {
  readonly cluster: Cluster
  /** Of all who asked, and what they told to have in hand. */
  readonly epochs: number[]
  readonly told: (number[] | undefined)[]
  readonly assign: (all: number[]) => void
  /** Answers are on their way until then, from the next on. */
  readonly gates: Promise<void>[]
}

/** A broker whose group can be joined after some failures. */
function brokerOf(failures: number): Broker {
  const epochs: number[] = []
  const told: Broker['told'] = []
  const gates: Promise<void>[] = []
  let partitions = [0]
  let left = failures
  const cluster = {
    coordinator: async () => 0,
    topic: async () => TOPIC,
    check: () => {},
    forget: () => {},
    ask: async (_request: unknown, ...[, , , epoch, , , , , , , owned]: unknown[]) => {
      epochs.push(epoch as number)
      told.push((owned as { partitions: number[] }[] | null)?.flatMap(({ partitions }) => partitions))
      if (left-- > 0) throw new NotReady('COORDINATOR_NOT_AVAILABLE')
      const assignment = { topicPartitions: [{ topicId: TOPIC.id, partitions }] }
      await gates.shift()
      return { errorCode: 0, errorMessage: null, memberEpoch: 7, assignment }
    }
  }
  const assign = (all: number[]): void => {
    partitions = all
  }
  return { cluster: cluster as unknown as Cluster, epochs, told, assign, gates }
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

test('what was assigned, but is not begun yet, counts as in hand: another began it, too, and each wrote its rows', async t => {
  const { cluster, assign, told, gates } = brokerOf(0)
  const group = new ConsumerGroup(cluster, 'g')
  t.after(() => group.leave())
  const [first, second] = [0, 1].map(partition => ({ topic: 'events', partition }))
  await group.join(['events'], [])
  assign([0, 1])
  await group.renew()
  // The broker wants the second for another, and that answer is on its way when the member begins with it.
  assign([0])
  const { promise, resolve: open } = Promise.withResolvers<void>()
  gates.push(promise)
  const from = told.length
  const beat = group.renew()
  await turn()
  const joined = group.join(['events'], [first as Partition])
  await turn()
  open()
  assert.deepEqual(await joined, [first, second])
  await beat
  const whileBegun = told.slice(from)
  assert.deepEqual(new Set(whileBegun.map(all => all?.join())), new Set(['0,1']), 'the broker waits for it')
  assert.equal(group.isMoving, true)
  await group.join(['events'], [first as Partition])
  assert.deepEqual(told.at(-1), [0])
})

test("what was assigned, and is another member's before it was begun, is told to be free at once", async t => {
  const { cluster, assign, told } = brokerOf(0)
  const group = new ConsumerGroup(cluster, 'g')
  t.after(() => group.leave())
  await group.join(['events'], [])
  assign([0, 1])
  await group.renew()
  assign([0])
  const from = told.length
  await group.renew()
  assert.deepEqual(told.slice(from), [[0, 1], [0]])
  assert.equal(group.isMoving, false)
})

test('a member that was left while it tried to join does not join after that: nobody would have read its partitions', async () => {
  const { cluster, epochs } = brokerOf(1)
  const group = new ConsumerGroup(cluster, 'g')
  await assert.rejects(group.join(['events'], []), NotReady)
  await group.leave()
  const before = epochs.length
  await assert.rejects(group.join(['events'], []), TryAgain)
  assert.ok(!epochs.slice(before).includes(0), 'it has not joined')
})
