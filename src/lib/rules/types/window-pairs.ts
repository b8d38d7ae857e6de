import { eventJson, type Fields } from '../fields.ts'
import { KeptObjects } from '../state/kept-objects.ts'
import type { Records } from '../state/records.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import { ENTRY_WORDS, TimeLists } from '../state/time-lists.ts'
import { Passes } from './passes.ts'
import { KeyWindow, type Pairs, type Window } from './window.ts'

/** So many events of a window are kept to be reported; of more, one in each such part of the timeframe. */
const KEPT = 1000

/** Places of a key's record: a list of three, then these. */
const CURRENT = 3
const CURRENT_SIZE = 4
/** The number, from 1, of the first pass that it has seen; 0 while it has no windows. */
const BORN = 5
/** Words of it. */
const KEPT_AT = 3
const REFERENCE_SUM = 4
const CURRENT_SUM = 5

export interface PairOptions {
  /** Entries have figures of their own; else each counts for one. */
  readonly counts: boolean
  /** Events of the current window are kept, to be reported. */
  readonly keepsEvents: boolean
}

/** Words of a key's record that its pair takes. */
export function pairWords({ counts }: PairOptions): number {
  return counts ? 6 : 4
}

/**
 * Per key two windows of a timeframe, one after the other, of entries in order of their time: what leaves the current one
 * enters the reference, and what leaves that is gone. Both are stretches of one list. Time passes with entries, and with
 * passes, which are no entries, but push them on.
 */
export class WindowPairs implements Pairs {
  readonly #records: Records
  readonly #word: number
  readonly #place: number
  readonly #timeframe: number
  readonly #counts: boolean
  readonly #lists: TimeLists
  readonly #events: KeptObjects | undefined
  readonly #event: number
  readonly #passes: Passes
  readonly #currentWindow = new KeyWindow(this, true)
  readonly #referenceWindow = new KeyWindow(this, false)

  constructor(records: Records, word: number, timeframe: number, { counts, keepsEvents }: PairOptions) {
    this.#records = records
    this.#word = word
    this.#place = word * 2
    this.#timeframe = timeframe
    this.#counts = counts
    this.#event = (ENTRY_WORDS + (counts ? 1 : 0)) * 2
    this.#lists = new TimeLists(records, this.#place, (counts ? 1 : 0) + (keepsEvents ? 1 : 0))
    this.#passes = new Passes(timeframe)
    if (keepsEvents) this.#events = new KeptObjects()
  }

  isAlive(at: number): boolean {
    return this.#int(at, BORN) !== 0
  }

  begin(at: number): void {
    this.#setInt(at, BORN, this.#passes.next + 1)
    this.#records.setDouble(at, this.#word + KEPT_AT, Number.NEGATIVE_INFINITY)
  }

