import { setTimeout as sleep } from 'node:timers/promises'
import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  describeTransactionsV0,
  endTxnV3,
  initProducerIdV4,
  offsetFetchV8,
  txnOffsetCommitV3
} from '@platformatic/kafka'
import { ToolError } from '../../cli/index.ts'
import { ANY, type Cluster } from './cluster.ts'
import { errorName, TryAgain } from './errors.ts'
import { commitTopics } from './offsets.ts'

/** A producer that the cluster knows: by the id it drops what is sent twice, by the epoch whoever has been replaced. */
export interface ProducerId {
  readonly id: bigint
  readonly epoch: number
}

/** The offsets are another member's to commit by now. */
export class MemberLost extends Error {}

const NO_MEMBER = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'FENCED_MEMBER_EPOCH',
  'STALE_MEMBER_EPOCH',
  'REBALANCE_IN_PROGRESS'
])

/** What a member is told that has another generation by now: it may still have its partitions. */
const OTHER_GENERATION = new Set(['ILLEGAL_GENERATION', 'STALE_MEMBER_EPOCH'])

/** The cluster has aborted the transaction, or another producer has the id now. */
export class TransactionLost extends Error {}

const LOST = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_TXN_STATE',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNKNOWN_PRODUCER_ID',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'TRANSACTION_ABORTABLE',
  'TRANSACTION_COORDINATOR_FENCED'
])
const SHUT_OUT = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH'])

/** The transaction before is still being completed. It takes milliseconds. */
const CONCURRENT = 'CONCURRENT_TRANSACTIONS'
const CONCURRENT_DELAY_MS = 5
const CONCURRENT_PATIENCE = 40

/** @throws TransactionLost, TryAgain, ToolError SERVER */
export function checkProduced(cluster: Cluster, code: number, what: string, message?: string | null): void {
  if (code !== 0 && NO_MEMBER.has(errorName(code))) throw new MemberLost(`${what}: ${errorName(code)}`)
  if (code !== 0 && LOST.has(errorName(code))) throw new TransactionLost(`${what}: ${errorName(code)}`)
  cluster.check(code, what, message)
}

/** A producer id without transactions, by which batches that are sent again are not written again. @throws TryAgain */
export async function idempotentProducer(cluster: Cluster): Promise<ProducerId> {
  const { errorCode, producerId, producerEpoch } = await cluster.ask(initProducerIdV4, ANY, null, 0)
  cluster.check(errorCode, 'a producer id')
  return { id: producerId, epoch: producerEpoch }
}

/** Where offsets that are committed with a transaction stand. */
export interface GroupOffsets {
  readonly group: string
  readonly generation: number
  readonly member: string
  /** Whether the partitions are known to be another member's. */
  readonly isLost?: () => boolean
  /** The member's generation now, when it has another by which it keeps its partitions; null when it is none any more. */
  readonly renew?: () => Promise<number | null>
  readonly offsets: readonly {
    readonly topic: string
    readonly partition: number
    readonly offset: bigint
    readonly note: string
  }[]
}

interface Place {
  readonly topic: string
  readonly partition: number
}

function keyOf({ topic, partition }: Place): string {
  return `${topic} ${partition}`
}

/** The transactions of one id, one after the other. Each method is tried by the caller until it succeeds. */
export class Transactions {
  readonly id: string
  readonly #cluster: Cluster
  readonly #timeoutMs: number
  #producer: ProducerId | null = null
  readonly #partitions = new Set<string>()
  /** Partitions in which nothing of an earlier producer is open. */
  readonly #swept = new Set<string>()
  #openedAt = 0

  constructor(cluster: Cluster, id: string, timeoutMs: number) {
    this.#cluster = cluster
    this.id = id
    this.#timeoutMs = timeoutMs
  }

  /** Whether something has been sent since the last commit. */
  get isOpen(): boolean {
    return this.#partitions.size > 0
  }

