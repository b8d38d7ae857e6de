import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { ToolError } from '../../cli/index.ts'
import type { Mark } from '../control.ts'
import { readJsonIfExists, replaceFile } from '../files.ts'
import type { Output } from '../ports.ts'
import type { StateDirectory } from '../state.ts'
import type { TakePartitions } from './assignment.ts'
import type { Cluster } from './cluster.ts'
import { FieldHeaders } from './field-headers.ts'
import { MemberProducers } from './member-producers.ts'
import { committedOffsets, type Partition, partitionKey } from './offsets.ts'
import { Producer } from './producer.ts'
import { type Compression, NO_HEADERS, type RecordBatch, release } from './record-batch.ts'
import { LineRouter, type RouterOptions } from './router.ts'
import { SharedState } from './shared-state.ts'
import { TopicWriter } from './topic-writer.ts'
import { ensureTopic, largestBatch, type NewTopics } from './topics.ts'
import { BeginAgain, MemberLost, TransactionLost } from './transaction-errors.ts'
import type { GroupOffsets } from './transaction-requests.ts'
import { Transactions } from './transactions.ts'

export interface KafkaOutputOptions extends RouterOptions, NewTopics {
  readonly compression: Compression
  /** Fields of the lines that records have as headers, too. */
  readonly headers: readonly string[]
  /** Where the transactions are not those of a group. */
  readonly transactionalId: string
  /** It was given: the transactions of a group have it, too. */
  readonly isTransactionalIdGiven: boolean
  readonly transactionTimeoutMs: number
  readonly stop: AbortSignal
  readonly warn: (message: string) => void
}

/** So much may wait while other is on its way; then the writer waits, too. */
const MOST_WAITING = 4 * 1024 * 1024
/** Below a tool's state: a `Commit` as JSON. */
const COMMIT = 'kafka-commit.json'

/** An input whose offsets are committed with the output. */
export interface OffsetsOfMarks {
  readonly groupId: string | null
  areCommittedElsewhere(): void
  /** Has all calls that take partitions go through this. */
  whenJoined(take: TakePartitions): void
  /** Where a mark ends, for the partitions that are still this member's; null when nothing has changed, unless always. */
  offsetsAt(mark: Mark, isAlways?: boolean): GroupOffsets | null
  /** The same for the mark that was asked for last, with what is noted now. */
  offsetsAtLast(): GroupOffsets | null
  /** The partitions are another member's: reading goes on from what is committed. */
  giveUp(): void
}

/** The mark that is being committed, and how the transaction tells that it was. */
interface Commit {
  readonly mark: Mark
  /** Where its offset stands, and what is noted there. */
  readonly place: { readonly topic: string; readonly partition: number }
  readonly note: string
}

/**
 * Topics as an output. What is written while a request is on its way goes with the next one.
 *
 * With `transactional` the records up to a mark become visible together, to those who read committed ones: the mark is
 * noted in the state directory under a random name, which is committed in the transaction with an offset of a consumer
 * group that is called as the transactional id, and then acknowledged. So a successor knows whether it was committed,
 * whenever the process ends, and takes up exactly behind the last record that is visible.
 */
export class KafkaOutput implements Output {
  readonly name: string
  readonly takesMarks = false
  readonly keepsTablesApart = true
  readonly #cluster: Cluster
  readonly #options: KafkaOutputOptions
  readonly #router: LineRouter
  readonly #headers: FieldHeaders | null
  readonly #topics = new Map<string, TopicWriter>()
  #producer: Producer
  #members: MemberProducers | null = null
  #state: StateDirectory | null = null
  #input: OffsetsOfMarks | null = null
  #shared: SharedState | null = null
  #place: Commit['place'] | null = null
  #waiting = 0
  /** Until nothing waits. */
  #sending: Promise<void> | null = null
  /** Until what is on its way has arrived. */
  #round: Promise<void> = Promise.resolve()
  #failure: unknown = null
  #isOpen = false
  #isInParts = false
  /** The partitions that are read are others' by now: nothing is written until they are divided anew. */
  #isGivenUp = false
  #missing = ''

  constructor(cluster: Cluster, options: KafkaOutputOptions) {
    this.name = cluster.name
    this.#cluster = cluster
    this.#options = options
    this.#router = new LineRouter(options)
    this.#headers = options.headers.length === 0 ? null : new FieldHeaders(options.headers)
    this.#producer = new Producer(cluster, null)
  }

