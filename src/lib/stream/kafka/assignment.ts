import type { Cluster } from './cluster.ts'
import { TryAgain } from './errors.ts'
import type { Group } from './group.ts'
import {
  type Committed,
  committedOffsets,
  EARLIEST,
  LATEST,
  listOffsets,
  type Offsets,
  type Partition,
  type PartitionOffset,
  partitionKey,
  placesOf,
  READ_UNCOMMITTED,
  startOffsets
} from './offsets.ts'
import { partitionsOf, type Subscription } from './subscription.ts'

export interface AssignmentOptions {
  readonly subscription: Subscription
  /** Where partitions begin of which nothing is committed: EARLIEST, LATEST, or milliseconds since the epoch. */
  readonly from: number
  readonly stopAtNow: boolean
}

/**
 * Gets what the group has given, before offsets are read.
 * @returns a partition that goes only together with all others, when nothing of them is open
 */
export type TakePartitions = (partitions: readonly Partition[]) => Promise<Partition | null>

/** How often it is looked for topics and partitions that are new. */
const LOOK_EVERY_MS = 10_000
/** How often a member at the end asks what the others have. */
const ASK_EVERY_MS = 200
/** By then a broker with its default settings has found out who is dead. */
const DEAD_AFTER_MS = 45_000

/** The partitions that this process has, and how far it is in each. */
export class Assignment {
  readonly #cluster: Cluster
  readonly #group: Group | null
  readonly #options: AssignmentOptions
  #partitions: readonly Partition[] = []
  /** Those that are read on: all but those that are about to go. */
  #reading: readonly Partition[] = []
  readonly #held = new Set<string>()
  /** The next offset of each partition. */
  #positions = new Map<string, number>()
  /** What is committed of them, or where this member has begun. */
  readonly #committed = new Map<string, number>()
  /** Where each of the topics' partitions ended at the start, for `--stop-at now`. */
  readonly #ends = new Map<string, number>()
  #topics: readonly string[] = []
  /** How many partitions the topics have. */
  #count = 0
  #isOutdated = false
  #lookAt = 0
  #fresh = new Map<number, string>()
  #askAt = 0
  #begunAt: number | null = null
  #taken: TakePartitions = async () => null
  #anchor: Partition | null = null

  /** @param group null: all partitions are read */
  constructor(cluster: Cluster, group: Group | null, options: AssignmentOptions) {
    this.#cluster = cluster
    this.#group = group
    this.#options = options
  }

  whenJoined(take: TakePartitions): void {
    this.#taken = take
  }

  /** This member's, those among them that are about to go. */
  get partitions(): readonly Partition[] {
    return this.#partitions
  }

  /** Those that are read, which waited longest first. */
  get reading(): readonly Partition[] {
    return this.#reading
  }

  /** The next offset of a partition; undefined when it is not read. */
  position(partition: Partition): number | undefined {
    const key = partitionKey(partition)
    return this.#held.has(key) ? undefined : this.#positions.get(key)
  }

  advance(partition: Partition, offset: number): void {
    this.#positions.set(partitionKey(partition), offset)
  }

