import type { JsonObject } from './fields.ts'
import { KeptObjects } from './state/kept-objects.ts'
import type { Records } from './state/records.ts'
import type { SnapshotReader, SnapshotWriter } from './state/snapshot.ts'
import { ENTRY_INTS, LIST_INTS, TimeLists } from './state/time-lists.ts'

const DOCUMENT = ENTRY_INTS

/** Words of an owner's record that its window takes. */
export const WINDOW_WORDS = Math.ceil(LIST_INTS / 2)

/**
 * For each key the events that lie less than a timeframe apart, in order of their time. An event that comes late takes its
 * place among the others; the oldest leave as soon as the window is a whole timeframe long.
 */
export class EventWindows {
  readonly #lists: TimeLists
  readonly #documents: KeptObjects | undefined

  /** @param at word of an owner's record from which on its window has WINDOW_WORDS of them */
  constructor(owners: Records, at: number, keepsDocuments: boolean) {
    this.#lists = new TimeLists(owners, at * 2, keepsDocuments ? 1 : 0)
    if (keepsDocuments) this.#documents = new KeptObjects()
  }

  size(owner: number): number {
    return this.#lists.size(owner)
  }

  /** Microseconds of the newest event; -Infinity when there is none. */
  newest(owner: number): number {
    return this.#lists.newest(owner)
  }

  /** Times of the events, oldest first. */
  times(owner: number): number[] {
    return this.#entriesSince(owner, Number.NEGATIVE_INFINITY).map(entry => this.#lists.time(entry))
  }

  /** Documents of the events that are later than a time, oldest first; without that of one entry. */
  since(owner: number, micros: number, without = 0): JsonObject[] {
    const lists = this.#lists
    return this.#entriesSince(owner, micros)
      .filter(entry => entry !== without)
      .map(entry => this.#documents?.read(lists.entries.int(entry, DOCUMENT)) as JsonObject)
  }

  #entriesSince(owner: number, micros: number): number[] {
    const lists = this.#lists
    const entries: number[] = []
    for (
      let entry = lists.tail(owner);
      entry !== 0 && lists.time(entry) > micros;
      entry = lists.before(entry)
    )
      entries.push(entry)
    return entries.reverse()
  }

  /** Times in microseconds; the document is given where documents are kept. Gives the event's entry. */
  add(owner: number, micros: number, timeframe: number, document?: JsonObject): number {
    const lists = this.#lists
    const entry = lists.add(owner, micros)
    if (this.#documents !== undefined) lists.entries.setInt(entry, DOCUMENT, this.#documents.add(document))
    const newest = lists.newest(owner)
    while (newest - lists.time(lists.head(owner)) >= timeframe) this.#leave(owner)
    return entry
  }

  #leave(owner: number): void {
    const lists = this.#lists
    this.#documents?.drop(lists.entries.int(lists.head(owner), DOCUMENT))
    lists.shift(owner)
  }

  clear(owner: number): void {
    while (this.size(owner) > 0) this.#leave(owner)
  }

  save(out: SnapshotWriter): void {
    this.#lists.save(out)
    this.#documents?.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#lists.restore(saved)
    this.#documents?.restore(saved)
  }
}
