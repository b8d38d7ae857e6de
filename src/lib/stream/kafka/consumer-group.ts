import { randomUUID } from 'node:crypto'
import { consumerGroupHeartbeatV1, offsetCommitV9 } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { errorName, TryAgain } from './errors.ts'
import { type Group, HEARTBEAT_EVERY_MS, REBALANCE_TIMEOUT_MS } from './group.ts'
import { type Standing, standingOf } from './group-standing.ts'
import { commitTopics, type Partition, type PartitionOffset, partitionKey } from './offsets.ts'

/** Epochs of a member that is none yet, and of one that leaves. */
const JOINS = 0
const LEAVES = -1

/** What a member is told whose partitions are others' by now. */
const LOST = new Set(['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID', 'GROUP_ID_NOT_FOUND', 'FENCED_INSTANCE_ID'])
/** What one that wants to join is told where the group cannot be one of this protocol. */
const REFUSED = new Set(['GROUP_ID_NOT_FOUND', 'UNSUPPORTED_VERSION', 'UNSUPPORTED_ASSIGNOR'])
/** As in the classic protocol: partitions of one number of several topics go to one member. */
const ASSIGNOR = 'range'

/** The group cannot be one of the consumer protocol: the brokers do not offer it, or it is one of the classic protocol. */
export class ProtocolRefused extends Error {}

type Answer = Awaited<ReturnType<typeof consumerGroupHeartbeatV1.api.async>>
type TopicPartitions = NonNullable<Answer['assignment']>['topicPartitions']

/**
 * A member by the consumer protocol: the broker divides the partitions, and tells each member in the answers to its
 * heartbeats which are its own. One that goes to another member is that one's only after this member has told that it
 * has finished with it; all others stay where they are.
 *
 * Source: https://cwiki.apache.org/confluence/display/KAFKA/KIP-848
 */
export class ConsumerGroup implements Group {
  readonly id: string
  readonly #cluster: Cluster
  #member = ''
  #epoch = JOINS
  #topics: readonly string[] = []
  readonly #names = new Map<string, string>()
  /** What the broker wants this member to have, and what it has taken, by topic id. */
  #assigned: TopicPartitions = []
  #owned: TopicPartitions = []
  #beating: Promise<void> = Promise.resolve()
  #isBeating = false
  #timer: NodeJS.Timeout | null = null
  #hasEntered = false
  #hasLeft = false
  isLost = false
  failure: unknown = null

  constructor(cluster: Cluster, id: string) {
    this.#cluster = cluster
    this.id = id
  }

  get member(): string {
    return this.#member
  }

  get generation(): number {
    return this.#epoch
  }

