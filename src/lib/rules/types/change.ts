import { type Fields, lookup } from '../fields.ts'
import { identity, isTruthy } from '../python-values.ts'
import type { KindOf } from '../rule.ts'
import { formatIso } from '../time.ts'
import { eventMatch, type Key, type Report, type RuleType } from './rule-type.ts'

/** What was last seen of a key: the values of compare_key as JSON, and when. */
interface Seen {
  values: string
  micros: number
}

/** An event is a match when the values of its compare_key differ from those that its key had before. */
export class Change implements RuleType {
  #seen = new Map<Key, Seen>()
  readonly #kind: KindOf<'change'>

  constructor(kind: KindOf<'change'>) {
    this.#kind = kind
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    const { compareKeys, ignoreNull, timeframe } = this.#kind
    const found = compareKeys.map(name => lookup(event, name) ?? null)
    if (ignoreNull && found.some(v => v !== false && !isTruthy(v))) return
    const values = identity(found)
    const seen = this.#seen.get(key)
    if (seen === undefined) {
      this.#seen.set(key, { values, micros })
      return
    }
    const { values: before, micros: at } = seen
    seen.values = values
    seen.micros = micros
    if (before === values || (timeframe !== undefined && micros - at > timeframe)) return
    eventMatch(key, micros, event, report, { old_value: JSON.parse(before), new_value: found })
  }

  explain(_: number, tell: (key: Key, text: string) => void): void {
    for (const [key, { values, micros }] of this.#seen) tell(key, `${values} since ${formatIso(micros)}`)
  }

  /** With a timeframe, a change after it counts for nothing, as if the key were new. */
  forget(before: number): void {
    const { timeframe } = this.#kind
    if (timeframe === undefined) return
    for (const [key, { micros }] of this.#seen) if (micros + timeframe < before) this.#seen.delete(key)
  }

  snapshot(): unknown {
    return Array.from(this.#seen, ([key, { values, micros }]) => [key, values, micros])
  }

  restore(snapshot: unknown): void {
    const rows = snapshot as [Key, string, number][]
    this.#seen = new Map(rows.map(([key, values, micros]) => [key, { values, micros }]))
  }
}
