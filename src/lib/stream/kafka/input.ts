import { setTimeout as sleep } from 'node:timers/promises'
import { ByteWriter } from '../bytes.ts'
import { formatMark, formatResume, type Mark } from '../control.ts'
import { MarkNumbers } from '../mark-numbers.ts'
import type { Input, Part } from '../ports.ts'
import { oldestAcknowledged } from '../timeline.ts'
import type { Cluster } from './cluster.ts'
import { reasonOf, TryAgain } from './errors.ts'
import { type Fetched, fetchRecords, type Place } from './fetch.ts'
import { Group, REBALANCE_TIMEOUT_MS } from './group.ts'
import { LinePlaces } from './line-places.ts'
import {
  committedOffsets,
  EARLIEST,
  LATEST,
  leaderOf,
  listOffsets,
  type Partition,
  partitionKey
} from './offsets.ts'
import type { OffsetsOfMarks } from './output.ts'
import { recordLines } from './record-lines.ts'
import { partitionsOf, type Subscription } from './subscription.ts'
import type { GroupOffsets } from './transactions.ts'

export interface KafkaInputOptions {
  readonly subscription: Subscription
  /** Undefined: all partitions are read, and nothing is committed. */
  readonly group: string | undefined
  readonly sessionTimeoutMs: number
  /** Where partitions begin of which nothing is committed: EARLIEST, LATEST, or milliseconds since the epoch. */
  readonly from: number
  readonly stopAtNow: boolean
  readonly markEveryMs: number
  /** The pipeline's state directory, if there is one. */
  readonly root: string | null
  readonly stop: AbortSignal
  readonly warn: (message: string) => void
}

/** Offsets by topic and partition, as marks carry them. */
type Offsets = Readonly<Record<string, Readonly<Record<string, number>>>>

/** How often it is looked for topics and partitions that are new. */
const LOOK_EVERY_MS = 10_000
const POLL_MS = 20
/** Members finish before the group would go on without them. */
const FINISH_WITHIN_MS = REBALANCE_TIMEOUT_MS / 2

/**
 * Topics as an input. It puts marks among the lines, each with the offsets that it ends at; once what is before a mark is
 * durable its offsets are committed for the group. With a state directory that is known from there, for it may be the
 * work of another tool down the pipe, and the run resumes at the oldest mark that all of them have acknowledged; without
 * one `acknowledge` tells.
 */
export class KafkaInput implements Input, OffsetsOfMarks {
  readonly name: string
  readonly #cluster: Cluster
  readonly #options: KafkaInputOptions
  readonly #group: Group | null
  readonly #places = new LinePlaces()
  readonly #lines = new ByteWriter()
  #numbers: MarkNumbers | null = null
  #partitions: readonly Partition[] = []
  /** The next offset of each partition that is read. */
  #positions = new Map<string, number>()
  /** Where each ended at the start, for `--stop-at now`. */
  #ends = new Map<string, number>()
  /** Requests on their way, one to a leader. */
  #requests = new Map<number, Promise<{ leader: number; fetched: readonly Fetched[] | Error }>>()
  #line = 1
  #dueAt = 0
  #lookAt = 0
  /** Marks whose offsets are not committed yet. */
  #open: Mark[] = []
  #acknowledged = 0
  #committing: Promise<void> = Promise.resolve()
  #stopped = false
  #isCommittedElsewhere = false
  /** The offsets of the last mark that was asked for. */
  #lastOffsets = ''

  constructor(cluster: Cluster, options: KafkaInputOptions) {
    this.name = cluster.name
    this.#cluster = cluster
    this.#options = options
    this.#group =
      options.group === undefined ? null : new Group(cluster, options.group, options.sessionTimeoutMs)
  }

  /** The group that reads; null when nothing is committed. */
  get groupId(): string | null {
    return this.#group?.id ?? null
  }

  locate(line: number): string | undefined {
    return this.#places.of(line)
  }

