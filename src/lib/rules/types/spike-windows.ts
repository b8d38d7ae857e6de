import { eventOf } from '../event.ts'
import type { Fields, JsonObject } from '../fields.ts'
import type { Spike } from '../rule.ts'
import { pythonTimedelta } from '../rule-text.ts'
import type { KeyTable } from '../state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import type { Key, Report } from './rule-type.ts'
import type { Pairs, Window } from './window.ts'

/** A key that is not seen any more is known for so long, so that it is no new one when it comes back. */
const KNOWN_FOR = 30 * 86400e6

/** Which figures of the two windows are compared, and which entries of the current one can be the match. */
export interface Comparison {
  figure(window: Window): number | undefined
  matches(count: number): boolean
  /** Figures of zero are compared with the thresholds; else they are no figures. */
  thresholds: boolean
  /** A match is an event, unless only time has brought it. */
  byEvents: boolean
}

/** Where the windows are kept, and who else may have something in a key's record. */
export interface Kept {
  readonly keys: KeyTable
  /** Word of a record from which on the rule has SPIKE_WORDS of its own. */
  readonly word: number
  readonly pairs: Pairs
  isUsed?(at: number): boolean
}

/** In a key's record: when it began, or began anew after a match, and until when it is muted; 0 for none. */
const FIRST = 0
const MUTED = 1

export function spikeWords({ alertOnNewData }: Spike): number {
  return alertOnNewData ? 2 : 1
}

/**
 * Per key two windows, one after the other: what leaves the current one enters the reference. A spike reports the oldest event
 * of the current window, empties the reference, and mutes the key for two timeframes.
 */
export class SpikeWindows {
  readonly #kept: Kept
  /** True once some key has had a full reference window. */
  #filledOnce = false
  readonly #spike: Spike
  readonly #comparison: Comparison
  readonly #hasKeys: boolean

  constructor(spike: Spike, comparison: Comparison, hasKeys: boolean, kept: Kept) {
    this.#spike = spike
    this.#comparison = comparison
    this.#hasKeys = hasKeys
    this.#kept = kept
  }

  /** @param at the key's record */
  add(at: number, micros: number, count: number, event: Fields | undefined, report: Report): void {
    const { keys, pairs, isUsed } = this.#kept
    if (!pairs.isAlive(at)) {
      pairs.begin?.(at)
      // the order of keys that others use, too, is theirs
      if (isUsed === undefined) keys.toEnd(at)
    }
    const first = this.#firstOf(at, micros)
    pairs.add(at, micros, count, event)
    this.#compare(at, first, micros, report)
  }

  #firstOf(at: number, micros: number): number {
    const first = this.#time(at, FIRST)
    if (first === 0) this.#setTime(at, FIRST, micros)
    return first || micros
  }

  /** A time that is noted of a key; 0 for none. */
  #time(at: number, which: number): number {
    return this.#kept.keys.records.double(at, this.#kept.word + which)
  }

  /** The time 0, which would be none, becomes the least one after it. */
  #setTime(at: number, which: number, micros: number): void {
    this.#kept.keys.records.setDouble(at, this.#kept.word + which, micros || Number.MIN_VALUE)
  }

  #clearTime(at: number, which: number): void {
    this.#kept.keys.records.setDouble(at, this.#kept.word + which, 0)
  }

  #compare(at: number, first: number, micros: number, report: Report): void {
    if (micros - first >= this.#spike.timeframe * 2) this.#filledOnce = true
    else if (!this.#mayAlertEarly(at, micros)) return
    const before = this.#comparison.figure(this.#kept.pairs.reference(at))
    const now = this.#comparison.figure(this.#kept.pairs.current(at))
    if (before === undefined || now === undefined || !this.#isSpike(before, now)) return
    this.#report(at, before, now, report)
  }

  #mayAlertEarly(at: number, micros: number): boolean {
    if (!this.#filledOnce || !this.#hasKeys || !this.#spike.alertOnNewData) return false
    const mutedUntil = this.#time(at, MUTED)
    return mutedUntil === 0 || micros >= mutedUntil
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
    const { micros, line } = this.#kept.pairs.oldest(at, this.#comparison.matches)
    const key = this.#kept.keys.keyOf(at)
    const event = eventOf(line)
    const row: JsonObject =
      event === undefined ? report.evaluation(key, micros) : report.document(event, micros)
    // a match that only time has brought says so
    if (event === undefined && this.#comparison.byEvents) row.placeholder = true
    row.spike_count = now
    row.reference_count = before
    report.match({ key, micros, numHits: this.#kept.pairs.current(at).size, row, envelope: event?.envelope })
    this.#kept.pairs.clearReference(at)
    this.#clearTime(at, FIRST)
    if (this.#spike.alertOnNewData) this.#setTime(at, MUTED, micros + this.#spike.timeframe * 2)
  }

  /** Lets time pass in every window; keys without anything in them go. */
  pass(micros: number, report: Report): void {
    const { keys, pairs } = this.#kept
    pairs.pass?.(micros)
    keys.each(at => {
      if (!pairs.isAlive(at)) return
      if (this.#hasKeys && pairs.reference(at).sum === 0 && pairs.current(at).sum === 0) {
        pairs.end(at)
        this.#drop(at)
        return
      }
      const first = this.#firstOf(at, micros)
      pairs.advance?.(at)
      this.#compare(at, first, micros, report)
    })
  }

  /** Drops a key that has no windows and of which nothing else is known. */
  #drop(at: number): void {
    if (this.#time(at, FIRST) !== 0 || (this.#spike.alertOnNewData && this.#time(at, MUTED) !== 0)) return
    if (this.#kept.isUsed?.(at) !== true) this.#kept.keys.drop(at)
  }

  explain(tell: (key: Key, text: string) => void): void {
    const { height, timeframe, thresholdCur, thresholdRef } = this.#spike
    const frame = pythonTimedelta(timeframe)
    const { keys, pairs } = this.#kept
    keys.each(at => {
      if (!pairs.isAlive(at)) return
      const windows = [pairs.current(at), pairs.reference(at)]
      const [now, before] = windows.map(w => this.#comparison.figure(w) ?? 'nothing')
      const full = this.#filledOnce ? '' : ', no key has had two full windows yet'
      tell(
        this.#kept.keys.keyOf(at),
        `${now} within ${frame} (threshold_cur ${thresholdCur}), ${before} in the ${frame} before (threshold_ref ${thresholdRef}), spike_height ${height}${full}`
      )
    })
  }

  forget(before: number): void {
    const { keys, pairs } = this.#kept
    keys.each(at => {
      if (this.#spike.alertOnNewData && this.#time(at, MUTED) < before) this.#clearTime(at, MUTED)
      if (pairs.isAlive(at)) {
        // where no time passes by itself, keys that do not come again would stay
        if (pairs.pass !== undefined || pairs.newest(at) + KNOWN_FOR >= before) return
        pairs.end(at)
      }
      if (this.#time(at, FIRST) + KNOWN_FOR < before) this.#clearTime(at, FIRST)
      this.#drop(at)
    })
  }

  /** All but the keys. */
  save(out: SnapshotWriter): void {
    out.json(this.#filledOnce)
    this.#kept.pairs.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#filledOnce = saved.json<boolean>()
    this.#kept.pairs.restore(saved)
  }
}
