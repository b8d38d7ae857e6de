import { discoverLinks } from './discover.ts'
import { nameOf } from './documents.ts'
import { enhanced } from './enhancements.ts'
import type { Explanation } from './explanation.ts'
import { FiringKeys } from './firing.ts'
import type { Match } from './match.ts'
import { PendingAlerts, type PendingSnapshot, together } from './pending-alerts.ts'
import type { Rule } from './rule.ts'
import { ruleValues } from './rule-values.ts'
import type { IsSilenced } from './silence-file.ts'
import { type RealertKeys, Silences } from './silences.ts'
import type { SnapshotReader, SnapshotWriter } from './state/snapshot.ts'
import { TopCounts } from './top-counts.ts'
import type { Found, Key } from './types/index.ts'

/** What becomes of a rule's matches: silenced or held back by realert, put together, enhanced, sent, resolved. */
export class Alerting {
  readonly counts: TopCounts | undefined
  readonly firing: FiringKeys | undefined
  readonly #rule: Rule
  readonly #silences: Silences
  /** Realert among silenced alerts: they must not hold back the first one after them. */
  readonly #silenced: Silences
  readonly #isSilenced: IsSilenced
  readonly #pending: PendingAlerts
  readonly #explanation: Explanation | undefined
  readonly #out: (match: Match) => void

  constructor(
    rule: Rule,
    isSilenced: IsSilenced,
    out: (match: Match) => void,
    explanation: Explanation | undefined,
    realertKeys: RealertKeys
  ) {
    this.#rule = rule
    this.#silences = new Silences(rule.realert, rule.exponentialRealert, realertKeys.of(rule.realertKey))
    this.#silenced = new Silences(rule.realert, rule.exponentialRealert)
    this.#isSilenced = isSilenced
    this.#pending = new PendingAlerts(rule)
    this.#explanation = explanation
    this.#out = out
    if (rule.topCounts !== undefined) this.counts = new TopCounts(rule.topCounts)
    if (rule.resolveAfter !== undefined) this.firing = new FiringKeys(rule.resolveAfter)
  }

  /** Time after which an alert that waits goes out; Infinity when none does. */
  get due(): number {
    return this.#pending.due
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#silences.size + this.#silenced.size
  }

  /** Takes a match, at the event time at which it is found. */
  raise(found: Found, now: number): void {
    const rule = this.#rule
    const { key } = found
    const name = nameOf(key)
    // a spike is told of by its first event, which lies back
    const silenced = this.#isSilenced(rule.name, name, now)
    const goesOut =
      !(silenced && this.#silences.isSilent(name, now)) &&
      (silenced ? this.#silenced : this.#silences).take(name, now)
    const outcome = !goesOut ? 'held' : silenced ? 'silenced' : 'alerts'
    this.#explanation?.matched(name, outcome, this.#silences.until(name))
    if (!goesOut) return
    const { micros, numHits, row, envelope } = found
    Object.assign(row, this.counts?.at(key, now))
    const match: Match = { rule, micros, at: now, key: name, numHits, silenced, fields: { row, envelope } }
    const { enhancements, aggregation } = rule
    if (enhancements.first && !this.#enhance(match)) return
    if (aggregation === undefined) {
      if (this.#send(match)) this.firing?.raised(key, match)
      return
    }
    this.firing?.raised(key, match)
    this.#pending.add(match, aggregation, now)
  }

  /** Lets go what was due before a time. */
  release(before: number): void {
    for (const alert of this.#pending.release(before)) this.#send(alert)
  }

  /** Tells which conditions have cleared at an evaluation. */
  resolve(at: number, holds: ((key: Key) => boolean) | undefined): void {
    for (const notice of this.firing?.cleared(at, holds) ?? []) this.#out({ rule: this.#rule, ...notice })
  }

  /** False when the match is dropped. */
  #enhance(match: Match): boolean {
    const row = enhanced(match.fields.row, this.#rule.enhancements, this.#rule.options)
    if (row === undefined) return false
    match.fields = { ...match.fields, row }
    return true
  }

  /** False when every match in it is dropped. */
  #send(alert: Match): boolean {
    const { options, enhancements } = this.#rule
    const all = alert.matches ?? [alert]
    const [first] = all as [Match]
    Object.assign(first.fields.row, discoverLinks(this.#rule, first.fields.row, first.micros))
    const told = options.include_rule_params_in_first_match_only === true ? all.slice(0, 1) : all
    const params = options.include_rule_params_in_matches
    for (const param of Array.isArray(params) ? params : []) {
      for (const { fields } of told)
        fields.row[`rule_param_${param}`] = ruleValues(options)[String(param)] ?? null
    }
    const kept = enhancements.first ? all : all.filter(match => this.#enhance(match))
    if (kept.length === 0) return false
    this.#out(alert.matches === undefined ? alert : together(alert, kept))
    return true
  }

  forget(before: number): void {
    this.counts?.forget(before)
    this.#silences.forget(before)
    this.#silenced.forget(before)
  }

  save(out: SnapshotWriter): void {
    const { counts, firing } = this
    out.json(this.#pending.snapshot())
    out.block(inner => counts?.save(inner))
    out.json(this.#rule.realertKey)
    this.#silences.save(out)
    this.#silenced.save(out)
    out.block(inner => firing?.save(inner))
  }

  /** What waits to go out does so in any case; the rest where the rule is still one of its type. */
  restore(saved: SnapshotReader, isSameType: boolean): void {
    this.#pending.restore(saved.json<PendingSnapshot>())
    const counts = saved.block()
    if (!counts.isAtEnd) this.counts?.restore(counts)
    // silences are of the keys below a realert_key
    if (!isSameType || saved.json<string>() !== this.#rule.realertKey) return
    this.#silences.restore(saved)
    this.#silenced.restore(saved)
    const firing = saved.block()
    if (!firing.isAtEnd) this.firing?.restore(firing)
  }
}
