import { ToolError } from '../../cli/index.ts'
import type { Cluster } from './cluster.ts'
import { errorName, TryAgain } from './errors.ts'
import { type Partition, partitionKey } from './offsets.ts'
import { BeginAgain, MemberLost, SHUT_OUT, TransactionLost } from './transaction-errors.ts'
import { type GroupOffsets, type ProducerId, TransactionRequests } from './transaction-requests.ts'
import { type Outcome, outcomeOf, timeoutOf, transactionStates } from './transaction-states.ts'

export interface TransactionOptions {
  readonly id: string
  readonly timeoutMs: number
  /** Whose offsets are committed with them. */
  readonly group: string
  /** The id is that of a partition of the group: who shuts this producer out has the partition now. */
  readonly isOfPartition: boolean
  /** The partitions that a producer of the id may have written to, as far as they are known. */
  readonly places: () => Promise<readonly Partition[]>
}

/** No count of disturbances. */
const NEVER = -1

interface Left {
  readonly outcome: Outcome
  readonly partitions: readonly Partition[]
}

interface Ended extends Left {
  /** The cluster's count by which it is known whether a broker may have been started anew since. */
  readonly disturbances: number
}

/**
 * The transactions of one id, one after the other. Each method is tried by the caller until it succeeds.
 *
 * A broker that ends a transaction while it starts may not know the topics yet, takes them for deleted and passes them
 * over. Those who read committed records would wait for its end for ever, and what it left would count as a part of the
 * next transaction. So where a broker may have been started anew, the last transaction is ended once more, by its own
 * outcome, in an empty one.
 */
export class Transactions {
  readonly id: string
  readonly #cluster: Cluster
  readonly #options: TransactionOptions
  readonly #requests: TransactionRequests
  #producer: ProducerId | null = null
  readonly #partitions = new Set<string>()
  #hasOffsets = false
  #openedAt = 0
  /** Nothing has been written in it yet. */
  #isOpening = false
  /** It has partitions in which what was left under the id may not have ended. */
  #isInherited = false
  /** An end has been asked for, and the answer is not known. */
  #isEnding = false
  /** The transaction before. */
  #last: Ended | null = null
  /** How what was left under the id has ended, and the partitions where it has. */
  #inherited: Outcome | null = null
  readonly #settled = new Set<string>()
  /** What is being ended once more. */
  #ending: Left | null = null
  #step: 'begun' | 'taken' | 'ended' = 'begun'
  #isEndingOpen = false

  constructor(cluster: Cluster, options: TransactionOptions) {
    this.#cluster = cluster
    this.id = options.id
    this.#options = options
    this.#requests = new TransactionRequests(cluster, options.id)
  }

  /** Whether something has been sent since the last commit. */
  get isOpen(): boolean {
    return this.#partitions.size > 0 || this.#hasOffsets
  }

  /** Those that the open transaction has. */
  get #open(): readonly Partition[] {
    return [...this.#partitions].map(placeOf)
  }

  /** Whether the cluster will soon abort it for its age. */
  get isOld(): boolean {
    return this.isOpen && Date.now() - this.#openedAt > (this.#options.timeoutMs * 2) / 3
  }

