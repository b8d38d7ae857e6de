/**
 * Events of one key added up by slots of time, so that an aggregation over a long window keeps a few sums and not its events.
 * Windows begin and end at multiples of the width; an instant at such a multiple is a slot of its own, so that a window can
 * take either of its ends or leave it.
 */

/** The slot of a time: odd for the open interval, even for the instant at its start. */
export function slotOf(micros: number, width: number): number {
  const n = Math.floor(micros / width)
  return micros === n * width ? n * 2 : n * 2 + 1
}

/** What is kept of a slot. */
export interface Tally<T> {
  empty(): T
  /** Takes the values of one event. */
  add(sum: T, values: unknown[]): T
  join(a: T, b: T): T
}

export class Slots<T> {
  #ids: number[] = []
  #counts: number[] = []
  #sums: T[] = []
  readonly #tally: Tally<T>

  constructor(tally: Tally<T>) {
    this.#tally = tally
  }

  get isEmpty(): boolean {
    return this.#ids.length === 0
  }

  add(slot: number, values: unknown[]): void {
    const ids = this.#ids
    let at = ids.length
    while (at > 0 && ids[at - 1]! > slot) at--
    if (at === 0 || ids[at - 1] !== slot) {
      ids.splice(at, 0, slot)
      this.#counts.splice(at, 0, 0)
      this.#sums.splice(at, 0, this.#tally.empty())
      at++
    }
    this.#counts[at - 1]!++
    this.#sums[at - 1] = this.#tally.add(this.#sums[at - 1]!, values)
  }

  /** Drops the slots before this one. */
  drop(slot: number): void {
    let n = 0
    while (n < this.#ids.length && this.#ids[n]! < slot) n++
    if (n === 0) return
    this.#ids.splice(0, n)
    this.#counts.splice(0, n)
    this.#sums.splice(0, n)
  }

  /** Events and sum of the slots from `first` to `last`, both among them. */
  total(first: number, last: number): { count: number; sum: T } {
    let count = 0
    let sum = this.#tally.empty()
    for (let i = 0; i < this.#ids.length; i++) {
      if (this.#ids[i]! < first || this.#ids[i]! > last) continue
      count += this.#counts[i]!
      sum = this.#tally.join(sum, this.#sums[i]!)
    }
    return { count, sum }
  }

  /** First and last slot that hold something within a range; undefined when none does. */
  within(first: number, last: number): { first: number; last: number } | undefined {
    const ids = this.#ids.filter(id => id >= first && id <= last)
    return ids.length === 0 ? undefined : { first: ids[0]!, last: ids.at(-1)! }
  }

  snapshot(): SlotsSnapshot {
    const sums = this.#sums.map(sum => (sum instanceof Set ? [...sum] : sum))
    return [this.#ids, this.#counts, sums]
  }

  restore([ids, counts, sums]: SlotsSnapshot): void {
    this.#ids = ids
    this.#counts = counts
    const sets = this.#tally.empty() instanceof Set
    this.#sums = sums.map(sum => (sets ? new Set(sum as unknown[]) : sum) as T)
  }
}

export type SlotsSnapshot = [ids: number[], counts: number[], sums: unknown[]]