  /** Whether the cluster will soon abort it for its age. */
  get isOld(): boolean {
    return this.isOpen && Date.now() - this.#openedAt > (this.#timeoutMs * 2) / 3
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
   * @throws TryAgain; ToolError OUTPUT when somebody has
   */
  async begin(): Promise<ProducerId> {
    const node = await this.#cluster.coordinator('transaction', this.id)
    const { id, epoch } = this.#producer ?? {}
    let answer = await this.#cluster.ask(initProducerIdV4, node, this.id, this.#timeoutMs, id, epoch)
    if (SHUT_OUT.has(errorName(answer.errorCode))) {
      if (!(await this.#isTimedOut(node))) throw this.#replaced()
      answer = await this.#cluster.ask(initProducerIdV4, node, this.id, this.#timeoutMs)
    }
    this.#cluster.check(answer.errorCode, `transactional id ${this.id}`)
    this.#producer = { id: answer.producerId, epoch: answer.producerEpoch }
    this.#partitions.clear()
    this.#swept.clear()
    return this.#producer
  }

  /**
   * Whether it was the cluster that shut this producer out, when it aborted the transaction for its age: it takes the next
   * epoch then. Another producer that takes the id while a transaction is open has the one after that.
   */
  async #isTimedOut(node: number): Promise<boolean> {
    const { id, epoch } = this.producer
    const { transactionStates } = await this.#cluster.ask(describeTransactionsV0, node, [this.id])
    const [state] = transactionStates
    return (
      this.isOpen && state?.errorCode === 0 && state.producerId === id && state.producerEpoch === epoch + 1
    )
  }

  #replaced(): ToolError {
    const what = `another process writes under the transactional id ${this.id} now`
    return new ToolError('OUTPUT', `${this.#cluster.name}: ${what}`, {
      hint: 'two runs of one pipeline? each needs a transactional-id of its own in the URL of --out'
    })
  }

  /** Tells the cluster which partitions are written to. @throws TransactionLost, TryAgain */
  async add(partitions: readonly Place[]): Promise<void> {
    const added = partitions.filter(place => !this.#partitions.has(keyOf(place)))
    if (added.length === 0) return
    if (!this.isOpen) {
      await this.#sweep(added)
      this.#openedAt = Date.now()
    }
    await this.#tell(added)
  }

  /**
   * Ends what an earlier transaction of the id may have left open in partitions, before anything of this one is in them:
   * a broker that aborts a transaction while it starts does not know the topics yet, takes them for deleted and passes
   * them over, and what was in them would be committed with the next transaction.
   */
  async #sweep(partitions: readonly Place[]): Promise<void> {
    if (this.producer.epoch === 0 || partitions.every(place => this.#swept.has(keyOf(place)))) return
    await this.#tell(partitions)
    await this.abort()
    for (const place of partitions) this.#swept.add(keyOf(place))
  }

  async #tell(added: readonly Place[]): Promise<void> {
    const topics = [...Map.groupBy(added, ({ topic }) => topic)].map(([name, of]) => ({
      name,
      partitions: of.map(({ partition }) => partition)
    }))
    const { id: producerId, epoch: producerEpoch } = this.producer
    await this.#settled(async () => {
      const node = await this.#cluster.coordinator('transaction', this.id)
      const transaction = { transactionalId: this.id, producerId, producerEpoch, verifyOnly: false, topics }
      const { resultsByTransaction } = await this.#cluster.ask(addPartitionsToTxnV3, node, [transaction])
      const results = resultsByTransaction.flatMap(({ topicResults }) => topicResults)
      return results.flatMap(({ resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode)
      )
    }, 'partitions of a transaction')
    for (const place of added) this.#partitions.add(keyOf(place))
  }

  /**
   * Makes what was sent visible to those who read committed records, and with it the offsets.
   * @throws TransactionLost, MemberLost, TryAgain
   */
  async commit(groups: readonly GroupOffsets[]): Promise<void> {
    const { id, epoch } = this.producer
    for (const { group, generation, member, offsets, isLost, renew } of groups) {
      if (offsets.length === 0 && isLost?.() !== true) continue
      await this.#settled(async () => {
        const node = await this.#cluster.coordinator('transaction', this.id)
        return [(await this.#cluster.ask(addOffsetsToTxnV3, node, this.id, id, epoch, group)).errorCode]
      }, `offsets of group ${group}`)
      const topics = commitTopics(offsets)
      const tryAs = async (generation: number): Promise<readonly number[]> => {
        // The transaction is open by now, and can be aborted.
        if (isLost?.() === true) throw new MemberLost(`offsets of group ${group}: its partitions are lost`)
        const node = await this.#cluster.coordinator('group', group)
        const answer = await this.#cluster.ask(
          txnOffsetCommitV3,
          node,
          this.id,
          group,
          id,
          epoch,
          generation,
          member,
          null,
          topics
        )
        const codes = answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
        if (!codes.some(code => OTHER_GENERATION.has(errorName(code)))) return codes
        const next = (await renew?.()) ?? generation
        return next === generation ? codes : tryAs(next)
      }
      await this.#settled(() => tryAs(generation), `offsets of group ${group}`)
    }
    await this.#settled(async () => {
      const node = await this.#cluster.coordinator('transaction', this.id)
      return [(await this.#cluster.ask(endTxnV3, node, this.id, id, epoch, true)).errorCode]
    }, 'commit')
    this.#partitions.clear()
  }

  /** Makes what was sent never to have been, for those who read committed records. @throws TransactionLost, TryAgain */
  async abort(): Promise<void> {
    const { id, epoch } = this.producer
    await this.#settled(async () => {
      const node = await this.#cluster.coordinator('transaction', this.id)
      return [(await this.#cluster.ask(endTxnV3, node, this.id, id, epoch, false)).errorCode]
    }, 'abort')
    this.#partitions.clear()
  }

  /** Asks again at once while the transaction before is being completed. */
  async #settled(ask: () => Promise<readonly number[]>, what: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const codes = await ask()
      const isConcurrent = codes.some(code => errorName(code) === CONCURRENT)
      if (!isConcurrent || attempt === CONCURRENT_PATIENCE) {
        for (const code of codes) checkProduced(this.#cluster, code, `${what} (${this.id})`)
        return
      }
      await sleep(CONCURRENT_DELAY_MS)
    }
  }
}

/** What a group has committed for a partition, and noted with it; null when it has nothing there. @throws TryAgain */
export async function committedOffset(
  cluster: Cluster,
  group: string,
  { topic, partition }: Place
): Promise<{ readonly offset: bigint; readonly note: string | null } | null> {
  const node = await cluster.coordinator('group', group)
  const topics = [{ name: topic, partitionIndexes: [partition] }]
  const answer = await cluster.ask(offsetFetchV8, node, [{ groupId: group, memberEpoch: -1, topics }], true)
  const [found] = answer.groups
  if (found === undefined) throw new TryAgain(`no offsets of group ${group}`)
  cluster.check(found.errorCode, `offsets of group ${group}`)
  const [offset] = found.topics[0]?.partitions ?? []
  if (offset === undefined) return null
  // While a transaction is being completed there is an error and no offset: that does not mean that there is none.
  cluster.check(offset.errorCode, `offsets of group ${group}`)
  if (offset.committedOffset < 0n) return null
  return { offset: offset.committedOffset, note: offset.metadata ?? null }
}
