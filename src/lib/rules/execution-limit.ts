import type { Cron } from './cron.ts'
import { type Found, wholeOf } from './types/index.ts'

interface Held {
  due: number
  found: Found
}

export type HeldSnapshot = Held[]

/** ElastAlert's `limit_execution`: a rule is at work in the minutes of a cron expression only. */
export class ExecutionLimit {
  readonly #cron: Cron
  readonly #covers: boolean
  #held: Held[] = []
  /** The minute that was asked about last, and whether it is one of the expression's. */
  #minute = Number.NaN
  #isIn = false

  /** `covers`: what happens outside is never looked at; else it is found in the next minute in which the rule is at work. */
  constructor(cron: Cron, covers: boolean) {
    this.#cron = cron
    this.#covers = covers
  }

  includes(micros: number): boolean {
    const minute = Math.floor(micros / 60e6)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#isIn = this.#cron.includes(micros)
    }
    return this.#isIn
  }

  /** Whether an event of a time is not looked at. */
  ignores(micros: number): boolean {
    return this.#covers && !this.includes(micros)
  }

  /** Time after which a match goes on; Infinity when none waits. */
  get due(): number {
    return this.#held[0]?.due ?? Number.POSITIVE_INFINITY
  }

  hold(found: Found, now: number): void {
    this.#held.push({ due: this.#cron.next(now)!, found: wholeOf(found) })
    this.#held.sort((a, b) => a.due - b.due)
  }

  /** Takes out what was due before a time. */
  release(before: number): Held[] {
    const due = this.#held.filter(h => h.due < before)
    if (due.length > 0) this.#held = this.#held.filter(h => h.due >= before)
    return due
  }

  snapshot(): HeldSnapshot {
    return this.#held
  }

  restore(snapshot: HeldSnapshot): void {
    this.#held = snapshot
  }
}
