import { timeOf } from './event.ts'
import { type Fields, type JsonObject, lookup } from './fields.ts'
import { type Needles, needlesOf } from './needles.ts'
import { compilePredicate, type Predicate } from './predicate.ts'
import { pythonStr } from './python-format.ts'
import type { Rule } from './rule.ts'
import { createRuleType, type Hit, type Key, type RuleType } from './rule-types.ts'
import { type SilenceSnapshot, Silences } from './silences.ts'
import { pythonIso } from './time.ts'

/** A match that goes out: not silenced by realert. */
export interface Match {
  rule: Rule
  micros: number
  /** Value of the query_key; null where there is none. */
  key: string | null
  numHits: number
  /** The document in its row, around it the envelope of a change event. */
  fields: Fields
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
  sinceForget: number
}

/** After so many events at least, what is over is forgotten; then when as many have come as are remembered. */
const FORGET_EVERY = 65536

/** One rule at work: filter, type, realert. */
export class RuleState {
  readonly rule: Rule
  readonly needles: Needles
  readonly #passes: Predicate
  readonly #type: RuleType
  readonly #silences: Silences
  #sinceForget = 0

  constructor(rule: Rule) {
    this.rule = rule
    this.needles = needlesOf(rule.filter)
    this.#passes = compilePredicate(rule.filter, fields => timeOf(fields, rule.timestamp))
    this.#type = createRuleType(rule)
    this.#silences = new Silences(rule.realert, rule.exponentialRealert)
  }

  /** @throws NoEventTime */
  add(event: Fields): Match | undefined {
    if (!this.#passes(event)) return undefined
    const { rule } = this
    const micros = timeOf(event, rule.timestamp)
    if (micros === undefined) throw new NoEventTime(rule, event)
    this.#forgetInTime(micros)
    const key = this.#key(event)
    const hit = this.#type.add(key, micros, () => this.#document(event, micros))
    if (hit === undefined) return undefined
    const name = key === null ? null : pythonStr(key)
    const silenceKey = name === null ? rule.realertKey : `${rule.realertKey}.${name}`
    if (!this.#silences.take(silenceKey, micros)) return undefined
    return { rule, micros, key: name, numHits: hit.numHits, fields: this.#report(event, micros, hit) }
  }

  #key(event: Fields): Key {
    const { queryKey } = this.rule
    if (queryKey === undefined) return null
    if (queryKey.fields.length > 1)
      return queryKey.fields.map(field => pythonStr(lookup(event, field))).join(', ')
    const value = lookup(event, queryKey.name)
    if (value === undefined || value === null) return null
    return typeof value === 'object' ? pythonStr(value) : (value as Key)
  }

  /** The document as ElastAlert has it after a query: the time in its form, a compound key as a field of its own. */
  #document(event: Fields, micros: number): JsonObject {
    const { queryKey, timestamp } = this.rule
    const document = { ...event.row }
    const own = document[timestamp.field]
    // a time further down in the document stays as it is
    const nested = own === undefined && lookup(event, timestamp.field) !== undefined
    if (!nested) document[timestamp.field] = pythonIso(own, micros)
    if (queryKey !== undefined && queryKey.fields.length > 1) document[queryKey.name] = this.#key(event)
    return document
  }

  #report(event: Fields, micros: number, hit: Hit): Fields {
    const document = this.#document(event, micros)
    if (hit.related !== undefined) document.related_events = hit.related
    const params = this.rule.options.include_rule_params_in_matches
    for (const name of Array.isArray(params) ? params : []) {
      document[`rule_param_${name}`] = this.rule.options[String(name)] ?? null
    }
    return { row: document, envelope: event.envelope }
  }

  /** Counted in events and not in time: a single event from the future must not empty the windows. */
  #forgetInTime(micros: number): void {
    if (++this.#sinceForget < FORGET_EVERY) return
    this.#sinceForget = 0
    this.#type.forget(micros)
    this.#silences.forget(micros)
  }

  snapshot(): RuleSnapshot {
    return {
      type: this.rule.kind.type,
      state: this.#type.snapshot(),
      silences: this.#silences.snapshot(),
      sinceForget: this.#sinceForget
    }
  }

  /** A snapshot of a rule whose type has changed since says nothing and is left out. */
  restore(snapshot: RuleSnapshot): void {
    if (snapshot.type !== this.rule.kind.type) return
    this.#type.restore(snapshot.state)
    this.#silences.restore(snapshot.silences)
    this.#sinceForget = snapshot.sinceForget
  }
}
