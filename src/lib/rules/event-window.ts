import type { JsonObject } from './fields.ts'

const NONE: number[] = []

/**
 * The events of one key that lie less than a timeframe apart, in order of their time. An event that comes late takes its place
 * among the others; the oldest leave as soon as the window is a whole timeframe long.
 */
export class EventWindow {
  #times: number[] = NONE
  #head = 0
  #documents: JsonObject[] | undefined

  get size(): number {
    return this.#times.length - this.#head
  }

  /** Microseconds of the newest event; -Infinity when there is none. */
  get newest(): number {
    return this.size === 0 ? Number.NEGATIVE_INFINITY : this.#times.at(-1)!
  }

  /** Documents of the events, oldest first, when they were given to `add`. */
  get documents(): JsonObject[] {
    return this.#documents?.slice(this.#head) ?? []
  }

  /** Documents of the events that are later than a time. */
  since(micros: number): JsonObject[] {
    let at = this.#head
    while (at < this.#times.length && this.#times[at]! <= micros) at++
    return this.#documents?.slice(at) ?? []
  }

  /** Times in microseconds; the document is kept only where it is given. */
  add(micros: number, timeframe: number, document?: JsonObject): void {
    if (this.#times.length === 0) {
      // an array made with its first element is small, and most keys never have more
      this.#times = [micros]
      if (document !== undefined) this.#documents = [document]
      return
    }
    let at = this.#times.length
    while (at > this.#head && this.#times[at - 1]! > micros) at--
    if (at === this.#times.length) this.#times.push(micros)
    else this.#times.splice(at, 0, micros)
    if (document !== undefined) (this.#documents ??= []).splice(at, 0, document)
    while (this.newest - this.#times[this.#head]! >= timeframe) this.#head++
    // cutting off the front each time would copy the whole window for every event
    if (this.#head > 32 && this.#head * 2 > this.#times.length) this.#compact()
  }

  #compact(): void {
    this.#times = this.#times.slice(this.#head)
    this.#documents = this.#documents?.slice(this.#head)
    this.#head = 0
  }

  snapshot(): WindowSnapshot {
    const times = this.#times.slice(this.#head)
    return this.#documents === undefined ? { times } : { times, documents: this.documents }
  }

  static restore(snapshot: WindowSnapshot): EventWindow {
    const window = new EventWindow()
    window.#times = snapshot.times
    window.#documents = snapshot.documents
    return window
  }
}

export interface WindowSnapshot {
  times: number[]
  documents?: JsonObject[]
}
