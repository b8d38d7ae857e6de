import assert from 'node:assert/strict'
import { mock, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import {
  describeGroupsV5,
  heartbeatV4,
  joinGroupV7,
  offsetCommitV8,
  protocolErrors,
  syncGroupV5
} from '@platformatic/kafka'
import { ClassicGroup } from '../../../src/lib/stream/kafka/classic-group.ts'
import type { Cluster } from '../../../src/lib/stream/kafka/cluster.ts'
import { TryAgain } from '../../../src/lib/stream/kafka/errors.ts'
import { HEARTBEAT_EVERY_MS } from '../../../src/lib/stream/kafka/group.ts'
import { decodeMember, encodeShare, type Member } from '../../../src/lib/stream/kafka/group-metadata.ts'

const codeOf = (name: string): number =>
  (protocolErrors as Record<string, { code: number }>)[name]?.code ?? assert.fail(name)
const placesOf = (...partitions: number[]): { topic: string; partition: number }[] =>
  partitions.map(partition => ({ topic: 'events', partition }))
const OFFSETS = [{ topic: 'events', partition: 0, offset: 5 }]

/** A broker with a group in which another member divides; what that one will do is told before. */
class Broker {
  generation = 0
  protocol = 'cooperative-sticky'
  /** Of the member, in the divisions that come; the last one stays. */
  readonly shares: number[][]
  /** What the member has said in each. */
  readonly words: Member[] = []
  readonly commits: number[] = []
  heartbeat = 0
  state = 'Stable'
  /** Of all members, as the group is described. */
  given: number[] = []
  /** Members that have none of that. */
  others = 0
  /** Divisions to which there is no answer. */
  cuts = 0
  /** Where a division waits for others. */
  readonly gates: Promise<void>[] = []
  /** Where a heartbeat does. */
  readonly beatGates: Promise<void>[] = []
  /** Where a commit takes its time. */
  readonly commitGates: Promise<void>[] = []
  /** What the first commits are told, in place of what is so. */
  readonly commitAnswers: string[] = []

  constructor(...shares: number[][]) {
    this.shares = shares
  }

  async #answer(request: unknown, args: readonly unknown[]): Promise<unknown> {
    if (request === joinGroupV7) {
      const protocols = args[6] as { metadata: Buffer }[]
      this.words.push(decodeMember('m', protocols[0]?.metadata ?? Buffer.alloc(0)))
      await this.gates.shift()
      if (this.cuts-- > 0) throw new TryAgain('the connection was cut')
      this.generation += 1
      this.heartbeat = 0
      const { generation: generationId, protocol: protocolName } = this
      return { errorCode: 0, memberId: 'm', leader: 'other', members: [], generationId, protocolName }
    }
    if (request === syncGroupV5) {
      const share = this.shares.length > 1 ? this.shares.shift() : this.shares[0]
      return { errorCode: 0, assignment: encodeShare(placesOf(...(share ?? []))) }
    }
    if (request === heartbeatV4) {
      await this.beatGates.shift()
      const isOld = args[1] !== this.generation
      return { errorCode: isOld ? codeOf('ILLEGAL_GENERATION') : this.heartbeat }
    }
    if (request === describeGroupsV5) {
      const shares = [this.given, ...Array.from({ length: this.others }, () => [])]
      const members = shares.map(share => ({ memberAssignment: encodeShare(placesOf(...share)) }))
      return { groups: [{ errorCode: 0, groupState: this.state, members }] }
    }
    if (request !== offsetCommitV8) return { errorCode: 0 }
    const generation = args[1] as number
    await this.commitGates.shift()
    const answer = generation === this.generation ? 'NONE' : 'ILLEGAL_GENERATION'
    const errorCode = codeOf(this.commitAnswers.shift() ?? answer)
    if (errorCode === 0) this.commits.push(generation)
    return { topics: [{ name: 'events', partitions: [{ partitionIndex: 0, errorCode }] }] }
  }

  get cluster(): Cluster {
    const ask = (request: unknown, _node: number, ...args: unknown[]): Promise<unknown> =>
      this.#answer(request, args)
    return {
      coordinator: async () => 0,
      topic: async () => ({ name: 'events', id: 'a-topic', leaders: [0, 0, 0, 0] }),
      check: (code: number) => assert.equal(code, 0),
      forget: () => {},
      ask,
      askLong: ask
    } as unknown as Cluster
  }
}

