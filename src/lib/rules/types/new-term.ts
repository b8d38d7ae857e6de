import { type Fields, type JsonObject, lookup } from '../fields.ts'
import { identity, isTruthy } from '../python-values.ts'
import type { KindOf } from '../rule.ts'
import { KEY_WORDS, KeyTable } from '../state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import type { Key, Report, RuleType } from './rule-type.ts'

/** Of a term: when it was seen last. */
const SEEN = KEY_WORDS

/**
 * An event is a match when a field of it holds a value that was not seen for terms_window_size. Rows of a snapshot (op r) were
 * there before, and are known terms from then on: they stand for the query by which ElastAlert learns them at its start.
 */
export class NewTerm implements RuleType {
  /** Per field the terms that were seen. */
  readonly #seen: KeyTable[]
  readonly #kind: KindOf<'new_term'>

  constructor(kind: KindOf<'new_term'>) {
    this.#kind = kind
    this.#seen = kind.fields.map(() => new KeyTable(1))
  }

  get size(): number {
    return this.#seen.reduce((sum, { size }) => sum + size, 0)
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

  #isNew(seen: KeyTable, term: string, micros: number, remembered: number): boolean {
    const { size, records } = seen
    const at = seen.add(term)
    const isUnknown = seen.size > size
    const last = records.double(at, SEEN)
    if (isUnknown || micros > last) records.setDouble(at, SEEN, micros)
    return isUnknown || micros - last >= remembered
  }

  forget(before: number): void {
    for (const seen of this.#seen)
      seen.each(at => {
        if (seen.records.double(at, SEEN) + this.#kind.remembered < before) seen.drop(at)
      })
  }

  save(out: SnapshotWriter): void {
    out.json(this.#kind.fields)
    for (const seen of this.#seen) seen.save(out)
  }

  restore(saved: SnapshotReader): void {
    // a rule whose fields have changed since begins anew
    if (JSON.stringify(saved.json()) !== JSON.stringify(this.#kind.fields)) return
    for (const seen of this.#seen) seen.restore(saved)
  }
}
