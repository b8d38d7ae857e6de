import {
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
  heartbeatV4,
  joinGroupV7,
  leaveGroupV5,
  offsetCommitV8,
  syncGroupV5
} from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { errorName, TryAgain } from './errors.ts'
import { type Group, HEARTBEAT_EVERY_MS, REBALANCE_TIMEOUT_MS } from './group.ts'
import { type Standing, standingOf } from './group-standing.ts'
import { commitTopics, type Partition, type PartitionOffset } from './offsets.ts'

const PROTOCOL = 'range'

/** What a member is told when its place in the group is gone, and with it its partitions. */
const LOST = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID'])

/**
 * A member by the classic protocol: the members divide the partitions themselves, by Java's range assignor, and all of
 * them anew when one comes or goes.
 *
 * Source: https://kafka.apache.org/protocol#The_Messages_JoinGroup
 */
export class ClassicGroup implements Group {
  readonly id: string
  readonly #cluster: Cluster
  readonly #sessionTimeoutMs: number
  readonly #isDescribed: boolean
  #member = ''
  #generation = -1
  #timer: NodeJS.Timeout | null = null
  #isBeating = false
  isMoving = false
  isLost = false
  failure: unknown = null

  /** @param isDescribed the brokers know groups of the consumer protocol, and this may be a guest in one */
  constructor(cluster: Cluster, id: string, sessionTimeoutMs: number, isDescribed: boolean) {
    this.#cluster = cluster
    this.#sessionTimeoutMs = sessionTimeoutMs
    this.#isDescribed = isDescribed
    this.id = id
  }

  get member(): string {
    return this.#member
  }

  get generation(): number {
    return this.#generation
  }

  /** All are divided anew. */
  goes(): boolean {
    return true
  }

  async renew(): Promise<void> {}

  async standing(): Promise<Standing> {
    return this.#isDescribed ? standingOf(this.#cluster, this.id, this.#member) : 'settled'
  }

