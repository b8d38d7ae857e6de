import { consumerGroupDescribeV0 } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { errorName, isPassing } from './errors.ts'

/**
 * A member's place in its group. 'moving': it has not got all that is meant for it yet; 'alone': there is no other, and
 * all partitions are meant for it, once the broker has heard of them; 'shared': others have partitions, among them
 * perhaps some that are dead; 'settled': whoever is there has what it shall have.
 */
export type Standing = 'moving' | 'alone' | 'shared' | 'settled'

/** What is said of groups of the classic protocol, and of all where the other one is switched off. */
const IS_CLASSIC = new Set(['GROUP_ID_NOT_FOUND', 'UNSUPPORTED_VERSION'])

/**
 * Asks for the place of a member in a group of the consumer protocol. In a classic group all is settled by joining.
 *
 * Source: https://kafka.apache.org/protocol#The_Messages_ConsumerGroupDescribe
 * @throws TryAgain
 */
export async function standingOf(cluster: Cluster, id: string, member: string): Promise<Standing> {
  const node = await cluster.coordinator('group', id)
  const { groups } = await cluster.ask(consumerGroupDescribeV0, node, [id], false)
  const [group] = groups
  if (group === undefined) return 'settled'
  if (isPassing(group.errorCode)) cluster.check(group.errorCode, `group ${id}`)
  if (IS_CLASSIC.has(errorName(group.errorCode))) return 'settled'
  cluster.check(group.errorCode, `group ${id}`, group.errorMessage)
  const own = group.members.find(({ memberId }) => memberId === member)
  if (own === undefined || own.memberEpoch !== group.groupEpoch) return 'moving'
  const [has, shall] = [own.assignment, own.targetAssignment].map(({ topicPartitions }) =>
    topicPartitions.flatMap(({ topicId, partitions }) => partitions.map(p => `${topicId} ${p}`)).sort()
  )
  if (has?.join() !== shall?.join()) return 'moving'
  return group.members.length === 1 ? 'alone' : 'shared'
}
