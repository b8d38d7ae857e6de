import type { Cluster } from './cluster.ts'
import { errorName } from './errors.ts'

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
export const OTHER_GENERATION = new Set(['ILLEGAL_GENERATION', 'STALE_MEMBER_EPOCH'])

/** The cluster has aborted the transaction, or another producer has the id now. */
export class TransactionLost extends Error {}

/** Nothing is lost, but the id has to be taken again before something is written. */
export class BeginAgain extends TransactionLost {}

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
export const SHUT_OUT = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH'])

/** @throws TransactionLost, TryAgain, ToolError SERVER */
export function checkProduced(cluster: Cluster, code: number, what: string, message?: string | null): void {
  if (code !== 0 && NO_MEMBER.has(errorName(code))) throw new MemberLost(`${what}: ${errorName(code)}`)
  if (code !== 0 && LOST.has(errorName(code))) throw new TransactionLost(`${what}: ${errorName(code)}`)
  cluster.check(code, what, message)
}
