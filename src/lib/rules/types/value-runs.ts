import { Records } from '../state/records.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import { KeyWindow, type Pairs, type Window } from './window.ts'

/** Of a run: its value, the number of its first evaluation, how many there are, and the next run. */
const VALUE = 0
const FIRST = 2
const COUNT = 3
const NEXT = 4
const RUN_WORDS = 3

/** Places of a key's record: its first run and its last one; none while it has no windows. */
const HEAD = 0
const TAIL = 1
/** Words of it. */
export const RUNS_WORDS = 1

/**
 * Per key two windows of a timeframe, one after the other, of the values that evaluations find: what leaves the current one
 * enters the reference, and what leaves that is gone. Both are stretches of one list, parted by the numbers of evaluations. A
 * value that is the same for some evaluations is kept once for them.
 */
export class ValueRuns implements Pairs {
  readonly #runs = new Records(RUN_WORDS)
  readonly #keys: Records
  readonly #place: number
  /** So many evaluations are a timeframe. */
  readonly #length: number
  readonly #every: number
  /** Time of the evaluation that has the number 0. */
  #base: number | null = null
  readonly #currentWindow = new KeyWindow(this, true)
  readonly #referenceWindow = new KeyWindow(this, false)

  /** @param word of a key's record from which on it has RUNS_WORDS of them */
  constructor(keys: Records, word: number, timeframe: number, every: number) {
    this.#keys = keys
    this.#place = word * 2
    this.#length = Math.ceil(timeframe / every)
    this.#every = every
  }

  isAlive(at: number): boolean {
    return this.#int(at, TAIL) !== 0
  }

  end(at: number): void {
    this.#dropTo(at, Number.POSITIVE_INFINITY)
  }

  /** Takes the value of an evaluation, which is later than those before it. */
  add(at: number, micros: number, value: number): void {
    this.#base ??= micros
    const number = Math.round((micros - this.#base) / this.#every)
    this.#push(at, number, value)
    const runs = this.#runs
    const left = number - this.#length
    // the one that has left last decides which of those before it are gone
    let last = Number.NEGATIVE_INFINITY
    for (let run = this.#int(at, HEAD); run !== 0 && runs.int(run, FIRST) <= left; run = runs.int(run, NEXT))
      last = Math.min(left, this.#lastOf(run))
    this.#dropTo(at, last - this.#length)
  }

  #push(at: number, number: number, value: number): void {
    const runs = this.#runs
    const tail = this.#int(at, TAIL)
    if (tail !== 0 && runs.double(tail, VALUE) === value && this.#lastOf(tail) === number - 1) {
      runs.setInt(tail, COUNT, runs.int(tail, COUNT) + 1)
      return
    }
    const run = runs.take()
    runs.setDouble(run, VALUE, value)
    runs.setInt(run, FIRST, number)
    runs.setInt(run, COUNT, 1)
    if (tail === 0) this.#setInt(at, HEAD, run)
    else runs.setInt(tail, NEXT, run)
    this.#setInt(at, TAIL, run)
  }

  /** Number of the last evaluation of a run. */
  #lastOf(run: number): number {
    return this.#runs.int(run, FIRST) + this.#runs.int(run, COUNT) - 1
  }

  /** Drops the values of the evaluations up to a number. */
  #dropTo(at: number, number: number): void {
    const runs = this.#runs
    let head = this.#int(at, HEAD)
    while (head !== 0 && this.#lastOf(head) <= number) {
      const next = runs.int(head, NEXT)
      runs.drop(head)
      head = next
    }
    this.#setInt(at, HEAD, head)
    if (head === 0) this.#setInt(at, TAIL, 0)
    else if (runs.int(head, FIRST) <= number) {
      runs.setInt(head, COUNT, this.#lastOf(head) - number)
      runs.setInt(head, FIRST, number + 1)
    }
  }

  newest(at: number): number {
    return this.#timeOf(this.#lastOf(this.#int(at, TAIL)))
  }

  #timeOf(number: number): number {
    return (this.#base ?? 0) + number * this.#every
  }

  /** Number of the last evaluation that has left the current window. */
  #left(at: number): number {
    const tail = this.#int(at, TAIL)
    return tail === 0 ? 0 : this.#lastOf(tail) - this.#length
  }

  clearReference(at: number): void {
    this.#dropTo(at, this.#left(at))
  }

  oldest(at: number, passes: (value: number) => boolean): { micros: number; line: undefined } {
    const runs = this.#runs
    const left = this.#left(at)
    for (let run = this.#int(at, HEAD); run !== 0; run = runs.int(run, NEXT))
      if (this.#lastOf(run) > left && passes(runs.double(run, VALUE)))
        return { micros: this.#timeOf(Math.max(runs.int(run, FIRST), left + 1)), line: undefined }
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

  /** Added up anew each time: what has come and gone must leave no rest. */
  sum(at: number, isCurrent: boolean): number {
    return this.fold(at, isCurrent, 0, plus)
  }

  size(at: number, isCurrent: boolean): number {
    return this.fold(at, isCurrent, 0, plusOne)
  }

  fold<T>(at: number, isCurrent: boolean, start: T, next: (result: T, value: number) => T): T {
    const runs = this.#runs
    const left = this.#left(at)
    const from = isCurrent ? left + 1 : 0
    const to = isCurrent ? Number.POSITIVE_INFINITY : left
    let result = start
    for (let run = this.#int(at, HEAD); run !== 0; run = runs.int(run, NEXT)) {
      const value = runs.double(run, VALUE)
      const last = Math.min(to, this.#lastOf(run))
      for (let n = Math.max(from, runs.int(run, FIRST)); n <= last; n++) result = next(result, value)
    }
    return result
  }

  #int(at: number, place: number): number {
    return this.#keys.int(at, this.#place + place)
  }

  #setInt(at: number, place: number, value: number): void {
    this.#keys.setInt(at, this.#place + place, value)
  }

  save(out: SnapshotWriter): void {
    out.json(this.#base)
    this.#runs.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#base = saved.json<number | null>()
    this.#runs.restore(saved)
  }
}

function plus(sum: number, value: number): number {
  return sum + value
}

function plusOne(size: number): number {
  return size + 1
}
