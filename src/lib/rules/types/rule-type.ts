import type { Fields, JsonObject } from '../fields.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'

/** The value of a rule's query_key; null where the event or the rule has none. */
export type Key = string | number | boolean | null

/** What a rule's type has found. Of an event it must be read before the next one comes. */
export interface Found {
  key: Key
  /** Microseconds: the event's, or the evaluation's. */
  micros: number
  /** How many events made the match. */
  numHits: number
  /** The match: the document of an event, or what an evaluation says in its place. */
  row: JsonObject
  /** The envelope around an event's row. */
  envelope: JsonObject | undefined
}

/** What a type is given to report with. */
export interface Report {
  /** An event as it is reported: a copy, in which times and a compound key stand as ElastAlert writes them. */
  document(event: Fields, micros: number): JsonObject
  /** The start of a match that no event is behind: its time and, unless undefined, the key of a rule with a query_key. */
  evaluation(key: Key | undefined, micros: number): JsonObject
  match(found: Found): void
  /** The event that was given came when its window had passed: it counts for nothing. */
  late(): void
}

/** The memory of one rule. Times are microseconds. */
export interface RuleType {
  /** Takes an event that passes the filter. Types keep the event only where a later match reports it. */
  add(key: Key, micros: number, event: Fields, report: Report): void
  /** For types that time decides: called at every multiple of run_every, after all events up to it. */
  evaluate?: ((micros: number, report: Report) => void) | undefined
  /** Whether the condition of a key that has matched still holds; without it, it does as long as there are matches. */
  holds?(key: Key, micros: number): boolean
  /** Tells how the window of each key stands at a time, in words. */
  explain?(micros: number, tell: (key: Key, text: string) => void): void
  /** Frees what can no longer take part in a match when all events are later than this. */
  forget(before: number): void
  /** How many keys, or terms, are remembered. */
  readonly size: number
  save(out: SnapshotWriter): void
  /** Takes up what a rule of the same type has saved. */
  restore(saved: SnapshotReader): void
}

/** Its document is made when it is asked for: most matches of an event that go on are held back by realert. */
class EventFound implements Found {
  readonly key: Key
  readonly micros: number
  readonly numHits: number
  readonly #event: Fields
  readonly #report: Report
  readonly #more: JsonObject | undefined
  #row: JsonObject | undefined

  constructor(
    key: Key,
    micros: number,
    event: Fields,
    report: Report,
    more: JsonObject | undefined,
    numHits: number
  ) {
    this.key = key
    this.micros = micros
    this.numHits = numHits
    this.#event = event
    this.#report = report
    this.#more = more
  }

  get row(): JsonObject {
    this.#row ??= Object.assign(this.#report.document(this.#event, this.micros), this.#more)
    return this.#row
  }

  get envelope(): JsonObject | undefined {
    return this.#event.envelope
  }
}

/** What was found, to be kept when its event has passed. */
export function wholeOf({ key, micros, numHits, row, envelope }: Found): Found {
  return { key, micros, numHits, row, envelope }
}

/** A match that an event is. */
export function eventMatch(
  key: Key,
  micros: number,
  event: Fields,
  report: Report,
  more?: JsonObject,
  numHits = 1
): void {
  report.match(new EventFound(key, micros, event, report, more, numHits))
}