  /** First in a request is first in its answer: those that had something wait for the others. */
  served(had: ReadonlySet<string>): void {
    if (had.size === 0 || had.size >= this.#reading.length) return
    const [last, first] = [true, false].map(isLast =>
      this.#reading.filter(partition => had.has(partitionKey(partition)) === isLast)
    )
    this.#reading = [...(first ?? []), ...(last ?? [])]
  }

  /**
   * Gets this member's partitions; in those that it has had, it goes on. Those that were held are gone with it.
   * @param resumed where the mark that is resumed from left partitions
   * @returns takes them, and tells of how many records others repeat what came of them: until then nothing is another
   *   than it was. 'lost' when what this member had may be another's by now
   * @throws TryAgain
   */
  async take(resumed: Offsets): Promise<(() => number) | 'lost'> {
    const { subscription, from, stopAtNow } = this.#options
    this.#begunAt ??= Date.now()
    const topics = await subscription.topics(this.#cluster)
    const all = await partitionsOf(this.#cluster, topics)
    if (stopAtNow) await this.#noteEnds(all)
    const group = this.#group
    const partitions = group === null ? all : await this.#join(group, topics)
    if (partitions === 'lost') return 'lost'
    this.#anchor = await this.#taken(partitions)
    const committed =
      group === null
        ? new Map<string, Committed>()
        : await committedOffsets(this.#cluster, group.id, partitions)
    // Others may have had one that was ours, while the group could not agree.
    const fresh = partitions.filter(partition => {
      const key = partitionKey(partition)
      const position = this.#positions.get(key)
      return position === undefined || position < (committed.get(key)?.offset ?? 0)
    })
    const positions = new Map<string, number>()
    const unknown: Partition[] = []
    for (const partition of partitions) {
      const key = partitionKey(partition)
      const known = [
        this.#positions.get(key),
        committed.get(key)?.offset,
        resumed[partition.topic]?.[partition.partition]
      ]
      const position = Math.max(...known.map(offset => offset ?? -1))
      if (position >= 0) positions.set(key, position)
      else unknown.push(partition)
    }
    for (const [key, offset] of await startOffsets(this.#cluster, unknown, from)) positions.set(key, offset)
    return () => {
      const repeated = this.#begin(partitions, fresh, positions)
      this.#noteFresh(partitions, fresh, committed)
      this.#positions = positions
      this.#partitions = partitions
      this.#reading = partitions
      this.#held.clear()
      this.#topics = topics
      this.#count = all.length
      this.#lookAt = Date.now() + LOOK_EVERY_MS
      this.#isOutdated = false
      return repeated
    }
  }

  /** @throws TryAgain where it is lost before it has anything */
  async #join(group: Group, topics: readonly string[]): Promise<Partition[] | 'lost'> {
    const hasSome = this.#partitions.length > 0
    if (hasSome && group.isLost) return 'lost'
    const partitions = await group.join(topics, this.#reading)
    if (!group.isLost) return partitions
    if (hasSome) return 'lost'
    throw new TryAgain(`group ${group.id}: this member is none any more`)
  }

  /** @returns how many records of those that others have, or had meanwhile, were read here and are not committed */
  #begin(
    all: readonly Partition[],
    fresh: readonly Partition[],
    positions: ReadonlyMap<string, number>
  ): number {
    const begun = new Set(fresh.map(partitionKey))
    const kept = new Set(all.map(partitionKey).filter(key => !begun.has(key)))
    const repeated = this.#uncommitted(this.#partitions.filter(place => !kept.has(partitionKey(place))))
    for (const key of begun) this.#committed.set(key, positions.get(key) ?? 0)
    return repeated
  }

  #uncommitted(partitions: readonly Partition[]): number {
    return partitions.reduce((sum, partition) => {
      const key = partitionKey(partition)
      const position = this.#positions.get(key) ?? 0
      return sum + Math.max(0, position - (this.#committed.get(key) ?? position))
    }, 0)
  }

  #noteFresh(
    all: readonly Partition[],
    fresh: readonly Partition[],
    committed: ReadonlyMap<string, Committed>
  ): void {
    const kept = new Set(all.filter(place => !fresh.includes(place)).map(({ partition }) => partition))
    this.#fresh = new Map()
    for (const place of fresh.filter(({ partition }) => !kept.has(partition))) {
      const note = committed.get(partitionKey(place))?.note
      this.#fresh.set(place.partition, note || (this.#fresh.get(place.partition) ?? ''))
    }
  }

  async #noteEnds(all: readonly Partition[]): Promise<void> {
    const fresh = all.filter(partition => !this.#ends.has(partitionKey(partition)))
    // What is open now is waited for: of a transaction that has just been committed the topic may not know yet.
    const ends = await listOffsets(this.#cluster, fresh, LATEST, READ_UNCOMMITTED)
    for (const [key, end] of ends) this.#ends.set(key, end)
  }

  /**
   * Reads no further in partitions that are about to go.
   * @returns whether there are some that were read until now
   */
  hold(): boolean {
    const group = this.#group
    if (group === null) return false
    const anchor = this.#anchor
    const isAll = anchor !== null && group.goes(anchor)
    const going = this.#reading.filter(partition => isAll || group.goes(partition))
    for (const partition of going) this.#held.add(partitionKey(partition))
    this.#reading = this.#reading.filter(partition => !this.#held.has(partitionKey(partition)))
    return going.length > 0
  }

  /** The partitions that `take` has begun anew, by number, with what was noted with their offsets. */
  get fresh(): ReadonlyMap<number, string> {
    return this.#fresh
  }

  /** Leaves those that `take` has begun to the others, as they are. */
  leaveFresh(): void {
    this.#partitions = this.#partitions.filter(({ partition }) => !this.#fresh.has(partition))
    this.#reading = this.#reading.filter(({ partition }) => !this.#fresh.has(partition))
  }

  /**
   * What this member had may be another's by now: it goes on from what is committed, as others do.
   * @returns how many records they repeat, at most
   */
  lose(): number {
    const repeated = this.#uncommitted(this.#partitions)
    this.#positions.clear()
    this.#held.clear()
    this.#partitions = []
    this.#reading = []
    return repeated
  }

  /**
   * Those that were about to go may be another member's by now: `take` did not come to its end.
   * @returns as `lose`
   */
  release(): number {
    const repeated = this.#uncommitted(this.#partitions.filter(place => this.#held.has(partitionKey(place))))
    this.#partitions = this.#reading
    this.#held.clear()
    return repeated
  }

  /** Whether partitions come or go. @throws what ended the membership */
  async mustMove(): Promise<boolean> {
    if (this.#group?.failure != null) throw this.#group.failure
    // What is held may be meant for this member again, before it was given back.
    if (this.#isOutdated || this.#held.size > 0 || this.#group?.isMoving === true) return true
    if (Date.now() < this.#lookAt) return false
    this.#lookAt = Date.now() + LOOK_EVERY_MS
    this.#cluster.forget()
    try {
      const topics = await this.#options.subscription.topics(this.#cluster)
      const { length } = await partitionsOf(this.#cluster, topics)
      this.#isOutdated = length !== this.#count || topics.join() !== this.#topics.join()
      return this.#isOutdated
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error
      return false
    }
  }

  // --- the end of a run with `--stop-at now` ---

  /** Whether everything is read that was there at the start, by this member or those beside it. @throws ToolError SERVER */
  async isDone(): Promise<boolean> {
    if (!this.#options.stopAtNow || !this.#isAtEnd(this.#partitions, this.#positions)) return false
    const group = this.#group
    if (group === null) return true
    if (Date.now() < this.#askAt) return false
    this.#askAt = Date.now() + ASK_EVERY_MS
    try {
      // While the broker was asked, a partition of one that is dead may have come to this member.
      return (await this.#isGroupDone(group)) && this.#isAtEnd(this.#partitions, this.#positions)
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error
      this.#cluster.forget()
      return false
    }
  }

  async #isGroupDone(group: Group): Promise<boolean> {
    const standing = await group.standing()
    if (standing === 'alone') return this.#partitions.length >= this.#count
    if (standing !== 'shared') return standing === 'settled'
    // The partitions of one that is dead come to this member, but later.
    return Date.now() - (this.#begunAt ?? 0) > DEAD_AFTER_MS || (await this.#areOthersAtEnd(group))
  }

  #isAtEnd(partitions: readonly Partition[], positions: ReadonlyMap<string, number>): boolean {
    return partitions.every(partition => {
      const key = partitionKey(partition)
      return (positions.get(key) ?? 0) >= (this.#ends.get(key) ?? 0)
    })
  }

  async #areOthersAtEnd(group: Group): Promise<boolean> {
    const own = new Set(this.#partitions.map(partitionKey))
    const all = await partitionsOf(this.#cluster, this.#topics)
    const others = all.filter(partition => !own.has(partitionKey(partition)))
    const committed = await committedOffsets(this.#cluster, group.id, others)
    const positions = new Map([...committed].map(([key, { offset }]) => [key, offset] as const))
    // What is empty need not have been committed.
    const untouched = others.filter(partition => !committed.has(partitionKey(partition)))
    const starts = await listOffsets(this.#cluster, untouched, EARLIEST)
    for (const [key, offset] of starts) positions.set(key, offset)
    return this.#isAtEnd(others, positions)
  }

  // --- marks ---

  /** The next offset of each partition, for a mark. */
  offsets(): Offsets {
    const offsets: Record<string, Record<string, number>> = {}
    for (const partition of this.#partitions) {
      const ofTopic = (offsets[partition.topic] ??= {})
      ofTopic[partition.partition] = this.#positions.get(partitionKey(partition)) ?? 0
    }
    return offsets
  }

  /** The group goes on from there. */
  noteCommitted(offsets: readonly PartitionOffset[]): void {
    for (const place of offsets) this.#committed.set(partitionKey(place), place.offset)
  }

  /** Those of a mark's offsets whose partitions are still ours. */
  ownOf(offsets: Offsets): PartitionOffset[] {
    const owned = new Set(this.#partitions.map(partitionKey))
    return placesOf(offsets).filter(place => owned.has(partitionKey(place)))
  }
}
