import type { Standing } from './group-standing.ts'
import type { Partition, PartitionOffset } from './offsets.ts'

/** After so long without a word from a member the others get its partitions, in the classic protocol. */
export const SESSION_TIMEOUT_MS = 10_000
/** More often than a broker of the consumer protocol asks for, so that what it wants is known within a second, too. */
export const HEARTBEAT_EVERY_MS = 1000
/** How long members may take to finish what they have before others get their partitions. */
export const REBALANCE_TIMEOUT_MS = 20_000

/**
 * A member of a consumer group: partitions are divided among the members, and divided anew when one comes or goes.
 * Nothing is given back before its owner calls `join` again.
 */
export interface Group {
  readonly id: string
  /** As whom it commits, '' before it has joined; another after each time that it was lost. */
  readonly member: string
  /** The generation of a classic group, the member's epoch of another: the cluster takes commits of no other. */
  readonly generation: number
  /** The partitions are divided anew: finish those that go, then `join` again. */
  readonly isMoving: boolean
  /** What this member had may be another's by now. */
  readonly isLost: boolean
  /** What ended its membership for good. */
  readonly failure: unknown
  /** Whether the others get partitions of a member that does not `join` in time. */
  readonly isWaitedFor: boolean
  /** While the group moves: whether a partition has to be finished before `join`. */
  goes(partition: Partition): boolean
  /**
   * Joins, or gives back those that go and takes those that come.
   * @param reading this member's partitions that are not finished: where they are to go, too, they stay until the next call
   * @returns this member's partitions; what they are worth when it is lost in the end `isLost` tells
   * @throws TryAgain, ToolError SERVER
   */
  join(topics: readonly string[], reading: readonly Partition[]): Promise<Partition[]>
  /**
   * Commits offsets: where the group goes on.
   * @returns false when the partitions may be another member's by now, and nothing was committed
   * @throws TryAgain, ToolError SERVER
   */
  commit(offsets: readonly PartitionOffset[]): Promise<boolean>
  /** Learns the generation anew, where it can be another than the one that is known without that partitions were lost. */
  renew(known: number): Promise<void>
  /** Whether partitions may come from others. @throws TryAgain */
  standing(): Promise<Standing>
  /** Somebody else has found out that this member is none any more. */
  lose(): void
  /** Gives the partitions to the others at once. */
  leave(): Promise<void>
}
