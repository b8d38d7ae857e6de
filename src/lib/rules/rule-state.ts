import { Alerting } from './alerting.ts'
import { nameOf, RuleDocuments } from './documents.ts'
import { Evaluations } from './evaluations.ts'
import { timeOf } from './event.ts'
import { ExecutionLimit, type HeldSnapshot } from './execution-limit.ts'
import { Explanation } from './explanation.ts'
import { type Fields, type JsonObject, lookup } from './fields.ts'
import type { Match } from './match.ts'
import { type Needles, needlesOf } from './needles.ts'
import { compilePredicate, type EventTime, type Predicate } from './predicate.ts'
import { type Rule, typeName } from './rule.ts'
import type { IsSilenced } from './silence-file.ts'
import type { RealertKeys } from './silences.ts'
import type { SnapshotReader, SnapshotWriter } from './state/snapshot.ts'
import { intervalsOf, type Timing } from './timing.ts'
import { createRuleType, type Found, type Key, type Report, type RuleType } from './types/index.ts'

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

/** What a snapshot has of a rule beside its type's state and its alerts. */
interface Saved {
  type: string
  sinceForget: number
  remembered: number
  /** Null where there is none. */
  earliest: number | null
  /** Time of the next evaluation, of a rule that time decides; null before any is known. */
  next: number | null
  /** Matches found when the rule was not at work. */
  held: HeldSnapshot
}

/**
 * After so many events, what is over is forgotten, if as many have come as are remembered. The fewer, the less there is for
 * which memory near the processor has no room.
 */
const FORGET_EVERY = 1024

/** One rule at work: filter, time, type; what becomes of its matches is `Alerting`'s. */
export class RuleState implements Report {
  readonly rule: Rule
  readonly needles: Needles
  /** Nobody else has to do with what its events bring forth: no match waits for a time, no module sees it. */
  readonly isAlone: boolean
  readonly #passes: Predicate
  readonly #time: EventTime
  readonly #type: RuleType
  readonly #evaluations: Evaluations | undefined
  readonly #alerting: Alerting
  readonly #limit: ExecutionLimit | undefined
  readonly #documents: RuleDocuments
  readonly #explanation: Explanation | undefined
  /** Events that came too late to count. */
  lateEvents = 0
  #sinceForget = 0
  /** The earliest time of the last events, up to FORGET_EVERY of them. */
  #earliest = Number.POSITIVE_INFINITY
  /** How many keys were left then. */
  #remembered = 0
  /** The time that the rule is at: of the event it takes, or of the evaluation. */
  #now = 0

