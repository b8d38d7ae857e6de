import type { Cluster } from './cluster.ts'
import { TryAgain } from './errors.ts'
import type { Group } from './group.ts'
import {
  type Committed,
  committedOffsets,
  LATEST,
  listOffsets,
  type Offsets,
  type Partition,
  type PartitionOffset,
  partitionKey,
  placesOf,
  startOffsets
} from './offsets.ts'
import { partitionsOf, type Subscription } from './subscription.ts'

export interface AssignmentOptions {
  readonly subscription: Subscription
  /** Where partitions begin of which nothing is committed: EARLIEST, LATEST, or milliseconds since the epoch. */
  readonly from: number
  readonly stopAtNow: boolean
}

/** How often it is looked for topics and partitions that are new. */
const LOOK_EVERY_MS = 10_000

/** The partitions that this process reads, and how far it is in each. */
export class Assignment {
  readonly #cluster: Cluster
  readonly #group: Group | null
  readonly #options: AssignmentOptions
  #partitions: readonly Partition[] = []
  /** The next offset of each partition that is read. */
  #positions = new Map<string, number>()
  /** Where each ended at the start, for `--stop-at now`. */
  #ends = new Map<string, number>()
  #lookAt = 0
  #known: number | undefined
  #fresh = new Map<number, string>()

  /** @param group null: all partitions are read */
  constructor(cluster: Cluster, group: Group | null, options: AssignmentOptions) {
    this.#cluster = cluster
    this.#group = group
    this.#options = options
  }

  /** Those that waited longest come first. */
  get partitions(): readonly Partition[] {
    return this.#partitions
  }

  /** The next offset of a partition; undefined when it is not ours. */
  position(partition: Partition): number | undefined {
    return this.#positions.get(partitionKey(partition))
  }

  advance(partition: Partition, offset: number): void {
    this.#positions.set(partitionKey(partition), offset)
  }

  /** First in a request is first in its answer: those that had something wait for the others. */
  served(had: ReadonlySet<string>): void {
    if (had.size === 0 || had.size >= this.#partitions.length) return
    const [last, first] = [true, false].map(isLast =>
      this.#partitions.filter(partition => had.has(partitionKey(partition)) === isLast)
    )
    this.#partitions = [...(first ?? []), ...(last ?? [])]
  }

  /**
   * Takes this member's partitions; in those that it has had, it goes on.
   * @param resumed where the mark that is resumed from left partitions
   * @throws TryAgain
   */
  async take(resumed: Offsets): Promise<void> {
    const { subscription, from, stopAtNow } = this.#options
    const topics = await subscription.topics(this.#cluster)
    this.#lookAt = Date.now() + LOOK_EVERY_MS
    const group = this.#group
    const partitions = group === null ? await partitionsOf(this.#cluster, topics) : await group.join(topics)
    const fresh = partitions.filter(partition => !this.#positions.has(partitionKey(partition)))
    const committed =
      group === null ? new Map<string, Committed>() : await committedOffsets(this.#cluster, group.id, fresh)
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
    if (stopAtNow) {
      const ends = await listOffsets(this.#cluster, fresh, LATEST)
      for (const [key, offset] of ends) if (!this.#ends.has(key)) this.#ends.set(key, offset)
    }
    const kept = new Set(partitions.filter(place => !fresh.includes(place)).map(place => place.partition))
    this.#fresh = new Map()
    for (const place of fresh.filter(({ partition }) => !kept.has(partition))) {
      const note = committed.get(partitionKey(place))?.note
      this.#fresh.set(place.partition, note || (this.#fresh.get(place.partition) ?? ''))
    }
    this.#positions = positions
    this.#partitions = partitions
  }

  /** The partitions that `take` has begun anew, by number, with what was noted with their offsets. */
  get fresh(): ReadonlyMap<number, string> {
    return this.#fresh
  }

  /** What this member had may be another's by now: it goes on from what is committed, as others do. */
  lose(): void {
    this.#positions.clear()
  }

  /** Whether the partitions have to be divided anew. @throws what ended the membership */
  async mustMove(): Promise<boolean> {
    if (this.#group?.failure != null) throw this.#group.failure
    if (this.#group?.isMoving === true) return true
    if (Date.now() < this.#lookAt) return false
    this.#lookAt = Date.now() + LOOK_EVERY_MS
    this.#cluster.forget()
    try {
      const topics = await this.#options.subscription.topics(this.#cluster)
      const { length } = await partitionsOf(this.#cluster, topics)
      const isNew = this.#known !== undefined && this.#known !== length
      this.#known = length
      return isNew
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error
      return false
    }
  }

  /** Everything is read that was there at the start. */
  get isAtEnd(): boolean {
    if (!this.#options.stopAtNow) return false
    return this.#partitions.every(
      partition => (this.position(partition) ?? 0) >= (this.#ends.get(partitionKey(partition)) ?? 0)
    )
  }

  /** The next offset of each partition, for a mark. */
  offsets(): Offsets {
    const offsets: Record<string, Record<string, number>> = {}
    for (const partition of this.#partitions) {
      const ofTopic = (offsets[partition.topic] ??= {})
      ofTopic[partition.partition] = this.position(partition) ?? 0
    }
    return offsets
  }

  /** Those of a mark's offsets whose partitions are still ours. */
  ownOf(offsets: Offsets): PartitionOffset[] {
    const owned = new Set(this.#partitions.map(partitionKey))
    return placesOf(offsets).filter(place => owned.has(partitionKey(place)))
  }
}
