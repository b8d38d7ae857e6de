import { once } from 'node:events'
import { ByteWriter } from '../bytes.ts'
import { formatMark, formatResume, type Mark } from '../control.ts'
import { MarkNumbers } from '../mark-numbers.ts'
import { Memory } from '../memory.ts'
import type { Input, Part } from '../ports.ts'
import { Assignment, type AssignmentOptions, type TakePartitions } from './assignment.ts'
import { ChosenGroup, type GroupOptions } from './chosen-group.ts'
import type { Cluster } from './cluster.ts'
import type { Fetched } from './fetch.ts'
import { Fetcher } from './fetcher.ts'
import { REBALANCE_TIMEOUT_MS } from './group.ts'
import { LinePlaces } from './line-places.ts'
import { MarkCommits } from './mark-commits.ts'
import { type Offsets, partitionKey } from './offsets.ts'
import type { OffsetsOfMarks } from './output.ts'
import { type Apart, PartitionsApart } from './partitions-apart.ts'
import { recordLines } from './record-lines.ts'
import type { GroupOffsets } from './transaction-requests.ts'

export interface KafkaInputOptions extends AssignmentOptions {
  /** Undefined: all partitions are read, and nothing is committed. */
  readonly group: GroupOptions | undefined
  readonly markEveryMs: number
  /** As of `InputOptions`. */
  readonly holdsMemory: boolean
  /** The pipeline's state directory, if there is one. */
  readonly root: string | null
  readonly stop: AbortSignal
  readonly warn: (message: string) => void
}

