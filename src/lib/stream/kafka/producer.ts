import { ToolError } from '../../cli/index.ts'
import type { Cluster } from './cluster.ts'
import { errorName, reasonOf, TryAgain } from './errors.ts'
import { partitionKey } from './offsets.ts'
import { type Produced, produce } from './produce.ts'
import { type RecordBatch, release, stamp } from './record-batch.ts'
import { checkProduced } from './transaction-errors.ts'
import { type GroupOffsets, idempotentProducer, type ProducerId } from './transaction-requests.ts'
import type { Transactions } from './transactions.ts'
import type { Wire } from './wire.ts'

/** Of an open transaction, so much is kept to be sent again if the cluster aborts it for its age during an outage. */
const MOST_KEPT = 64 * 1024 * 1024
const LONGEST_SEQUENCE = 0x7fffffff
/** Of a partition: so many batches the broker knows again. */
const MOST_IN_FLIGHT = 5

/**
 * Writes batches, each exactly once and in order however often it has to be sent: under a producer id and a number that go
 * with it (idempotence, acks=all). With a transactional id, what is
 * written is visible to those who read committed records after `commit`.
 */
export class Producer {
  readonly #cluster: Cluster
  readonly #transactions: Transactions | null
  #producer: ProducerId | null = null
  /** The number of each partition's next record. */
  readonly #sequences = new Map<string, number>()
  /** Partitions of which the broker knows this producer. */
  readonly #known = new Set<string>()
  /** What has been written in the open transaction; null when that is too much to be kept. */
  #kept: RecordBatch[] | null = []
  #keptBytes = 0

  constructor(cluster: Cluster, transactions: Transactions | null) {
    this.#cluster = cluster
    this.#transactions = transactions
  }

