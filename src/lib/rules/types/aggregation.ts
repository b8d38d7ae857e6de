import { FieldFinder } from '../field-finder.ts'
import { type Fields, valuesOf } from '../fields.ts'
import { pythonStr } from '../python-format.ts'
import { identity } from '../python-values.ts'
import type { AggregationWindow, Rule } from '../rule.ts'
import { KEY_WORDS, KeyTable } from '../state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import type { Timing } from '../timing.ts'
import type { Key } from './rule-type.ts'
import { SLOTS_WORDS, Slots, slotOf, type TallyType, type Total } from './slots.ts'

/** One window of one key: the same object for all of them, to be read before the next one comes. */
class Aggregate {
  readonly #groups: KeyTable
  readonly #fields: number
  /** The record of its key. */
  at = 0
  /** Time of the evaluation, or the start of the bucket. */
  micros = 0
  count = 0
  value: number | undefined

  constructor(groups: KeyTable, fields: number) {
    this.#groups = groups
    this.#fields = fields
  }

  /** The values of the query_key's fields; none where the rule has no query_key. */
  get values(): unknown[] {
    if (this.#fields === 0) return []
    const group = this.#groups.keyOf(this.at)
    return this.#fields === 1 ? [group] : JSON.parse(group as string)
  }

  /** They as one key: of several, joined by a comma. */
  get key(): Key {
    return keyOf(this.values)
  }
}

/** Groups that others know something of, too. */
interface SharedGroups {
  readonly groups: KeyTable
  isUsed(at: number): boolean
}

/** Events added up by query_key over (evaluation - buffer_time, evaluation], whole or in buckets. */
export class Aggregation {
  readonly #groups: KeyTable
  readonly #isUsed: (at: number) => boolean
  readonly #slots: Slots
  readonly #fields: string[]
  /** Where there is but one. */
  readonly #field: FieldFinder | undefined
  readonly #aggregate: Aggregate
  readonly #window: AggregationWindow
  readonly #length: number
  readonly #width: number
  readonly #every: number
  /** What a snapshot has to agree in to be taken up. */
  readonly layout: string
  /** The first slot that the next evaluation looks at. */
  #nextFirst = Number.NEGATIVE_INFINITY

  /** A group's record begins with SLOTS_WORDS of the aggregation. */
  constructor(
    rule: Rule,
    window: AggregationWindow,
    timing: Timing,
    tally: TallyType,
    { groups, isUsed }: SharedGroups = { groups: new KeyTable(SLOTS_WORDS), isUsed: () => false }
  ) {
    this.#groups = groups
    this.#isUsed = isUsed
    const fields = rule.queryKey?.fields ?? []
    this.#fields = fields
    if (fields.length === 1) this.#field = new FieldFinder(fields[0]!)
    this.#aggregate = new Aggregate(groups, fields.length)
    this.#window = window
    this.#length = timing.bufferTime
    this.#every = timing.runEvery
    const shared = divisor(timing.runEvery, timing.bufferTime)
    this.#width = window.bucket === undefined ? shared : divisor(shared, window.bucket.length)
    this.#slots = new Slots(this.#groups.records, KEY_WORDS, tally)
    this.layout = `${tally.name} of ${this.#width} µs by ${this.#fields.length} fields`
  }

  get size(): number {
    return this.#groups.size
  }

  /** False when no evaluation will look at it any more. */
  add(micros: number, event: Fields, values: readonly unknown[]): boolean {
    const slot = slotOf(micros, this.#width)
    if (this.#field !== undefined) {
      const own = this.#field.of(event)
      // what most events have
      if (typeof own === 'string') this.#add(own, slot, values)
      else for (const [value] of keysOf(event, this.#fields)) this.#add(value as Key, slot, values)
    } else for (const key of keysOf(event, this.#fields)) this.#add(groupOf(key), slot, values)
    return slot >= this.#nextFirst
  }

  #add(group: Key, slot: number, values: readonly unknown[]): void {
    const at = this.#groups.add(group)
    if (this.#slots.isEmpty(at)) this.#groups.toEnd(at)
    this.#slots.add(at, slot, values)
  }

  evaluate(micros: number, visit: (aggregate: Aggregate) => void): void {
    const { bucket, minDocCount } = this.#window
    const start = this.#start(micros)
    this.#nextFirst = slotOf(this.#start(micros + this.#every), this.#width) + 1
    const first = slotOf(start, this.#width) + 1
    const last = slotOf(start + this.#length, this.#width)
    const isWhole = this.#fields.length === 0
    if (isWhole) this.#groups.add(null)
    const groups = this.#groups
    const slots = this.#slots
    groups.each(at => {
      slots.drop(at, first)
      if (slots.isEmpty(at) && !isWhole) {
        if (!this.#isUsed(at)) groups.drop(at)
        return
      }
      const total = slots.total(at, first, last)
      if (!isWhole && total.count < minDocCount) return
      if (bucket === undefined) visit(this.#shown(at, micros, total))
      else
        this.#buckets(at, start, bucket.length, first, last, (from, part) =>
          visit(this.#shown(at, from, part))
        )
    })
  }

  #shown(at: number, micros: number, { count, value }: Total): Aggregate {
    const shown = this.#aggregate
    shown.at = at
    shown.micros = micros
    shown.count = count
    shown.value = value
    return shown
  }

  #start(micros: number): number {
    const { bucket } = this.#window
    const start = micros - this.#length
    return bucket?.sync ? Math.floor(start / bucket.length) * bucket.length : start
  }

  /** Every bucket from the first to the last that holds something, empty ones between them too. */
  #buckets(
    owner: number,
    start: number,
    length: number,
    first: number,
    last: number,
    visit: (micros: number, total: Total) => void
  ): void {
    const slots = this.#slots
    const found = slots.within(owner, first, last)
    if (found === undefined) return
    const bucketOf = (slot: number): number =>
      start + Math.floor((Math.floor(slot / 2) * this.#width - start) / length) * length
    for (let at = bucketOf(found.first); at <= bucketOf(found.last); at += length) {
      const from = Math.max(first, slotOf(at, this.#width))
      const to = Math.min(last, slotOf(at + length, this.#width) - 1)
      visit(at, slots.total(owner, from, to))
    }
  }

  save(out: SnapshotWriter): void {
    out.json(this.layout)
    this.#groups.save(out)
    this.saveSlots(out)
  }

  saveSlots(out: SnapshotWriter): void {
    this.#slots.save(out)
  }

  /** A rule that adds up otherwise by now begins anew. */
  restore(saved: SnapshotReader): void {
    if (saved.json<string>() !== this.layout) return
    this.#groups.restore(saved)
    this.restoreSlots(saved)
  }

  restoreSlots(saved: SnapshotReader): void {
    this.#slots.restore(saved)
  }

  /** Whether a key has no events that count. */
  isEmpty(at: number): boolean {
    return this.#slots.isEmpty(at)
  }
}

/** The group of the values of several fields, or of none. */
function groupOf(values: unknown[]): Key {
  return values.length === 0 ? null : identity(values)
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b)
}

/** As in an index: an array is in the group of each of its elements; without a scalar for each field in none. */
function keysOf(event: Fields, fields: string[]): unknown[][] {
  let keys: unknown[][] = [[]]
  for (const field of fields) {
    const scalars = [...new Set(valuesOf(event, field))].filter(v => typeof v !== 'object')
    keys = keys.flatMap(key => scalars.map(v => [...key, v]))
  }
  return keys
}

function keyOf(values: unknown[]): Key {
  if (values.length === 0) return null
  const [first] = values
  return values.length > 1 ? values.map(pythonStr).join(',') : (first as Key)
}
