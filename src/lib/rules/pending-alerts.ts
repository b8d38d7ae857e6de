import { type Fields, lookup } from './fields.ts'
import type { Match } from './match.ts'
import { pythonStr } from './python-format.ts'
import type { Aggregation, Rule } from './rule.ts'

type SavedMatch = Pick<Match, 'micros' | 'at' | 'key' | 'numHits' | 'silenced' | 'fields'>

/** What waits for a key, and the time, in microseconds, after which it goes out. */
interface Group<M> {
  key: string | null
  due: number
  matches: M[]
}

export type PendingSnapshot = Group<SavedMatch>[]

/** Matches that wait to go out together: ElastAlert's `aggregation`, on the events' time. */
export class PendingAlerts {
  readonly #rule: Rule
  #groups: Group<Match>[] = []

  constructor(rule: Rule) {
    this.#rule = rule
  }

  /** Time after which an alert goes out; Infinity when none waits. */
  get due(): number {
    let due = Number.POSITIVE_INFINITY
    for (const group of this.#groups) due = Math.min(due, group.due)
    return due
  }

  /** Puts a match, found at a time, to those of its aggregation_key that wait already. */
  add(match: Match, aggregation: Aggregation, now: number): void {
    const key = keyOf(match.fields, aggregation)
    // what nobody is told of must not hold back, or swell, what is
    const waiting = this.#groups.find(g => g.key === key && g.matches[0]?.silenced === match.silenced)
    if (waiting !== undefined) {
      waiting.matches.push(match)
      return
    }
    const { when, byMatchTime } = aggregation
    const due = typeof when === 'number' ? (byMatchTime ? match.micros : now) + when : when.next(now)!
    this.#groups.push({ key, due, matches: [match] })
  }

  /** Takes out, in the order in which they are due, the alerts that were due before a time. */
  release(before: number): Match[] {
    const due = this.#groups.filter(g => g.due < before)
    if (due.length === 0) return []
    this.#groups = this.#groups.filter(g => g.due >= before)
    return due
      .sort((a, b) => a.due - b.due)
      .map(({ key, due, matches }) => {
        const { rule, silenced, fields } = matches[0]!
        return together({ rule, micros: due, at: due, key, numHits: 0, silenced, fields }, matches)
      })
  }

  snapshot(): PendingSnapshot {
    return this.#groups.map(group => ({
      ...group,
      matches: group.matches.map(({ rule: _, ...saved }) => saved)
    }))
  }

  restore(snapshot: PendingSnapshot): void {
    const rule = this.#rule
    this.#groups = snapshot.map(group => ({ ...group, matches: group.matches.map(m => ({ rule, ...m })) }))
  }
}

function keyOf(fields: Fields, { key }: Aggregation): string | null {
  const value = key === undefined ? undefined : lookup(fields, key.name)
  return value === undefined || value === null ? null : pythonStr(value)
}

/** An alert of these matches, of which there is one at least. */
export function together(alert: Match, matches: readonly Match[]): Match {
  const numHits = matches.reduce((sum, m) => sum + m.numHits, 0)
  return { ...alert, numHits, fields: matches[0]!.fields, matches }
}
