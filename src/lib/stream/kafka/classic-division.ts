import { heartbeatV4, joinGroupV7, syncGroupV5 } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { errorName } from './errors.ts'
import { REBALANCE_TIMEOUT_MS } from './group.ts'
import { decodeMember, decodeShare, encodeMember, encodeShare, type Member } from './group-metadata.ts'
import type { Partition } from './offsets.ts'
import { rangeShares } from './range-assignor.ts'
import { stickyShares } from './sticky-assignor.ts'

/** How a group divides its partitions: as all members can, and most like best. */
export const COOPERATIVE = 'cooperative-sticky'
export const EAGER = 'range'

/** What a member is told when its place in the group is gone, and with it its partitions. */
export const LOST = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID'])

export interface DivisionOptions {
  readonly id: string
  readonly sessionTimeoutMs: number
  /** Partitions of one number of several topics are to go to one member. */
  readonly isTogether: () => boolean
}

/** A member's part in the division of a classic group. */
export class ClassicDivision {
  readonly #cluster: Cluster
  readonly #options: DivisionOptions
  /** As whom it is known to the broker; '' before it is. */
  member = ''
  /** The group's, as of its last answer. */
  generation = -1
  /** How many partitions the topics had when this member divided them; null when another did. */
  #counts: ReadonlyMap<string, number> | null = null

  constructor(cluster: Cluster, options: DivisionOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  forget(): void {
    this.member = ''
    this.generation = -1
    this.#counts = null
  }

  /**
   * Joins, or joins again: then all members do, and one of them divides the partitions. That takes as long as they take.
   *
   * Source: https://kafka.apache.org/protocol#The_Messages_JoinGroup
   * @returns how they were divided, and this member's share; 'again' when it has to be asked for once more, 'lost' when
   *   this is no member any more
   * @throws TryAgain, ToolError SERVER
   */
  async join(
    words: Omit<Member, 'id'>
  ): Promise<{ readonly protocol: string; readonly share: Partition[] } | 'again' | 'lost'> {
    const { id, sessionTimeoutMs } = this.#options
    const cluster = this.#cluster
    const node = await cluster.coordinator('group', id)
    const metadata = encodeMember(words)
    const joined = await cluster.askLong(
      joinGroupV7,
      node,
      id,
      sessionTimeoutMs,
      REBALANCE_TIMEOUT_MS,
      this.member,
      null,
      'consumer',
      [COOPERATIVE, EAGER].map(name => ({ name, metadata }))
    )
    if (errorName(joined.errorCode) === 'MEMBER_ID_REQUIRED') {
      this.member = joined.memberId
      return 'again'
    }
    if (LOST.has(errorName(joined.errorCode))) return 'lost'
    cluster.check(joined.errorCode, `group ${id}`)
    this.member = joined.memberId
    this.generation = joined.generationId
    this.#counts = null
    const protocol = joined.protocolName ?? EAGER
    const isLeader = joined.leader === joined.memberId
    const shares = isLeader ? await this.#divide(protocol, joined.members) : []
    const synced = await cluster.askLong(
      syncGroupV5,
      node,
      id,
      joined.generationId,
      joined.memberId,
      null,
      'consumer',
      protocol,
      shares
    )
    if (errorName(synced.errorCode) === 'REBALANCE_IN_PROGRESS') return 'again'
    if (LOST.has(errorName(synced.errorCode))) return 'lost'
    cluster.check(synced.errorCode, `group ${id}`)
    return { protocol, share: decodeShare(synced.assignment) }
  }

  async #divide(
    protocol: string,
    told: readonly { readonly memberId: string; readonly metadata: Buffer }[]
  ): Promise<{ memberId: string; assignment: Buffer }[]> {
    const members = told.map(({ memberId, metadata }) => decodeMember(memberId, metadata))
    this.#counts = await this.#count(new Set(members.flatMap(({ topics }) => [...topics])))
    const shares =
      protocol === COOPERATIVE
        ? stickyShares(members, this.#counts, this.#options.isTogether())
        : rangeShares(members, this.#counts)
    return [...shares].map(([{ id }, share]) => ({ memberId: id, assignment: encodeShare(share) }))
  }

  async #count(topics: Iterable<string>): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const topic of topics) counts.set(topic, (await this.#cluster.topic(topic))?.leaders.length ?? 0)
    return counts
  }

  /** Whether topics have other partitions than this member has divided. @throws TryAgain */
  async isOutdated(): Promise<boolean> {
    const known = this.#counts
    if (known === null) return false
    const counts = await this.#count(known.keys())
    return [...counts].some(([topic, count]) => known.get(topic) !== count)
  }

  /** Tells the broker that this member lives. @returns the name of what it answers @throws TryAgain */
  async beat(): Promise<string> {
    const node = await this.#cluster.coordinator('group', this.#options.id)
    const { errorCode } = await this.#cluster.ask(
      heartbeatV4,
      node,
      this.#options.id,
      this.generation,
      this.member
    )
    return errorName(errorCode)
  }
}
