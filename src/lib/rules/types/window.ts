import type { Fields } from '../fields.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'

/** One of the two windows of a key. */
export interface Window {
  readonly sum: number
  readonly size: number
  mean(): number | undefined
  /** Goes through the counts, oldest first. */
  fold<T>(start: T, next: (result: T, count: number) => T): T
}

/** Per key, by its record, two windows of a timeframe, one after the other: what leaves the current one enters the reference. */
export interface Pairs {
  isAlive(at: number): boolean
  begin?(at: number): void
  /** Empties both; the key may begin anew. */
  end(at: number): void
  add(at: number, micros: number, count: number, event: Fields | undefined): void
  /** Time passes for all keys: `advance` has each of them see it. Where it does not, only entries push windows on. */
  pass?(micros: number): void
  advance?(at: number): void
  /** Time of the newest entry of the current window, or that has passed. */
  newest(at: number): number
  clearReference(at: number): void
  /**
   * The oldest entry of the current window whose count passes, with its event as JSON says it where events are kept; the
   * newest, or the time that has passed last, where there is none.
   */
  oldest(at: number, passes: (count: number) => boolean): { micros: number; line: unknown }
  /** A window; valid until that of another key is asked for. */
  current(at: number): Window
  reference(at: number): Window
  save(out: SnapshotWriter): void
  restore(saved: SnapshotReader): void
}

/** What a window asks those that keep it. */
interface Kept {
  sum(at: number, isCurrent: boolean): number
  size(at: number, isCurrent: boolean): number
  fold<T>(at: number, isCurrent: boolean, start: T, next: (result: T, count: number) => T): T
}

/** One window of the key that is looked at: all keys are, whenever time passes, and none is to leave an object behind. */
export class KeyWindow implements Window {
  at = 0
  readonly #kept: Kept
  readonly #isCurrent: boolean

  constructor(kept: Kept, isCurrent: boolean) {
    this.#kept = kept
    this.#isCurrent = isCurrent
  }

  get sum(): number {
    return this.#kept.sum(this.at, this.#isCurrent)
  }

  get size(): number {
    return this.#kept.size(this.at, this.#isCurrent)
  }

  mean(): number | undefined {
    return this.size === 0 ? undefined : this.sum / this.size
  }

  fold<T>(start: T, next: (result: T, count: number) => T): T {
    return this.#kept.fold(this.at, this.#isCurrent, start, next)
  }
}