  get isMoving(): boolean {
    return this.isLost || textOf(this.#assigned) !== textOf(this.#owned)
  }

  readonly isWaitedFor = true

  goes(partition: Partition): boolean {
    const key = partitionKey(partition)
    return !this.#partitions(this.#assigned).some(assigned => partitionKey(assigned) === key)
  }

  async join(topics: readonly string[], reading: readonly Partition[]): Promise<Partition[]> {
    this.#topics = topics
    if (!this.#hasEntered || this.isLost) await this.#enter()
    await this.#learnNames()
    const unfinished = new Set(reading.map(partitionKey))
    this.#owned = this.#assignedAnd((topicId, partition) => {
      return unfinished.has(partitionKey({ topic: this.#names.get(topicId) ?? '', partition }))
    })
    await this.#beat()
    return this.#partitions(this.#owned)
  }

  /** What is assigned, and of what was owned that which is to stay. */
  #assignedAnd(stays: (topicId: string, partition: number) => boolean): TopicPartitions {
    const topicIds = new Set([...this.#assigned, ...this.#owned].map(({ topicId }) => topicId))
    const all = [...topicIds].map(topicId => {
      const [assigned = [], owned = []] = [this.#assigned, this.#owned].map(
        of => of.find(one => one.topicId === topicId)?.partitions ?? []
      )
      const staying = owned.filter(partition => stays(topicId, partition))
      return { topicId, partitions: [...new Set([...assigned, ...staying])] }
    })
    return all.filter(({ partitions }) => partitions.length > 0)
  }

  /**
   * For the broker: what is in hand, and what may be at any time. What is assigned and was not told to be here would be
   * another member's as soon as the broker wants, while this one begins with it.
   */
  #inHand(): TopicPartitions {
    return this.#assignedAnd(() => true)
  }

  /** Under a name of its own each time: what was begun under an earlier one can never be committed. */
  async #enter(): Promise<void> {
    this.#hasEntered = false
    if (this.#member !== '') await this.#depart()
    if (this.#hasLeft) throw new TryAgain(`group ${this.id} was left`)
    this.#member = randomUUID()
    this.#epoch = JOINS
    this.#assigned = []
    this.#owned = []
    const answer = await this.#ask([])
    if (REFUSED.has(errorName(answer.errorCode))) {
      this.#member = ''
      throw new ProtocolRefused(answer.errorMessage ?? errorName(answer.errorCode))
    }
    this.isLost = false
    this.#hear(answer)
    this.#hasEntered = true
    if (!this.#hasLeft) this.#timer = setInterval(() => this.#beatInTime(), HEARTBEAT_EVERY_MS)
  }

  /** @throws TryAgain where a topic has been made anew, and its id is not known yet */
  async #learnNames(): Promise<void> {
    if (this.#assigned.every(({ topicId }) => this.#names.has(topicId))) return
    this.#cluster.forget()
    for (const name of this.#topics) {
      const topic = await this.#cluster.topic(name)
      if (topic !== null) this.#names.set(topic.id, name)
    }
    const unknown = this.#assigned.find(({ topicId }) => !this.#names.has(topicId))
    if (unknown !== undefined) throw new TryAgain(`no topic has the id ${unknown.topicId}`)
  }

  #partitions(of: TopicPartitions): Partition[] {
    return of.flatMap(({ topicId, partitions }) => {
      const topic = this.#names.get(topicId)
      return topic === undefined ? [] : partitions.map(partition => ({ topic, partition }))
    })
  }

  // --- heartbeats ---

  async #ask(inHand: TopicPartitions): Promise<Answer> {
    const node = await this.#cluster.coordinator('group', this.id)
    // All that is known each time: an answer may have been lost, and with it what the broker takes for known.
    return this.#cluster.ask(
      consumerGroupHeartbeatV1,
      node,
      this.id,
      this.#member,
      this.#epoch,
      null,
      null,
      REBALANCE_TIMEOUT_MS,
      [...this.#topics],
      null,
      ASSIGNOR,
      inHand
    )
  }

  #hear({ errorCode, errorMessage, memberEpoch, assignment }: Answer): void {
    if (LOST.has(errorName(errorCode))) {
      this.isLost = true
      return
    }
    if (errorName(errorCode) === 'UNRELEASED_INSTANCE_ID') {
      throw new TryAgain(`group ${this.id}: another member has the place of this one still`)
    }
    this.#cluster.check(errorCode, `group ${this.id}`, errorMessage)
    this.#epoch = memberEpoch
    if (assignment !== null) this.#assigned = assignment.topicPartitions
  }

  /** One after the other: an answer that came late would tell an old epoch. @throws TryAgain, ToolError SERVER */
  #beat(): Promise<void> {
    const beat = this.#beating.then(async () => {
      let told: TopicPartitions
      do {
        if (this.isLost) return
        told = this.#inHand()
        this.#hear(await this.#ask(told))
        // What it need not begin with now is waited for by another.
      } while (!covers(this.#inHand(), told))
    })
    this.#beating = beat.catch(() => {})
    return beat
  }

  async #beatInTime(): Promise<void> {
    if (this.#isBeating) return
    this.#isBeating = true
    try {
      await this.#beat()
    } catch (error) {
      // Where the coordinator is away, or another broker is it now, the next beat asks anew.
      if (error instanceof TryAgain) this.#cluster.forget()
      else this.failure = error
    } finally {
      this.#isBeating = false
    }
  }

  /** An epoch follows the assignments of the whole group, and each beat may bring the next. */
  async renew(): Promise<void> {
    await this.#beating
    await this.#beatInTime()
    await this.#beating
  }

  // --- offsets ---

  async commit(offsets: readonly PartitionOffset[]): Promise<boolean> {
    if (offsets.length === 0) return true
    for (;;) {
      if (this.isLost) return false
      const epoch = this.#epoch
      const codes = await this.#commitAs(epoch, offsets)
      if (codes.some(code => LOST.has(errorName(code)))) {
        this.isLost = true
        return false
      }
      if (codes.some(code => errorName(code) === 'STALE_MEMBER_EPOCH')) {
        await this.renew()
        if (this.#epoch !== epoch) continue
        throw new TryAgain(`group ${this.id} is in another epoch`)
      }
      for (const code of codes) this.#cluster.check(code, `offsets of group ${this.id}`)
      return true
    }
  }

  async #commitAs(epoch: number, offsets: readonly PartitionOffset[]): Promise<number[]> {
    const node = await this.#cluster.coordinator('group', this.id)
    const topics = commitTopics(offsets)
    const answer = await this.#cluster.ask(offsetCommitV9, node, this.id, epoch, this.#member, null, topics)
    return answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
  }

  standing(): Promise<Standing> {
    return standingOf(this.#cluster, this.id, this.#member, this.#topics)
  }

  lose(): void {
    this.isLost = true
  }

  async leave(): Promise<void> {
    this.#hasLeft = true
    await this.#depart()
  }

  async #depart(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    await this.#beating
    if (this.#member === '') return
    try {
      const node = await this.#cluster.coordinator('group', this.id)
      // Whether it was one still does not matter.
      const none = [null, null, -1, null, null, null, null] as const
      await this.#cluster.ask(consumerGroupHeartbeatV1, node, this.id, this.#member, LEAVES, ...none)
    } catch (error) {
      // The group finds out by itself when the session runs out.
      if (!(error instanceof TryAgain)) throw error
    }
  }
}

function keysOf(of: TopicPartitions): string[] {
  return of.flatMap(({ topicId, partitions }) => partitions.map(partition => `${topicId} ${partition}`))
}

function textOf(of: TopicPartitions): string {
  return keysOf(of).sort().join()
}

function covers(all: TopicPartitions, some: TopicPartitions): boolean {
  const keys = new Set(keysOf(all))
  return keysOf(some).every(key => keys.has(key))
}