/** Bytes of lines for which a receiver would hold too much memory. */
const FEW = 256 * 1024
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
  readonly #group: ChosenGroup | null
  readonly #assignment: Assignment
  readonly #fetcher: Fetcher
  readonly #commits: MarkCommits
  readonly #places = new LinePlaces()
  /** Where lines are written that come; empty while they are being worked on. */
  readonly #writers: ByteWriter[] = []
  #apart: PartitionsApart | null = null
  #numbers: MarkNumbers | null = null
  #line = 1
  #dueAt = 0
  #stopped = false
  /** The mark that has to be acknowledged before partitions go. */
  #finishing: { readonly n: number; readonly deadline: number } | null = null

  constructor(cluster: Cluster, options: KafkaInputOptions) {
    const { group, root, warn } = options
    this.name = cluster.name
    this.#cluster = cluster
    this.#options = options
    this.#group = group === undefined ? null : new ChosenGroup(cluster, group)
    this.#assignment = new Assignment(cluster, this.#group, options)
    this.#fetcher = new Fetcher(cluster, this.#assignment, warn)
    this.#commits = new MarkCommits(cluster, this.#group, this.#assignment, root)
  }

  /** How many partitions the topics have, at most. @throws ToolError SERVER */
  partitionCount(): Promise<number> {
    return this.#cluster.persist(async () => {
      const topics = await this.#options.subscription.topics(this.#cluster)
      const found = await Promise.all(topics.map(topic => this.#cluster.topic(topic)))
      return Math.max(1, ...found.map(topic => topic?.leaders.length ?? 0))
    })
  }

  /** From now on partitions are given apart, behind a part that tells which ones are read. */
  setApart(apart: Apart): void {
    const partitions = new PartitionsApart(this.#cluster, this.#assignment, apart, this.#options.warn)
    this.#apart = partitions
    this.#group?.keepTogether()
    this.#commits.withNotes(partition => partitions.note(partition))
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

  get #isLost(): boolean {
    return this.#group?.isLost ?? false
  }

  async *parts(): AsyncGenerator<Part, void, void> {
    try {
      yield* this.#read()
      // The receiver has ended, and acknowledged what it could.
      await this.#commits.settle()
      if (this.#isLost) this.#tellOfRepeated(this.#assignment.lose())
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
    let isTaken = yield* this.#take()
    this.#dueAt = Date.now() + markEveryMs
    while (isTaken && !this.#isStopped && !(await this.#assignment.isDone())) {
      if (await this.#assignment.mustMove()) {
        isTaken = yield* this.#move()
        // What came now could not be committed.
        if (this.#isLost) continue
      }
      const fetched = await this.#fetcher.next()
      if (fetched !== null) yield* this.#give(fetched)
      // No mark comes after the one that partitions go with: it would commit their offsets again, perhaps too late.
      if (Date.now() >= this.#dueAt && this.#finishing === null) {
        this.#dueAt = Date.now() + markEveryMs
        yield await this.#mark()
      }
    }
    if (!isTaken) this.#tellOfRepeated(this.#assignment.release())
    if (isTaken || this.#assignment.partitions.length > 0) yield await this.#mark()
    yield { kind: 'end' }
  }

  /**
   * Here partitions come, and those that were held are gone.
   * @returns false when the tool is to stop: that may be sooner than the group has divided its partitions
   */
  async *#take(): AsyncGenerator<Part, boolean, void> {
    this.#finishing = null
    const resumed = (this.#numbers?.resume.at?.kafka ?? {}) as Offsets
    const { stop } = this.#options
    const stopping = new AbortController()
    const taking = this.#cluster.persist(() => this.#assignment.take(resumed)).finally(() => stopping.abort())
    const stopped = once(stop, 'abort', { signal: stopping.signal }).then(
      () => null,
      () => taking
    )
    // What is left behind may fail when the connections are closed.
    stopped.catch(() => {})
    const taken = stop.aborted ? null : await Promise.race([taking, stopped])
    if (taken === null) return false
    if (taken === 'lost') return yield* this.#move()
    this.#tellOfRepeated(taken())
    this.#fetcher.restart()
    if (this.#apart !== null) yield await this.#apart.change()
    // Their states may not have been read.
    if (this.#apart !== null && stop.aborted) this.#assignment.leaveFresh()
    return true
  }

  /**
   * A step of a rebalance. Partitions that go are finished and committed first, so that no other member repeats what this
   * one has given; meanwhile the others are read on.
   * @returns as `#take`
   */
  async *#move(): AsyncGenerator<Part, boolean, void> {
    if (this.#isLost) {
      // In the output lies what others read again: it is to be refused.
      if (this.#commits.areElsewhere) yield await this.#mark()
      this.#tellOfRepeated(this.#assignment.lose())
      this.#commits.drop()
      return yield* this.#take()
    }
    if (this.#assignment.hold()) {
      const mark = await this.#mark()
      this.#finishing = { n: mark.mark.n, deadline: Date.now() + FINISH_WITHIN_MS }
      if (this.#assignment.reading.length === 0) this.#fetcher.restart()
      yield mark
    }
    await this.#commits.settle()
    const { n, deadline } = this.#finishing ?? { n: 0, deadline: 0 }
    const isFinished = this.#commits.acknowledged >= n
    const isLate = this.#group?.isWaitedFor === true && Date.now() >= deadline
    return (isFinished || isLate) && !this.#isLost ? yield* this.#take() : true
  }

  /** @param count of records whose rows are in the output, unless that is refused with their offsets */
  #tellOfRepeated(count: number): void {
    if (count === 0 || this.#commits.areElsewhere) return
    const records = count === 1 ? 'a record is' : `up to ${count} records are`
    this.#options.warn(
      `${this.name}: group ${this.groupId} gave partitions of this member to others before their offsets were committed: ${records} read again, and what came of them is repeated`
    )
  }

  async *#give(fetched: readonly Fetched[]): AsyncGenerator<Part, void, void> {
    const lines = this.#writers.pop() ?? new ByteWriter()
    lines.clear()
    let firstLine = this.#line
    for (const part of fetched) {
      const position = this.#assignment.position(part)
      if (position === undefined) continue
      if (part.code !== 0) {
        await this.#fetcher.refused(part, position)
        continue
      }
      const next = recordLines(part, position, lines, offset => {
        this.#places.add(this.#line++, part.topic, part.partition, offset)
      })
      this.#assignment.advance(part, next)
      if (this.#apart === null || lines.length === 0) continue
      this.#apart.add(part, position, lines.written(), firstLine)
      firstLine = this.#line
      lines.clear()
    }
    const had = fetched.filter(({ records }) => (records?.length ?? 0) > 0)
    this.#assignment.served(new Set(had.map(partitionKey)))
    for (const { memory } of fetched) memory.release()
    const blocks = this.#apart?.take() ?? []
    // The next answer is on its way while these lines are worked on.
    if (lines.length > 0 || blocks.length > 0) await this.#fetcher.ahead()
    yield* blocks
    yield* this.#lines(lines, firstLine)
  }

  *#lines(writer: ByteWriter, firstLine: number): Generator<Part, void, void> {
    const memory = new Memory(() => this.#writers.push(writer))
    const lines = writer.written()
    if (lines.length > FEW && this.#options.holdsMemory) {
      yield { kind: 'lines', bytes: lines, firstLine, memory }
      memory.release()
      return
    }
    const bytes = Buffer.from(lines)
    memory.release()
    if (bytes.length > 0) yield { kind: 'lines', bytes, firstLine }
  }

  async #mark(): Promise<Extract<Part, { kind: 'mark' }>> {
    await this.#commits.settle()
    if (this.#numbers === null) throw new Error('parts() opens the numbers')
    const mark = await this.#numbers.next({ kafka: this.#assignment.offsets() })
    this.#commits.add(mark)
    return { kind: 'mark', mark, bytes: formatMark(mark) }
  }

  acknowledge(n: number): Promise<void> {
    return this.#commits.acknowledge(n)
  }

  whenJoined(take: TakePartitions): void {
    this.#assignment.whenJoined(take)
  }

  areCommittedElsewhere(): void {
    this.#commits.setElsewhere()
  }

  offsetsAt(mark: Mark, isAlways = false): GroupOffsets | null {
    return this.#commits.offsetsAt(mark, isAlways)
  }

  offsetsAtLast(): GroupOffsets | null {
    return this.#commits.offsetsAtLast()
  }

  giveUp(): void {
    this.#commits.giveUp()
  }
}
