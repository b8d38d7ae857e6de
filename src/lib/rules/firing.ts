import type { Match } from './match.ts'
import { KeptObjects } from './state/kept-objects.ts'
import { KEY_INTS, KEY_WORDS, KeyTable } from './state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from './state/snapshot.ts'
import type { Key } from './types/index.ts'

/** What a resolved notice tells beside the alert that it resolves. Event times in microseconds. */
export interface Resolved {
  /** Time of the first alert of the key since it was resolved last. */
  since: number
  /** Time of the match that is told of: the last one that was raised. */
  last: number
}

/** Of a key: when it was alerted first, and when its condition was last seen to hold. */
const SINCE = KEY_WORDS
const HELD = KEY_WORDS + 1
/** The last alert; silenced only when all of them were: who was told of one is told of the end, too. */
const ALERT = KEY_INTS + 4
const SILENCED = KEY_INTS + 5
const WORDS = 3

type Alert = Omit<Match, 'rule'>

/**
 * The keys of a rule that have been alerted and whose condition has not cleared yet. It has when it did not hold for a time;
 * that is looked for at evaluations, so a replay finds it at the same moment.
 */
export class FiringKeys {
  readonly #after: number
  readonly #keys = new KeyTable(WORDS)
  readonly #alerts = new KeptObjects()

  /** `after`: microseconds for which the condition must not have held; 0: at one evaluation. */
  constructor(after: number) {
    this.#after = after
  }

  /** The rule has matched, whether or not that is told. */
  held(key: Key, micros: number): void {
    this.#held(this.#keys.find(key), micros)
  }

  #held(at: number, micros: number): void {
    if (at !== 0 && micros > this.#keys.records.double(at, HELD))
      this.#keys.records.setDouble(at, HELD, micros)
  }

  /** An alert goes out. */
  raised(key: Key, { rule: _, ...alert }: Match): void {
    const { records, size } = this.#keys
    const at = this.#keys.add(key)
    let { silenced } = alert
    if (this.#keys.size > size) {
      records.setDouble(at, SINCE, alert.micros)
      records.setDouble(at, HELD, alert.at)
    } else {
      silenced &&= records.int(at, SILENCED) === 1
      this.#alerts.drop(records.int(at, ALERT))
    }
    records.setInt(at, ALERT, this.#alerts.add(alert))
    records.setInt(at, SILENCED, silenced ? 1 : 0)
    if (this.#alerts.isSparse) this.#gather()
  }

  /** Puts the alerts together anew, in the order in which they lie. */
  #gather(): void {
    const { records } = this.#keys
    const owners: number[] = []
    this.#keys.each(at => owners.push(at))
    owners.sort((a, b) => records.int(a, ALERT) - records.int(b, ALERT))
    const alerts = owners.map(at => records.int(at, ALERT))
    this.#alerts.gather(alerts, (i, number) => records.setInt(owners[i]!, ALERT, number))
  }

  /**
   * Gives, and forgets, the keys whose condition has cleared at an evaluation.
   * @param holds whether the condition of a key holds now, for rules that know it without a match
   */
  cleared(micros: number, holds: ((key: Key) => boolean) | undefined): Alert[] {
    const { records } = this.#keys
    const cleared: Alert[] = []
    this.#keys.each(at => {
      if (holds?.(this.#keys.keyOf(at))) {
        this.#held(at, micros)
        return
      }
      const held = records.double(at, HELD)
      if (micros <= held || micros - held < this.#after) return
      const since = records.double(at, SINCE)
      const number = records.int(at, ALERT)
      const alert = this.#alerts.read(number) as Alert
      const silenced = records.int(at, SILENCED) === 1
      cleared.push({ ...alert, silenced, micros, at: micros, resolved: { since, last: alert.micros } })
      this.#alerts.drop(number)
      this.#keys.drop(at)
    })
    return cleared
  }

  save(out: SnapshotWriter): void {
    this.#keys.save(out)
    this.#alerts.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#keys.restore(saved)
    this.#alerts.restore(saved)
  }
}