  async join(topics: readonly string[]): Promise<Partition[]> {
    this.#stopBeating()
    for (;;) {
      const node = await this.#cluster.coordinator('group', this.id)
      const metadata = encodeConsumerProtocolSubscription({ version: 0, topics: [...topics] })
      const joined = await this.#cluster.ask(
        joinGroupV7,
        node,
        this.id,
        this.#sessionTimeoutMs,
        REBALANCE_TIMEOUT_MS,
        this.#member,
        null,
        'consumer',
        [{ name: PROTOCOL, metadata }]
      )
      const name = errorName(joined.errorCode)
      if (name === 'MEMBER_ID_REQUIRED') {
        this.#member = joined.memberId
        continue
      }
      if (LOST.has(name)) {
        this.#forget()
        continue
      }
      this.#cluster.check(joined.errorCode, `group ${this.id}`)
      this.#member = joined.memberId
      this.#generation = joined.generationId
      const shares =
        joined.leader === joined.memberId
          ? await this.#shares(joined.members.map(({ memberId, metadata }) => ({ memberId, metadata })))
          : []
      const synced = await this.#cluster.ask(
        syncGroupV5,
        node,
        this.id,
        joined.generationId,
        joined.memberId,
        null,
        'consumer',
        PROTOCOL,
        shares
      )
      if (errorName(synced.errorCode) === 'REBALANCE_IN_PROGRESS') continue
      if (LOST.has(errorName(synced.errorCode))) {
        this.#forget()
        continue
      }
      this.#cluster.check(synced.errorCode, `group ${this.id}`)
      this.isMoving = false
      this.isLost = false
      this.#timer = setInterval(() => this.#beat(), HEARTBEAT_EVERY_MS)
      const { assignedPartitions } = decodeConsumerProtocolAssignment(synced.assignment)
      return assignedPartitions.flatMap(({ topic, partitions }) =>
        partitions.map(partition => ({ topic, partition }))
      )
    }
  }

  #forget(): void {
    this.#member = ''
    this.#generation = -1
    this.isLost = true
  }

  /** The leader divides: each topic's partitions in ranges among the members that want it. */
  async #shares(
    members: readonly { readonly memberId: string; readonly metadata: Buffer }[]
  ): Promise<{ memberId: string; assignment: Buffer }[]> {
    const wanted = members.map(({ memberId, metadata }) => ({
      memberId,
      topics: new Set(decodeConsumerProtocolSubscription(metadata).topics)
    }))
    const shares = new Map(
      members.map(({ memberId }) => [memberId, [] as { topic: string; partitions: number[] }[]])
    )
    for (const topic of new Set(wanted.flatMap(({ topics }) => [...topics]))) {
      const takers = wanted.filter(({ topics }) => topics.has(topic)).map(({ memberId }) => memberId)
      const count = (await this.#cluster.topic(topic))?.leaders.length ?? 0
      for (const [memberId, partitions] of rangeShares(takers.sort(), count)) {
        shares.get(memberId)?.push({ topic, partitions })
      }
    }
    return [...shares].map(([memberId, assignedPartitions]) => ({
      memberId,
      assignment: encodeConsumerProtocolAssignment({ version: 0, assignedPartitions })
    }))
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return
    this.#isBeating = true
    const [generation, member] = [this.#generation, this.#member]
    try {
      const node = await this.#cluster.coordinator('group', this.id)
      const { errorCode } = await this.#cluster.ask(heartbeatV4, node, this.id, generation, member)
      if (generation === this.#generation) this.#told(errorCode)
    } catch (error) {
      // Where the coordinator is away, or another broker is it now, the next beat asks anew.
      if (error instanceof TryAgain) this.#cluster.forget()
      else this.failure = error
    } finally {
      this.#isBeating = false
    }
  }

  #told(code: number): void {
    const name = errorName(code)
    if (name === 'REBALANCE_IN_PROGRESS') this.isMoving = true
    else if (LOST.has(name)) {
      this.#forget()
      this.isMoving = true
    } else if (code !== 0) this.#cluster.forget()
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<boolean> {
    if (offsets.length === 0) return true
    if (this.isLost) return false
    const node = await this.#cluster.coordinator('group', this.id)
    const answer = await this.#cluster.ask(
      offsetCommitV8,
      node,
      this.id,
      this.#generation,
      this.#member,
      null,
      commitTopics(offsets)
    )
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, errorCode } of partitions) {
        const error = errorName(errorCode)
        if (LOST.has(error)) {
          this.#told(errorCode)
          return false
        }
        // The others are joining already: what is not committed comes again.
        if (error === 'REBALANCE_IN_PROGRESS') {
          this.isMoving = true
          return false
        }
        this.#cluster.check(errorCode, `offset of ${name} partition ${partitionIndex} (group ${this.id})`)
      }
    }
    return true
  }

  #stopBeating(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  lose(): void {
    this.isLost = true
    this.isMoving = true
  }

  async leave(): Promise<void> {
    this.#stopBeating()
    if (this.#generation < 0) return
    try {
      const node = await this.#cluster.coordinator('group', this.id)
      await this.#cluster.ask(leaveGroupV5, node, this.id, [
        { memberId: this.#member, groupInstanceId: null }
      ])
    } catch (error) {
      // The group finds out by itself when the session runs out.
      if (!(error instanceof TryAgain)) throw error
    }
  }
}

/** Java's RangeAssignor: the first members have one more where it does not divide. */
export function rangeShares(members: readonly string[], partitions: number): Map<string, number[]> {
  const shares = new Map<string, number[]>()
  const each = Math.floor(partitions / members.length)
  let next = 0
  members.forEach((member, i) => {
    const size = each + (i < partitions % members.length ? 1 : 0)
    if (size > 0)
      shares.set(
        member,
        Array.from({ length: size }, (_, k) => next + k)
      )
    next += size
  })
  return shares
}
