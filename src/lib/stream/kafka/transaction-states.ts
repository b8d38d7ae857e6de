import { describeTransactionsV0 } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { errorName } from './errors.ts'

export interface TransactionState {
  /** As the protocol calls it: `Ongoing`, `CompleteAbort`, … */
  readonly name: string
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly timeoutMs: number
}

/**
 * How transactional ids stand; those that the cluster does not know are not there.
 *
 * Source: https://kafka.apache.org/protocol#The_Messages_DescribeTransactions
 * @throws TryAgain, ToolError SERVER
 */
export async function transactionStates(
  cluster: Cluster,
  ids: readonly string[]
): Promise<Map<string, TransactionState>> {
  const nodes = await Promise.all(ids.map(id => cluster.coordinator('transaction', id)))
  const byNode = Map.groupBy(
    ids.map((id, i) => ({ id, node: nodes[i] as number })),
    ({ node }) => node
  )
  const states = new Map<string, TransactionState>()
  for (const [node, of] of byNode) {
    const answer = await cluster.ask(
      describeTransactionsV0,
      node,
      of.map(({ id }) => id)
    )
    for (const state of answer.transactionStates) {
      const { errorCode, transactionalId, producerId, producerEpoch } = state
      if (errorName(errorCode) === 'TRANSACTIONAL_ID_NOT_FOUND') continue
      cluster.check(errorCode, `transactional id ${transactionalId}`)
      const { transactionState: name, transactionTimeoutMs: timeoutMs } = state
      states.set(transactionalId, { name, producerId, producerEpoch, timeoutMs })
    }
  }
  return states
}

export type Outcome = 'commit' | 'abort'

/**
 * A producer that ends a transaction of another once more says so with the last two bits of its time-out: should it be
 * killed meanwhile, its own transaction, in which nothing is written, has to end in the same way.
 */
const SAID: Readonly<Record<number, Outcome>> = { 2: 'abort', 3: 'commit' }
const BITS = 4

/** An outage while something is ended once more must not abort that. */
const LEAST_ENDING_MS = 60_000

/** @param ending null for a producer that writes */
export function timeoutOf(timeoutMs: number, ending: Outcome | null): number {
  const wanted = ending === null ? timeoutMs : Math.max(timeoutMs, LEAST_ENDING_MS)
  const rounded = wanted - (wanted % BITS)
  return ending === null ? rounded : rounded - (ending === 'commit' ? 1 : 2)
}

/** How the last transaction of an id has ended, or ends when the id is taken; null when there is nothing to end. */
export function outcomeOf(state: TransactionState | undefined): Outcome | null {
  const said = state === undefined ? undefined : SAID[state.timeoutMs % BITS]
  if (said !== undefined) return said
  switch (state?.name) {
    case undefined:
    case 'Dead':
    // The id was taken, and given back or not used.
    case 'Empty':
      return null
    case 'PrepareCommit':
    case 'CompleteCommit':
      return 'commit'
    default:
      return 'abort'
  }
}
