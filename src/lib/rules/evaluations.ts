/** So many evaluations are made at most when time leaps: a week of minutes. Those before them are left out. */
const MOST = 10_080

/**
 * The times at which a rule that time decides is evaluated: multiples of an interval, from the first at or after the first
 * time that is known. One is due when a later time is known, so that all events up to it have been seen.
 */
export class Evaluations {
  readonly #every: number
  /** The next evaluation in microseconds; -Infinity before any time is known. */
  next = Number.NEGATIVE_INFINITY

  constructor(every: number) {
    this.#every = every
  }

  /** Makes the evaluations that are due at a time. */
  advance(micros: number, evaluate: (micros: number) => void): void {
    if (this.next === Number.NEGATIVE_INFINITY) {
      this.next = Math.ceil(micros / this.#every) * this.#every
      return
    }
    if (micros <= this.next) return
    const leap = Math.ceil((micros - this.next) / this.#every) - MOST
    if (leap > 0) this.next += leap * this.#every
    for (; this.next < micros; this.next += this.#every) evaluate(this.next)
  }
}
