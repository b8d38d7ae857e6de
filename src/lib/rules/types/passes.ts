import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'

/**
 * Times that have passed for all keys at once, by number. A key has seen those from the number on that was next when it began;
 * those that are a timeframe old by now matter to none but as the last of them.
 */
export class Passes {
  readonly #timeframe: number
  #times: number[] = []
  /** The number of the first that is remembered. */
  #first = 0

  constructor(timeframe: number) {
    this.#timeframe = timeframe
  }

  /** The number that the next one will have. */
  get next(): number {
    return this.#first + this.#times.length
  }

  add(micros: number): void {
    const times = this.#times
    times.push(micros)
    let old = 0
    while (old + 1 < times.length && micros - times[old + 1]! >= this.#timeframe) old++
    if (old === 0) return
    times.splice(0, old)
    this.#first += old
  }

  /** The last one that a key has seen; -Infinity where there is none. */
  last(born: number): number {
    return this.next > born ? this.#times.at(-1)! : Number.NEGATIVE_INFINITY
  }

  /** The last one that a key has seen and that is a timeframe old at a time; -Infinity where there is none. */
  left(micros: number, born: number): number {
    const number = this.after(micros) - 1
    return number >= born && number >= this.#first
      ? this.#times[number - this.#first]!
      : Number.NEGATIVE_INFINITY
  }

  /** The number of the first one that is no timeframe old at a time. */
  after(micros: number): number {
    const times = this.#times
    let low = 0
    let high = times.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (micros - times[middle]! >= this.#timeframe) low = middle + 1
      else high = middle
    }
    return this.#first + low
  }

  save(out: SnapshotWriter): void {
    out.json([this.#first, this.#times])
  }

  restore(saved: SnapshotReader): void {
    const [first, times] = saved.json<[number, number[]]>()
    this.#first = first
    this.#times = times
  }
}
