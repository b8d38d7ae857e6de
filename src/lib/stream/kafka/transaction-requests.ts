import { setTimeout as sleep } from 'node:timers/promises'
import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  endTxnV3,
  initProducerIdV4,
  txnOffsetCommitV3
} from '@platformatic/kafka'
import { ANY, type Cluster } from './cluster.ts'
import { errorName } from './errors.ts'
import { commitTopics, type Partition } from './offsets.ts'
import { checkProduced, MemberLost, OTHER_GENERATION } from './transaction-errors.ts'

/** A producer that the cluster knows: by the id it drops what is sent twice, by the epoch whoever has been replaced. */
export interface ProducerId {
  readonly id: bigint
  readonly epoch: number
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

/** The transaction before is still being completed. It takes milliseconds. */
const CONCURRENT = 'CONCURRENT_TRANSACTIONS'
const CONCURRENT_DELAY_MS = 5
const CONCURRENT_PATIENCE = 40

/** A producer id without transactions, by which batches that are sent again are not written again. @throws TryAgain */
export async function idempotentProducer(cluster: Cluster): Promise<ProducerId> {
  const { errorCode, producerId, producerEpoch } = await cluster.ask(initProducerIdV4, ANY, null, 0)
  cluster.check(errorCode, 'a producer id')
  return { id: producerId, epoch: producerEpoch }
}

/** What a producer asks the coordinator of its transactional id. */
export class TransactionRequests {
  readonly #cluster: Cluster
  readonly #id: string

  constructor(cluster: Cluster, id: string) {
    this.#cluster = cluster
    this.#id = id
  }

  /**
   * Takes the id, or with a producer its next epoch.
   * @returns the answer's code with it, which is not checked
   * @throws TryAgain
   */
  async take(timeoutMs: number, known: ProducerId | null): Promise<ProducerId & { readonly code: number }> {
    const { id, epoch } = known ?? {}
    for (let attempt = 0; ; attempt++) {
      const node = await this.#cluster.coordinator('transaction', this.#id)
      const answer = await this.#cluster.ask(initProducerIdV4, node, this.#id, timeoutMs, id, epoch)
      if (errorName(answer.errorCode) !== CONCURRENT || attempt === CONCURRENT_PATIENCE) {
        return { code: answer.errorCode, id: answer.producerId, epoch: answer.producerEpoch }
      }
      await sleep(CONCURRENT_DELAY_MS)
    }
  }

  /** @throws TransactionLost, TryAgain */
  async addPartitions({ id, epoch }: ProducerId, partitions: readonly Partition[]): Promise<void> {
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, of]) => ({
      name,
      partitions: of.map(({ partition }) => partition)
    }))
    await this.#untilSettled(async () => {
      const node = await this.#cluster.coordinator('transaction', this.#id)
      const ours = { transactionalId: this.#id, producerId: id, producerEpoch: epoch }
      const transaction = { ...ours, verifyOnly: false, topics }
      const { resultsByTransaction } = await this.#cluster.ask(addPartitionsToTxnV3, node, [transaction])
      const results = resultsByTransaction.flatMap(({ topicResults }) => topicResults)
      return results.flatMap(({ resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode)
      )
    }, 'partitions of a transaction')
  }

  /** @throws TransactionLost, TryAgain */
  async addOffsets({ id, epoch }: ProducerId, group: string): Promise<void> {
    await this.#untilSettled(async () => {
      const node = await this.#cluster.coordinator('transaction', this.#id)
      return [(await this.#cluster.ask(addOffsetsToTxnV3, node, this.#id, id, epoch, group)).errorCode]
    }, `offsets of group ${group}`)
  }

  /** @throws TransactionLost, MemberLost, TryAgain */
  async commitOffsets({ id, epoch }: ProducerId, of: GroupOffsets): Promise<void> {
    const { group, member, offsets, isLost, renew } = of
    const topics = commitTopics(offsets)
    const tryAs = async (generation: number): Promise<readonly number[]> => {
      // The transaction is open by now, and can be aborted.
      if (isLost?.() === true) throw new MemberLost(`offsets of group ${group}: its partitions are lost`)
      const node = await this.#cluster.coordinator('group', group)
      const answer = await this.#cluster.ask(
        txnOffsetCommitV3,
        node,
        this.#id,
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
    await this.#untilSettled(() => tryAs(of.generation), `offsets of group ${group}`)
  }

  /** @throws TransactionLost, TryAgain */
  async end({ id, epoch }: ProducerId, isCommit: boolean): Promise<void> {
    await this.#untilSettled(
      async () => {
        const node = await this.#cluster.coordinator('transaction', this.#id)
        return [(await this.#cluster.ask(endTxnV3, node, this.#id, id, epoch, isCommit)).errorCode]
      },
      isCommit ? 'commit' : 'abort'
    )
  }

  /** Asks again at once while the transaction before is being completed. */
  async #untilSettled(ask: () => Promise<readonly number[]>, what: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const codes = await ask()
      const isConcurrent = codes.some(code => errorName(code) === CONCURRENT)
      if (!isConcurrent || attempt === CONCURRENT_PATIENCE) {
        for (const code of codes) checkProduced(this.#cluster, code, `${what} (${this.#id})`)
        return
      }
      await sleep(CONCURRENT_DELAY_MS)
    }
  }
}
