import { type Fields, kept } from '../fields.ts'

/** So many events of a window are kept to be reported; of more, one in each such part of the timeframe. */
const KEPT = 1000

/**
 * Counts (or values) that lie less than a timeframe apart, in order of their time, in flat arrays. What is no event but only
 * says that time has passed has NaN as its count. The oldest leave as soon as the window is a whole timeframe long.
 */
export class CountWindow {
  #times: number[] = []
  #counts: number[] = []
  #events: (Fields | undefined)[] | undefined
  #head = 0
  #keptAt = Number.NEGATIVE_INFINITY
  #kept = 0
  /** Sum of the counts. */
  sum = 0
  /** How many of them are events. */
  size = 0

  /** With `keepsEvents` the events are kept too, to be reported. */
  constructor(keepsEvents: boolean) {
    if (keepsEvents) this.#events = []
  }

  add(
    micros: number,
    count: number,
    event: Fields | undefined,
    timeframe: number,
    leaves?: (micros: number, count: number) => void
  ): void {
    const times = this.#times
    let at = times.length
    while (at > this.#head && times[at - 1]! > micros) at--
    times.splice(at, 0, micros)
    this.#counts.splice(at, 0, count)
    this.#events?.splice(at, 0, this.#keep(micros, event, timeframe))
    if (!Number.isNaN(count)) {
      this.sum += count
      this.size++
    }
    const newest = times.at(-1)!
    while (newest - times[this.#head]! >= timeframe) this.#leave(leaves)
    if (this.#head > 32 && this.#head * 2 > times.length) this.#compact()
  }

  /** Bounds what is kept; a window of no more than KEPT events has them all. */
  #keep(micros: number, event: Fields | undefined, timeframe: number): Fields | undefined {
    if (this.#events === undefined || event === undefined) return undefined
    if (this.#kept >= KEPT && Math.abs(micros - this.#keptAt) < timeframe / KEPT) return undefined
    this.#keptAt = micros
    this.#kept++
    return kept(event)
  }

  #leave(leaves: ((micros: number, count: number) => void) | undefined): void {
    const at = this.#head++
    const count = this.#counts[at]!
    if (!Number.isNaN(count)) {
      this.sum -= count
      this.size--
    }
    if (this.#events?.[at] !== undefined) {
      this.#events[at] = undefined
      this.#kept--
    }
    leaves?.(this.#times[at]!, count)
  }

  #compact(): void {
    this.#times = this.#times.slice(this.#head)
    this.#counts = this.#counts.slice(this.#head)
    this.#events = this.#events?.slice(this.#head)
    this.#head = 0
  }

  clear(): void {
    this.#times = []
    this.#counts = []
    if (this.#events !== undefined) this.#events = []
    this.#head = this.#kept = this.sum = this.size = 0
  }

  /** The counts of events, oldest first. */
  values(): number[] {
    return this.#counts.slice(this.#head).filter(c => !Number.isNaN(c))
  }

  mean(): number | undefined {
    return this.size === 0 ? undefined : this.sum / this.size
  }

  /** The oldest entry whose count passes and that was kept; the newest where there is none. */
  oldest(passes: (count: number) => boolean): { micros: number; event: Fields | undefined } {
    for (let i = this.#head; i < this.#times.length; i++) {
      if (!passes(this.#counts[i]!)) continue
      const event = this.#events?.[i]
      if (this.#events === undefined || event !== undefined) return { micros: this.#times[i]!, event }
    }
    return { micros: this.#times.at(-1)!, event: this.#events?.at(-1) }
  }

  snapshot(): CountSnapshot {
    const counts = this.#counts.slice(this.#head).map(c => (Number.isNaN(c) ? null : c))
    const { sum, size } = this
    const events = this.#events?.slice(this.#head)
    return [this.#times.slice(this.#head), counts, sum, size, events?.map(e => e ?? null) ?? null]
  }

  static restore([times, counts, sum, size, events]: CountSnapshot): CountWindow {
    const window = new CountWindow(events !== null)
    window.#times = times
    window.#counts = counts.map(c => c ?? Number.NaN)
    window.sum = sum
    window.size = size
    window.#events = events?.map(e => e ?? undefined)
    window.#kept = events?.reduce((n, e) => n + (e === null ? 0 : 1), 0) ?? 0
    window.#keptAt = times[events?.findLastIndex(e => e !== null) ?? -1] ?? Number.NEGATIVE_INFINITY
    return window
  }
}

/** Times, counts (null: no event), their sum, how many are events, and the events where they are kept. */
export type CountSnapshot = [number[], (number | null)[], number, number, (Fields | null)[] | null]
