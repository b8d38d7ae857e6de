import type { Timestamp } from './event.ts'
import type { RuleState } from './rule-state.ts'
import { TimeScan } from './time-scan.ts'

/** Rules that time decides and that take it from the same field. */
export class Clock {
  readonly timestamp: Timestamp
  readonly #scan: TimeScan
  readonly #states: RuleState[] = []
  /** After this time, in microseconds, one of them must be told of it. */
  due = Number.POSITIVE_INFINITY

  private constructor(timestamp: Timestamp) {
    this.timestamp = timestamp
    this.#scan = new TimeScan(timestamp)
  }

  /** One for each way in which these rules take their time. */
  static of(states: readonly RuleState[]): Map<RuleState, Clock> {
    const clocks = new Map<string, Clock>()
    const ofStates = new Map<RuleState, Clock>()
    for (const state of states) {
      if (!state.needsTime) continue
      const { timestamp } = state.rule
      const name = JSON.stringify(timestamp)
      const clock = clocks.get(name) ?? new Clock(timestamp)
      clocks.set(name, clock)
      clock.#states.push(state)
      ofStates.set(state, clock)
    }
    return ofStates
  }

  /** Looks anew at when something is due. */
  refresh(): void {
    this.due = Number.POSITIVE_INFINITY
    for (const state of this.#states) this.due = Math.min(this.due, state.due)
  }

  /** Something is due at this time, if nothing is before. */
  bringForward(due: number): void {
    if (due < this.due) this.due = due
  }

  advance(micros: number): void {
    for (const state of this.#states) state.advance(micros)
    this.refresh()
  }

  /** Whether a line that is not parsed may have a time after which something is due. */
  mayPass(block: Buffer, start: number, end: number): boolean {
    return this.due < Number.POSITIVE_INFINITY && this.#scan.mayPass(block, start, end, this.due)
  }
}
