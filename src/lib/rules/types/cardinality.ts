import { type Fields, lookup } from '../fields.ts'
import { pythonStr } from '../python-format.ts'
import type { KindOf } from '../rule.ts'
import { pythonTimedelta } from '../rule-text.ts'
import { boundsText } from './bounds.ts'
import { eventMatch, type Key, type Report, type RuleType } from './rule-type.ts'

type Term = string | number | boolean

interface Terms {
  /** Each value with the time it was last seen. */
  last: Map<Term, number>
  /** From when on the timeframe must have passed before there can be too few; undefined after a match. */
  since: number | undefined
}

/**
 * How many values a field had within the timeframe. More than max_cardinality: the event that brought the last one is a match.
 * Fewer than min_cardinality, once a timeframe has passed: a match at that event, or at the next evaluation.
 */
export class Cardinality implements RuleType {
  #keys = new Map<Key, Terms>()
  readonly #kind: KindOf<'cardinality'>
  readonly evaluate: ((micros: number, report: Report) => void) | undefined

  constructor(kind: KindOf<'cardinality'>) {
    this.#kind = kind
    // without a minimum nothing happens when time passes
    if (kind.min !== undefined) this.evaluate = (micros, report) => this.#expireAll(micros, report)
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    let terms = this.#keys.get(key)
    if (terms === undefined) {
      terms = { last: new Map(), since: undefined }
      this.#keys.set(key, terms)
    }
    terms.since ??= micros
    const value = lookup(event, this.#kind.field)
    if (value === undefined || value === null) return
    terms.last.set(typeof value === 'object' ? pythonStr(value) : (value as Term), micros)
    if (!this.#violates(terms, micros)) return
    if (this.#kind.min === undefined) this.#expire(terms, micros)
    else this.#expireAll(micros, report)
    if (!this.#violates(terms, micros)) return
    terms.since = undefined
    eventMatch(key, micros, event, report, {}, terms.last.size)
  }

  #violates(terms: Terms, micros: number): boolean {
    const { max, min, timeframe } = this.#kind
    const { size } = terms.last
    if (max !== undefined && size > max) return true
    return min !== undefined && size < min && micros - (terms.since ?? micros) > timeframe
  }

  #expire({ last }: Terms, micros: number): void {
    for (const [term, at] of last) if (micros - at > this.#kind.timeframe) last.delete(term)
  }

  #expireAll(micros: number, report: Report): void {
    for (const [key, terms] of this.#keys) {
      this.#expire(terms, micros)
      if (this.#violates(terms, micros)) {
        terms.since = undefined
        const row = report.evaluation(key, micros)
        report.match({ key, micros, numHits: terms.last.size, row, envelope: undefined })
      }
      // nothing more can come of it before the key is seen again
      if (terms.last.size === 0 && terms.since === undefined) this.#keys.delete(key)
    }
  }

  holds(key: Key, micros: number): boolean {
    const { max, min } = this.#kind
    const size = this.#size(key, micros)
    return (max !== undefined && size > max) || (min !== undefined && size < min)
  }

  #size(key: Key, micros: number): number {
    let size = 0
    for (const at of this.#keys.get(key)?.last.values() ?? []) if (micros - at <= this.#kind.timeframe) size++
    return size
  }

  explain(micros: number, tell: (key: Key, text: string) => void): void {
    const { field, max, min, timeframe } = this.#kind
    const bounds = boundsText({ max, min })
    for (const key of this.#keys.keys())
      tell(
        key,
        `${this.#size(key, micros)} values of ${field} within ${pythonTimedelta(timeframe)} (${bounds})`
      )
  }

  forget(before: number): void {
    if (this.#kind.min !== undefined) return
    for (const [key, terms] of this.#keys) {
      this.#expire(terms, before)
      if (terms.last.size === 0) this.#keys.delete(key)
    }
  }

  snapshot(): unknown {
    return Array.from(this.#keys, ([key, { last, since }]) => [key, since ?? null, [...last].flat()])
  }

  restore(snapshot: unknown): void {
    const rows = snapshot as [Key, number | null, (Term | number)[]][]
    this.#keys = new Map(
      rows.map(([key, since, list]) => {
        const last = new Map<Term, number>()
        for (let i = 0; i < list.length; i += 2) last.set(list[i]!, list[i + 1] as number)
        return [key, { last, since: since ?? undefined }]
      })
    )
  }
}
