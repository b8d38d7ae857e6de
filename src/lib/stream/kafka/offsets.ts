import { listOffsetsV7, offsetFetchV8 } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { TryAgain } from './errors.ts'

export interface Partition {
  readonly topic: string
  readonly partition: number
}

export const EARLIEST = -2
export const LATEST = -1
const READ_COMMITTED = 1

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
  time: number
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
    const answer = await cluster.ask(listOffsetsV7, leader, -1, READ_COMMITTED, topics)
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex: partition, errorCode, offset } of partitions) {
        cluster.check(errorCode, `offsets of ${name} partition ${partition}`)
        offsets.set(partitionKey({ topic: name, partition }), Number(offset))
      }
    }
  }
  return offsets
}

/** @throws TryAgain */
export async function leaderOf(cluster: Cluster, { topic, partition }: Partition): Promise<number> {
  const leader = (await cluster.topic(topic))?.leaders[partition] ?? -1
  if (leader < 0) throw new TryAgain(`${topic} partition ${partition} has no leader`)
  return leader
}

/** Where a group goes on in partitions; those of which it has committed nothing are not there. @throws TryAgain */
export async function committedOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly Partition[]
): Promise<Map<string, number>> {
  const offsets = new Map<string, number>()
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
    for (const { partitionIndex: partition, committedOffset, errorCode } of partitions) {
      cluster.check(errorCode, `offsets of group ${group}`)
      if (committedOffset >= 0n)
        offsets.set(partitionKey({ topic: name, partition }), Number(committedOffset))
    }
  }
  return offsets
}
