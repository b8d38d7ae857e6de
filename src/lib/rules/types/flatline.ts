import { eventOf } from '../event.ts'
import type { Fields, JsonObject } from '../fields.ts'
import type { KindOf } from '../rule.ts'
import { pythonTimedelta } from '../rule-text.ts'
import { KEY_INTS, KEY_WORDS, KeyTable } from '../state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import { TimeLists } from '../state/time-lists.ts'
import { type Latest, LatestEvent } from './latest-event.ts'
import type { Key, Report, RuleType } from './rule-type.ts'

/** Of a key: times of the events less than a timeframe before the newest entry, a list in the first two words. */
const LIST = KEY_INTS
/** Time of the newest event or evaluation. */
const NEWEST = KEY_WORDS + 2
/** A timeframe after this there can be too few; NaN before it is known, and once the key has matched with forget_keys. */
const SINCE = KEY_WORDS + 3
const WORDS = 4

/** Fewer events than threshold within the timeframe: a match at every evaluation until there are enough again. */
export class Flatline implements RuleType {
  readonly #keys = new KeyTable(WORDS)
  readonly #events = new TimeLists(this.#keys.records, LIST)
  readonly #latest = new LatestEvent()
  readonly #kind: KindOf<'flatline'>
  readonly #hasKeys: boolean

  constructor(kind: KindOf<'flatline'>, hasKeys: boolean) {
    this.#kind = kind
    this.#hasKeys = hasKeys
  }

  get size(): number {
    return this.#keys.size
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    const at = this.#known(key, micros)
    if (this.#keys.records.double(at, NEWEST) - micros >= this.#kind.timeframe) report.late()
    this.#events.add(at, micros)
    this.#pass(at, micros)
    this.#latest.set(key, micros, event)
  }

  #known(key: Key, micros: number): number {
    const { records, size } = this.#keys
    const at = this.#keys.add(key)
    if (this.#keys.size === size) return at
    records.setDouble(at, NEWEST, micros)
    records.setDouble(at, SINCE, Number.NaN)
    return at
  }

  evaluate(micros: number, report: Report): void {
    const { records } = this.#keys
    const latest = this.#latest.get()
    this.#latest.clear()
    const last = latest === undefined ? 0 : this.#keys.find(latest.key)
    if (latest !== undefined && last !== 0) {
      this.#begin(last, records.double(last, NEWEST))
      this.#check(last, report, latest)
    }
    // without a query_key it is the rule itself that is silent, even before its first event
    if (!this.#hasKeys && this.#keys.size === 0) this.#known(null, micros)
    this.#keys.each(at => {
      this.#pass(at, micros)
      this.#begin(at, micros)
      this.#check(at, report, { micros })
    })
  }

  #begin(at: number, micros: number): void {
    const { records } = this.#keys
    if (Number.isNaN(records.double(at, SINCE))) records.setDouble(at, SINCE, micros)
  }

  #pass(at: number, micros: number): void {
    const { records } = this.#keys
    const events = this.#events
    const newest = Math.max(micros, records.double(at, NEWEST))
    records.setDouble(at, NEWEST, newest)
    for (let head = events.head(at); head !== 0; head = events.head(at)) {
      if (newest - events.time(head) < this.#kind.timeframe) return
      events.shift(at)
    }
  }

  /** What is found is told of by the latest event, or by the time of the evaluation. */
  #check(at: number, report: Report, by: Pick<Latest, 'micros'> & Partial<Latest>): void {
    const { timeframe, threshold, forgetKeys } = this.#kind
    const { records } = this.#keys
    const newest = records.double(at, NEWEST)
    const count = this.#events.size(at)
    if (newest - records.double(at, SINCE) < timeframe || count >= threshold) return
    const key = this.#keys.keyOf(at)
    const event = by.text === undefined ? undefined : eventOf(JSON.parse(by.text))
    const row: JsonObject =
      event === undefined ? report.evaluation(undefined, by.micros) : report.document(event, by.micros)
    Object.assign(row, { key: key ?? (this.#hasKeys ? null : 'all'), count, threshold })
    if (forgetKeys) {
      this.#events.clear(at)
      this.#keys.drop(at)
    } else records.setDouble(at, SINCE, newest - timeframe)
    report.match({ key, micros: newest, numHits: count, row, envelope: event?.envelope })
  }

  /** A key that was forgotten is silent until it is seen again. */
  holds(key: Key): boolean {
    const at = this.#keys.find(key)
    return at === 0 || this.#events.size(at) < this.#kind.threshold
  }

  explain(_: number, tell: (key: Key, text: string) => void): void {
    const { threshold, timeframe } = this.#kind
    const frame = pythonTimedelta(timeframe)
    this.#keys.each(at =>
      tell(this.#keys.keyOf(at), `${this.#events.size(at)} events within ${frame} (threshold ${threshold})`)
    )
  }

  /** A key that has gone silent is what the rule is about. */
  forget(): void {}

  save(out: SnapshotWriter): void {
    this.#keys.save(out)
    this.#events.save(out)
    out.json(this.#latest.get() ?? null)
  }

  restore(saved: SnapshotReader): void {
    this.#keys.restore(saved)
    this.#events.restore(saved)
    this.#latest.restore(saved.json<Latest | null>() ?? undefined)
  }
}
