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
  /** By key, those that are silenced apart from the others. */
  readonly #groups = new Map<string, Group<Match>>()
  #due = Number.POSITIVE_INFINITY

  constructor(rule: Rule) {
    this.#rule = rule
  }

  /** Time after which an alert goes out; Infinity when none waits. */
  get due(): number {
    return this.#due
  }

  #begin(group: Group<Match>): void {
    this.#groups.set(nameOf(group.key, group.matches[0]!.silenced), group)
    this.#due = Math.min(this.#due, group.due)
  }

  /** Puts a match, found at a time, to those of its aggregation_key that wait already. */
  add(match: Match, aggregation: Aggregation, now: number): void {
    const key = keyOf(match.fields, aggregation)
    const waiting = this.#groups.get(nameOf(key, match.silenced))
    if (waiting !== undefined) {
      waiting.matches.push(match)
      return
    }
    const { when, byMatchTime } = aggregation
    const due = typeof when === 'number' ? (byMatchTime ? match.micros : now) + when : when.next(now)!
    this.#begin({ key, due, matches: [match] })
  }

  /** Takes out, in the order in which they are due, the alerts that were due before a time. */
  release(before: number): Match[] {
    if (this.#due >= before) return []
    const due: Group<Match>[] = []
    this.#due = Number.POSITIVE_INFINITY
    for (const [name, group] of this.#groups) {
      if (group.due >= before) this.#due = Math.min(this.#due, group.due)
      else {
        due.push(group)
        this.#groups.delete(name)
      }
    }
    return due
      .sort((a, b) => a.due - b.due)
      .map(({ key, due, matches }) => {
        const { rule, silenced, fields } = matches[0]!
        return together({ rule, micros: due, at: due, key, numHits: 0, silenced, fields }, matches)
      })
  }

  snapshot(): PendingSnapshot {
    return [...this.#groups.values()].map(group => ({
      ...group,
      matches: group.matches.map(({ rule: _, ...saved }) => saved)
    }))
  }

  restore(snapshot: PendingSnapshot): void {
    const rule = this.#rule
    for (const group of snapshot)
      this.#begin({ ...group, matches: group.matches.map(match => ({ rule, ...match })) })
  }
}

/** What nobody is told of must not hold back, or swell, what is told. */
function nameOf(key: string | null, silenced: boolean): string {
  return JSON.stringify([key, silenced])
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
