import { discoverLinks } from './discover.ts'
import { enhanced } from './enhancements.ts'
import { Evaluations } from './evaluations.ts'
import { offsetOf, timeOf } from './event.ts'
import { ExecutionLimit, type HeldSnapshot } from './execution-limit.ts'
import { Explanation } from './explanation.ts'
import { type Fields, type JsonObject, lookup } from './fields.ts'
import { FiringKeys, type FiringSnapshot, type Resolved } from './firing.ts'
import { sourceFilter } from './include.ts'
import { type Needles, needlesOf } from './needles.ts'
import { PendingAlerts, type PendingSnapshot, together } from './pending-alerts.ts'
import { compilePredicate, type EventTime, type Predicate } from './predicate.ts'
import { pythonStr } from './python-format.ts'
import { type Rule, typeName } from './rule.ts'
import type { IsSilenced } from './silence-file.ts'
import { type SilenceSnapshot, Silences } from './silences.ts'
import { pythonIso } from './time.ts'
import { intervalsOf, type Timing } from './timing.ts'
import { TopCounts, type TopCountsSnapshot } from './top-counts.ts'
import { createRuleType, type Found, type Key, type Report, type RuleType } from './types/index.ts'

/** A match that goes out, not silenced by realert; or several of them in one alert. */
export interface Match {
  rule: Rule
  /** Time of the match; of an aggregated alert the time after which it went out. */
  micros: number
  /** Event time at which it was found, in microseconds; that of the match may lie back. An aggregated alert's is `micros`. */
  at: number
  /** Value of the query_key, of an aggregated alert that of its aggregation_key; null where there is none. */
  key: string | null
  /** Events that made the match, or all of the matches. */
  numHits: number
  /** It lies within a silence, and nobody is to be told. */
  silenced: boolean
  /** No alert, but the notice that the condition of one has cleared. */
  resolved?: Resolved
  /** The document in its row, around it the envelope of a change event; of an aggregated alert its first match. */
  fields: Fields
  /** The matches of an aggregated alert. */
  matches?: readonly Match[]
}

/** An event passed a rule's filter and has no time that the rule can read. */
export class NoEventTime extends Error {
  constructor(rule: Rule, event: Fields) {
    const { field, type } = rule.timestamp
    const value = lookup(event, field)
    const found =
      value === undefined || value === null
        ? `no ${field}`
        : `${field} ${JSON.stringify(value)} is no time of type ${type}`
    super(`${found}, which rule "${rule.name}" takes as the event's time (timestamp_field)`)
    this.name = 'NoEventTime'
  }
}

export interface RuleSnapshot {
  type: string
  state: unknown
  silences: SilenceSnapshot
  /** Realert among alerts that were silenced; not there when there are none. */
  silenced?: SilenceSnapshot
  /** Of a rule with resolved notices: what is to be resolved. */
  firing?: FiringSnapshot
  sinceForget: number
  /** Time of the next evaluation, of a rule that time decides. */
  next?: number
  /** Aggregated alerts that have not gone out yet. */
  pending?: PendingSnapshot
  counts?: TopCountsSnapshot
  /** Matches found when the rule was not at work. */
  held?: HeldSnapshot
}

/** After so many events at least, what is over is forgotten; then when as many have come as are remembered. */
const FORGET_EVERY = 65536

/** One rule at work: filter, type, realert. */
export class RuleState implements Report {
  readonly rule: Rule
  readonly needles: Needles
  readonly #passes: Predicate
  readonly #time: EventTime
  readonly #type: RuleType
  readonly #silences: Silences
  /** Realert among silenced alerts: they must not hold back the first one after them. */
  readonly #silenced: Silences
  readonly #isSilenced: IsSilenced
  readonly #evaluations: Evaluations | undefined
  readonly #pending: PendingAlerts
  readonly #counts: TopCounts | undefined
  readonly #limit: ExecutionLimit | undefined
  readonly #included: (document: JsonObject) => JsonObject
  readonly #firing: FiringKeys | undefined
  readonly #explanation: Explanation | undefined
  readonly #out: (match: Match) => void
  /** Events that came too late to count. */
  lateEvents = 0
  #sinceForget = 0
  /** The time that the rule is at: of the event it takes, or of the evaluation. */
  #now = 0

