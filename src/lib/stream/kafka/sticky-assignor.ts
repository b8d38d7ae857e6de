import { Claims } from './claims.ts'
import type { Member } from './group-metadata.ts'
import type { Partition } from './offsets.ts'

/** What goes to one member as a whole. */
interface Unit {
  readonly partitions: readonly Partition[]
  readonly takers: readonly Share[]
  /** Who has it in hand. */
  readonly owner: Share | null
}

interface Share {
  readonly member: Member
  readonly units: Set<Unit>
}

/** A unit that goes from one member to another. */
interface Step {
  readonly from: Share
  readonly to: Share
}

/**
 * Divides partitions as Java's CooperativeStickyAssignor does. Shares are as even as the members' topics allow, where all
 * want the same within one of each other, and members keep what they have as far as that allows. What is to go to another
 * member is given to nobody yet: the one that has it finds it missing, finishes it and joins again, and then it is given.
 *
 * Source: https://cwiki.apache.org/confluence/display/KAFKA/KIP-429
 * @param counts how many partitions each topic has
 * @param isTogether partitions of one number of several topics go to one member, and count as one
 */
export function stickyShares(
  members: readonly Member[],
  counts: ReadonlyMap<string, number>,
  isTogether = false
): Map<Member, Partition[]> {
  const claims = new Claims(members)
  const shares = members.map((member): Share => ({ member, units: new Set() }))
  const units = unitsOf(shares, counts, claims, isTogether)
  for (const unit of units) unit.owner?.units.add(unit)
  // Those that few can take first: the others have a choice left.
  const free = units.filter(({ owner }) => owner === null).sort((a, b) => a.takers.length - b.takers.length)
  for (const unit of free) leastOf(unit.takers).units.add(unit)
  while (evenOut(shares)) {}
  return new Map(shares.map(({ member, units }) => [member, givable(member, units, claims)]))
}

function unitsOf(
  shares: readonly Share[],
  counts: ReadonlyMap<string, number>,
  claims: Claims,
  isTogether: boolean
): Unit[] {
  const units: Unit[] = []
  const takersOf = (topic: string): Share[] => shares.filter(({ member }) => member.topics.has(topic))
  const topics = [...counts.keys()].filter(topic => takersOf(topic).length > 0).sort()
  const bundles = Map.groupBy(topics, topic =>
    isTogether ? JSON.stringify(takersOf(topic).map(({ member }) => member.id)) : topic
  )
  for (const bundle of bundles.values()) {
    const takers = takersOf(bundle[0] ?? '')
    const most = Math.max(...bundle.map(topic => counts.get(topic) ?? 0))
    for (let partition = 0; partition < most; partition++) {
      const partitions = bundle
        .filter(topic => partition < (counts.get(topic) ?? 0))
        .map(topic => ({ topic, partition }))
      const owners = partitions.map(place => claims.owner(place))
      units.push({ partitions, takers, owner: takers.find(({ member }) => owners.includes(member)) ?? null })
    }
  }
  return units
}

function leastOf(shares: readonly Share[]): Share {
  return shares.reduce((least, share) => (share.units.size < least.units.size ? share : least))
}

/** Makes a large share smaller by one and a small one larger. @returns false when no two can be brought nearer */
function evenOut(shares: readonly Share[]): boolean {
  const least = leastOf(shares).units.size
  const large = shares.filter(({ units }) => units.size > least + 1)
  for (const from of large.sort((a, b) => b.units.size - a.units.size)) {
    const steps = wayFrom(from)
    for (const step of steps) move(step)
    if (steps.length > 0) return true
  }
  return false
}

/** The shortest way on which units can go, each to the next member, from a share to one that is smaller by two. */
function wayFrom(from: Share): Step[] {
  const cameFrom = new Map<Share, Share>()
  for (let reached = [from]; reached.length > 0; ) {
    const next: Share[] = []
    for (const share of reached) {
      for (const takers of new Set([...share.units].map(unit => unit.takers))) {
        for (const taker of takers) {
          if (taker === from || cameFrom.has(taker)) continue
          cameFrom.set(taker, share)
          next.push(taker)
        }
      }
    }
    const small = next.filter(({ units }) => units.size < from.units.size - 1)
    if (small.length > 0) {
      const way: Step[] = []
      for (let to = leastOf(small); to !== from; to = way[0]?.from ?? from) {
        way.unshift({ from: cameFrom.get(to) ?? from, to })
      }
      return way
    }
    reached = next
  }
  return []
}

/** What has no owner goes rather than what would have to be finished first. */
function move({ from, to }: Step): void {
  const costOf = ({ owner }: Unit): number => (owner === to ? 0 : owner === from ? 2 : 1)
  const [first, ...others] = [...from.units].filter(({ takers }) => takers.includes(to))
  if (first === undefined) return
  const unit = others.reduce(
    (cheapest, other) => (costOf(other) < costOf(cheapest) ? other : cheapest),
    first
  )
  from.units.delete(unit)
  to.units.add(unit)
}

/** Of a unit that others have a part of only what is the member's already. */
function givable(member: Member, units: ReadonlySet<Unit>, claims: Claims): Partition[] {
  return [...units].flatMap(({ partitions }) =>
    partitions.every(partition => claims.isFreeFor(partition, member))
      ? partitions
      : partitions.filter(partition => claims.owner(partition) === member)
  )
}
