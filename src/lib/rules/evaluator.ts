import { eachLine } from '../stream/index.ts'
import { Candidates } from './candidates.ts'
import { eventOf, type Timestamp, timeOf } from './event.ts'
import type { Fields } from './fields.ts'
import type { Rule } from './rule.ts'
import { type Match, NoEventTime, type RuleSnapshot, RuleState } from './rule-state.ts'
import type { IsSilenced } from './silence-file.ts'
import { TimeScan } from './time-scan.ts'
import { DEFAULT_TIMING, type Timing } from './timing.ts'
import { RuleModuleError } from './types/index.ts'

/** Takes what an evaluation brings forth, in the order of the events. */
export interface EvaluatorOutput {
  match(match: Match): void
  /** A line that cannot be evaluated: its place among the block's lines from 0; no reason when it is no JSON. */
  badLine(index: number, line: Buffer, reason: string | undefined): void
}

const OPEN_BRACE = 123
const CLOSE_BRACE = 125

interface Snapshot {
  version: 1
  rules: Record<string, RuleSnapshot>
}

/** Rules that time decides and that take it from the same field. */
interface Clock {
  timestamp: Timestamp
  scan: TimeScan
  states: RuleState[]
  /** Those whose time may come nearer with an event: a match begins to wait. */
  waiting: RuleState[]
  /** No time in the block, from the line on that is looked at, is later than this. */
  latest: number
}

/**
 * Evaluates rules over blocks of lines. The same lines give the same alerts however they are cut into blocks, and whatever
 * the clock of the machine says: time is the events'.
 */
export class Evaluator {
  /** Every event is shown to every rule, also those that cannot pass. */
  readonly #explains: boolean
  readonly #make: (rule: Rule) => RuleState
  #states: RuleState[]
  #candidates: Candidates
  #clocks: Clock[]
  #out: EvaluatorOutput | undefined

  constructor(
    rules: Rule[],
    timing: Timing = DEFAULT_TIMING,
    isSilenced: IsSilenced = () => false,
    explains = false
  ) {
    this.#explains = explains
    this.#make = rule => new RuleState(rule, timing, isSilenced, match => this.#out?.match(match), explains)
    this.#states = rules.map(this.#make)
    this.#candidates = new Candidates(this.#states.map(s => s.needles))
    this.#clocks = clocksOf(this.#states)
  }

  /**
   * `block` holds whole lines (LF or CRLF), control lines left out. Lines that no rule can match are not parsed; one that
   * has no braces around it is named all the same.
   */
  process(block: Buffer, out: EvaluatorOutput): void {
    this.#out = out
    const mayPass = this.#candidates.begin(block)
    const due = this.#clocks.filter(c => {
      const time = dueOf(c.states)
      c.latest = time
      return time < Number.POSITIVE_INFINITY && c.scan.mayPass(block, 0, block.length, time)
    })
    const isOfInterest = this.#explains || mayPass || due.length > 0
    eachLine(block, (start, end, index) => {
      if (!isBraced(block, start, end)) badLine(block, start, end, index, out)
      else if (isOfInterest) this.#line(block, start, end, index, out, due)
    })
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

  #line(block: Buffer, start: number, end: number, index: number, out: EvaluatorOutput, due: Clock[]): void {
    let event: Fields | undefined
    let problem: string | undefined
    for (const clock of due) {
      if (!clock.scan.mayPass(block, start, end, dueOf(clock.states))) continue
      event ??= eventOf(parse(block, start, end))
      // a line that is no event is named below where it could have passed a rule
      const micros = event === undefined ? undefined : timeOf(event, clock.timestamp)
      if (micros !== undefined) for (const state of clock.states) state.advance(micros)
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
      try {
        this.#states[i]!.add(event)
      } catch (error) {
        problem ??= problemOf(error)
      }
    }
    for (const clock of this.#clocks) {
      const time = dueOf(clock.waiting)
      if (time >= clock.latest || due.includes(clock)) continue
      clock.latest = time
      if (clock.scan.mayPass(block, end, block.length, time)) due.push(clock)
    }
    if (problem !== undefined) out.badLine(index, block.subarray(start, end), problem)
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
      if (old !== undefined) state.restore(JSON.parse(JSON.stringify(old.snapshot())))
      return state
    })
    this.#candidates = new Candidates(this.#states.map(s => s.needles))
    this.#clocks = clocksOf(this.#states)
  }

  /** How many events came too late to count, by rule. */
  late(): Map<string, number> {
    return new Map(this.#states.map(({ rule, lateEvents }) => [rule.name, lateEvents]))
  }

  /** Why each rule has fired or not, in words; nothing unless that is taken down. */
  explain(): string[] {
    return this.#states.flatMap(state => state.explain() ?? [])
  }

  /** Windows and silences, to go on from later. */
  snapshot(): Buffer {
    const snapshot: Snapshot = {
      version: 1,
      rules: Object.fromEntries(this.#states.map(s => [s.rule.name, s.snapshot()]))
    }
    return Buffer.from(JSON.stringify(snapshot))
  }

  /** Takes up a snapshot, rule by rule by name; a rule that is new since then begins empty. */
  restore(buffer: Buffer): void {
    const snapshot = JSON.parse(buffer.toString()) as Snapshot
    if (snapshot.version !== 1)
      throw new Error(`a snapshot of version ${snapshot.version} cannot be read by this one`)
    for (const state of this.#states) {
      const own = snapshot.rules[state.rule.name]
      if (own !== undefined) state.restore(own)
    }
    this.#clocks = clocksOf(this.#states)
  }
}

function clocksOf(states: RuleState[]): Clock[] {
  const clocks = new Map<string, Clock>()
  for (const state of states) {
    if (!state.needsTime) continue
    const { timestamp } = state.rule
    const name = JSON.stringify(timestamp)
    const clock = clocks.get(name) ?? {
      timestamp,
      scan: new TimeScan(timestamp),
      states: [],
      waiting: [],
      latest: Number.POSITIVE_INFINITY
    }
    clock.states.push(state)
    if (state.waits) clock.waiting.push(state)
    clocks.set(name, clock)
  }
  return [...clocks.values()]
}

function dueOf(states: RuleState[]): number {
  let due = Number.POSITIVE_INFINITY
  for (const state of states) due = Math.min(due, state.due)
  return due
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

/** Whether a line begins and ends as an object does. */
function isBraced(block: Buffer, start: number, end: number): boolean {
  while (start < end && isSpace(block[start] as number)) start++
  while (start < end && isSpace(block[end - 1] as number)) end--
  return block[start] === OPEN_BRACE && block[end - 1] === CLOSE_BRACE
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13
}

/** Undefined when the line is no JSON. */
function parse(block: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(block.toString('utf8', start, end))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