function memberOf(t: TestContext, broker: Broker): ClassicGroup {
  mock.timers.enable({ apis: ['setInterval'] })
  const group = new ClassicGroup(broker.cluster, {
    id: 'g',
    sessionTimeoutMs: 10_000,
    isTogether: () => false,
    isDescribed: false
  })
  t.after(async () => {
    await group.leave()
    mock.timers.reset()
  })
  return group
}

/** The broker tells that another member has come. */
async function call(broker: Broker): Promise<void> {
  broker.heartbeat = codeOf('REBALANCE_IN_PROGRESS')
  mock.timers.tick(HEARTBEAT_EVERY_MS)
  await settled()
}

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

const numbers = (partitions: readonly { partition: number }[]): number[] =>
  partitions.map(({ partition }) => partition)

test('what others shall have is finished first, and only then does the member join without it', async t => {
  const broker = new Broker([0, 1, 2], [0, 1], [0, 1])
  const group = memberOf(t, broker)
  assert.deepEqual(numbers(await group.join(['events'], [])), [0, 1, 2])
  await call(broker)
  assert.deepEqual(
    [0, 1, 2].map(partition => group.goes({ topic: 'events', partition })),
    [false, false, true]
  )
  assert.equal(broker.words.length, 2)
  assert.equal(await group.standing(), 'moving')
  assert.deepEqual(numbers(await group.join(['events'], [])), [0, 1])
  await settled()
  assert.deepEqual(
    broker.words.map(({ owned, generation }) => [numbers(owned), generation]),
    [
      [[], -1],
      [[0, 1, 2], 1],
      [[0, 1], 2]
    ]
  )
  assert.ok(!group.isMoving)
})

test('a partition that is to go stays until it is finished, though the member takes others before', async t => {
  const broker = new Broker([0, 1], [1, 2], [1, 2])
  const group = memberOf(t, broker)
  await group.join(['events'], [])
  await call(broker)
  const reading = [0, 1].map(partition => ({ topic: 'events', partition }))
  assert.deepEqual(numbers(await group.join(['events'], reading)), [1, 2, 0])
  assert.ok(group.isMoving)
  assert.equal(broker.words.length, 2)
  assert.deepEqual(numbers(await group.join(['events'], reading.slice(1))), [1, 2])
  await settled()
  assert.deepEqual(numbers(broker.words[2]?.owned ?? []), [1, 2])
})

test('what was given, but is not begun yet, counts as in hand: another would begin it, too', async t => {
  const broker = new Broker([0], [0, 1])
  const group = memberOf(t, broker)
  await group.join(['events'], [])
  await call(broker)
  await call(broker)
  assert.deepEqual(numbers(broker.words[2]?.owned ?? []), [0, 1])
  assert.deepEqual(numbers(await group.join(['events'], [])), [0, 1])
})

test('a commit that the next generation overtakes is made again in that: nothing is lost with it', async t => {
  const broker = new Broker([0])
  const group = memberOf(t, broker)
  await group.join(['events'], [])
  const { promise, resolve: open } = Promise.withResolvers<void>()
  broker.gates.push(promise)
  await call(broker)
  assert.ok(await group.commit(OFFSETS), 'while others are waited for the generation is the same still')
  broker.generation = 7
  const committed = group.commit(OFFSETS)
  await settled()
  open()
  assert.equal(await committed, true)
  assert.deepEqual([broker.commits, group.isLost], [[1, 8], false])
})

