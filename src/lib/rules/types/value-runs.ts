import { Records } from '../state/records.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import { type Pairs, type Window, windowOf } from './window.ts'

/** Of a run: its value, the number of its first evaluation, how many there are, and the next run. */
const VALUE = 0
const FIRST = 2
const COUNT = 3
const NEXT = 4
const RUN_WORDS = 3

/** Places of a key's record: of each of its two windows the first run, the last one, and how many values. */
const CURRENT = 0
const REFERENCE = 3
const HEAD = 0
const TAIL = 1
const SIZE = 2
const ALIVE = 6
/** Words of it. */
export const RUNS_WORDS = 4

/**
 * Per key two windows of a timeframe, one after the other, of the values that evaluations find: what leaves the current one
 * enters the reference, and what leaves that is gone. A value that is the same for some evaluations is kept once for them.
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

  /** @param word of a key's record from which on it has RUNS_WORDS of them */
  constructor(keys: Records, word: number, timeframe: number, every: number) {
    this.#keys = keys
    this.#place = word * 2
    this.#length = Math.ceil(timeframe / every)
    this.#every = every
  }

  isAlive(at: number): boolean {
    return this.#int(at, ALIVE) === 1
  }

  begin(at: number): void {
    this.#setInt(at, ALIVE, 1)
  }

  end(at: number): void {
    this.#clear(at, CURRENT)
    this.#clear(at, REFERENCE)
    this.#setInt(at, ALIVE, 0)
  }

  /** Takes the value of an evaluation, which is later than those before it. */
  add(at: number, micros: number, value: number): void {
    this.#base ??= micros
    const number = Math.round((micros - this.#base) / this.#every)
    this.#push(at, CURRENT, number, value)
    for (let first = this.#first(at, CURRENT); number - first >= this.#length; ) {
      this.#push(at, REFERENCE, first, this.#shift(at, CURRENT))
      while (first - this.#first(at, REFERENCE) >= this.#length) this.#shift(at, REFERENCE)
      first = this.#first(at, CURRENT)
    }
  }

  #push(at: number, window: number, number: number, value: number): void {
    const runs = this.#runs
    const tail = this.#int(at, window + TAIL)
    this.#setInt(at, window + SIZE, this.#int(at, window + SIZE) + 1)
    if (tail !== 0) {
      const count = runs.int(tail, COUNT)
      if (runs.double(tail, VALUE) === value && runs.int(tail, FIRST) + count === number) {
        runs.setInt(tail, COUNT, count + 1)
        return
      }
    }
    const run = runs.take()
    runs.setDouble(run, VALUE, value)
    runs.setInt(run, FIRST, number)
    runs.setInt(run, COUNT, 1)
    if (tail === 0) this.#setInt(at, window + HEAD, run)
    else runs.setInt(tail, NEXT, run)
    this.#setInt(at, window + TAIL, run)
  }

  /** Number of the oldest evaluation of a window that has one. */
  #first(at: number, window: number): number {
    return this.#runs.int(this.#int(at, window + HEAD), FIRST)
  }

  /** Takes the oldest value out. */
  #shift(at: number, window: number): number {
    const runs = this.#runs
    const head = this.#int(at, window + HEAD)
    const value = runs.double(head, VALUE)
    const left = runs.int(head, COUNT) - 1
    this.#setInt(at, window + SIZE, this.#int(at, window + SIZE) - 1)
    if (left > 0) {
      runs.setInt(head, COUNT, left)
      runs.setInt(head, FIRST, runs.int(head, FIRST) + 1)
      return value
    }
    const next = runs.int(head, NEXT)
    this.#setInt(at, window + HEAD, next)
    if (next === 0) this.#setInt(at, window + TAIL, 0)
    runs.drop(head)
    return value
  }

  #clear(at: number, window: number): void {
    while (this.#int(at, window + SIZE) > 0) this.#shift(at, window)
  }

  newest(at: number): number {
    const tail = this.#int(at, CURRENT + TAIL)
    return this.#timeOf(this.#runs.int(tail, FIRST) + this.#runs.int(tail, COUNT) - 1)
  }

  #timeOf(number: number): number {
    return (this.#base ?? 0) + number * this.#every
  }

  clearReference(at: number): void {
    this.#clear(at, REFERENCE)
  }

  oldest(at: number, passes: (value: number) => boolean): { micros: number; line: undefined } {
    const runs = this.#runs
    for (let run = this.#int(at, CURRENT + HEAD); run !== 0; run = runs.int(run, NEXT))
      if (passes(runs.double(run, VALUE)))
        return { micros: this.#timeOf(runs.int(run, FIRST)), line: undefined }
    return { micros: this.newest(at), line: undefined }
  }

  current(at: number): Window {
    return this.#window(at, CURRENT)
  }

  reference(at: number): Window {
    return this.#window(at, REFERENCE)
  }

  #window(at: number, window: number): Window {
    const runs = this.#runs
    const values: number[] = []
    for (let run = this.#int(at, window + HEAD); run !== 0; run = runs.int(run, NEXT))
      for (let i = runs.int(run, COUNT); i > 0; i--) values.push(runs.double(run, VALUE))
    return windowOf(values)
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
