import type { Lines, PartitionStates, PartitionsChange } from './ports.ts'

/**
 * The work on a stream: one for all of it, or, where partitions are worked on apart, one for each, whose state is kept
 * where every member of the group finds it.
 */
export class ByPartition<Work extends { snapshot(): Buffer | readonly Uint8Array[] }> {
  readonly #make: () => Work
  readonly #restore: (work: Work, saved: Buffer) => void
  readonly #states: PartitionStates | null
  readonly #whole: Work
  readonly #parts = new Map<number, Work>()
  /** Partitions whose state is another than at the last mark. */
  readonly #changed = new Set<number>()

  constructor(
    make: () => Work,
    restore: (work: Work, saved: Buffer) => void,
    states: PartitionStates | null
  ) {
    this.#make = make
    this.#restore = restore
    this.#states = states
    this.#whole = make()
  }

  /** That of the whole stream. */
  get whole(): Work {
    return this.#whole
  }

  /** All that there are now. */
  get all(): Work[] {
    return this.#states === null ? [this.#whole] : [...this.#parts.values()]
  }

  /** What lines are to be given to. */
  of({ partition }: Lines): Work {
    if (partition === undefined) return this.#whole
    this.#changed.add(partition)
    const work = this.#parts.get(partition)
    if (work === undefined) throw new Error(`lines of partition ${partition}, which is not read`)
    return work
  }

  /** All that there are, whose states are about to change. */
  touch(): Work[] {
    for (const partition of this.#parts.keys()) this.#changed.add(partition)
    return this.all
  }

  /** Takes up partitions as they were left, and leaves those that are another's. @throws ToolError STATE */
  async change({ all, fresh, count }: PartitionsChange): Promise<void> {
    if (this.#states === null) return
    for (const partition of this.#parts.keys()) if (!all.includes(partition)) this.#leave(partition)
    for (const [partition, note] of fresh) {
      this.#leave(partition)
      const saved = await this.#states.read(partition, count, note)
      if (saved === undefined) return
      const work = this.#make()
      if (saved !== null) this.#restore(work, saved)
      this.#parts.set(partition, work)
    }
  }

  #leave(partition: number): void {
    this.#parts.delete(partition)
    this.#changed.delete(partition)
  }

  /** Has the states that have changed written with the mark that is committed next. */
  async share(): Promise<void> {
    for (const partition of this.#changed) {
      const work = this.#parts.get(partition)
      if (work === undefined) continue
      const state = work.snapshot()
      await this.#states?.write(partition, Buffer.isBuffer(state) ? state : Buffer.concat(state))
    }
    this.#changed.clear()
  }

  /** What comes later begins anew. */
  clear(): void {
    this.#states?.clear()
  }
}
