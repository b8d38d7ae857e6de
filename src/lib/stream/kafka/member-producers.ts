import type { Cluster } from './cluster.ts'
import { type Partition, partitionKey } from './offsets.ts'
import { Producer } from './producer.ts'
import { outcomeOf, transactionStates } from './transaction-states.ts'
import { Transactions } from './transactions.ts'

export interface MemberProducersOptions {
  readonly group: string
  /** A transactional id of this member's own, which it has whatever its partitions are; null: that of a partition. */
  readonly id: string | null
  readonly timeoutMs: number
  /** The partitions that members may have written to, as far as they are known. */
  readonly places: () => Promise<readonly Partition[]>
}

/**
 * The producer of a member of a group. It writes under the transactional id of one of its partitions, so that what it
 * leaves open when it dies is ended by whoever has that partition next, at once; and ids do not become more with every
 * start.
 */
export class MemberProducers {
  readonly #cluster: Cluster
  readonly #options: MemberProducersOptions
  #producer: Producer | null = null
  /** The partition whose id is used: another member may take it as soon as it has the partition. */
  #anchor: Partition | null = null
  #isOpen = false
  /** Partitions in which nothing of others is open. */
  #own = new Set<string>()

  constructor(cluster: Cluster, options: MemberProducersOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** The partition that must not go while a transaction is open. */
  get anchor(): Partition | null {
    return this.#anchor
  }

  /**
   * Takes partitions, before their offsets are read: what others have left open there is ended.
   * @returns the producer to write with; null when there is nothing to write
   * @throws ToolError SERVER, OUTPUT; Error when a transaction is open under the id of a partition that has gone
   */
  async take(partitions: readonly Partition[]): Promise<Producer | null> {
    const { id } = this.#options
    const keys = new Set(partitions.map(partitionKey))
    if (id === null && (this.#anchor === null || !keys.has(partitionKey(this.#anchor)))) {
      if (this.#producer?.isOpen === true) throw new Error(`a transaction of ${this.#anchor?.topic} is open`)
      this.#anchor = partitions.toSorted(byPlace)[0] ?? null
      this.#producer = null
    }
    const settled = new Set([...this.#own, ...(this.#anchor === null ? [] : [partitionKey(this.#anchor)])])
    const others = partitions.filter(place => !settled.has(partitionKey(place)))
    if (id === null) await this.#endLeft(others.map(place => this.#idOf(place)))
    await this.#open(id ?? (this.#anchor === null ? null : this.#idOf(this.#anchor)))
    this.#own = keys
    return this.#producer
  }

  async #open(id: string | null): Promise<void> {
    if (id === null || (this.#producer !== null && this.#isOpen)) return
    this.#producer ??= new Producer(this.#cluster, this.#transactions(id))
    await this.#producer.open()
    this.#isOpen = true
  }

  /** The partitions are others' by now, and with them the id. */
  lose(): void {
    this.#own.clear()
    this.#isOpen = false
    if (this.#options.id !== null) return
    this.#anchor = null
    this.#producer = null
  }

  #idOf({ topic, partition }: Partition): string {
    return `millrace.${this.#options.group}.${topic}-${partition}`
  }

  #transactions(id: string): Transactions {
    const { group, timeoutMs, places } = this.#options
    return new Transactions(this.#cluster, {
      id,
      timeoutMs,
      group,
      isOfPartition: this.#options.id === null,
      places
    })
  }

  /** Ends what members have left open that are dead: partitions of theirs may be read by others than that of the id. */
  async #endLeft(ids: readonly string[]): Promise<void> {
    const states = await this.#cluster.persist(() => transactionStates(this.#cluster, ids))
    const left = [...states].filter(([, state]) => outcomeOf(state) !== null)
    await Promise.all(
      left.map(async ([id]) => {
        const transactions = this.#transactions(id)
        await this.#cluster.persist(() => transactions.begin())
      })
    )
  }
}

function byPlace(a: Partition, b: Partition): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
}