  constructor(
    rule: Rule,
    timing: Timing,
    isSilenced: IsSilenced,
    out: (match: Match) => void,
    realertKeys: RealertKeys,
    explains = false
  ) {
    this.rule = rule
    const intervals = intervalsOf(rule, timing)
    this.needles = needlesOf(rule.filter)
    const time = eventTime(rule, timing)
    this.#time = time
    this.isAlone = !this.waits && rule.kind.type !== 'custom' && rule.enhancements.list.length === 0
    this.#passes = compilePredicate(rule.filter, time)
    if (explains) this.#explanation = new Explanation(rule, time)
    this.#type = createRuleType(rule, intervals)
    this.#alerting = new Alerting(rule, isSilenced, out, this.#explanation, realertKeys)
    if (rule.limit !== undefined) this.#limit = new ExecutionLimit(rule.limit.cron, rule.limit.covers)
    this.#documents = new RuleDocuments(rule)
    if (this.#type.evaluate !== undefined || this.#alerting.firing !== undefined)
      this.#evaluations = new Evaluations(intervals.runEvery)
  }

  /** Time after which the rule must be told of the time; Infinity when only its events matter to it. */
  get due(): number {
    const next = this.#evaluations?.next ?? Number.POSITIVE_INFINITY
    const waiting = this.#alerting.due
    // asked for each event
    const due = Math.min(next, waiting)
    return this.#limit === undefined ? due : Math.min(due, this.#limit.due)
  }

  /** Whether the rule has ever to be told of the time. */
  get needsTime(): boolean {
    return this.due < Number.POSITIVE_INFINITY || this.waits
  }

  /** Whether its matches may wait for a time. */
  get waits(): boolean {
    return this.rule.aggregation !== undefined || this.rule.limit !== undefined
  }

  /** Makes the evaluations that are due, and lets go the alerts that are. */
  advance(micros: number): void {
    this.#evaluations?.advance(micros, at => {
      this.#release(at)
      if (this.#limit?.includes(at) === false) return
      this.#now = at
      this.#type.evaluate?.(at, this)
      const type = this.#type
      this.#alerting.resolve(at, type.holds === undefined ? undefined : key => type.holds?.(key, at) ?? false)
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
      this.#alerting.raise(found, due)
    }
    this.#alerting.release(before)
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
    const key = this.#documents.key(event)
    this.#alerting.counts?.add(key, micros, event)
    this.#type.add(key, micros, event, this)
  }

  #isPassed(event: Fields): boolean {
    if (this.#explanation === undefined) return this.#passes(event)
    return this.#explanation.passes(nameOf(this.#documents.key(event)), event)
  }

  /** Why the rule has fired or not, in words; undefined when that is not taken down. */
  explain(): string | undefined {
    if (this.#explanation === undefined) return undefined
    const standings = new Map<string | null, string>()
    this.#type.explain?.(this.#now, (key, text) => standings.set(nameOf(key), text))
    return this.#explanation.text(standings)
  }

  document(event: Fields, micros: number): JsonObject {
    return this.#documents.document(event, micros)
  }

  evaluation(key: Key | undefined, micros: number): JsonObject {
    return this.#documents.evaluation(key, micros)
  }

  late(): void {
    this.lateEvents++
  }

  match(found: Found): void {
    this.#alerting.firing?.held(found.key, this.#now)
    if (this.#limit === undefined || this.#limit.includes(this.#now)) this.#alerting.raise(found, this.#now)
    else this.#limit.hold(found, this.#now)
  }

  /** As of the earliest of many events: a single one from the future must not empty the windows. */
  #forgetInTime(micros: number): void {
    if (micros < this.#earliest) this.#earliest = micros
    if (++this.#sinceForget % FORGET_EVERY !== 0) return
    const before = this.#earliest
    this.#earliest = Number.POSITIVE_INFINITY
    // all that is remembered is looked through, which must not be dearer than the events were
    if (this.#sinceForget < this.#remembered) return
    this.#sinceForget = 0
    this.#type.forget(before)
    this.#alerting.forget(before)
    this.#remembered = this.#type.size + this.#alerting.size
  }

  save(out: SnapshotWriter): void {
    const next = this.#evaluations?.next ?? Number.NEGATIVE_INFINITY
    const saved: Saved = {
      type: typeName(this.rule.kind),
      sinceForget: this.#sinceForget,
      remembered: this.#remembered,
      earliest: Number.isFinite(this.#earliest) ? this.#earliest : null,
      next: Number.isFinite(next) ? next : null,
      held: this.#limit?.snapshot() ?? []
    }
    out.json(saved)
    out.block(inner => this.#type.save(inner))
    this.#alerting.save(out)
  }

  /** What waits to go out does so in any case; the rest of a snapshot of a rule whose type has changed since is left out. */
  restore(snapshot: SnapshotReader): void {
    const saved = snapshot.json<Saved>()
    const own = snapshot.block()
    const isSameType = saved.type === typeName(this.rule.kind)
    this.#limit?.restore(saved.held)
    this.#alerting.restore(snapshot, isSameType)
    if (!isSameType) return
    this.#type.restore(own)
    this.#sinceForget = saved.sinceForget
    this.#remembered = saved.remembered
    this.#earliest = saved.earliest ?? Number.POSITIVE_INFINITY
    if (this.#evaluations !== undefined && saved.next !== null) this.#evaluations.next = saved.next
  }
}

/** By the machine's clock, what has no time happens when it comes; one that cannot be read is none all the same. */
export function eventTime({ timestamp }: Rule, { arrival: now }: Timing): EventTime {
  if (now === undefined) return fields => timeOf(fields, timestamp)
  return fields =>
    timeOf(fields, timestamp) ?? (lookup(fields, timestamp.field) === undefined ? now() : undefined)
}
