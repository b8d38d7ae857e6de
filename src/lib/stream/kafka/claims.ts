import type { Member } from './group-metadata.ts'
import { type Partition, partitionKey } from './offsets.ts'

/** What the members of a group have in hand. */
export class Claims {
  readonly #claimants = new Map<string, Member[]>()

  constructor(members: readonly Member[]) {
    for (const member of members) {
      for (const partition of member.owned) {
        const key = partitionKey(partition)
        const claimants = this.#claimants.get(key)
        if (claimants === undefined) this.#claimants.set(key, [member])
        else if (!claimants.includes(member)) claimants.push(member)
      }
    }
  }

  /** Whose a partition is: of several that claim it the one that was given it last; null where that is not to be told. */
  owner(partition: Partition): Member | null {
    const claimants = this.#claimants.get(partitionKey(partition)) ?? []
    const last = Math.max(...claimants.map(({ generation }) => generation))
    const [owner, other] = claimants.filter(({ generation }) => generation === last)
    return owner === undefined || other !== undefined ? null : owner
  }

  /** Whether a member may have a partition now, for no other has to finish it first. */
  isFreeFor(partition: Partition, taker: Member): boolean {
    const claimants = this.#claimants.get(partitionKey(partition)) ?? []
    return claimants.every(member => member === taker) || this.owner(partition) === taker
  }
}
