import { Candidates } from './candidates.ts'
import { Clock } from './clock.ts'
import { eventOf, timeOf } from './event.ts'
import type { Fields } from './fields.ts'
import { Findings } from './findings.ts'
import { isBraced, lineEnd, parse } from './line-bytes.ts'
import { LineFilter } from './line-filter.ts'
import type { Match } from './match.ts'
import { PutOff } from './put-off.ts'
import type { Rule } from './rule.ts'
import { NoEventTime, RuleState } from './rule-state.ts'
import type { IsSilenced } from './silence-file.ts'
import { RealertKeys } from './silences.ts'
import { copyOf, readSnapshot, writeSnapshot } from './state/file.ts'
import { DEFAULT_TIMING, type Timing } from './timing.ts'
import { RuleModuleError } from './types/index.ts'

/** Takes what an evaluation brings forth, in the order of the events. */
export interface EvaluatorOutput {
  match(match: Match): void
  /** A line that cannot be evaluated: its place among the block's lines from 0; no reason when it is no JSON. */
  badLine(index: number, line: Buffer, reason: string | undefined): void
}

const RETURN = 13

/**
 * Evaluates rules over blocks of lines. The same lines give the same alerts however they are cut into blocks, and whatever
 * the clock of the machine says: time is the events'.
 */
export class Evaluator {
  /** Every event is shown to every rule, also those that cannot pass. */
  readonly #explains: boolean
  readonly #timing: Timing
  readonly #make: (rule: Rule) => RuleState
  readonly #realertKeys = new RealertKeys()
  #states: RuleState[]
  #candidates!: Candidates
  #filter!: LineFilter
  /** The clock of each rule that has to be told of the time. */
  #clockOf!: Map<RuleState, Clock>
  #clocks: Clock[] = []
  #putOff!: PutOff
  #findings!: Findings
  /** Whether an event is being taken, and not time passing. */
  #isTaking = false
  #out: EvaluatorOutput | undefined

  constructor(
    rules: Rule[],
    timing: Timing = DEFAULT_TIMING,
    isSilenced: IsSilenced = () => false,
    explains = false
  ) {
    this.#explains = explains
    this.#timing = timing
    const out = (match: Match): void => this.#found(match)
    this.#make = rule => new RuleState(rule, timing, isSilenced, out, this.#realertKeys, explains)
    this.#states = rules.map(this.#make)
    this.#arrange(rules)
  }

