import { Claims } from './claims.ts'
import type { Member } from './group-metadata.ts'
import type { Partition } from './offsets.ts'

/**
 * Divides each topic's partitions in ranges among the members that want it, as Java's RangeAssignor does: the first
 * members have one more where it does not divide. Members that have partitions in hand, from the time when the group
 * divided them cooperatively, keep them, and nobody gets any: all is divided once they have finished.
 *
 * @param counts how many partitions each topic has
 */
export function rangeShares(
  members: readonly Member[],
  counts: ReadonlyMap<string, number>
): Map<Member, Partition[]> {
  const shares = new Map<Member, Partition[]>(members.map(member => [member, []]))
  if (members.some(({ owned }) => owned.length > 0)) {
    const claims = new Claims(members)
    for (const [member, share] of shares)
      share.push(...member.owned.filter(partition => claims.owner(partition) === member))
    return shares
  }
  for (const [topic, count] of counts) {
    const takers = members.filter(({ topics }) => topics.has(topic)).sort((a, b) => (a.id < b.id ? -1 : 1))
    const each = Math.floor(count / takers.length)
    let next = 0
    takers.forEach((taker, i) => {
      const end = next + each + (i < count % takers.length ? 1 : 0)
      for (; next < end; next++) shares.get(taker)?.push({ topic, partition: next })
    })
  }
  return shares
}
