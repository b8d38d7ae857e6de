import { eventOf } from '../event.ts'
import type { Fields, JsonObject } from '../fields.ts'
import type { Spike } from '../rule.ts'
import { pythonTimedelta } from '../rule-text.ts'
import { KEY_WORDS, KeyTable } from '../state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import type { Key, Report } from './rule-type.ts'
import { type PairOptions, pairWords, type Window, WindowPairs } from './window-pairs.ts'

/** A key that is not seen any more is known for so long, so that it is no new one when it comes back. */
const KNOWN_FOR = 30 * 86400e6

/** Which figures of the two windows are compared, and which entries of the current one can be the match. */
export interface Comparison extends PairOptions {
  figure(window: Window): number | undefined
  matches(count: number): boolean
  /** Figures of zero are compared with the thresholds; else they are no figures. */
  thresholds: boolean
}

/**
 * Per key two windows, one after the other: what leaves the current one enters the reference. A spike reports the oldest event
 * of the current window, empties the reference, and mutes the key for two timeframes.
 */
export class SpikeWindows {
  readonly #keys: KeyTable
  readonly #pairs: WindowPairs
  /** Word of a key's record: when it began, or began anew after a match; NaN for neither. */
  readonly #first: number
  /** The same: until when it is muted. */
  readonly #mutedUntil: number
  /** True once some key has had a full reference window. */
  #filledOnce = false
  readonly #spike: Spike
  readonly #comparison: Comparison
  readonly #hasKeys: boolean

  constructor(spike: Spike, comparison: Comparison, hasKeys: boolean) {
    this.#spike = spike
    this.#comparison = comparison
    this.#hasKeys = hasKeys
    this.#first = KEY_WORDS + pairWords(comparison)
    this.#mutedUntil = this.#first + 1
    this.#keys = new KeyTable(pairWords(comparison) + (spike.alertOnNewData ? 2 : 1))
    this.#pairs = new WindowPairs(this.#keys.records, KEY_WORDS, spike.timeframe, comparison)
  }

  get size(): number {
    return this.#keys.size
  }

