import { ToolError } from '../../cli/index.ts'
import type { Cluster } from './cluster.ts'
import { errorName, reasonOf, TryAgain } from './errors.ts'
import { produce } from './produce.ts'
import { type RecordBatch, release, stamp } from './record-batch.ts'
import {
  checkProduced,
  type GroupOffsets,
  idempotentProducer,
  type ProducerId,
  type Transactions
} from './transactions.ts'

/** Of an open transaction, so much is kept to be sent again if the cluster aborts it for its age during an outage. */
const MOST_KEPT = 64 * 1024 * 1024
const LONGEST_SEQUENCE = 0x7fffffff

/**
 * Writes batches, each exactly once however often it has to be sent: to each partition one batch is on its way at a
 * time, under a producer id and a number that go with it (idempotence, acks=all). With a transactional id, what is
 * written is visible to those who read committed records after `commit`.
 */
export class Producer {
  readonly #cluster: Cluster
  readonly #transactions: Transactions | null
  #producer: ProducerId | null = null
  /** The number of each partition's next record. */
  readonly #sequences = new Map<string, number>()
  /** What has been written in the open transaction; null when that is too much to be kept. */
  #kept: RecordBatch[] | null = []
  #keptBytes = 0

  constructor(cluster: Cluster, transactions: Transactions | null) {
    this.#cluster = cluster
    this.#transactions = transactions
  }

  /** @throws ToolError SERVER */
  async open(): Promise<void> {
    this.#producer = await this.#cluster.persist(
      () => this.#transactions?.begin() ?? idempotentProducer(this.#cluster)
    )
    this.#sequences.clear()
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
    let left = [...batches]
    await this.#cluster.persist(async () => {
      while (left.length > 0) {
        // The first of each partition: the next goes when it is there.
        const first = new Map<string, RecordBatch>()
        for (const batch of left) {
          const key = partitionKey(batch)
          if (!first.has(key)) first.set(key, batch)
        }
        const written = await this.#round([...first.values()])
        left = left.filter(batch => !written.done.has(batch))
        if (written.failure !== null) throw written.failure
      }
    })
  }

  /** One request to each leader. */
  async #round(batches: readonly RecordBatch[]): Promise<{ done: Set<RecordBatch>; failure: unknown }> {
    const done = new Set<RecordBatch>()
    let failure: unknown = null
    try {
      await this.#transactions?.add(batches)
      const leaders = await Promise.all(batches.map(batch => this.#leader(batch)))
      const byLeader = Map.groupBy(
        batches.map((batch, i) => ({ batch, leader: leaders[i] as number })),
        ({ leader }) => leader
      )
      await Promise.all(
        [...byLeader].map(async ([leader, of]) => {
          try {
            await this.#request(
              leader,
              of.map(({ batch }) => batch),
              done
            )
          } catch (error) {
            // What cannot be mended counts more than what can.
            if (failure === null || failure instanceof TryAgain) failure = error
          }
        })
      )
    } catch (error) {
      failure = error
    }
    return { done, failure }
  }

  async #leader({ topic, partition }: RecordBatch): Promise<number> {
    const leader = (await this.#cluster.topic(topic))?.leaders[partition] ?? -1
    if (leader < 0) throw new TryAgain(`${topic} partition ${partition} has no leader`)
    return leader
  }

  async #request(leader: number, batches: readonly RecordBatch[], done: Set<RecordBatch>): Promise<void> {
    const producer = this.#producer
    if (producer === null) throw new Error('open() comes first')
    for (const batch of batches) {
      stamp(batch, producer, this.#sequences.get(partitionKey(batch)) ?? 0, this.#transactions !== null)
    }
    const connection = await this.#cluster.connection(leader)
    const produced = await produce(connection, this.#transactions?.id ?? null, batches).catch(error => {
      throw new TryAgain(reasonOf(error), { cause: error })
    })
    let failure: unknown = null
    for (const batch of batches) {
      const key = partitionKey(batch)
      const answer = produced.find(({ topic, partition }) => `${topic} ${partition}` === key)
      if (answer === undefined) throw new TryAgain(`${key}: no answer`)
      if (answer.code === 0 || errorName(answer.code) === 'DUPLICATE_SEQUENCE_NUMBER') {
        const sequence = this.#sequences.get(key) ?? 0
        this.#sequences.set(key, (sequence + batch.records) % (LONGEST_SEQUENCE + 1))
        done.add(batch)
        continue
      }
      try {
        await this.#refused(batch, answer.code, answer.message)
      } catch (error) {
        if (failure === null || failure instanceof TryAgain) failure = error
      }
    }
    if (failure !== null) throw failure
  }

  async #refused(
    { topic, partition, records, bytes, compression }: RecordBatch,
    code: number,
    message: string | null
  ): Promise<void> {
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
  }

  /** Gives up what has been written since the last commit. */
  async abort(): Promise<void> {
    const transactions = this.#transactions
    if (transactions === null) return
    await this.#cluster.persist(() => transactions.abort())
    this.#forget([])
  }

  /** Goes on behind what turned out to be committed. */
  async forgetWritten(): Promise<void> {
    await this.open()
    this.#forget([])
  }

  /**
   * Writes what the open transaction had once more, in a new one.
   * @returns false when it is not known any more
   */
  async writeAgain(): Promise<boolean> {
    if (this.#kept === null) return false
    await this.open()
    await this.#write(this.#kept)
    return true
  }
}

function partitionKey({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic} ${partition}`
}