  stop(): void {
    this.#stopped = true
  }

  get #isStopped(): boolean {
    return this.#stopped || this.#options.stop.aborted
  }

  async *parts(): AsyncGenerator<Part, void, void> {
    try {
      yield* this.#read()
      // The receiver has ended, and acknowledged what it could.
      await this.#commitAcknowledged()
    } finally {
      await this.#group?.leave()
      await this.#cluster.close()
    }
  }

  async *#read(): AsyncGenerator<Part, void, void> {
    const { root, markEveryMs } = this.#options
    this.#numbers = await MarkNumbers.open(root)
    if (root !== null) {
      await this.#numbers.begin()
      const mark = this.#numbers.resume
      yield { kind: 'resume', mark, bytes: formatResume(mark) }
    }
    await this.#cluster.persist(() => this.#take())
    this.#dueAt = Date.now() + markEveryMs
    while (!this.#isStopped && !this.#isAtEnd) {
      if (await this.#mustMove()) {
        yield* this.#finish()
        await this.#cluster.persist(() => this.#take())
      }
      const fetched = await this.#next()
      if (fetched !== null) yield* this.#give(fetched)
      if (Date.now() >= this.#dueAt) {
        this.#dueAt = Date.now() + markEveryMs
        yield await this.#mark()
      }
    }
    yield await this.#mark()
    yield { kind: 'end' }
  }

  // --- partitions ---

  /** Takes this member's partitions. @throws TryAgain */
  async #take(): Promise<void> {
    const { subscription, from } = this.#options
    const topics = await subscription.topics(this.#cluster)
    this.#lookAt = Date.now() + LOOK_EVERY_MS
    const group = this.#group
    const partitions = group === null ? await partitionsOf(this.#cluster, topics) : await group.join(topics)
    // What is on its way was asked for by another share.
    this.#requests = new Map()
    const fresh = partitions.filter(partition => !this.#positions.has(partitionKey(partition)))
    const committed = group === null ? new Map() : await committedOffsets(this.#cluster, group.id, fresh)
    const positions = new Map<string, number>()
    const unknown: Partition[] = []
    for (const partition of partitions) {
      const key = partitionKey(partition)
      const known = [this.#positions.get(key), committed.get(key), this.#resumed(partition)]
      const position = Math.max(...known.map(offset => offset ?? -1))
      if (position >= 0) positions.set(key, position)
      else unknown.push(partition)
    }
    for (const [key, offset] of await this.#begin(unknown, from)) positions.set(key, offset)
    if (this.#options.stopAtNow) {
      const ends = await listOffsets(this.#cluster, fresh, LATEST)
      for (const [key, offset] of ends) if (!this.#ends.has(key)) this.#ends.set(key, offset)
    }
    this.#positions = positions
    this.#partitions = partitions
  }

  /** Where the mark that is resumed from left a partition. */
  #resumed({ topic, partition }: Partition): number | undefined {
    const offsets = this.#numbers?.resume.at?.kafka as Offsets | undefined
    return offsets?.[topic]?.[partition]
  }

  async #begin(partitions: readonly Partition[], from: number): Promise<Map<string, number>> {
    if (partitions.length === 0) return new Map()
    const offsets = await listOffsets(this.#cluster, partitions, from)
    const late = partitions.filter(partition => (offsets.get(partitionKey(partition)) ?? -1) < 0)
    // Nothing is that young.
    if (late.length > 0)
      for (const [key, end] of await listOffsets(this.#cluster, late, LATEST)) offsets.set(key, end)
    return offsets
  }

  /** Whether the partitions have to be divided anew. */
  async #mustMove(): Promise<boolean> {
    if (this.#group?.failure != null) throw this.#group.failure
    if (this.#group?.isMoving === true) return true
    if (Date.now() < this.#lookAt) return false
    this.#lookAt = Date.now() + LOOK_EVERY_MS
    this.#cluster.forget()
    try {
      const topics = await this.#options.subscription.topics(this.#cluster)
      const all = await partitionsOf(this.#cluster, topics)
      const count = all.length
      const isNew = this.#known !== undefined && this.#known !== count
      this.#known = count
      return isNew
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error
      return false
    }
  }
  #known: number | undefined

  /** Before the group divides its partitions anew, what was given is finished and committed, so that no other repeats it. */
  async *#finish(): AsyncGenerator<Part, void, void> {
    if (this.#group?.isLost === false) {
      const mark = await this.#mark()
      yield mark
      const deadline = Date.now() + FINISH_WITHIN_MS
      while (this.#acknowledged < mark.mark.n && Date.now() < deadline && !this.#isStopped) {
        await this.#commitAcknowledged()
        await sleep(POLL_MS)
      }
      await this.#committing
    }
    if (this.#group?.isLost !== true) return
    // Others go on from what was committed; so does this one.
    this.#positions.clear()
    this.#open = []
  }

  get #isAtEnd(): boolean {
    if (!this.#options.stopAtNow) return false
    return this.#partitions.every(partition => {
      const key = partitionKey(partition)
      return (this.#positions.get(key) ?? 0) >= (this.#ends.get(key) ?? 0)
    })
  }

  // --- records ---

  /** The next answer of some leader; null when there was none for a while. */
  async #next(): Promise<readonly Fetched[] | null> {
    try {
      await this.#request()
      if (this.#requests.size === 0) {
        await sleep(100)
        return null
      }
      const { leader, fetched } = await Promise.race(this.#requests.values())
      this.#requests.delete(leader)
      if (fetched instanceof Error) throw new TryAgain(reasonOf(fetched), { cause: fetched })
      return fetched
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error
      const failure = error
      this.#requests = new Map()
      let isFirst = true
      // Waits until the leaders answer again.
      await this.#cluster.persist(async () => {
        if (isFirst) {
          isFirst = false
          throw failure
        }
        for (const partition of this.#partitions) await leaderOf(this.#cluster, partition)
      })
      return null
    }
  }

  /** Asks all leaders that are not being asked. @throws TryAgain */
  async #request(): Promise<void> {
    const byLeader = new Map<number, Place[]>()
    for (const partition of this.#partitions) {
      const leader = await leaderOf(this.#cluster, partition)
      if (this.#requests.has(leader)) continue
      const place = { ...partition, offset: this.#positions.get(partitionKey(partition)) ?? 0 }
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), place])
    }
    for (const [leader, places] of byLeader) {
      const connection = await this.#cluster.connection(leader)
      const request = fetchRecords(connection, places).then(
        fetched => ({ leader, fetched }),
        (error: Error) => ({ leader, fetched: error })
      )
      this.#requests.set(leader, request)
    }
  }

  async *#give(fetched: readonly Fetched[]): AsyncGenerator<Part, void, void> {
    const lines = this.#lines
    lines.clear()
    const firstLine = this.#line
    for (const part of fetched) {
      const key = partitionKey(part)
      const position = this.#positions.get(key)
      if (position === undefined) continue
      if (part.code !== 0) {
        await this.#refused(part, position)
        continue
      }
      const next = recordLines(part, position, lines, offset => {
        this.#places.add(this.#line++, part.topic, part.partition, offset)
      })
      this.#positions.set(key, next)
    }
    // First in the answer is first in the request: those that had something wait for the others.
    const had = new Set(fetched.filter(({ records }) => (records?.length ?? 0) > 0).map(partitionKey))
    if (had.size > 0 && had.size < this.#partitions.length) {
      const [last, first] = [true, false].map(isLast =>
        this.#partitions.filter(partition => had.has(partitionKey(partition)) === isLast)
      )
      this.#partitions = [...(first ?? []), ...(last ?? [])]
    }
    if (lines.length === 0) return
    // The next answer is on its way while these lines are worked on.
    const bytes = Buffer.from(lines.written())
    await this.#request().catch(() => {})
    yield { kind: 'lines', bytes, firstLine }
  }

  /** A partition that cannot be read from where it was. */
  async #refused({ topic, partition, code, logStart }: Fetched, position: number): Promise<void> {
    const what = `${topic} partition ${partition}`
    if (code !== OFFSET_OUT_OF_RANGE) {
      this.#cluster.forget()
      this.#cluster.check(code, what)
      return
    }
    const ends = await this.#cluster.persist(() =>
      listOffsets(this.#cluster, [{ topic, partition }], EARLIEST)
    )
    const begin = Math.max(logStart, ends.get(partitionKey({ topic, partition })) ?? 0)
    this.#options.warn(`${what}: offset ${position} is not there any more; goes on at ${begin}`)
    this.#positions.set(partitionKey({ topic, partition }), begin)
  }

  // --- marks ---

  async #mark(): Promise<Extract<Part, { kind: 'mark' }>> {
    await this.#commitAcknowledged()
    const offsets: Record<string, Record<string, number>> = {}
    for (const { topic, partition } of this.#partitions) {
      const ofTopic = (offsets[topic] ??= {})
      ofTopic[partition] = this.#positions.get(partitionKey({ topic, partition })) ?? 0
    }
    if (this.#numbers === null) throw new Error('parts() opens the numbers')
    const mark = await this.#numbers.next({ kafka: offsets })
    this.#open.push(mark)
    return { kind: 'mark', mark, bytes: formatMark(mark) }
  }

  /** Everything up to the mark with this number is durable. With a state directory that is read from there. */
  async acknowledge(n: number): Promise<void> {
    if (this.#options.root === null) await this.#commit(n)
  }

  async #commitAcknowledged(): Promise<void> {
    const { root } = this.#options
    if (root === null) {
      await this.#committing
      return
    }
    const oldest = await oldestAcknowledged(root)
    if (oldest !== null) await this.#commit(oldest.n)
  }

  areCommittedElsewhere(): void {
    this.#isCommittedElsewhere = true
  }

  offsetsAt(mark: Mark): GroupOffsets | null {
    const group = this.#group
    const offsets = this.#ownOffsets(mark)
    const text = JSON.stringify(offsets)
    if (group === null || offsets.length === 0 || text === this.#lastOffsets) return null
    this.#lastOffsets = text
    const committed = offsets.map(({ offset, ...partition }) => ({
      ...partition,
      offset: BigInt(offset),
      note: ''
    }))
    return { group: group.id, ...group.member, offsets: committed }
  }

  giveUp(): void {
    this.#lastOffsets = ''
    if (this.#group === null) return
    this.#group.isLost = true
    this.#group.isMoving = true
  }

  #ownOffsets(mark: Mark): (Partition & { readonly offset: number })[] {
    const owned = new Set(this.#partitions.map(partitionKey))
    return Object.entries((mark.at?.kafka ?? {}) as Offsets)
      .flatMap(([topic, of]) =>
        Object.entries(of).map(([partition, offset]) => ({ topic, partition: Number(partition), offset }))
      )
      .filter(place => owned.has(partitionKey(place)))
  }

  #commit(n: number): Promise<void> {
    this.#committing = this.#committing.then(async () => {
      const mark = this.#open.findLast(mark => mark.n <= n)
      if (mark === undefined) return
      const group = this.#group
      const offsets = this.#ownOffsets(mark)
      if (group !== null && !this.#isCommittedElsewhere) {
        await this.#cluster.persist(() => group.commit(offsets))
      }
      this.#acknowledged = n
      this.#open = this.#open.filter(open => open.n > mark.n)
    })
    // Thrown where it is waited for; until then it must not count as unhandled.
    this.#committing.catch(() => {})
    return this.#committing
  }
}

const OFFSET_OUT_OF_RANGE = 1