  #arrange(rules: Rule[]): void {
    this.#candidates = new Candidates(this.#states.map(s => s.needles))
    this.#filter = LineFilter.of(rules, this.#timing)
    this.#clockOf = Clock.of(this.#states)
    this.#putOff = new PutOff(this.#states)
    this.#findings = new Findings(rules.length)
  }

  /**
   * `block` holds whole lines (LF or CRLF), control lines left out. Lines in a shape that is known, and those that no rule can
   * match, are not parsed; one that has no braces around it is named all the same.
   */
  process(block: Buffer, out: EvaluatorOutput): void {
    this.#out = out
    this.#candidates.begin(block)
    this.#filter.begin(block)
    this.#clocks = [...new Set(this.#clockOf.values())]
    for (const clock of this.#clocks) clock.refresh()
    for (let start = 0, index = 0; start < block.length; index++) {
      let end = this.#explains ? -1 : this.#filter.find(start)
      if (end < 0) {
        end = lineEnd(block, start)
        if (end > start) this.#anyLine(block, start, end, index, out)
      } else this.#quickLine(index)
      start = block[end] === RETURN ? end + 2 : end + 1
    }
    this.#takeAll()
  }

  #anyLine(block: Buffer, start: number, end: number, index: number, out: EvaluatorOutput): void {
    if (!this.#explains && this.#filter.learn(start, end) >= 0) {
      this.#quickLine(index)
      return
    }
    this.#takeAll()
    if (isBraced(block, start, end)) this.#line(block, start, end, index, out)
    else badLine(block, start, end, index, out)
  }

  /** Says that no event before this time, in microseconds, is still to come: what is due is evaluated. */
  pass(micros: number, out: EvaluatorOutput): void {
    this.#out = out
    for (const state of this.#states) if (micros > state.due) state.advance(micros)
  }

  /** Lets go every alert that waits for others: nothing more is to come. */
  finish(out: EvaluatorOutput): void {
    this.#out = out
    for (const state of this.#states) state.finish()
  }

  #quickLine(index: number): void {
    const filter = this.#filter
    const { line } = filter
    for (const clock of this.#clocks) {
      const micros = line.time(clock.timestamp)
      if (micros === undefined || micros <= clock.due) continue
      const kept = filter.keep()
      this.#takeAll()
      clock.advance(micros)
      filter.recallLast(kept)
    }
    const passing = filter.passing()
    if (passing === null) return
    let kept = -1
    for (let word = 0; word < passing.length; word++) {
      for (let bits = passing[word] as number; bits !== 0; bits &= bits - 1) {
        const rule = word * 32 + 31 - Math.clz32(bits & -bits)
        if (!this.#putOff.mayBe[rule]) this.#takeNow(rule, index)
        else {
          if (kept < 0) kept = filter.keep()
          this.#putOff.add(rule, kept, index)
        }
      }
    }
    if (!filter.hasRoom) this.#takeAll()
  }

  /** Has every rule take its events that were put off, and tells what came of all that were taken. */
  #takeAll(): void {
    this.#putOff.each(this.#takeKept)
    this.#filter.forget()
    this.#findings.tell(this.#out as EvaluatorOutput)
  }

  readonly #takeKept = (rule: number, event: number, index: number): void => {
    this.#filter.recall(event)
    this.#takeNow(rule, index)
  }

  #takeNow(rule: number, index: number): void {
    const { line } = this.#filter
    this.#findings.of(index, rule)
    this.#isTaking = true
    const wrong = this.#taken(this.#states[rule] as RuleState, line.event, rule)
    this.#isTaking = false
    if (wrong !== undefined) this.#findings.problem(line.bytes.subarray(line.start, line.end), wrong)
  }

  #found(match: Match): void {
    if (this.#isTaking) this.#findings.match(match)
    else this.#out?.match(match)
  }

  #line(block: Buffer, start: number, end: number, index: number, out: EvaluatorOutput): void {
    let event: Fields | undefined
    let problem: string | undefined
    for (const clock of this.#clocks) {
      if (!clock.mayPass(block, start, end)) continue
      event ??= eventOf(parse(block, start, end))
      // a line that is no event is named below where it could have passed a rule
      const micros = event === undefined ? undefined : timeOf(event, clock.timestamp)
      if (micros !== undefined) clock.advance(micros)
    }
    for (let i = 0; i < this.#states.length; i++) {
      const mayPass = this.#candidates.mayPass(i, start, end)
      if (!mayPass && !this.#explains) continue
      if (event === undefined) {
        event = eventOf(parse(block, start, end))
        if (event === undefined) {
          if (!mayPass) continue
          badLine(block, start, end, index, out)
          return
        }
      }
      const wrong = this.#taken(this.#states[i] as RuleState, event)
      problem ??= wrong
    }
    if (problem !== undefined) out.badLine(index, block.subarray(start, end), problem)
  }

  /**
   * What is wrong with an event for a rule, if anything is.
   * @param mayPass the rule's number where the filters have been looked at
   */
  #taken(state: RuleState, event: Fields, mayPass?: number): string | undefined {
    try {
      if (mayPass === undefined) state.add(event)
      else if (this.#filter.passes(mayPass)) state.take(event)
    } catch (error) {
      return problemOf(error)
    }
    // its match may wait for a time that is nearer than all others
    if (state.waits) this.#clockOf.get(state)?.bringForward(state.due)
    return undefined
  }

  /**
   * Goes on with other rules. A rule that is the same object keeps its windows and silences; one that has its name only takes
   * up of them what it would after a restart.
   */
  replace(rules: Rule[]): void {
    const before = new Map(this.#states.map(state => [state.rule.name, state]))
    this.#states = rules.map(rule => {
      const old = before.get(rule.name)
      if (old?.rule === rule) return old
      const state = this.#make(rule)
      if (old !== undefined) state.restore(copyOf(old))
      return state
    })
    this.#realertKeys.keep(rules.map(({ realertKey }) => realertKey))
    this.#arrange(rules)
  }

  /** How many events came too late to count, by rule. */
  late(): Map<string, number> {
    return new Map(this.#states.map(({ rule, lateEvents }) => [rule.name, lateEvents]))
  }

  /** Why each rule has fired or not, in words; nothing unless that is taken down. */
  explain(): string[] {
    return this.#explains ? this.#states.flatMap(state => state.explain() ?? []) : []
  }

  /** Windows and silences, to go on from later. */
  snapshot(): Uint8Array[] {
    return writeSnapshot(this.#states)
  }

  /**
   * Takes up a snapshot, rule by rule by name; a rule that is new since then begins empty.
   * @param from where it lies, for errors
   */
  restore(buffer: Buffer, from = 'the state'): void {
    readSnapshot(buffer, this.#states, from)
    this.#clockOf = Clock.of(this.#states)
  }
}

/** What is wrong with an event that a rule could not take. */
function problemOf(error: unknown): string {
  if (error instanceof NoEventTime || error instanceof RuleModuleError) return error.message
  // arrays in arrays, a million deep: the stack is not made for them
  if (error instanceof RangeError) return 'nested too deeply'
  throw error
}

function badLine(block: Buffer, start: number, end: number, index: number, out: EvaluatorOutput): void {
  const reason = parse(block, start, end) === undefined ? undefined : 'not a JSON object'
  out.badLine(index, block.subarray(start, end), reason)
}
