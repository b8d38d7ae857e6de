import { describeQuery } from './describe-query.ts'
import type { Fields } from './fields.ts'
import { compilePredicate, type EventTime, type Predicate } from './predicate.ts'
import type { Query } from './query.ts'
import type { Rule } from './rule.ts'
import { formatIso } from './time.ts'

/** So many keys are told apart, and so many of them are printed; of the others only the rule's own counts are kept. */
const KEYS_MOST = 10_000
const PRINTED = 20

interface Counts {
  events: number
  passed: number
  /** Per part of the filter how many events it did not let through. */
  failed: number[]
  matches: number
  alerts: number
  silenced: number
  held: number
  /** Time until which realert holds matches back, in microseconds. */
  until: number | undefined
}

/** Takes down why a rule fires or does not: what its filter keeps out, and what becomes of matches, for each key. */
export class Explanation {
  readonly #rule: Rule
  readonly #parts: { text: string; passes: Predicate }[]
  readonly #all: Counts
  readonly #byKey = new Map<string | null, Counts>()

  constructor(rule: Rule, time: EventTime) {
    this.#rule = rule
    const parts: Query[] = rule.filter.is === 'and' ? rule.filter.of : [rule.filter]
    this.#parts = parts.map(part => ({ text: describeQuery(part), passes: compilePredicate(part, time) }))
    this.#all = this.#none()
  }

  /** An event comes; true when it passes the filter. */
  passes(key: string | null, event: Fields): boolean {
    const results = this.#parts.map(part => part.passes(event))
    const passed = results.every(Boolean)
    this.#count(key, counts => {
      counts.events++
      if (passed) counts.passed++
      for (const [i, result] of results.entries()) if (!result) counts.failed[i]!++
    })
    return passed
  }

  /** A match has been found. `until`: realert holds matches of its key back until then. */
  matched(key: string | null, outcome: 'alerts' | 'silenced' | 'held', until: number | undefined): void {
    this.#count(key, counts => {
      counts.matches++
      counts[outcome]++
      counts.until = until
    })
  }

  #count(key: string | null, add: (counts: Counts) => void): void {
    add(this.#all)
    if (this.#rule.queryKey === undefined) return
    let counts = this.#byKey.get(key)
    if (counts === undefined) {
      if (this.#byKey.size >= KEYS_MOST) return
      counts = this.#none()
      this.#byKey.set(key, counts)
    }
    add(counts)
  }

  #none(): Counts {
    const failed = this.#parts.map(() => 0)
    return { events: 0, passed: 0, failed, matches: 0, alerts: 0, silenced: 0, held: 0, until: undefined }
  }

  /** @param standings per key how its window stands */
  text(standings: ReadonlyMap<string | null, string>): string {
    const { name, kind } = this.#rule
    const own = this.#rule.queryKey === undefined ? standings.get(null) : undefined
    const lines = [`rule "${name}" (${kind.type}): ${this.#said(this.#all, own)}`]
    for (const key of standings.keys()) if (!this.#byKey.has(key)) this.#byKey.set(key, this.#none())
    if (this.#rule.queryKey === undefined) return lines.join('')
    const rank = (a: Counts, b: Counts): number =>
      b.matches - a.matches || b.passed - a.passed || b.events - a.events
    const keys = [...this.#byKey].sort(([, a], [, b]) => rank(a, b))
    for (const [key, counts] of keys.slice(0, PRINTED))
      lines.push(
        `  ${key === null ? `without ${this.#rule.queryKey.name}` : key}: ${this.#said(counts, standings.get(key))}`
      )
    if (keys.length > PRINTED) lines.push(`  and ${keys.length - PRINTED} keys more`)
    return lines.join('\n')
  }

  #said(
    { events, passed, failed, matches, alerts, silenced, held, until }: Counts,
    standing: string | undefined
  ): string {
    const out = this.#parts.flatMap(({ text }, i) => (failed[i] === 0 ? [] : [`${failed[i]} not ${text}`]))
    const filter = `${plural(events, 'event')}, ${passed} passed the filter${out.length === 0 ? '' : ` (${out.join(', ')})`}`
    const fates = [plural(alerts, 'alert')]
    if (silenced > 0) fates.push(`${silenced} silenced`)
    if (held > 0) fates.push(`${held} held back by realert`)
    const found = matches === 0 ? 'no match' : `${plural(matches, 'match', 'matches')}: ${fates.join(', ')}`
    const quiet = until === undefined ? '' : `; realert until ${formatIso(until)}`
    return `${filter}; ${found}${quiet}${standing === undefined ? '' : `; ${standing}`}`
  }
}

function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}
