import { type Partition, partitionKey } from './offsets.ts'

/** The partitions of a member that keeps them while the group divides anew: those in hand, and those it was given last. */
export class Holding {
  /** What it works on. */
  #owned: readonly Partition[] = []
  #given: readonly Partition[] = []
  /** What the others have heard that it has, since they have given it something. */
  readonly #told = new Set<string>()
  #isMissing = false

  get owned(): readonly Partition[] {
    return this.#owned
  }

  /** Whether partitions come or go. */
  get isMoving(): boolean {
    return this.#given !== this.#owned && textOf(this.#given) !== textOf(this.#owned)
  }

  isGiven(partition: Partition): boolean {
    return has(this.#given, partition)
  }

  /** The others have kept back what they have heard of, and wait to hear that it is not in hand any more. */
  get isMissing(): boolean {
    return this.#isMissing
  }

  /** The same, and it is true by now. */
  get hasGivenBack(): boolean {
    return this.#isMissing && this.#owned.every(partition => has(this.#given, partition))
  }

  /** For the others: what is in hand, and what may be at any time. */
  tell(): Partition[] {
    const all = [...this.#given, ...this.#owned.filter(partition => !has(this.#given, partition))]
    for (const partition of all) this.#told.add(partitionKey(partition))
    return all
  }

  /** The others have divided. */
  give(share: readonly Partition[]): void {
    const keys = new Set(share.map(partitionKey))
    this.#isMissing = [...this.#told].some(key => !keys.has(key))
    this.#told.clear()
    this.#given = textOf(share) === textOf(this.#owned) ? this.#owned : share
  }

  /** What was given is begun; the rest is finished, but for what is still being read. */
  take(reading: readonly Partition[]): Partition[] {
    const unfinished = this.#owned.filter(place => has(reading, place) && !has(this.#given, place))
    this.#owned = unfinished.length === 0 ? this.#given : [...this.#given, ...unfinished]
    return [...this.#owned]
  }

  /** Everything is finished, or lost. */
  clear(): void {
    this.#owned = []
    this.give([])
    this.#isMissing = false
  }
}

function has(partitions: readonly Partition[], { topic, partition }: Partition): boolean {
  return partitions.some(place => place.topic === topic && place.partition === partition)
}

function textOf(partitions: readonly Partition[]): string {
  return partitions.map(partitionKey).sort().join()
}