  /**
   * From now on writes are made in transactions that marks end. A mark that was committed counts as acknowledged, though
   * the tool ended before it could write so.
   * @param state the tool's own, where it has registered
   */
  async transactional(state: StateDirectory): Promise<void> {
    this.#state = state
    const { transactionalId: id, transactionTimeoutMs: timeoutMs } = this.#options
    const places = (): Promise<readonly Partition[]> => this.#places()
    const transactions = { id, timeoutMs, group: id, isOfPartition: false, places }
    this.#producer = new Producer(this.#cluster, new Transactions(this.#cluster, transactions))
    await this.#open()
    const last = (await readJsonIfExists(join(state.path, COMMIT))) as Commit | null
    if (last === null || last.mark.n <= (state.acknowledged?.mark?.n ?? 0)) return
    if (await this.#isCommitted(last)) await state.acknowledge(last.mark)
  }

  /** The same for a tool without state: what marks stand for is committed with them, the offsets of its input. */
  transactionalWith(input: OffsetsOfMarks): void {
    const { transactionalId, isTransactionalIdGiven, transactionTimeoutMs } = this.#options
    this.#input = input
    input.areCommittedElsewhere()
    this.#members = new MemberProducers(this.#cluster, {
      group: input.groupId ?? '',
      id: isTransactionalIdGiven ? transactionalId : null,
      timeoutMs: transactionTimeoutMs,
      places: () => this.#places()
    })
    input.whenJoined(partitions => this.#take(partitions))
    this.#isOpen = true
  }

