import { minuteMs } from './evening.ts'
import { minuteOf } from './standing.ts'

/** Counts what the evening's source has done, against which the results are held. */
export class Tally {
  /** Rows that were there at the beginning. */
  readonly initial: number
  /** Rows changed since. */
  changes = 0
  /** The evening's own clock, in ms since the epoch. */
  clock: number
  /** Rows inserted into contest_joins, by the minute's end. */
  readonly joins = new Map<string, number>()
  #startedAt = 0
  #changedAt = 0

  constructor(initial: number, clock: number) {
    this.initial = initial
    this.clock = clock
  }

  /** A transaction, or a part of one, was committed at a moment of the evening's clock. */
  add(clock: number, changes: number, joins: number): void {
    if (this.changes === 0) this.#startedAt = performance.now()
    this.changes += changes
    this.clock = Math.max(this.clock, clock)
    this.#changedAt = performance.now()
    if (joins === 0) return
    const end = minuteOf(new Date((Math.floor(clock / minuteMs) + 1) * minuteMs).toISOString())
    this.joins.set(end, (this.joins.get(end) ?? 0) + joins)
  }

  get events(): number {
    return this.initial + this.changes
  }

  /** Changes a second, from the first to the newest. */
  get perSecond(): number {
    const seconds = (this.#changedAt - this.#startedAt) / 1000
    return seconds > 0 ? this.changes / seconds : 0
  }
}
