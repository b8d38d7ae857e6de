import { consumerGroupDescribeV0, describeGroupsV5 } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { errorName, isPassing } from './errors.ts'
import { decodeShare } from './group-metadata.ts'
import { partitionKey } from './offsets.ts'
import { partitionsOf } from './subscription.ts'

/**
 * A member's place in its group. 'moving': it has not got all that is meant for it yet; 'alone': there is no other, and
 * all partitions are meant for it, once the broker has heard of them; 'shared': others have partitions, among them
 * perhaps some that are dead; 'settled': nothing is known of a group.
 */
export type Standing = 'moving' | 'alone' | 'shared' | 'settled'

/** What is said of groups of the classic protocol, and of all where the other one is switched off. */
const IS_CLASSIC = new Set(['GROUP_ID_NOT_FOUND', 'UNSUPPORTED_VERSION'])

/**
 * Asks for the place of a member in its group.
 *
 * Source: https://kafka.apache.org/protocol#The_Messages_ConsumerGroupDescribe
 * @param topics those that the member reads
 * @throws TryAgain
 */
export async function standingOf(
  cluster: Cluster,
  id: string,
  member: string,
  topics: readonly string[]
): Promise<Standing> {
  const node = await cluster.coordinator('group', id)
  const { groups } = await cluster.ask(consumerGroupDescribeV0, node, [id], false)
  const [group] = groups
  if (group === undefined) return 'settled'
  if (isPassing(group.errorCode)) cluster.check(group.errorCode, `group ${id}`)
  if (IS_CLASSIC.has(errorName(group.errorCode))) return classicStandingOf(cluster, id, topics)
  cluster.check(group.errorCode, `group ${id}`, group.errorMessage)
  const own = group.members.find(({ memberId }) => memberId === member)
  if (own === undefined || own.memberEpoch !== group.groupEpoch) return 'moving'
  const [has, shall] = [own.assignment, own.targetAssignment].map(({ topicPartitions }) =>
    topicPartitions.flatMap(({ topicId, partitions }) => partitions.map(p => `${topicId} ${p}`)).sort()
  )
  if (has?.join() !== shall?.join()) return 'moving'
  return group.members.length === 1 ? 'alone' : 'shared'
}

/**
 * The same in a group of the classic protocol: those who are there have all that they shall have when no partition is kept
 * back. Among them may be one that died while it joined: its place is kept until its session runs out.
 *
 * Source: https://kafka.apache.org/protocol#The_Messages_DescribeGroups
 * @throws TryAgain
 */
export async function classicStandingOf(
  cluster: Cluster,
  id: string,
  topics: readonly string[]
): Promise<Standing> {
  const node = await cluster.coordinator('group', id)
  const { groups } = await cluster.ask(describeGroupsV5, node, [id], false)
  const [group] = groups
  if (group === undefined) return 'settled'
  cluster.check(group.errorCode, `group ${id}`)
  if (group.groupState !== 'Stable') return 'moving'
  const shares = group.members.flatMap(({ memberAssignment }) => decodeShare(memberAssignment))
  const given = new Set(shares.map(partitionKey))
  const all = await partitionsOf(cluster, topics)
  if (!all.every(partition => given.has(partitionKey(partition)))) return 'moving'
  return group.members.length === 1 ? 'alone' : 'shared'
}