  constructor(
    rule: Rule,
    timing: Timing,
    isSilenced: IsSilenced,
    out: (match: Match) => void,
    explains = false
  ) {
    this.rule = rule
    const intervals = intervalsOf(rule, timing)
    this.needles = needlesOf(rule.filter)
    const time = eventTime(rule, timing)
    this.#time = time
    this.#passes = compilePredicate(rule.filter, time)
    if (explains) this.#explanation = new Explanation(rule, time)
    this.#type = createRuleType(rule, intervals)
    this.#silences = new Silences(rule.realert, rule.exponentialRealert)
    this.#silenced = new Silences(rule.realert, rule.exponentialRealert)
    this.#isSilenced = isSilenced
    this.#pending = new PendingAlerts(rule)
    if (rule.topCounts !== undefined) this.#counts = new TopCounts(rule.topCounts)
    if (rule.limit !== undefined) this.#limit = new ExecutionLimit(rule.limit.cron, rule.limit.covers)
    this.#included = rule.include === undefined ? document => ({ ...document }) : sourceFilter(rule.include)
    this.#out = out
    if (rule.resolveAfter !== undefined) this.#firing = new FiringKeys(rule.resolveAfter)
    if (this.#type.evaluate !== undefined || this.#firing !== undefined)
      this.#evaluations = new Evaluations(intervals.runEvery)
  }

  /** Time after which the rule must be told of the time; Infinity when only its events matter to it. */
  get due(): number {
    const held = this.#limit?.due ?? Number.POSITIVE_INFINITY
    return Math.min(this.#evaluations?.next ?? Number.POSITIVE_INFINITY, this.#pending.due, held)
  }

  /** Whether the rule has ever to be told of the time. */
  get needsTime(): boolean {
    return this.due < Number.POSITIVE_INFINITY || this.waits
  }

  /** Whether its matches may wait for a time. */
  get waits(): boolean {
    return this.rule.aggregation !== undefined || this.#limit !== undefined
  }

  /** Makes the evaluations that are due, and lets go the alerts that are. */
  advance(micros: number): void {
    this.#evaluations?.advance(micros, at => {
      this.#release(at)
      if (this.#limit?.includes(at) === false) return
      this.#now = at
      this.#type.evaluate?.(at, this)
      this.#resolve(at)
    })
    this.#release(micros)
  }

  /** Lets go every alert that waits: no time will come any more. */
  finish(): void {
    this.#release(Number.POSITIVE_INFINITY)
  }

  #release(before: number): void {
    for (const { due, found } of this.#limit?.release(before) ?? []) {
      this.#now = due
      this.#raise(found)
    }
    for (const alert of this.#pending.release(before)) this.#send(alert)
  }

  #resolve(at: number): void {
    const holds = (key: Key): boolean => this.#type.holds?.(key, at) ?? false
    for (const notice of this.#firing?.cleared(at, holds) ?? []) this.#out({ rule: this.rule, ...notice })
  }

  /** @throws NoEventTime */
  add(event: Fields): void {
    if (this.#isPassed(event)) this.take(event)
  }

  /** Takes an event that passes the filter. @throws NoEventTime */
  take(event: Fields): void {
    const { rule } = this
    const micros = this.#time(event)
    if (micros === undefined) throw new NoEventTime(rule, event)
    if (this.#limit?.ignores(micros) === true) return
    this.#forgetInTime(micros)
    if (micros > this.due) this.advance(micros)
    this.#now = micros
    const key = this.#key(event)
    this.#counts?.add(key, micros, event)
    this.#type.add(key, micros, event, this)
  }

  #isPassed(event: Fields): boolean {
    if (this.#explanation === undefined) return this.#passes(event)
    return this.#explanation.passes(nameOf(this.#key(event)), event)
  }

  /** Why the rule has fired or not, in words; undefined when that is not taken down. */
  explain(): string | undefined {
    const standings = new Map<string | null, string>()
    this.#type.explain?.(this.#now, (key, text) => standings.set(nameOf(key), text))
    return this.#explanation?.text(standings)
  }

  #key(event: Fields): Key {
    const { queryKey } = this.rule
    if (queryKey === undefined) return null
    if (queryKey.fields.length > 1) return compoundKey(event, queryKey.fields)
    const value = lookup(event, queryKey.name)
    if (value === undefined || value === null) return null
    return typeof value === 'object' ? pythonStr(value) : (value as Key)
  }

  /** The document as ElastAlert has it after a query: the time in its form, a compound key as a field of its own. */
  document(event: Fields, micros: number): JsonObject {
    const { queryKey, timestamp } = this.rule
    const document = this.#included(event.row)
    const own = event.row[timestamp.field]
    // a time further down in the document stays as it is
    const nested = own === undefined && lookup(event, timestamp.field) !== undefined
    if (!nested) document[timestamp.field] = pythonIso(micros, offsetOf(own, timestamp))
    if (queryKey !== undefined && queryKey.fields.length > 1) document[queryKey.name] = this.#key(event)
    const grouped = this.rule.aggregation?.key
    if (grouped !== undefined && grouped.fields.length > 1)
      document[grouped.name] = compoundKey(event, grouped.fields)
    return document
  }

  evaluation(key: Key | undefined, micros: number): JsonObject {
    const { queryKey, timestamp } = this.rule
    const row: JsonObject = { [timestamp.field]: pythonIso(micros) }
    if (queryKey !== undefined && key !== undefined) row[queryKey.name] = key
    return row
  }

  late(): void {
    this.lateEvents++
  }

  match(found: Found): void {
    this.#firing?.held(found.key, this.#now)
    if (this.#limit === undefined || this.#limit.includes(this.#now)) this.#raise(found)
    else this.#limit.hold(found, this.#now)
  }

  #raise(found: Found): void {
    const { rule } = this
    const { key, micros, numHits, row, envelope } = found
    const name = nameOf(key)
    const silenceKey = name === null ? rule.realertKey : `${rule.realertKey}.${name}`
    // a spike is told of by its first event, which lies back
    const silenced = this.#isSilenced(rule.name, name, this.#now)
    const goesOut =
      !(silenced && this.#silences.isSilent(silenceKey, this.#now)) &&
      (silenced ? this.#silenced : this.#silences).take(silenceKey, this.#now)
    const outcome = !goesOut ? 'held' : silenced ? 'silenced' : 'alerts'
    this.#explanation?.matched(name, outcome, this.#silences.until(silenceKey))
    if (!goesOut) return
    Object.assign(row, this.#counts?.at(key, this.#now))
    const match: Match = {
      rule,
      micros,
      at: this.#now,
      key: name,
      numHits,
      silenced,
      fields: { row, envelope }
    }
    const { enhancements, aggregation } = rule
    if (enhancements.first && !this.#enhance(match)) return
    if (aggregation === undefined) {
      if (this.#send(match)) this.#firing?.raised(key, match)
      return
    }
    this.#firing?.raised(key, match)
    this.#pending.add(match, aggregation, this.#now)
  }

  /** False when the match is dropped. */
  #enhance(match: Match): boolean {
    const row = enhanced(match.fields.row, this.rule.enhancements, this.rule.options)
    if (row === undefined) return false
    match.fields = { ...match.fields, row }
    return true
  }

  /** False when every match in it is dropped. */
  #send(alert: Match): boolean {
    const { options } = this.rule
    const all = alert.matches ?? [alert]
    const [first] = all as [Match]
    Object.assign(first.fields.row, discoverLinks(this.rule, first.fields.row, first.micros))
    const told = options.include_rule_params_in_first_match_only === true ? all.slice(0, 1) : all
    const params = options.include_rule_params_in_matches
    for (const param of Array.isArray(params) ? params : []) {
      for (const { fields } of told) fields.row[`rule_param_${param}`] = options[String(param)] ?? null
    }
    const { enhancements } = this.rule
    const kept = enhancements.first ? all : all.filter(match => this.#enhance(match))
    if (kept.length === 0) return false
    this.#out(alert.matches === undefined ? alert : together(alert, kept))
    return true
  }

  /** Counted in events and not in time: a single event from the future must not empty the windows. */
  #forgetInTime(micros: number): void {
    if (++this.#sinceForget < FORGET_EVERY) return
    this.#sinceForget = 0
    this.#type.forget(micros)
    this.#counts?.forget(micros)
    this.#silences.forget(micros)
    this.#silenced.forget(micros)
  }

  snapshot(): RuleSnapshot {
    const silenced = this.#silenced.snapshot()
    return {
      type: typeName(this.rule.kind),
      state: this.#type.snapshot(),
      silences: this.#silences.snapshot(),
      ...(silenced.length > 0 ? { silenced } : {}),
      ...(this.#firing === undefined ? {} : { firing: this.#firing.snapshot() }),
      sinceForget: this.#sinceForget,
      ...(Number.isFinite(this.#evaluations?.next) ? { next: this.#evaluations!.next } : {}),
      ...(Number.isFinite(this.#pending.due) ? { pending: this.#pending.snapshot() } : {}),
      ...(this.#limit === undefined ? {} : { held: this.#limit.snapshot() }),
      ...(this.#counts === undefined ? {} : { counts: this.#counts.snapshot() })
    }
  }

  /** What waits to go out does so in any case; the rest of a snapshot of a rule whose type has changed since is left out. */
  restore(snapshot: RuleSnapshot): void {
    this.#pending.restore(snapshot.pending ?? [])
    this.#counts?.restore(snapshot.counts ?? [])
    this.#limit?.restore(snapshot.held ?? [])
    if (snapshot.type !== typeName(this.rule.kind)) return
    this.#type.restore(snapshot.state)
    this.#silences.restore(snapshot.silences)
    this.#silenced.restore(snapshot.silenced ?? [])
    this.#firing?.restore(snapshot.firing ?? [])
    this.#sinceForget = snapshot.sinceForget
    if (this.#evaluations !== undefined && snapshot.next !== undefined) this.#evaluations.next = snapshot.next
  }
}

function compoundKey(event: Fields, fields: string[]): string {
  return fields.map(field => pythonStr(lookup(event, field))).join(', ')
}

/** By the machine's clock, what has no time happens when it comes; one that cannot be read is none all the same. */
export function eventTime({ timestamp }: Rule, { arrival: now }: Timing): EventTime {
  if (now === undefined) return fields => timeOf(fields, timestamp)
  return fields =>
    timeOf(fields, timestamp) ?? (lookup(fields, timestamp.field) === undefined ? now() : undefined)
}

function nameOf(key: Key): string | null {
  return key === null ? null : pythonStr(key)
}
