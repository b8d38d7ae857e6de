import { RepeatedNumber, viewOf } from '../stream/index.ts'
import { isAppendOnly } from './append-only.ts'
import { type Cause, causeAt, NO_CAUSE } from './change-event.ts'
import type { ChangeWriter } from './change-writer.ts'
import type { Lateness } from './consumers.ts'
import { Idleness, type IdlenessOptions } from './idleness.ts'
import type { Lookups } from './lookup/lookups.ts'
import { Prefetch } from './lookup/prefetch.ts'
import { errorsOf, OperatorGraph } from './operator-graph.ts'
import { Clock } from './operators/expiry.ts'
import type { LookupJoin } from './operators/lookup-join.ts'
import type { Operator, Stateful } from './operators/operator.ts'
import type { Line, Pipeline } from './pipeline.ts'
import { type Plan, scansOf } from './plan.ts'
import { ResultErrors, type RowErrors } from './result-errors.ts'
import type { Results } from './results.ts'
import type { Settings } from './settings.ts'
import type { Source } from './source.ts'
import type { StateMemory } from './state/state-memory.ts'
import type { Pieces } from './values/block-text.ts'
import { detach } from './values/text.ts'
import { addRows, writeChanges } from './write-results.ts'

/**
 * Lines in at the scans, through the operators of a plan, results out: as plain rows where rows are only added, else as
 * change events.
 */
export class Dataflow implements Pipeline {
  watermark: number | undefined
  readonly lookups: readonly LookupJoin[]
  readonly prefetch: Prefetch | undefined
  private readonly results: Results
  private readonly sources: Source[]
  private readonly operators: Stateful[]
  readonly labels: string[]
  /** What ends the time of each scan. */
  private readonly ends: readonly (() => void)[]
  private readonly lateness: Lateness = { isLate: false }
  private readonly errors = new ResultErrors()
  private readonly isOnlyAdded: boolean
  readonly idleness: Idleness | undefined
  /** Whether time causes changes too, when no line is being worked on. */
  private readonly isTimed: boolean
  /** Whether each line is for at most one of the scans. */
  private readonly isDivided: boolean
  /** Where the line is for one alone: that which reads it. */
  private reader: Source | undefined
  /** The scans that read the last line. */
  private reading: Source[] = []
  /** The line that is being worked on; where there is none, what is known of the last one. */
  private current: Line | undefined
  private currentSource: Source | undefined
  private lastCause: Cause = NO_CAUSE
  private readonly places = new Int32Array(4)
  /** The block of the line, for its words. */
  private view: DataView = new DataView(new ArrayBuffer(0))
  private readonly lineTime = new RepeatedNumber()
  /** Whether an event that the current line caused has been written. */
  private isCauseWritten = false
  /** ms, 0 for ever */
  private readonly stateTtl: number
  private readonly clock = new Clock()
  /** Where the last line that is done tells of its cause, in the text of its block. */
  private readonly lastPlaces = new Int32Array(4)
  private lastText: Pieces | undefined

  constructor(
    plan: Plan,
    results: Results,
    tables: Lookups,
    { stateTtl }: Settings,
    idleness: IdlenessOptions,
    memory: StateMemory
  ) {
    this.stateTtl = stateTtl
    this.results = results
    this.isOnlyAdded = isAppendOnly(plan.input)
    const timed = scansOf(plan.input).filter(scan => scan.eventTime !== undefined).length
    this.isTimed = timed > 0
    // One scan alone holds nothing back.
    const mayBeIdle = idleness.timeout > 0 && timed > (idleness.isMarkTime ? 0 : 1)
    this.idleness = mayBeIdle ? new Idleness(idleness) : undefined
    const { isOnlyAdded, clock, lateness, errors } = this
    const context = {
      tables,
      memory,
      stateTtl,
      clock,
      isOnlyAdded,
      idleness: this.idleness,
      lateness,
      errors
    }
    const graph = new OperatorGraph(plan.input, this.sink(plan, errorsOf(plan.input, errors)), context)
    this.sources = graph.sources
    this.operators = graph.operators
    this.labels = graph.labels
    this.ends = graph.ends
    this.lookups = graph.lookups
    if (stateTtl > 0) this.labels[this.operators.push(this.clock) - 1] = 'times to live'
    if (this.idleness !== undefined)
      this.labels[this.operators.push(this.idleness) - 1] = 'tables without rows'
    const names = this.sources.map(source => source.table)
    this.isDivided = !names.includes(undefined) && new Set(names).size === names.length
    const fetches = this.lookups.some(({ table }) => table.fetch !== undefined)
    this.prefetch = fetches ? new Prefetch(plan.input, tables) : undefined
  }

  begin(block: Buffer): void {
    this.view = viewOf(block)
    for (const source of this.sources) source.begin(block)
  }