  end(at: number): void {
    while (this.#int(at, CURRENT) !== 0) this.#leave(at)
    this.clearReference(at)
    this.#setInt(at, BORN, 0)
    this.#setSum(at, CURRENT_SUM, 0)
  }

  add(at: number, micros: number, count: number, event: Fields | undefined): void {
    const lists = this.#lists
    const entry = lists.add(at, micros)
    if (this.#counts) lists.entries.setDouble(entry, ENTRY_WORDS, count)
    const isKept = event !== undefined && this.#mayKeep(at, micros)
    const newest = this.newest(at)
    if (newest - micros < this.#timeframe) {
      const current = this.#int(at, CURRENT)
      if (current === 0 || lists.next(entry) === current) this.#setInt(at, CURRENT, entry)
      this.#setInt(at, CURRENT_SIZE, this.#int(at, CURRENT_SIZE) + 1)
      this.#addSum(at, CURRENT_SUM, count)
      if (isKept) this.#keep(entry, event)
    } else this.#addSum(at, REFERENCE_SUM, count)
    this.#advance(at, newest)
  }

  pass(micros: number): void {
    this.#passes.add(micros)
  }

  advance(at: number): void {
    this.#advance(at, this.newest(at))
  }

  newest(at: number): number {
    return Math.max(this.#lists.newest(at), this.#passes.last(this.#born(at)))
  }

  #advance(at: number, newest: number): void {
    const lists = this.#lists
    const timeframe = this.#timeframe
    let current = this.#int(at, CURRENT)
    while (current !== 0 && newest - lists.time(current) >= timeframe) current = this.#leave(at)
    const last = current === 0 ? lists.tail(at) : lists.before(current)
    const left = Math.max(
      last === 0 ? Number.NEGATIVE_INFINITY : lists.time(last),
      this.#passes.left(newest, this.#born(at))
    )
    for (let head = lists.head(at); head !== current; head = lists.head(at)) {
      if (left - lists.time(head) < timeframe) return
      this.#addSum(at, REFERENCE_SUM, -this.#countOf(head))
      lists.shift(at)
    }
  }

  /** The oldest entry of the current window goes over to the reference; gives the next one. */
  #leave(at: number): number {
    const entry = this.#int(at, CURRENT)
    const count = this.#countOf(entry)
    const next = this.#lists.next(entry)
    this.#setInt(at, CURRENT, next)
    this.#setInt(at, CURRENT_SIZE, this.#int(at, CURRENT_SIZE) - 1)
    this.#addSum(at, CURRENT_SUM, -count)
    this.#addSum(at, REFERENCE_SUM, count)
    const event = this.#eventOf(entry)
    if (event === 0) return next
    this.#events?.drop(event)
    this.#lists.entries.setInt(entry, this.#event, 0)
    return next
  }

  /** Bounds what is kept; a window of no more than KEPT events has them all. */
  #mayKeep(at: number, micros: number): boolean {
    if (this.#events === undefined) return false
    const word = this.#word + KEPT_AT
    const isNear = Math.abs(micros - this.#records.double(at, word)) < this.#timeframe / KEPT
    if (isNear && this.#int(at, CURRENT_SIZE) >= KEPT) return false
    this.#records.setDouble(at, word, micros)
    return true
  }

  #keep(entry: number, event: Fields): void {
    const { bytes, start, end } = eventJson(event)
    this.#lists.entries.setInt(entry, this.#event, this.#events!.addBytes(bytes, start, end))
  }

  clearReference(at: number): void {
    const current = this.#int(at, CURRENT)
    while (this.#lists.head(at) !== current) this.#lists.shift(at)
    this.#setSum(at, REFERENCE_SUM, 0)
    this.#setInt(at, BORN, Math.max(this.#born(at), this.#passes.after(this.newest(at))) + 1)
  }

  oldest(at: number, passes: (count: number) => boolean): { micros: number; line: unknown } {
    const lists = this.#lists
    for (let entry = this.#int(at, CURRENT); entry !== 0; entry = lists.next(entry)) {
      if (!passes(this.#countOf(entry))) continue
      const event = this.#eventOf(entry)
      if (this.#events === undefined) return { micros: lists.time(entry), line: undefined }
      if (event !== 0) return { micros: lists.time(entry), line: this.#events.read(event) }
    }
    return { micros: this.newest(at), line: undefined }
  }

  current(at: number): Window {
    this.#currentWindow.at = at
    return this.#currentWindow
  }

  reference(at: number): Window {
    this.#referenceWindow.at = at
    return this.#referenceWindow
  }

  sum(at: number, isCurrent: boolean): number {
    return this.#sum(at, isCurrent ? CURRENT_SUM : REFERENCE_SUM)
  }

  size(at: number, isCurrent: boolean): number {
    const current = this.#int(at, CURRENT_SIZE)
    return isCurrent ? current : this.#lists.size(at) - current
  }

  fold<T>(at: number, isCurrent: boolean, start: T, next: (result: T, count: number) => T): T {
    const current = this.#int(at, CURRENT)
    const to = isCurrent ? 0 : current
    let result = start
    for (
      let entry = isCurrent ? current : this.#lists.head(at);
      entry !== to;
      entry = this.#lists.next(entry)
    )
      result = next(result, this.#countOf(entry))
    return result
  }

  #countOf(entry: number): number {
    return this.#counts ? this.#lists.entries.double(entry, ENTRY_WORDS) : 1
  }

  #eventOf(entry: number): number {
    return this.#events === undefined ? 0 : this.#lists.entries.int(entry, this.#event)
  }

  #sum(at: number, word: number): number {
    if (this.#counts) return this.#records.double(at, this.#word + word)
    return this.size(at, word === CURRENT_SUM)
  }

  #addSum(at: number, word: number, count: number): void {
    if (this.#counts) this.#setSum(at, word, this.#records.double(at, this.#word + word) + count)
  }

  #setSum(at: number, word: number, sum: number): void {
    if (this.#counts) this.#records.setDouble(at, this.#word + word, sum)
  }

  #born(at: number): number {
    return this.#int(at, BORN) - 1
  }

  #int(at: number, place: number): number {
    return this.#records.int(at, this.#place + place)
  }

  #setInt(at: number, place: number, value: number): void {
    this.#records.setInt(at, this.#place + place, value)
  }

  save(out: SnapshotWriter): void {
    this.#lists.save(out)
    this.#passes.save(out)
    this.#events?.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#lists.restore(saved)
    this.#passes.restore(saved)
    this.#events?.restore(saved)
  }
}
