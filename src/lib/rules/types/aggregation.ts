import { type Fields, lookup } from '../fields.ts'
import { pythonStr } from '../python-format.ts'
import { identity } from '../python-values.ts'
import type { AggregationWindow, Rule } from '../rule.ts'
import type { Timing } from '../timing.ts'
import type { Key } from './rule-type.ts'
import { Slots, type SlotsSnapshot, slotOf, type Tally } from './slots.ts'

/** One window of one key. */
export interface Aggregate<T> {
  /** The values of the query_key's fields; none where the rule has no query_key. */
  values: unknown[]
  /** They as one key: of several, joined by a comma. */
  key: Key
  /** Time of the evaluation, or the start of the bucket. */
  micros: number
  count: number
  sum: T
}

interface Group<T> {
  values: unknown[]
  slots: Slots<T>
}

/** Events added up by query_key over (evaluation - buffer_time, evaluation], whole or in buckets. */
export class Aggregation<T> {
  #groups = new Map<string, Group<T>>()
  readonly #tally: Tally<T>
  readonly #fields: string[]
  readonly #window: AggregationWindow
  readonly #length: number
  readonly #width: number
  readonly #every: number
  /** The first slot that the next evaluation looks at. */
  #nextFirst = Number.NEGATIVE_INFINITY

  constructor(rule: Rule, window: AggregationWindow, timing: Timing, tally: Tally<T>) {
    this.#fields = rule.queryKey?.fields ?? []
    this.#window = window
    this.#tally = tally
    this.#length = timing.bufferTime
    this.#every = timing.runEvery
    const shared = divisor(timing.runEvery, timing.bufferTime)
    this.#width = window.bucket === undefined ? shared : divisor(shared, window.bucket.length)
  }

  /** False when no evaluation will look at it any more. */
  add(micros: number, event: Fields, values: unknown[]): boolean {
    const slot = slotOf(micros, this.#width)
    for (const key of keysOf(event, this.#fields)) this.#group(key).slots.add(slot, values)
    return slot >= this.#nextFirst
  }

  #group(values: unknown[]): Group<T> {
    const id = identity(values)
    let group = this.#groups.get(id)
    if (group === undefined) {
      group = { values, slots: new Slots(this.#tally) }
      this.#groups.set(id, group)
    }
    return group
  }

  evaluate(micros: number, visit: (aggregate: Aggregate<T>) => void): void {
    const { bucket } = this.#window
    const start = this.#start(micros)
    this.#nextFirst = slotOf(this.#start(micros + this.#every), this.#width) + 1
    const first = slotOf(start, this.#width) + 1
    const last = slotOf(start + this.#length, this.#width)
    if (this.#fields.length === 0) this.#group([])
    for (const [id, { values, slots }] of this.#groups) {
      slots.drop(first)
      if (slots.isEmpty && values.length > 0) {
        this.#groups.delete(id)
        continue
      }
      const key = keyOf(values)
      const total = slots.total(first, last)
      if (values.length > 0 && total.count < this.#window.minDocCount) continue
      if (bucket === undefined) visit({ values, key, micros, ...total })
      else
        this.#buckets(slots, start, bucket.length, first, last, (at, part) =>
          visit({ values, key, micros: at, ...part })
        )
    }
  }

  #start(micros: number): number {
    const { bucket } = this.#window
    const start = micros - this.#length
    return bucket?.sync ? Math.floor(start / bucket.length) * bucket.length : start
  }

  /** Every bucket from the first to the last that holds something, empty ones between them too. */
  #buckets(
    slots: Slots<T>,
    start: number,
    length: number,
    first: number,
    last: number,
    visit: (micros: number, total: { count: number; sum: T }) => void
  ): void {
    const found = slots.within(first, last)
    if (found === undefined) return
    const bucketOf = (slot: number): number =>
      start + Math.floor((Math.floor(slot / 2) * this.#width - start) / length) * length
    for (let at = bucketOf(found.first); at <= bucketOf(found.last); at += length) {
      const from = Math.max(first, slotOf(at, this.#width))
      const to = Math.min(last, slotOf(at + length, this.#width) - 1)
      visit(at, slots.total(from, to))
    }
  }

  snapshot(): unknown {
    return Array.from(this.#groups.values(), ({ values, slots }) => [values, slots.snapshot()])
  }

  restore(snapshot: unknown): void {
    this.#groups.clear()
    for (const [values, slots] of snapshot as [unknown[], SlotsSnapshot][]) {
      // a rule whose query_key has changed since begins anew
      if (values.length === this.#fields.length) this.#group(values).slots.restore(slots)
    }
  }
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b)
}

/** As in an index: an array is in the group of each of its elements; without a scalar for each field in none. */
function keysOf(event: Fields, fields: string[]): unknown[][] {
  let keys: unknown[][] = [[]]
  for (const field of fields) {
    const value = lookup(event, field)
    const each = Array.isArray(value) ? [...new Set(value)] : [value]
    const scalars = each.filter(v => v !== undefined && typeof v !== 'object')
    keys = keys.flatMap(key => scalars.map(v => [...key, v]))
  }
  return keys
}

function keyOf(values: unknown[]): Key {
  if (values.length === 0) return null
  const [first] = values
  return values.length > 1 ? values.map(pythonStr).join(',') : (first as Key)
}
