import type { Stateful } from './operators/operator.ts'

export type IdlenessOptions = {
  /** A scan without rows for so long (ms) no longer holds time back; 0: it does for ever. */
  timeout: number
  /** Whether time passes with the marks while no scan has rows. */
  isMarkTime: boolean
}

export const NEVER_IDLE: IdlenessOptions = { timeout: 0, isMarkTime: false }

/** A scan with event time. Times in ms. */
export type TimedScan = {
  /** Of the table. */
  readonly name: string
  /** That of its rows, or what was taken for it while it had none. */
  watermark: number
  /** The watermark at its last row. */
  base: number
  /** What had passed at its last row. */
  seen: number
  advance(watermark: number): void
}

type State = { passed: number; clock: number; scans: { watermark: number; base: number; seen: number }[] }

/** A longer gap between events or marks (ms) counts as this: while the stage before is not there nothing is idle. */
const longestStep = 10_000

/**
 * Lets time pass for scans that have no rows. What has passed is told by the `ts_ms` of change events and marks, never by
 * the clock of this machine, so that a capture gives the same results again.
 *
 * - A scan without rows for the time-out, while others have some, is taken to be the time-out behind the one of those
 *   that is furthest behind. Flink leaves it out altogether; here rows that are that late still count when it comes back.
 * - While none has rows, time passes with the marks, the time-out behind, if that is wanted.
 */
export class Idleness implements Stateful {
  private readonly options: IdlenessOptions
  private readonly scans: TimedScan[] = []
  private passed = 0
  private clock = Number.NaN

  constructor(options: IdlenessOptions) {
    this.options = options
  }

  /** @param advance moves the scan's watermark on */
  add(name: string, advance: (watermark: number) => void): TimedScan {
    const never = Number.NEGATIVE_INFINITY
    const scan = { name, watermark: never, base: never, seen: 0, advance }
    this.scans.push(scan)
    return scan
  }

  /** A row of a scan came, with its watermark. */
  row(scan: TimedScan, watermark: number): void {
    if (watermark > scan.watermark) scan.watermark = watermark
    scan.base = scan.watermark
    scan.seen = this.passed
  }

  /** @param time of a change event or a mark, ms since the epoch */
  pass(time: number, isMark: boolean): void {
    const step = time - this.clock
    if (!(step <= 0)) this.clock = time
    if (step > 0) this.passed += Math.min(step, longestStep)
    const { scans, passed } = this
    const { timeout, isMarkTime } = this.options
    let active = Number.POSITIVE_INFINITY
    let isIdle = false
    for (const scan of scans) {
      if (passed - scan.seen >= timeout) isIdle = true
      else if (scan.watermark < active) active = scan.watermark
    }
    if (!isIdle) return
    if (active < Number.POSITIVE_INFINITY) this.advance(() => active - timeout)
    else if (isMark && isMarkTime) this.passAll()
  }

  /** The scans for which time was let pass though they had no rows. */
  passedOver(): string[] {
    return this.scans.filter(({ watermark, base }) => watermark > base).map(({ name }) => name)
  }

  /** The scan that holds time back, and how long it has been without rows (ms); undefined while all are alike. */
  slowest(): { name: string; watermark: number; silent: number } | undefined {
    const [slow, next] = this.scans.toSorted((a, b) => a.watermark - b.watermark)
    if (slow === undefined || next === undefined || slow.watermark === next.watermark) return undefined
    return { name: slow.name, watermark: slow.watermark, silent: this.passed - slow.seen }
  }

  state(): State {
    const scans = this.scans.map(({ watermark, base, seen }) => ({ watermark, base, seen }))
    return { passed: this.passed, clock: this.clock, scans }
  }

  restore(state: unknown): void {
    const { passed, clock, scans } = state as State
    this.passed = passed
    this.clock = clock
    for (const [i, scan] of scans.entries()) Object.assign(this.scans[i] as TimedScan, scan)
  }

  /** Those that never had a row go with the one that is furthest behind. */
  private passAll(): void {
    const { passed, scans } = this
    const { timeout } = this.options
    const times = scans.map(({ base, seen }) => base + passed - seen - timeout)
    const least = Math.min(...times.filter(Number.isFinite))
    if (Number.isFinite(least))
      this.advance((_, i) => (Number.isFinite(times[i]) ? (times[i] as number) : least))
  }

  private advance(to: (scan: TimedScan, i: number) => number): void {
    for (const [i, scan] of this.scans.entries()) {
      const watermark = to(scan, i)
      if (this.passed - scan.seen < this.options.timeout || watermark <= scan.watermark) continue
      scan.watermark = watermark
      scan.advance(watermark)
    }
  }
}
