import { type Fields, type JsonObject, lookup } from '../fields.ts'
import { identity, isTruthy } from '../python-values.ts'
import type { KindOf } from '../rule.ts'
import type { Key, Report, RuleType } from './rule-type.ts'

/**
 * An event is a match when a field of it holds a value that was not seen for terms_window_size. Rows of a snapshot (op r) were
 * there before, and are known terms from then on: they stand for the query by which ElastAlert learns them at its start.
 */
export class NewTerm implements RuleType {
  /** Per field each term with the time it was last seen. */
  #seen: Map<string, number>[]
  readonly #kind: KindOf<'new_term'>

  constructor(kind: KindOf<'new_term'>) {
    this.#kind = kind
    this.#seen = kind.fields.map(() => new Map())
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    const { fields, alertOnMissingField, remembered } = this.#kind
    const learning = event.envelope?.op === 'r'
    // of several matches of one event each holds what the ones before it said, as in ElastAlert
    let row: JsonObject | undefined
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!
      const value = this.#valueOf(event, field, key)
      const missing = !isTruthy(value)
      if (missing && !alertOnMissingField) continue
      if (!missing && !this.#isNew(this.#seen[i]!, identity(value), micros, remembered)) continue
      if (learning) continue
      row ??= report.document(event, micros)
      row[missing ? 'missing_field' : 'new_field'] = field
      report.match({ key, micros, numHits: 1, row: { ...row }, envelope: event.envelope })
    }
  }

  #valueOf(event: Fields, field: string | string[], key: Key): unknown {
    if (typeof field === 'string')
      return field.includes(',') ? (lookup(event, field) ?? key) : lookup(event, field)
    const values = field.map(name => lookup(event, name))
    return values.every(isTruthy) ? values : null
  }

  #isNew(seen: Map<string, number>, term: string, micros: number, remembered: number): boolean {
    const last = seen.get(term)
    if (last === undefined || micros > last) seen.set(term, micros)
    return last === undefined || micros - last >= remembered
  }

  forget(before: number): void {
    for (const seen of this.#seen)
      for (const [term, last] of seen) if (last + this.#kind.remembered < before) seen.delete(term)
  }

  snapshot(): unknown {
    return this.#seen.map(seen => [...seen].flat())
  }

  restore(snapshot: unknown): void {
    const lists = snapshot as (string | number)[][]
    // a rule whose fields have changed since begins anew
    if (lists.length !== this.#seen.length) return
    this.#seen = lists.map(list => {
      const seen = new Map<string, number>()
      for (let i = 0; i < list.length; i += 2) seen.set(list[i] as string, list[i + 1] as number)
      return seen
    })
  }
}