test('the same while the group turns to range: what was finished then was read again by another', async t => {
  for (const answer of ['ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS']) {
    await t.test(answer, async t => {
      const broker = new Broker([0])
      const group = memberOf(t, broker)
      await group.join(['events'], [])
      const { promise, resolve: open } = Promise.withResolvers<void>()
      broker.commitGates.push(promise)
      broker.commitAnswers.push(answer)
      const committed = group.commit(OFFSETS)
      broker.protocol = 'range'
      await call(broker)
      open()
      assert.equal(await committed, true)
      assert.deepEqual([broker.commits, group.isLost], [[2], false])
    })
  }
})

test('a heartbeat that the next generation overtakes says nothing: the member gave all up, and others repeated it', async t => {
  const broker = new Broker([0])
  const group = memberOf(t, broker)
  await group.join(['events'], [])
  const beat = Promise.withResolvers<void>()
  broker.beatGates.push(beat.promise)
  mock.timers.tick(HEARTBEAT_EVERY_MS)
  await settled()
  // It joins again beside, and the broker is in the next generation before the answer to that is here.
  const joined = Promise.withResolvers<void>()
  broker.gates.push(joined.promise)
  await group.join(['events', 'more'], placesOf(0))
  broker.generation += 1
  beat.resolve()
  await settled()
  assert.equal(group.isLost, false)
  joined.resolve()
  await settled()
  assert.deepEqual([group.isLost, await group.commit(OFFSETS)], [false, true])
})

test('a commit that the next generation overtakes is tried again where the answer to its joining was lost', async t => {
  const broker = new Broker([0])
  const group = memberOf(t, broker)
  await group.join(['events'], [])
  broker.cuts = 2
  await group.join(['events', 'more'], placesOf(0))
  await settled()
  broker.commitAnswers.push('ILLEGAL_GENERATION')
  await assert.rejects(group.commit(OFFSETS), TryAgain)
  assert.equal(group.isLost, false)
  mock.timers.tick(HEARTBEAT_EVERY_MS)
  await settled()
  assert.equal(await group.commit(OFFSETS), true)
})

test('a commit with a generation that is over for good tells that the partitions are lost', async t => {
  const broker = new Broker([0])
  const group = memberOf(t, broker)
  await group.join(['events'], [])
  broker.generation = 7
  assert.equal(await group.commit(OFFSETS), false)
  assert.ok(group.isLost)
})

/** A group that divides cooperatively until somebody joins who only knows range. */
async function turned(t: TestContext, ...share: number[]): Promise<{ broker: Broker; group: ClassicGroup }> {
  const broker = new Broker([0, 1], share)
  const group = memberOf(t, broker)
  await group.join(['events'], [])
  broker.protocol = 'range'
  await call(broker)
  return { broker, group }
}

test('a group that turns to range: what was in hand is finished first, and then all is divided anew', async t => {
  const { broker, group } = await turned(t, 0, 1)
  assert.deepEqual([group.isMoving, group.isLost], [true, false])
  assert.ok(group.goes({ topic: 'events', partition: 0 }))
  await group.join(['events'], [])
  assert.deepEqual(broker.words[2]?.owned, [])
})

test('a group that turns to range: what another has by now is lost', async t => {
  const { group } = await turned(t, 1, 2)
  assert.deepEqual([group.isMoving, group.isLost], [true, true])
})

test('new topics are told without that anything pauses', async t => {
  const broker = new Broker([0])
  const group = memberOf(t, broker)
  await group.join(['events'], [])
  assert.deepEqual(numbers(await group.join(['events', 'more'], [])), [0])
  await settled()
  assert.deepEqual([...(broker.words[1]?.topics ?? [])], ['events', 'more'])
  assert.deepEqual(numbers(broker.words[1]?.owned ?? []), [0])
})

test('a member shares a group of which nothing is kept back: --stop-at now ended before it had its share, and beside one that died as it joined', async t => {
  const broker = new Broker([0])
  const group = memberOf(t, broker)
  await group.join(['events'], [])
  broker.given = [0, 1, 2]
  assert.equal(await group.standing(), 'moving')
  broker.given = [0, 1, 2, 3]
  assert.equal(await group.standing(), 'alone')
  broker.others = 1
  assert.equal(await group.standing(), 'shared')
  broker.state = 'PreparingRebalance'
  assert.equal(await group.standing(), 'moving')
})
