import { eachLine, FieldFinder, parseTime, spanNumber, spanText } from '../stream/index.ts'
import { Latencies, perSecond, type StageFigures } from './figures.ts'

/**
 * Stages of an event's way, each ending at its own moment:
 * - `source`: from the commit (`source.ts_ms`) to here
 * - `capture`: from the commit to the moment the change was read (`ts_ms`)
 * - `total`: from a time field of the user's choice to here
 */
export const STAGES = ['source', 'capture', 'total'] as const
export type StageName = (typeof STAGES)[number]

/** Figures over a span of time; a stage without a single event is left out. */
export interface Figures {
  readonly seconds: number
  readonly events: number
  /** Events a second. */
  readonly rate: number
  /** Lines in which no stage had its times. */
  readonly unmeasured: number
  readonly stages: { readonly [S in StageName]?: StageFigures }
}

/** What was recorded over one span of time. */
class Recording {
  readonly latencies: Readonly<{ [S in StageName]: Latencies }> = {
    source: new Latencies(),
    capture: new Latencies(),
    total: new Latencies()
  }
  events = 0
  unmeasured = 0
  #since: number

  constructor(nowMs: number) {
    this.#since = nowMs
  }

  figures(nowMs: number): Figures {
    const seconds = Math.max(0, nowMs - this.#since) / 1000
    const stages: { [S in StageName]?: StageFigures } = {}
    for (const stage of STAGES) {
      if (this.latencies[stage].count > 0) stages[stage] = this.latencies[stage].figures(seconds)
    }
    return {
      seconds,
      events: this.events,
      rate: perSecond(this.events, seconds),
      unmeasured: this.unmeasured,
      stages
    }
  }

  add(other: Recording): void {
    for (const stage of STAGES) this.latencies[stage].add(other.latencies[stage])
    this.events += other.events
    this.unmeasured += other.unmeasured
  }

  reset(nowMs: number): void {
    for (const stage of STAGES) this.latencies[stage].reset()
    this.#since = nowMs
    this.events = 0
    this.unmeasured = 0
  }
}

/** Measures lines without parsing them: the few numbers are found in the bytes. */
export class LatencyProbe {
  readonly #finder: FieldFinder
  readonly #fieldPaths: number[]
  readonly #interval: Recording
  readonly #run: Recording

  /**
   * @param field time field for `total`; also looked for in the row of a change event
   * @param nowMs when it begins, milliseconds since the epoch
   */
  constructor(field: string | undefined, nowMs: number) {
    const paths = ['source.ts_ms', 'ts_ms']
    this.#fieldPaths = (field === undefined ? [] : [field, `after.${field}`]).map(path => {
      const known = paths.indexOf(path)
      return known >= 0 ? known : paths.push(path) - 1
    })
    this.#finder = new FieldFinder(paths)
    this.#interval = new Recording(nowMs)
    this.#run = new Recording(nowMs)
  }

  /** @param nowMs the moment at which these lines arrived */
  measure(block: Buffer, nowMs: number): void {
    const record = this.#interval
    const { source, capture, total } = record.latencies
    const { spans } = this.#finder
    eachLine(block, (start, end) => {
      record.events++
      if (!this.#finder.find(block, start, end)) {
        record.unmeasured++
        return
      }
      const committed = spanNumber(block, spans[0]!, spans[1]!)
      const captured = spanNumber(block, spans[2]!, spans[3]!)
      // what is absent is NaN and compares as false
      const hasCommit = committed > 0
      if (hasCommit) source.record(nowMs - committed)
      if (hasCommit && captured > 0) capture.record(captured - committed)
      const chosen = this.#chosenTime(block)
      if (chosen !== undefined) total.record(nowMs - chosen)
      else if (!hasCommit) record.unmeasured++
    })
  }

  #chosenTime(block: Buffer): number | undefined {
    const { spans } = this.#finder
    for (const path of this.#fieldPaths) {
      const text = spanText(block, spans[path * 2]!, spans[path * 2 + 1]!)
      const time = text === undefined ? undefined : parseTime(text)
      if (time !== undefined) return time.getTime()
    }
    return undefined
  }

  /** The figures since the last interval ended; a new one begins. */
  endInterval(nowMs: number): Figures {
    const figures = this.#interval.figures(nowMs)
    this.#run.add(this.#interval)
    this.#interval.reset(nowMs)
    return figures
  }

  /** The figures of the whole run; ends the interval. */
  endRun(nowMs: number): Figures {
    this.endInterval(nowMs)
    return this.#run.figures(nowMs)
  }

  /** Events so far. */
  get events(): number {
    return this.#run.events + this.#interval.events
  }
}
