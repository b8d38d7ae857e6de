import type { Mark } from '../control.ts'
import { oldestAcknowledged } from '../timeline.ts'
import type { Assignment } from './assignment.ts'
import type { Cluster } from './cluster.ts'
import type { Group } from './group.ts'
import type { Offsets } from './offsets.ts'
import type { GroupOffsets } from './transaction-requests.ts'

/** Commits the offsets of marks, once what is before them is durable. */
export class MarkCommits {
  readonly #cluster: Cluster
  readonly #group: Group | null
  readonly #assignment: Assignment
  readonly #root: string | null
  /** Marks whose offsets are not committed yet. */
  #open: Mark[] = []
  #acknowledged = 0
  #committing: Promise<void> = Promise.resolve()
  #isElsewhere = false
  /** The offsets of the last mark that was asked for. */
  #lastOffsets = ''
  #lastMark: Mark | null = null
  #note: (partition: number) => string = () => ''

  /**
   * @param group null: nothing is committed
   * @param root the state directory, where it is known what is durable; null: `acknowledge` tells
   */
  constructor(cluster: Cluster, group: Group | null, assignment: Assignment, root: string | null) {
    this.#cluster = cluster
    this.#group = group
    this.#assignment = assignment
    this.#root = root
  }

  /** The last mark before which everything is durable. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  add(mark: Mark): void {
    this.#open.push(mark)
  }

  /** What was read as a member that is none any more is not committed. */
  drop(): void {
    this.#open = []
    this.#lastOffsets = ''
  }

  /** The output commits them. */
  get areElsewhere(): boolean {
    return this.#isElsewhere
  }

  /** Everything up to the mark with this number is durable. With a state directory that is read from there. */
  async acknowledge(n: number): Promise<void> {
    if (this.#root === null) await this.#commit(n)
  }

  /** Commits what is acknowledged, and waits for it. @throws ToolError SERVER */
  async settle(): Promise<void> {
    if (this.#root !== null) {
      const oldest = await oldestAcknowledged(this.#root)
      if (oldest !== null) await this.#commit(oldest.n)
    }
    await this.#committing
  }

  setElsewhere(): void {
    this.#isElsewhere = true
  }

  /** What the output commits with a mark; null when nothing has changed, unless it is wanted always. */
  offsetsAt(mark: Mark, isAlways = false): GroupOffsets | null {
    const group = this.#group
    this.#lastMark = mark
    const places = this.#assignment.ownOf((mark.at?.kafka ?? {}) as Offsets)
    const noted = places.map(place => ({ ...place, note: this.#note(place.partition) }))
    const text = JSON.stringify(noted)
    if (group === null) return null
    const isSame = noted.length === 0 || (text === this.#lastOffsets && !isAlways)
    if (isSame && !group.isLost) return null
    this.#lastOffsets = text
    const offsets = noted.map(place => ({ ...place, offset: BigInt(place.offset) }))
    const { id, member, generation } = group
    const isLost = (): boolean => group.isLost || group.member !== member
    let known = generation
    const renew = async (): Promise<number | null> => {
      await group.renew(known)
      known = group.generation
      return isLost() ? null : known
    }
    return { group: id, member, generation, isLost, renew, offsets }
  }

  offsetsAtLast(): GroupOffsets | null {
    return this.#lastMark === null ? null : this.offsetsAt(this.#lastMark)
  }

  /** @param note gives what is committed with the offset of a partition */
  withNotes(note: (partition: number) => string): void {
    this.#note = note
  }

  giveUp(): void {
    this.#group?.lose()
  }

  #commit(n: number): Promise<void> {
    this.#committing = this.#committing.then(async () => {
      const mark = this.#open.findLast(mark => mark.n <= n)
      if (mark === undefined) return
      const group = this.#group
      const offsets = this.#assignment.ownOf((mark.at?.kafka ?? {}) as Offsets)
      if (group !== null && !this.#isElsewhere) {
        if (await this.#cluster.persist(() => group.commit(offsets))) this.#assignment.noteCommitted(offsets)
      }
      this.#acknowledged = n
      this.#open = this.#open.filter(open => open.n > mark.n)
    })
    // Thrown where it is waited for; until then it must not count as unhandled.
    this.#committing.catch(() => {})
    return this.#committing
  }
}