  add(key: Key, micros: number, count: number, event: Fields | undefined, report: Report): void {
    const { size } = this.#keys
    const at = this.#keys.add(key)
    if (this.#keys.size > size) this.#forgetFirst(at)
    if (!this.#pairs.isAlive(at)) {
      this.#pairs.begin(at)
      this.#keys.toEnd(at)
    }
    const first = this.#firstOf(at, micros)
    this.#pairs.add(at, micros, count, event)
    this.#compare(at, first, micros, report)
  }

  #forgetFirst(at: number): void {
    this.#keys.records.setDouble(at, this.#first, Number.NaN)
    if (this.#spike.alertOnNewData) this.#keys.records.setDouble(at, this.#mutedUntil, Number.NaN)
  }

  #firstOf(at: number, micros: number): number {
    const { records } = this.#keys
    if (Number.isNaN(records.double(at, this.#first))) records.setDouble(at, this.#first, micros)
    return records.double(at, this.#first)
  }

  #compare(at: number, first: number, micros: number, report: Report): void {
    if (micros - first >= this.#spike.timeframe * 2) this.#filledOnce = true
    else if (!this.#mayAlertEarly(at, micros)) return
    const before = this.#comparison.figure(this.#pairs.reference(at))
    const now = this.#comparison.figure(this.#pairs.current(at))
    if (before === undefined || now === undefined || !this.#isSpike(before, now)) return
    this.#report(at, before, now, report)
  }

  #mayAlertEarly(at: number, micros: number): boolean {
    if (!this.#filledOnce || !this.#hasKeys || !this.#spike.alertOnNewData) return false
    return !(micros < this.#keys.records.double(at, this.#mutedUntil))
  }

  #isSpike(before: number, now: number): boolean {
    const { height, direction, thresholdCur, thresholdRef } = this.#spike
    if (this.#comparison.thresholds) {
      if (now < thresholdCur || before < thresholdRef) return false
    } else if (before === 0 || now === 0) return false
    if (direction !== 'down' && now >= before * height) return true
    return direction !== 'up' && now <= before / height
  }

  #report(at: number, before: number, now: number, report: Report): void {
    const { records } = this.#keys
    const { micros, line } = this.#pairs.oldest(at, this.#comparison.matches)
    const key = this.#keys.keyOf(at)
    const event = eventOf(line)
    const row: JsonObject =
      event === undefined ? report.evaluation(key, micros) : report.document(event, micros)
    // a match that only time has brought says so
    if (event === undefined && this.#comparison.keepsEvents) row.placeholder = true
    row.spike_count = now
    row.reference_count = before
    report.match({ key, micros, numHits: this.#pairs.current(at).size, row, envelope: event?.envelope })
    this.#pairs.clearReference(at)
    records.setDouble(at, this.#first, Number.NaN)
    if (this.#spike.alertOnNewData)
      records.setDouble(at, this.#mutedUntil, micros + this.#spike.timeframe * 2)
  }

  /** Lets time pass in every window; keys without anything in them go. */
  pass(micros: number, report: Report): void {
    const pairs = this.#pairs
    pairs.pass(micros)
    this.#keys.each(at => {
      if (!pairs.isAlive(at)) return
      if (this.#hasKeys && pairs.reference(at).sum === 0 && pairs.current(at).sum === 0) {
        pairs.end(at)
        this.#drop(at)
        return
      }
      const first = this.#firstOf(at, micros)
      pairs.advance(at)
      this.#compare(at, first, micros, report)
    })
  }

  /** Drops a key that has no windows and of which nothing else is known. */
  #drop(at: number): void {
    const { records } = this.#keys
    const isKnown = (word: number): boolean => !Number.isNaN(records.double(at, word))
    if (isKnown(this.#first) || (this.#spike.alertOnNewData && isKnown(this.#mutedUntil))) return
    this.#keys.drop(at)
  }

  explain(tell: (key: Key, text: string) => void): void {
    const { height, timeframe, thresholdCur, thresholdRef } = this.#spike
    const frame = pythonTimedelta(timeframe)
    this.#keys.each(at => {
      if (!this.#pairs.isAlive(at)) return
      const windows = [this.#pairs.current(at), this.#pairs.reference(at)]
      const [now, before] = windows.map(w => this.#comparison.figure(w) ?? 'nothing')
      const full = this.#filledOnce ? '' : ', no key has had two full windows yet'
      tell(
        this.#keys.keyOf(at),
        `${now} within ${frame} (threshold_cur ${thresholdCur}), ${before} in the ${frame} before (threshold_ref ${thresholdRef}), spike_height ${height}${full}`
      )
    })
  }

  forget(before: number): void {
    const { records } = this.#keys
    this.#keys.each(at => {
      if (this.#spike.alertOnNewData && records.double(at, this.#mutedUntil) < before)
        records.setDouble(at, this.#mutedUntil, Number.NaN)
      if (this.#pairs.isAlive(at)) return
      if (records.double(at, this.#first) + KNOWN_FOR < before) records.setDouble(at, this.#first, Number.NaN)
      this.#drop(at)
    })
  }

  save(out: SnapshotWriter): void {
    const { counts, keepsEvents } = this.#comparison
    out.json([counts, keepsEvents, this.#spike.alertOnNewData])
    out.json(this.#filledOnce)
    this.#keys.save(out)
    this.#pairs.save(out)
  }

  /** A rule that keeps other things by now begins anew. */
  restore(saved: SnapshotReader): void {
    const { counts, keepsEvents } = this.#comparison
    const own = JSON.stringify([counts, keepsEvents, this.#spike.alertOnNewData])
    if (JSON.stringify(saved.json()) !== own) return
    this.#filledOnce = saved.json<boolean>()
    this.#keys.restore(saved)
    this.#pairs.restore(saved)
  }
}
