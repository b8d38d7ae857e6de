import { FieldFinder } from '../field-finder.ts'
import type { Fields } from '../fields.ts'
import { identity, isTruthy } from '../python-values.ts'
import type { KindOf } from '../rule.ts'
import { KEY_INTS, KEY_WORDS, KeyTable } from '../state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import { Terms } from '../state/terms.ts'
import { formatIso } from '../time.ts'
import { eventMatch, type Key, type Report, type RuleType } from './rule-type.ts'

/** Of a key: when it was last seen, and the number of its values then. */
const SEEN = KEY_WORDS
const VALUES = KEY_INTS + 2
const WORDS = 2

/** An event is a match when the values of its compare_key differ from those that its key had before. */
export class Change implements RuleType {
  readonly #keys = new KeyTable(WORDS)
  /** Values of compare_key as JSON: keys often have the same. */
  readonly #values = new Terms()
  readonly #kind: KindOf<'change'>
  readonly #compared: readonly FieldFinder[]

  constructor(kind: KindOf<'change'>) {
    this.#kind = kind
    this.#compared = kind.compareKeys.map(name => new FieldFinder(name))
  }

  get size(): number {
    return this.#keys.size
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    const { ignoreNull, timeframe } = this.#kind
    const found = this.#compared.map(field => field.of(event) ?? null)
    if (ignoreNull && found.some(v => v !== false && !isTruthy(v))) return
    const { records } = this.#keys
    const at = this.#keys.add(key)
    const before = records.int(at, VALUES)
    const seen = records.double(at, SEEN)
    const values = this.#values.hold(identity(found))
    records.setInt(at, VALUES, values)
    records.setDouble(at, SEEN, micros)
    if (before === 0) return
    const isMatch = before !== values && (timeframe === undefined || micros - seen <= timeframe)
    const old = isMatch ? JSON.parse(this.#values.termOf(before) as string) : undefined
    this.#values.release(before)
    if (isMatch) eventMatch(key, micros, event, report, { old_value: old, new_value: found })
  }

  explain(_: number, tell: (key: Key, text: string) => void): void {
    const { records } = this.#keys
    this.#keys.each(at => {
      const values = this.#values.termOf(records.int(at, VALUES))
      tell(this.#keys.keyOf(at), `${values} since ${formatIso(records.double(at, SEEN))}`)
    })
  }

  /** With a timeframe, a change after it counts for nothing, as if the key were new. */
  forget(before: number): void {
    const { timeframe } = this.#kind
    if (timeframe === undefined) return
    const { records } = this.#keys
    this.#keys.each(at => {
      if (records.double(at, SEEN) + timeframe >= before) return
      this.#values.release(records.int(at, VALUES))
      this.#keys.drop(at)
    })
  }

  save(out: SnapshotWriter): void {
    this.#keys.save(out)
    this.#values.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#keys.restore(saved)
    this.#values.restore(saved)
  }
}