  async #take(partitions: readonly Partition[]): Promise<Partition | null> {
    this.#producer = (await this.#members?.take(partitions)) ?? this.#producer
    this.#isGivenUp = false
    return this.#members?.anchor ?? null
  }

  /** The partitions of the topics that are written to, of those that exist. */
  async #places(): Promise<readonly Partition[]> {
    const { topic } = this.#options
    const fixed = topic.render([])
    const names = [
      ...('text' in fixed ? [fixed.text] : []),
      ...(this.#shared === null ? [] : [this.#shared.topic]),
      ...this.#topics.keys()
    ]
    const topics = await Promise.all([...new Set(names)].map(name => this.#cluster.topic(name)))
    return topics.flatMap(
      topic => topic?.leaders.map((_, partition) => ({ topic: topic.name, partition })) ?? []
    )
  }

  /** Keeps the states of the input's partitions in a topic, committed together with the offsets. */
  shareStates(topic: string): SharedState {
    this.#shared = new SharedState(this.#cluster, topic, this.#options.compression, this.#options.stop)
    return this.#shared
  }

  async #open(): Promise<void> {
    if (this.#isOpen) return
    await this.#producer.open()
    this.#isOpen = true
  }

  /** Connects, and makes a topic that is not there, before the first line comes. @throws ToolError SERVER, DATA */
  async prepare(topic: string): Promise<void> {
    await this.#open()
    await this.#openTopic(topic)
  }

  async write(block: Buffer): Promise<void> {
    await this.#open()
    const now = Date.now()
    for (let at = 0; at < block.length; ) {
      at = this.#router.route(block, at, (topic, key, value, start, end, tombstone) => {
        const writer = this.#topics.get(topic)
        if (writer === undefined) {
          this.#missing = topic
          return false
        }
        const headers = this.#headers?.of(value, start, end) ?? NO_HEADERS
        this.#waiting += writer.add(key, value, start, end, headers, now)
        if (tombstone) this.#waiting += writer.add(key, null, 0, 0, headers, now)
        return true
      })
      if (at < block.length) await this.#openTopic(this.#missing)
    }
    if (this.#sending === null) this.#send()
    else if (this.#waiting > MOST_WAITING) await this.#round
    if (this.#failure !== null) throw this.#failure
  }

  async #openTopic(name: string): Promise<void> {
    const topic = await ensureTopic(this.#cluster, name, this.#options)
    const limit = await largestBatch(this.#cluster, name)
    this.#topics.set(name, new TopicWriter(name, topic.leaders.length, limit, this.#options.compression))
  }

  /** Sends what waits, and what comes meanwhile after it, until nothing is left. */
  #send(): void {
    this.#sending = this.#sendAll().then(
      () => {
        this.#sending = null
      },
      error => {
        this.#failure = error
        this.#sending = null
      }
    )
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting > 0) {
      this.#waiting = 0
      const batches = [...this.#topics.values()].flatMap(writer => writer.take())
      this.#round = this.#sendBatches(batches)
      await this.#round
      if (this.#producer.isOld) await this.#commitPart()
    }
  }

  async #sendBatches(batches: readonly RecordBatch[]): Promise<void> {
    const [first] = batches
    if (first === undefined) return
    this.#place = { topic: first.topic, partition: first.partition }
    await this.#asMember(async () => {
      for (;;) {
        try {
          await this.#producer.send(batches)
          return
        } catch (error) {
          await this.#recover(error)
        }
      }
    })
    if (this.#isGivenUp) for (const batch of batches) release(batch)
  }

  /** Does nothing from where the partitions turn out to be others' until they are divided anew. */
  async #asMember(work: () => Promise<void>): Promise<void> {
    if (this.#isGivenUp) return
    try {
      await work()
    } catch (error) {
      if (!(error instanceof MemberLost) || this.#input === null) throw error
      this.#isGivenUp = true
      this.#members?.lose()
      await this.#producer.abort().catch(error => {
        if (!(error instanceof TransactionLost)) throw error
      })
      this.#input.giveUp()
    }
  }

  /** An outage that was longer than a transaction may be has ended it: what it had is written again. */
  async #recover(error: unknown, offsets: GroupOffsets | null = null): Promise<void> {
    if (!(error instanceof TransactionLost)) throw error
    if (this.#state === null && this.#input === null) {
      const what = `the brokers do not know this producer any more: ${error.message}`
      throw new ToolError('SERVER', `${this.name}: ${what}`, { cause: error })
    }
    await this.#producer.open()
    const isAborted = !(error instanceof BeginAgain)
    // The answer to a commit may have been what was lost.
    if (offsets !== null && (await this.#areCommitted(offsets))) this.#producer.forgetWritten()
    else if (await this.#producer.writeAgain()) {
      if (isAborted)
        this.#options.warn(
          `${this.name}: ${error.message}: the transaction was aborted, and is written again`
        )
    } else
      throw new ToolError('SERVER', `${this.name}: ${error.message}: the transaction was aborted`, {
        hint: 'start again: nothing is lost, the run goes on behind the last mark',
        cause: error
      })
  }

  /** A transaction of the source that takes longer than one of Kafka's may. */
  async #commitPart(): Promise<void> {
    if (!this.#isInParts) {
      this.#isInParts = true
      const seconds = this.#options.transactionTimeoutMs / 1000
      this.#options.warn(
        `${this.name}: no mark within the transaction time-out of ${seconds} s, so records are committed before it comes; ` +
          'a run that is killed until then writes them twice (a longer transaction-timeout in the URL of --out avoids it)'
      )
    }
    await this.#commit()
  }

  /** With a mark of the state directory, with offsets of the input, or a part of a transaction. */
  async #commit(offsets: GroupOffsets | null = this.#noted(null)): Promise<void> {
    await this.#asMember(async () => {
      for (;;) {
        try {
          await this.#producer.commit(offsets === null ? [] : [offsets])
          return
        } catch (error) {
          await this.#recover(error, offsets)
        }
      }
    })
  }

  /**
   * What tells whether a commit was done whose answer is lost: a note, with the offset of a group of our own.
   * @param commit null for a part, which is noted, too, but not kept: nobody asks about it later
   */
  #noted(commit: Commit | null): GroupOffsets | null {
    const place = commit?.place ?? this.#place
    if (this.#state === null || place === null) return null
    const n = commit?.mark.n ?? this.#state.acknowledged?.mark?.n ?? 0
    const offsets = [{ ...place, offset: BigInt(n), note: commit?.note ?? randomUUID() }]
    return { group: this.#options.transactionalId, generation: -1, member: '', offsets }
  }

  #isCommitted({ place, note }: Commit): Promise<boolean> {
    return this.#isNoted(this.#options.transactionalId, place, note)
  }

  /** All offsets of a transaction are committed, or none. */
  async #areCommitted({ group, offsets }: GroupOffsets): Promise<boolean> {
    const [first] = offsets
    if (first === undefined) return false
    return this.#isNoted(group, first, first.note)
  }

  async #isNoted(group: string, place: Partition, note: string): Promise<boolean> {
    const found = await this.#cluster.persist(() => committedOffsets(this.#cluster, group, [place]))
    return found.get(partitionKey(place))?.note === note
  }

  async #drain(): Promise<void> {
    while (this.#failure === null && (this.#sending !== null || this.#waiting > 0)) {
      if (this.#sending === null) this.#send()
      await this.#sending
    }
    if (this.#failure !== null) throw this.#failure
  }

  async sync(mark?: Mark): Promise<null> {
    await this.#drain()
    // What was committed is to be seen, though nothing follows.
    await this.#asMember(() => this.#producer.settle())
    if (mark !== undefined && this.#state !== null && this.#place !== null && this.#producer.isOpen) {
      // Should the process end between commit and acknowledgement, the mark is found here.
      const commit: Commit = { mark, place: this.#place, note: randomUUID() }
      await replaceFile(join(this.#state.path, COMMIT), JSON.stringify(commit))
      await this.#commit(this.#noted(commit))
    }
    if (mark !== undefined && this.#input !== null) {
      // A part of a transaction is committed without them.
      await this.#sendBatches(this.#shared?.take() ?? [])
      // Also when they are the same: only with offsets does the group shut out who is no member any more.
      const offsets = this.#input.offsetsAt(mark, this.#producer.isOpen)
      if (offsets !== null || this.#producer.isOpen) await this.#commit(named(offsets))
    }
    return null
  }

  async finish(): Promise<void> {
    await this.#drain()
    const offsets = this.#input?.offsetsAtLast() ?? null
    if (offsets !== null) await this.#commit(named(offsets))
    else if (this.#producer.isOpen) await this.#commit()
  }

  /** What no mark has followed stays uncommitted: it comes again. */
  async close(): Promise<void> {
    await this.#drain()
    await this.#producer.close()
    await this.#cluster.close()
  }
}

/** The same with a name of its own noted with the first: by that it is known whether a commit was done whose answer is lost. */
function named(offsets: GroupOffsets | null): GroupOffsets | null {
  const [first, ...others] = offsets?.offsets ?? []
  if (offsets === null || first === undefined) return offsets
  const note = JSON.stringify({ ...(first.note === '' ? {} : JSON.parse(first.note)), commit: randomUUID() })
  return { ...offsets, offsets: [{ ...first, note }, ...others] }
}
