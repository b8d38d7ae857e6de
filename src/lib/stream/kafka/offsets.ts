import { listOffsetsV7, offsetFetchV8 } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { TryAgain } from './errors.ts'

export interface Partition {
  readonly topic: string
  readonly partition: number
}

export interface PartitionOffset extends Partition {
  readonly offset: number
}

/** Offsets by topic and partition, as marks carry them. */
export type Offsets = Readonly<Record<string, Readonly<Record<string, number>>>>

export function placesOf(offsets: Offsets): PartitionOffset[] {
  return Object.entries(offsets).flatMap(([topic, of]) =>
    Object.entries(of).map(([partition, offset]) => ({ topic, partition: Number(partition), offset }))
  )
}

export const EARLIEST = -2
export const LATEST = -1
const READ_COMMITTED = 1
export const READ_UNCOMMITTED = 0

export function partitionKey({ topic, partition }: Partition): string {
  return `${topic} ${partition}`
}

/**
 * Where partitions begin or end, or what they have from a time on.
 * @param time milliseconds since the epoch, EARLIEST or LATEST; a time after the last record gives -1
 * @throws TryAgain
 */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly Partition[],
  time: number,
  isolation = READ_COMMITTED
): Promise<Map<string, number>> {
  const offsets = new Map<string, number>()
  const leaders = await Promise.all(partitions.map(partition => leaderOf(cluster, partition)))
  const byLeader = Map.groupBy(
    partitions.map((partition, i) => ({ partition, leader: leaders[i] as number })),
    ({ leader }) => leader
  )
  for (const [leader, of] of byLeader) {
    const topics = [...Map.groupBy(of, ({ partition }) => partition.topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition: { partition } }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp: BigInt(time)
      }))
    }))
    const answer = await cluster.ask(listOffsetsV7, leader, -1, isolation, topics)
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex: partition, errorCode, offset } of partitions) {
        cluster.check(errorCode, `offsets of ${name} partition ${partition}`)
        offsets.set(partitionKey({ topic: name, partition }), Number(offset))
      }
    }
  }
  return offsets
}

/**
 * Where partitions are read from of which nothing is committed.
 * @param from milliseconds since the epoch, EARLIEST or LATEST; where nothing is that young, from the end on
 * @throws TryAgain
 */
export async function startOffsets(
  cluster: Cluster,
  partitions: readonly Partition[],
  from: number
): Promise<Map<string, number>> {
  if (partitions.length === 0) return new Map()
  const offsets = await listOffsets(cluster, partitions, from)
  const late = partitions.filter(partition => (offsets.get(partitionKey(partition)) ?? -1) < 0)
  if (late.length > 0) {
    for (const [key, end] of await listOffsets(cluster, late, LATEST)) offsets.set(key, end)
  }
  return offsets
}

/** Offsets as requests that commit them have them. */
export function commitTopics(
  offsets: readonly (Partition & { readonly offset: number | bigint; readonly note?: string })[]
): OffsetCommitRequestTopic[] {
  return [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, of]) => ({
    name,
    partitions: of.map(({ partition, offset, note = '' }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: note
    }))
  }))
}

interface OffsetCommitRequestTopic {
  readonly name: string
  readonly partitions: {
    readonly partitionIndex: number
    readonly committedOffset: bigint
    readonly committedLeaderEpoch: number
    readonly committedMetadata: string
  }[]
}

/** @throws TryAgain */
export async function leaderOf(cluster: Cluster, { topic, partition }: Partition): Promise<number> {
  const leader = (await cluster.topic(topic))?.leaders[partition] ?? -1
  if (leader < 0) throw new TryAgain(`${topic} partition ${partition} has no leader`)
  return leader
}

/** What a group has committed of a partition. */
export interface Committed {
  readonly offset: number
  /** What was noted with it. */
  readonly note: string
}

/** Where a group goes on in partitions; those of which it has committed nothing are not there. @throws TryAgain */
export async function committedOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly Partition[]
): Promise<Map<string, Committed>> {
  const offsets = new Map<string, Committed>()
  if (partitions.length === 0) return offsets
  const node = await cluster.coordinator('group', group)
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, of]) => ({
    name,
    partitionIndexes: of.map(({ partition }) => partition)
  }))
  const answer = await cluster.ask(offsetFetchV8, node, [{ groupId: group, memberEpoch: -1, topics }], true)
  const [found] = answer.groups
  if (found === undefined) throw new TryAgain(`no offsets of group ${group}`)
  cluster.check(found.errorCode, `offsets of group ${group}`)
  for (const { name, partitions } of found.topics) {
    for (const { partitionIndex: partition, committedOffset, metadata, errorCode } of partitions) {
      cluster.check(errorCode, `offsets of group ${group}`)
      if (committedOffset >= 0n)
        offsets.set(partitionKey({ topic: name, partition }), {
          offset: Number(committedOffset),
          note: metadata ?? ''
        })
    }
  }
  return offsets
}
