import { FieldFinder } from '../field-finder.ts'
import type { Fields } from '../fields.ts'
import { pythonStr } from '../python-format.ts'
import type { KindOf } from '../rule.ts'
import { pythonTimedelta } from '../rule-text.ts'
import { KEY_INTS, KEY_WORDS, KeyTable } from '../state/keys.ts'
import { MemberSets } from '../state/members.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import { Terms } from '../state/terms.ts'
import { boundsText } from './bounds.ts'
import { eventMatch, type Key, type Report, type RuleType } from './rule-type.ts'

/** Of a key: its values, each with the time it was last seen, a set in the first word. */
const VALUES = KEY_INTS
/** From when on the timeframe must have passed before there can be too few; NaN after a match. */
const SINCE = KEY_WORDS + 1
const WORDS = 2

/**
 * How many values a field had within the timeframe. More than max_cardinality: the event that brought the last one is a match.
 * Fewer than min_cardinality, once a timeframe has passed: a match at that event, or at the next evaluation.
 */
export class Cardinality implements RuleType {
  readonly #keys = new KeyTable(WORDS)
  readonly #values = new MemberSets(this.#keys.records, VALUES)
  readonly #terms = new Terms()
  readonly #kind: KindOf<'cardinality'>
  readonly #field: FieldFinder
  readonly evaluate: ((micros: number, report: Report) => void) | undefined

  constructor(kind: KindOf<'cardinality'>) {
    this.#kind = kind
    this.#field = new FieldFinder(kind.field)
    // without a minimum nothing happens when time passes
    if (kind.min !== undefined) this.evaluate = (micros, report) => this.#expireAll(micros, report)
  }

  get size(): number {
    return this.#keys.size
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    const { records, size } = this.#keys
    const at = this.#keys.add(key)
    if (this.#keys.size > size || Number.isNaN(records.double(at, SINCE)))
      records.setDouble(at, SINCE, micros)
    const value = this.#field.of(event)
    if (value === undefined || value === null) return
    const term = this.#terms.hold(typeof value === 'object' ? pythonStr(value) : (value as Key))
    if (!this.#values.set(at, term, micros)) this.#terms.release(term)
    if (!this.#violates(at, micros)) return
    if (this.#kind.min === undefined) this.#expire(at, micros)
    else this.#expireAll(micros, report)
    // what has expired meanwhile may be the key itself
    if (this.#keys.find(key) !== at || !this.#violates(at, micros)) return
    records.setDouble(at, SINCE, Number.NaN)
    eventMatch(key, micros, event, report, {}, this.#values.size(at))
  }

  #violates(at: number, micros: number): boolean {
    const { max, min, timeframe } = this.#kind
    const size = this.#values.size(at)
    if (max !== undefined && size > max) return true
    // without a beginning none of it has passed
    return min !== undefined && size < min && micros - this.#keys.records.double(at, SINCE) > timeframe
  }

  #expire(at: number, micros: number): void {
    this.#values.each(at, (term, seen) => {
      if (micros - seen <= this.#kind.timeframe) return false
      this.#terms.release(term)
      return true
    })
  }

  #expireAll(micros: number, report: Report): void {
    const { records } = this.#keys
    this.#keys.each(at => {
      this.#expire(at, micros)
      if (this.#violates(at, micros)) {
        records.setDouble(at, SINCE, Number.NaN)
        const key = this.#keys.keyOf(at)
        const row = report.evaluation(key, micros)
        report.match({ key, micros, numHits: this.#values.size(at), row, envelope: undefined })
      }
      // nothing more can come of it before the key is seen again
      if (this.#values.size(at) === 0 && Number.isNaN(records.double(at, SINCE))) this.#keys.drop(at)
    })
  }

  holds(key: Key, micros: number): boolean {
    const { max, min } = this.#kind
    const size = this.#size(key, micros)
    return (max !== undefined && size > max) || (min !== undefined && size < min)
  }

  #size(key: Key, micros: number): number {
    const at = this.#keys.find(key)
    return at === 0 ? 0 : this.#sizeAt(at, micros)
  }

  #sizeAt(at: number, micros: number): number {
    let size = 0
    this.#values.each(at, (_, seen) => {
      if (micros - seen <= this.#kind.timeframe) size++
      return false
    })
    return size
  }

  explain(micros: number, tell: (key: Key, text: string) => void): void {
    const { field, max, min, timeframe } = this.#kind
    const rest = `values of ${field} within ${pythonTimedelta(timeframe)} (${boundsText({ max, min })})`
    this.#keys.each(at => tell(this.#keys.keyOf(at), `${this.#sizeAt(at, micros)} ${rest}`))
  }

  forget(before: number): void {
    if (this.#kind.min !== undefined) return
    this.#keys.each(at => {
      this.#expire(at, before)
      if (this.#values.size(at) === 0) this.#keys.drop(at)
    })
  }

  save(out: SnapshotWriter): void {
    this.#keys.save(out)
    this.#values.save(out)
    this.#terms.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#keys.restore(saved)
    this.#values.restore(saved)
    this.#terms.restore(saved)
  }
}
