import type { Match } from './rule-state.ts'
import type { Key } from './types/index.ts'

/** What a resolved notice tells beside the alert that it resolves. Event times in microseconds. */
export interface Resolved {
  /** Time of the first alert of the key since it was resolved last. */
  since: number
  /** Time of the match that is told of: the last one that was raised. */
  last: number
}

interface Firing {
  key: Key
  since: number
  /** When its condition was last seen to hold. */
  held: number
  /** The last alert; silenced only when all of them were: who was told of one is told of the end, too. */
  alert: Omit<Match, 'rule'>
}

export type FiringSnapshot = Firing[]

/**
 * The keys of a rule that have been alerted and whose condition has not cleared yet. It has when it did not hold for a time;
 * that is looked for at evaluations, so a replay finds it at the same moment.
 */
export class FiringKeys {
  readonly #after: number
  #firing = new Map<Key, Firing>()

  /** `after`: microseconds for which the condition must not have held; 0: at one evaluation. */
  constructor(after: number) {
    this.#after = after
  }

  /** The rule has matched, whether or not that is told. */
  held(key: Key, micros: number): void {
    const firing = this.#firing.get(key)
    if (firing !== undefined && micros > firing.held) firing.held = micros
  }

  /** An alert goes out. */
  raised(key: Key, { rule: _, ...alert }: Match): void {
    const firing = this.#firing.get(key)
    if (firing === undefined) {
      this.#firing.set(key, { key, since: alert.micros, held: alert.at, alert })
      return
    }
    firing.alert = { ...alert, silenced: alert.silenced && firing.alert.silenced }
  }

  /**
   * Gives, and forgets, the keys whose condition has cleared at an evaluation.
   * @param holds whether the condition of a key holds now, for rules that know it without a match
   */
  cleared(micros: number, holds: (key: Key) => boolean): Omit<Match, 'rule'>[] {
    const cleared: Omit<Match, 'rule'>[] = []
    for (const [key, { since, held, alert }] of this.#firing) {
      if (holds(key)) this.held(key, micros)
      else if (micros > held && micros - held >= this.#after) {
        this.#firing.delete(key)
        cleared.push({ ...alert, micros, at: micros, resolved: { since, last: alert.micros } })
      }
    }
    return cleared
  }

  snapshot(): FiringSnapshot {
    return [...this.#firing.values()]
  }

  restore(snapshot: FiringSnapshot): void {
    this.#firing = new Map(snapshot.map(firing => [firing.key, firing]))
  }
}