  /** @throws ToolError SERVER, OUTPUT; MemberLost */
  async open(): Promise<void> {
    this.#producer = await this.#cluster.persist(
      () => this.#transactions?.begin() ?? idempotentProducer(this.#cluster)
    )
    this.#sequences.clear()
    this.#known.clear()
  }

  /** Writes batches, several for a partition in their order. @throws ToolError SERVER, OUTPUT; TransactionLost */
  async send(batches: readonly RecordBatch[]): Promise<void> {
    await this.#write(batches)
    if (this.#transactions === null || this.#kept === null) {
      for (const batch of batches) release(batch)
      return
    }
    this.#kept.push(...batches)
    for (const batch of batches) this.#keptBytes += batch.bytes.length
    if (this.#keptBytes > MOST_KEPT) this.#forget(null)
  }

  #forget(next: RecordBatch[] | null): void {
    for (const batch of this.#kept ?? []) release(batch)
    this.#kept = next
    this.#keptBytes = 0
  }

  async #write(batches: readonly RecordBatch[]): Promise<void> {
    await this.settle()
    const numbers = this.#number(batches)
    let left = [...batches]
    await this.#cluster.persist(async () => {
      while (left.length > 0) {
        const { done, failure } = await this.#flight(left, numbers)
        left = left.filter(batch => !done.has(batch))
        if (failure !== null) throw failure
      }
    })
  }

  /** Each batch keeps its number however often it is sent: by that the broker knows it again. */
  #number(batches: readonly RecordBatch[]): Map<RecordBatch, number> {
    return new Map(
      batches.map(batch => {
        const key = partitionKey(batch)
        const number = this.#sequences.get(key) ?? 0
        this.#sequences.set(key, (number + batch.records) % (LONGEST_SEQUENCE + 1))
        return [batch, number]
      })
    )
  }

  /** Sends what may be on its way at a time. @throws what concerns all of it */
  async #flight(
    batches: readonly RecordBatch[],
    numbers: ReadonlyMap<RecordBatch, number>
  ): Promise<{ done: Set<RecordBatch>; failure: unknown }> {
    const producer = this.#producer
    if (producer === null) throw new Error('open() comes first')
    const rounds = this.#rounds(batches)
    const all = rounds.flat()
    await this.#transactions?.add(rounds[0] as RecordBatch[])
    const wires = new Map<RecordBatch, Wire>()
    for (const batch of all) wires.set(batch, await this.#cluster.connection(await this.#leader(batch)))
    // From here to the last request nothing is waited for: the requests to a broker must keep their order.
    const requests = rounds.flatMap(round =>
      [...Map.groupBy(round, batch => wires.get(batch) as Wire)].map(([wire, ofWire]) => {
        for (const batch of ofWire) {
          stamp(batch, producer, numbers.get(batch) ?? 0, this.#transactions !== null)
        }
        return this.#request(wire, ofWire)
      })
    )
    const answers = new Map((await Promise.all(requests)).flatMap(answer => [...answer]))
    return this.#judge(all, answers)
  }

  /**
   * The first batches of all partitions, then the second, …: one of a partition to a request. Until the broker has taken
   * the first of this producer for a partition no other follows: it would take that for the first.
   */
  #rounds(batches: readonly RecordBatch[]): RecordBatch[][] {
    const rounds: RecordBatch[][] = []
    const counts = new Map<string, number>()
    for (const batch of batches) {
      const key = partitionKey(batch)
      const count = counts.get(key) ?? 0
      counts.set(key, count + 1)
      if (count >= (this.#known.has(key) ? MOST_IN_FLIGHT : 1)) continue
      const round = (rounds[count] ??= [])
      round.push(batch)
    }
    return rounds
  }

  /** A batch that has failed lets those behind it fail, too: the first of a partition tells why. */
  #judge(
    batches: readonly RecordBatch[],
    answers: ReadonlyMap<RecordBatch, Produced | Error>
  ): { done: Set<RecordBatch>; failure: unknown } {
    const done = new Set<RecordBatch>()
    const failed = new Set<string>()
    let failure: unknown = null
    for (const batch of batches) {
      const key = partitionKey(batch)
      const answer = answers.get(batch) ?? new Error(`${key}: no answer`)
      if (!(answer instanceof Error) && isWritten(answer)) {
        done.add(batch)
        this.#known.add(key)
        continue
      }
      if (failed.has(key)) continue
      failed.add(key)
      try {
        if (answer instanceof Error) throw new TryAgain(reasonOf(answer), { cause: answer })
        this.#refused(batch, answer.code, answer.message)
      } catch (error) {
        // What cannot be mended counts more than what can.
        if (failure === null || failure instanceof TryAgain) failure = error
      }
    }
    return { done, failure }
  }

  async #leader({ topic, partition }: RecordBatch): Promise<number> {
    const leader = (await this.#cluster.topic(topic))?.leaders[partition] ?? -1
    if (leader < 0) throw new TryAgain(`${topic} partition ${partition} has no leader`)
    return leader
  }

  async #request(wire: Wire, batches: readonly RecordBatch[]): Promise<Map<RecordBatch, Produced | Error>> {
    try {
      const produced = await produce(wire, this.#transactions?.id ?? null, batches)
      const byPartition = new Map(produced.map(answer => [partitionKey(answer), answer]))
      return new Map(
        batches.map(batch => {
          const key = partitionKey(batch)
          return [batch, byPartition.get(key) ?? new Error(`${key}: no answer`)]
        })
      )
    } catch (error) {
      return new Map(batches.map(batch => [batch, error as Error]))
    }
  }

  #refused(
    { topic, partition, records, bytes, compression }: RecordBatch,
    code: number,
    message: string | null
  ): void {
    const name = errorName(code)
    if (name === 'MESSAGE_TOO_LARGE' || name === 'RECORD_LIST_TOO_LARGE') {
      const what = records === 1 ? 'a record' : `a batch of ${records} records`
      throw new ToolError(
        'OUTPUT',
        `${this.#cluster.name}: topic ${topic}: ${what} of ${bytes.length} bytes is larger than its max.message.bytes`,
        {
          hint: `raise max.message.bytes of the topic (and message.max.bytes of the brokers)${
            compression === 'none' ? ', or give --compression zstd' : ''
          }`
        }
      )
    }
    checkProduced(this.#cluster, code, `${topic} partition ${partition}`, message)
  }

  get isOpen(): boolean {
    return this.#transactions?.isOpen ?? false
  }

  get isOld(): boolean {
    return this.#transactions?.isOld ?? false
  }

  /** @throws ToolError SERVER, TransactionLost, MemberLost */
  async commit(groups: readonly GroupOffsets[]): Promise<void> {
    const transactions = this.#transactions
    const hasOffsets = groups.some(({ offsets }) => offsets.length > 0)
    if (transactions === null || !(transactions.isOpen || hasOffsets)) return
    await this.#cluster.persist(() => transactions.commit(groups))
    this.#forget([])
    await this.settle()
  }

  /** Makes sure of the last commit, if a broker may have been started anew since. @throws ToolError SERVER, MemberLost */
  async settle(): Promise<void> {
    if (this.#transactions?.isDisturbed === true) await this.open()
  }

  /** Nothing more is written. */
  async close(): Promise<void> {
    try {
      await this.#transactions?.leave()
    } catch (error) {
      // A successor finds out by itself.
      if (!(error instanceof TryAgain)) throw error
    }
  }

  /** Gives up what has been written since the last commit. @throws ToolError SERVER, TransactionLost */
  async abort(): Promise<void> {
    const transactions = this.#transactions
    this.#forget([])
    if (transactions !== null) await this.#cluster.persist(() => transactions.abort())
  }

  /** Leaves out what has been written since the last commit: it was committed, or is not to be. */
  forgetWritten(): void {
    this.#forget([])
  }

  /**
   * Writes what the transaction before had once more, in a new one.
   * @returns false when it is not known any more
   */
  async writeAgain(): Promise<boolean> {
    if (this.#kept === null) return false
    await this.#write(this.#kept)
    return true
  }
}

function isWritten({ code }: Produced): boolean {
  return code === 0 || errorName(code) === 'DUPLICATE_SEQUENCE_NUMBER'
}
