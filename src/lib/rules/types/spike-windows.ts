import type { Fields, JsonObject } from '../fields.ts'
import type { Spike } from '../rule.ts'
import { pythonTimedelta } from '../rule-text.ts'
import { type CountSnapshot, CountWindow } from './count-window.ts'
import type { Key, Report } from './rule-type.ts'

/** A key that is not seen any more is known for so long, so that it is no new one when it comes back. */
const KNOWN_FOR = 30 * 86400e6

interface Windows {
  reference: CountWindow
  current: CountWindow
}

/** Which figures of the two windows are compared, and which entries of the current one can be the match. */
export interface Comparison {
  figure(window: CountWindow): number | undefined
  matches(count: number): boolean
  /** Figures of zero are compared with the thresholds; else they are no figures. */
  thresholds: boolean
  keepsEvents: boolean
}

/**
 * Per key two windows, one after the other: what leaves the current one enters the reference. A spike reports the oldest event
 * of the current window, empties the reference, and mutes the key for two timeframes.
 */
export class SpikeWindows {
  #keys = new Map<Key, Windows>()
  /** Per key when it began, or began anew after a match. */
  #first = new Map<Key, number>()
  #mutedUntil = new Map<Key, number>()
  /** True once some key has had a full reference window. */
  #filledOnce = false
  readonly #spike: Spike
  readonly #comparison: Comparison
  readonly #hasKeys: boolean

  constructor(spike: Spike, comparison: Comparison, hasKeys: boolean) {
    this.#spike = spike
    this.#comparison = comparison
    this.#hasKeys = hasKeys
  }

  /** NaN as the count: no event, time has passed. */
  add(key: Key, micros: number, count: number, event: Fields | undefined, report: Report): void {
    const { timeframe } = this.#spike
    const first = this.#first.get(key) ?? micros
    if (first === micros) this.#first.set(key, micros)
    let windows = this.#keys.get(key)
    if (windows === undefined) {
      const current = new CountWindow(this.#comparison.keepsEvents)
      windows = { reference: new CountWindow(false), current }
      this.#keys.set(key, windows)
    }
    const { reference, current } = windows
    current.add(micros, count, event, timeframe, (at, n) => reference.add(at, n, undefined, timeframe))
    if (micros - first >= timeframe * 2) this.#filledOnce = true
    else if (!this.#mayAlertEarly(key, micros)) return
    const before = this.#comparison.figure(reference)
    const now = this.#comparison.figure(current)
    if (before === undefined || now === undefined || !this.#isSpike(before, now)) return
    this.#report(key, windows, before, now, report)
  }

  #mayAlertEarly(key: Key, micros: number): boolean {
    if (!this.#filledOnce || !this.#hasKeys || !this.#spike.alertOnNewData) return false
    return micros >= (this.#mutedUntil.get(key) ?? Number.NEGATIVE_INFINITY)
  }

  #isSpike(before: number, now: number): boolean {
    const { height, direction, thresholdCur, thresholdRef } = this.#spike
    if (this.#comparison.thresholds) {
      if (now < thresholdCur || before < thresholdRef) return false
    } else if (before === 0 || now === 0) return false
    if (direction !== 'down' && now >= before * height) return true
    return direction !== 'up' && now <= before / height
  }

  #report(key: Key, windows: Windows, before: number, now: number, report: Report): void {
    const { reference, current } = windows
    const { micros, event } = current.oldest(this.#comparison.matches)
    const row: JsonObject =
      event === undefined ? report.evaluation(key, micros) : report.document(event, micros)
    // a match that only time has brought says so
    if (event === undefined && this.#comparison.keepsEvents) row.placeholder = true
    row.spike_count = now
    row.reference_count = before
    report.match({ key, micros, numHits: current.size, row, envelope: event?.envelope })
    reference.clear()
    this.#first.delete(key)
    if (this.#spike.alertOnNewData) this.#mutedUntil.set(key, micros + this.#spike.timeframe * 2)
  }

  /** Lets time pass in every window; keys without anything in them go. */
  pass(micros: number, report: Report): void {
    for (const [key, { reference, current }] of this.#keys) {
      if (this.#hasKeys && reference.sum === 0 && current.sum === 0) this.#keys.delete(key)
      else this.add(key, micros, Number.NaN, undefined, report)
    }
  }

  explain(tell: (key: Key, text: string) => void): void {
    const { height, timeframe, thresholdCur, thresholdRef } = this.#spike
    const frame = pythonTimedelta(timeframe)
    for (const [key, { reference, current }] of this.#keys) {
      const [now, before] = [current, reference].map(w => this.#comparison.figure(w) ?? 'nothing')
      const full = this.#filledOnce ? '' : ', no key has had two full windows yet'
      tell(
        key,
        `${now} within ${frame} (threshold_cur ${thresholdCur}), ${before} in the ${frame} before (threshold_ref ${thresholdRef}), spike_height ${height}${full}`
      )
    }
  }

  forget(before: number): void {
    for (const [key, first] of this.#first) {
      if (!this.#keys.has(key) && first + KNOWN_FOR < before) this.#first.delete(key)
    }
    for (const [key, until] of this.#mutedUntil) if (until < before) this.#mutedUntil.delete(key)
  }

  snapshot(): unknown {
    return {
      keys: Array.from(this.#keys, ([key, w]) => [key, w.reference.snapshot(), w.current.snapshot()]),
      first: [...this.#first].flat(),
      muted: [...this.#mutedUntil].flat(),
      filledOnce: this.#filledOnce
    }
  }

  restore(snapshot: unknown): void {
    const { keys, first, muted, filledOnce } = snapshot as {
      keys: [Key, CountSnapshot, CountSnapshot][]
      first: (Key | number)[]
      muted: (Key | number)[]
      filledOnce: boolean
    }
    this.#keys = new Map(
      keys.map(([key, reference, current]) => [
        key,
        { reference: CountWindow.restore(reference), current: CountWindow.restore(current) }
      ])
    )
    this.#first = pairs(first)
    this.#mutedUntil = pairs(muted)
    this.#filledOnce = filledOnce
  }
}

function pairs(list: (Key | number)[]): Map<Key, number> {
  const map = new Map<Key, number>()
  for (let i = 0; i < list.length; i += 2) map.set(list[i] as Key, list[i + 1] as number)
  return map
}