  read(line: Line): boolean {
    this.passOn()
    const { sources } = this
    if (sources.length === 1) {
      this.reader = sources[0] as Source
      return this.reader.read(line)
    }
    this.reader = this.isDivided ? this.divide(line) : undefined
    if (this.isDivided) return this.reader !== undefined
    this.reading = sources.filter(source => source.read(line))
    return this.reading.length > 0
  }

  apply(line: Line): boolean {
    const { reader, reading } = this
    if (reader !== undefined) this.applyTo(reader, line)
    else if (reading.length === 1) this.applyTo(reading[0] as Source, line)
    else {
      for (const source of reading) {
        try {
          this.applyTo(source, line)
        } catch (error) {
          // The others have taken it.
          this.errors.tell(error)
        }
      }
    }
    return this.done(line)
  }

  private applyTo(source: Source, line: Line): void {
    this.current = line
    this.currentSource = source
    if (this.stateTtl > 0) this.tick(source, line)
    source.apply()
  }

  /** Moves the clock for times to live: by the time in which a change was read, for other rows by the machine's. */
  private tick(source: Source, line: Line): void {
    const read = this.timeOf(source, line)
    this.clock.now = Math.max(this.clock.now, Number.isNaN(read) ? Date.now() : read)
  }

  /** The one scan that a line is for. Behind the line there is likely to be another of the same. */
  private divide(line: Line): Source | undefined {
    const { sources } = this
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i] as Source
      if (!source.read(line)) continue
      if (i > 0) {
        sources.splice(i, 1)
        sources.unshift(source)
      }
      return source
    }
    return undefined
  }

  resume(): boolean {
    for (const join of this.lookups) if (join.waits) join.resume()
    return this.takeLate()
  }

  finish(): void {
    this.passOn()
    if (this.lastText === undefined) return
    const { source, time } = causeAt(this.lastText, this.lastPlaces, 0, 2)
    this.lastCause = { source: detach(source), time: time === null ? null : detach(time) }
    this.lastText = undefined
  }

  get takesMarks(): boolean {
    return this.idleness !== undefined
  }

  passTime(time: number): void {
    this.idleness?.pass(time, true)
    this.throwErrors(false)
  }

  end(): void {
    for (const end of this.ends) end()
    this.throwErrors(false)
  }

  state(): unknown[] {
    return this.operators.map(operator => operator.state())
  }

  restore(states: unknown[]): void {
    for (const [i, state] of states.entries()) this.operators[i]?.restore(state)
  }

  warnings(): string[] {
    return this.sources.flatMap(source => source.warnings())
  }

  /** One table without events is probably misspelt, whatever the others have. */
  missing(): string | undefined {
    return this.sources.map(source => source.missing()).find(message => message !== undefined)
  }

  private sink(plan: Plan, errors: RowErrors): Operator {
    const { results } = this
    return {
      change: this.isOnlyAdded
        ? addRows(plan, results, errors)
        : writeChanges(plan, results, errors, {
            text: () => this.cause(),
            end: writer => this.endChange(writer)
          }),
      advance: watermark => {
        this.watermark = watermark
      },
      clear: () => results.truncate(this.cause())
    }
  }

  private endChange(writer: ChangeWriter): void {
    const { current, currentSource, places } = this
    if (current === undefined || currentSource === undefined) writer.endWith(this.lastCause)
    else {
      if (this.isCauseWritten && writer.endAgain()) return
      currentSource.causePlaces(places)
      writer.end(current.bytes, this.view, places)
      this.isCauseWritten = true
    }
  }

  /** A line was applied, and tells what time it is. */
  private done(line: Line): boolean {
    const { idleness, currentSource } = this
    if (idleness !== undefined && currentSource?.table !== undefined) {
      const time = this.timeOf(currentSource, line)
      if (!Number.isNaN(time)) idleness.pass(time, false)
    }
    return this.takeLate()
  }

  /** The `ts_ms` of a line; NaN where it has none. */
  private timeOf(source: Source, { bytes }: Line): number {
    const { places } = this
    source.causePlaces(places)
    return this.lineTime.read(bytes, this.view, places[2] as number, places[3] as number)
  }

  private takeLate(): boolean {
    const { lateness } = this
    const { isLate } = lateness
    lateness.isLate = false
    this.throwErrors(isLate)
    return isLate
  }

  private throwErrors(isLate: boolean): void {
    const error = this.errors.take(isLate)
    if (error !== undefined) throw error
  }

  /** Before the next line is looked at, of which nothing may be known: only the end of time asks for the last. */
  private passOn(): void {
    if (this.isTimed && !this.isOnlyAdded && this.current !== undefined) {
      this.currentSource?.causePlaces(this.lastPlaces)
      this.lastText = this.current.text
    }
    this.current = undefined
    this.isCauseWritten = false
  }

  private cause(): Cause {
    const { current, currentSource } = this
    if (current === undefined || currentSource === undefined) return this.lastCause
    currentSource.causePlaces(this.places)
    return causeAt(current.text, this.places, 0, 2)
  }
}