  get producer(): ProducerId {
    if (this.#producer === null) throw new Error('begin() comes first')
    return this.#producer
  }

  /**
   * Takes the id: what another producer has left open under it is aborted, and that one is shut out. Again, it takes
   * the next epoch, if nobody else has taken the id meanwhile.
   *
   * Source: https://cwiki.apache.org/confluence/display/KAFKA/KIP-360
   * @throws TryAgain; ToolError OUTPUT when somebody has, MemberLost when the id is that of a partition
   */
  async begin(): Promise<ProducerId> {
    if (this.#step === 'begun') this.#ending ??= await this.#left()
    const { disturbances } = this.#cluster
    if (this.#ending !== null && this.#step !== 'ended') await this.#endOnceMore(this.#ending)
    this.#step = 'ended'
    await this.#take(null)
    this.#last = { outcome: 'commit', partitions: [], disturbances }
    this.#ending = null
    this.#step = 'begun'
    return this.producer
  }

  async #endOnceMore({ outcome, partitions }: Left): Promise<void> {
    try {
      // Taking the id aborts what is open: what is to be committed is ended before.
      if (this.isOpen && this.#isOpening) await this.#requests.end(this.producer, outcome === 'commit')
      if (this.#step === 'begun') await this.#take(outcome)
      this.#step = 'taken'
      this.#isEndingOpen = true
      if (partitions.length > 0) await this.#requests.addPartitions(this.producer, partitions)
      await this.#requests.addOffsets(this.producer, this.#options.group)
      await this.#requests.end(this.producer, outcome === 'commit')
    } catch (error) {
      if (!(error instanceof TransactionLost)) throw error
      this.#step = 'begun'
      throw new TryAgain(error.message, { cause: error })
    }
    this.#isEndingOpen = false
    for (const place of partitions) this.#settled.add(partitionKey(place))
  }

  /** What may have to be ended once more. */
  async #left(): Promise<Left | null> {
    if (this.#producer === null) {
      const state = (await transactionStates(this.#cluster, [this.id])).get(this.id)
      this.#inherited = outcomeOf(state)
      if (state === undefined || this.#inherited === null) return null
      // A predecessor was killed while it ended something once more.
      if (state.name === 'Ongoing' && this.#inherited === 'commit') {
        const predecessor = { id: state.producerId, epoch: state.producerEpoch }
        await this.#requests.end(predecessor, true).catch(error => {
          if (!(error instanceof TransactionLost)) throw error
        })
      }
      return { outcome: this.#inherited, partitions: await this.#options.places() }
    }
    const last = this.#last
    // Nothing has been written in an open one: it is about the one before.
    if (this.#isOpening && last !== null) {
      const outcome = this.#isInherited ? (this.#inherited ?? last.outcome) : last.outcome
      return { outcome, partitions: [...last.partitions, ...this.#open] }
    }
    if (!this.isOpen && last !== null) return last
    const state = (await transactionStates(this.#cluster, [this.id])).get(this.id)
    return { outcome: outcomeOf(state) ?? 'abort', partitions: this.#open }
  }

  /** @param ending what it is taken for; null to write */
  async #take(ending: Outcome | null): Promise<void> {
    const timeoutMs = timeoutOf(this.#options.timeoutMs, ending)
    let taken = await this.#requests.take(timeoutMs, this.#producer)
    if (SHUT_OUT.has(errorName(taken.code))) {
      if (!(await this.#isTimedOut())) throw this.#replaced()
      taken = await this.#requests.take(timeoutMs, null)
    }
    this.#cluster.check(taken.code, `transactional id ${this.id}`)
    this.#producer = taken
    this.#forget()
  }

  /**
   * Whether it was the cluster that shut this producer out, when it aborted the transaction for its age: it takes the next
   * epoch then. Another producer that takes the id while a transaction is open has the one after that.
   */
  async #isTimedOut(): Promise<boolean> {
    const { id, epoch } = this.producer
    const state = (await transactionStates(this.#cluster, [this.id])).get(this.id)
    const wasOpen = this.isOpen || this.#isEndingOpen
    return wasOpen && state?.producerId === id && state.producerEpoch === epoch + 1
  }

  #replaced(): Error {
    const what = `another process writes under the transactional id ${this.id} now`
    if (this.#options.isOfPartition) return new MemberLost(what)
    return new ToolError('OUTPUT', `${this.#cluster.name}: ${what}`, {
      hint: 'two runs of one pipeline? each needs a transactional-id of its own in the URL of --out'
    })
  }

  /** Whether `begin` has to come before something is written, or before what was committed last is sure to be seen. */
  get isDisturbed(): boolean {
    return !this.isOpen && this.#last !== null && this.#last.disturbances !== this.#cluster.disturbances
  }

  /** Tells the cluster which partitions are written to. @throws TransactionLost, BeginAgain, TryAgain */
  async add(partitions: readonly Partition[]): Promise<void> {
    const added = partitions.filter(place => !this.#partitions.has(partitionKey(place)))
    if (added.length === 0) return
    if (this.isOpen) return this.#tell(added)
    if (this.isDisturbed) throw new BeginAgain(`transactional id ${this.id}`)
    const { disturbances } = this.#cluster
    this.#openedAt = Date.now()
    this.#isOpening = true
    await this.#tell(added)
    this.#isInherited =
      this.#inherited !== null && added.some(place => !this.#settled.has(partitionKey(place)))
    // It is known only now whether the connection was still the same.
    if (this.#isInherited || disturbances !== this.#cluster.disturbances) {
      throw new BeginAgain(`transactional id ${this.id}`)
    }
    this.#isOpening = false
  }

  async #tell(added: readonly Partition[]): Promise<void> {
    await this.#requests.addPartitions(this.producer, added)
    for (const place of added) this.#partitions.add(partitionKey(place))
  }

  /**
   * Makes what was sent visible to those who read committed records, and with it the offsets.
   * @throws TransactionLost, MemberLost, TryAgain
   */
  async commit(groups: readonly GroupOffsets[]): Promise<void> {
    if (this.#isEnding && (await this.#isCommitted())) {
      this.#last = { outcome: 'commit', partitions: this.#open, disturbances: NEVER }
      this.#forget()
      return
    }
    for (const of of groups) {
      if (of.offsets.length === 0 && of.isLost?.() !== true) continue
      await this.#tellOffsets(of.group)
      await this.#requests.commitOffsets(this.producer, of)
    }
    await this.#end('commit')
  }

  /** Whether the end that was asked for has been heard, and what was open is committed. @throws TryAgain */
  async #isCommitted(): Promise<boolean> {
    const { id, epoch } = this.producer
    const state = (await transactionStates(this.#cluster, [this.id])).get(this.id)
    const isOurs = state?.producerId === id && state.producerEpoch === epoch
    return isOurs && outcomeOf(state) === 'commit'
  }

  /** Makes what was sent never to have been, for those who read committed records. @throws TransactionLost, TryAgain */
  abort(): Promise<void> {
    return this.#end('abort')
  }

  async #end(outcome: Outcome): Promise<void> {
    // An answer was lost, and perhaps the broker.
    const disturbances = this.#isEnding ? NEVER : this.#cluster.disturbances
    const partitions = this.#open
    this.#isEnding = true
    await this.#requests.end(this.producer, outcome === 'commit')
    this.#last = { outcome, partitions, disturbances }
    this.#forget()
  }

  #forget(): void {
    this.#partitions.clear()
    this.#hasOffsets = false
    this.#isEnding = false
    this.#isOpening = false
    this.#isInherited = false
  }

  /** Leaves word for a successor that nothing is open, and nothing has to be ended once more. @throws TryAgain */
  async leave(): Promise<void> {
    if (this.#producer === null || this.isOpen || this.isDisturbed) return
    // Whether another has the id by now does not matter any more.
    await this.#requests.take(timeoutOf(this.#options.timeoutMs, null), this.#producer)
  }

  async #tellOffsets(group: string): Promise<void> {
    await this.#requests.addOffsets(this.producer, group)
    if (!this.isOpen) this.#openedAt = Date.now()
    this.#hasOffsets = true
  }
}

function placeOf(key: string): Partition {
  const [topic = '', partition = ''] = key.split(' ')
  return { topic, partition: Number(partition) }
}
