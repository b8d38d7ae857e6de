import { type ByteWriter, eachLine } from '../stream/index.ts'
import { type Bound, conjunctsOf, describe } from './bound.ts'
import type { Program } from './compile.ts'
import { createPipeline } from './create-pipeline.ts'
import { RowError } from './errors.ts'
import { generateCalc } from './generate-calc.ts'
import type { IdlenessOptions } from './idleness.ts'
import type { Lookups } from './lookup/lookups.ts'
import type { Line, Pipeline } from './pipeline.ts'
import { type Calc, inputsOf, type Node, type Plan, type Scan } from './plan.ts'
import type { Results } from './results.ts'
import { LineError } from './scan.ts'
import type { Settings } from './settings.ts'
import { type ScanConsumer, type Source, sourceOf } from './source.ts'
import { BlockText } from './values/block-text.ts'
import { dynamicText } from './values/dynamic.ts'

/** What became of one row: printed as a line of JSON. */
type Verdict = {
  line: number
  query: number
  table: string
  /** before: a row that is taken back */
  row: 'before' | 'after'
  verdict: 'filtered' | 'late' | 'rejected' | 'results' | 'no result'
  /** The condition that it does not meet, the reason of an error, what it waits for. */
  because?: string
  results?: number
}

/**
 * Tells of each row that has a column with the value `key` what became of it in a query: whether a condition holds it
 * back, it came too late, it is an error, or what results it gave at once. The queries run as always, on all lines.
 */
export class Why {
  private readonly traces: Trace[]

  constructor({ plans, settings }: Program, key: string, lookups: Lookups, given: IdlenessOptions) {
    const idleness = { ...given, timeout: settings.idleTimeout ?? given.timeout }
    this.traces = plans.map((plan, i) => new Trace(plan, i + 1, key, lookups, settings, idleness))
  }

  /** A mark was made at `time` (ms since the epoch). */
  passTime(time: number): void {
    for (const trace of this.traces) trace.passTime(time)
  }

  /** @param firstLine the number of the block's first line */
  process(block: Buffer, firstLine: number, out: ByteWriter): number {
    const line: Line = { bytes: block, text: new BlockText(block), start: 0, end: 0 }
    for (const trace of this.traces) trace.begin(block)
    const count = eachLine(block, (start, end, index) => {
      line.start = start
      line.end = end
      for (const trace of this.traces) {
        for (const verdict of trace.line(line, firstLine + index)) out.text(`${JSON.stringify(verdict)}\n`)
      }
    })
    for (const trace of this.traces) trace.finish()
    return count
  }
}

/** One scan of a query: reads all of its columns, and what each condition next to it says. */
type Watch = {
  scan: Scan
  source: Source
  conditions: string[]
  rows: Record<'before' | 'after', unknown[] | null>
}

class Trace {
  private readonly pipeline: Pipeline
  private readonly watches: Watch[]
  private readonly query: number
  private readonly key: string
  private readonly keepsRows: boolean
  private results = 0
  private passedBefore: string | undefined

  private readonly idleness: IdlenessOptions

  constructor(
    plan: Plan,
    query: number,
    key: string,
    lookups: Lookups,
    settings: Settings,
    idleness: IdlenessOptions
  ) {
    this.idleness = idleness
    this.query = query
    this.key = key
    this.keepsRows = plan.input.kind !== 'scan'
    this.watches = watchesOf(plan.input, plan.condition)
    const count = (): void => {
      this.results++
    }
    const results: Results = { add: count, change: count, truncate: count }
    this.pipeline = createPipeline(plan, results, lookups, settings, idleness)
  }

  begin(block: Buffer): void {
    this.pipeline.begin(block)
    for (const { source } of this.watches) source.begin(block)
  }

  passTime(time: number): void {
    if (!this.pipeline.takesMarks) return
    try {
      this.pipeline.passTime(time)
    } catch (error) {
      // It is of no line.
      if (!(error instanceof RowError)) throw error
    }
  }

  finish(): void {
    this.pipeline.finish()
  }

  /** What became of the rows in the line that have the key. */
  line(line: Line, number: number): Verdict[] {
    const found = this.watches.flatMap(watch => this.rowsWithKey(watch, line))
    // The line ends it, if it is one of the table without rows.
    this.passedBefore = found.length === 0 ? undefined : this.passed()
    this.results = 0
    let isLate = false
    let reason: string | undefined
    try {
      isLate = this.pipeline.read(line) && this.pipeline.apply(line)
    } catch (error) {
      if (!(error instanceof LineError || error instanceof RowError)) throw error
      reason = error.message
    }
    return found.map(({ table, row, filter }) => ({
      line: number,
      query: this.query,
      table,
      row,
      ...this.verdict(reason, filter, isLate)
    }))
  }

  private verdict(
    reason: string | undefined,
    filter: string | undefined,
    isLate: boolean
  ): Pick<Verdict, 'verdict' | 'because' | 'results'> {
    if (reason !== undefined) return { verdict: 'rejected', because: reason }
    if (filter !== undefined) return { verdict: 'filtered', because: filter }
    if (isLate) {
      const { watermark } = this.pipeline
      const time =
        watermark === undefined || !Number.isFinite(watermark)
          ? ''
          : ` of ${new Date(watermark).toISOString()}`
      return {
        verdict: 'late',
        because: joined(`its time is behind the watermark${time}`, this.passedBefore)
      }
    }
    if (this.results > 0) {
      const because = this.passed()
      return { verdict: 'results', results: this.results, ...(because === undefined ? {} : { because }) }
    }
    return {
      verdict: 'no result',
      because: this.keepsRows
        ? joined(
            'it is kept: its window is open, it has no partner in the join yet, or it changes no result',
            this.passed() ?? this.heldBack()
          )
        : 'it changes no result'
    }
  }

  /** That time has passed for tables that had no rows. */
  private passed(): string | undefined {
    const tables = this.pipeline.idleness?.passedOver() ?? []
    return tables.length === 0
      ? undefined
      : `time has passed without rows of ${tables.join(', ')} for ${seconds(this.idleness.timeout)} (--idle-timeout)`
  }

  /** The table that holds time back. */
  private heldBack(): string | undefined {
    const slow = this.pipeline.idleness?.slowest()
    if (slow === undefined) return undefined
    const { name, watermark, silent } = slow
    const since = Number.isFinite(watermark)
      ? `, whose time is ${new Date(watermark).toISOString()}`
      : ', which has had no rows yet'
    return `${name}${since}, holds time back, for ${seconds(silent)} of ${seconds(this.idleness.timeout)} so far (--idle-timeout)`
  }

  private rowsWithKey(
    { scan, source, conditions, rows }: Watch,
    line: Line
  ): { table: string; row: 'before' | 'after'; filter: string | undefined }[] {
    rows.before = null
    rows.after = null
    try {
      if (!source.read(line)) return []
    } catch (error) {
      // The pipeline finds it too, and it is told then.
      if (!(error instanceof LineError || error instanceof RowError)) throw error
    }
    return (['before', 'after'] as const).flatMap(row => {
      const values = rows[row]
      if (values === null) return []
      const columns = values.slice(0, scan.columns.length)
      if (!columns.some(value => value !== null && textOf(value) === this.key)) return []
      const failed = values.slice(scan.columns.length).findIndex(value => value !== true)
      return [{ table: scan.name, row, filter: conditions[failed] }]
    })
  }
}

const seconds = (ms: number): string => `${ms / 1000} s`

const joined = (reason: string, more: string | undefined): string =>
  more === undefined ? reason : `${reason}; ${more}`

const textOf = (value: unknown): string => dynamicText(value as string)

/** A watch on each scan below a node, with the condition that its rows meet first. */
function watchesOf(node: Node, condition: Bound | undefined): Watch[] {
  if (node.kind === 'scan') return [watch(node, condition)]
  const own = 'condition' in node && node.kind !== 'join' ? node.condition : undefined
  return inputsOf(node).flatMap(input => watchesOf(input, own))
}

function watch(scan: Scan, condition: Bound | undefined): Watch {
  const conditions = condition === undefined ? [] : conjunctsOf(condition)
  const columns = scan.columns.map(({ name, type }, index): Bound => {
    return { kind: 'column', index, name, type, nullable: true, start: 0, end: 0 }
  })
  const calc: Calc = { kind: 'calc', input: scan, condition: undefined, values: [...columns, ...conditions] }
  const { place } = generateCalc(calc)
  const rows: Watch['rows'] = { before: null, after: null }
  const time = { time: 0, watermark: 0 }
  const consumer: ScanConsumer = {
    read({ bytes, text }, spans, offset, start, end, isOld) {
      rows[isOld ? 'before' : 'after'] = place(bytes, text, spans, offset, start, end, time)
    },
    apply() {},
    watermark: () => Number.NEGATIVE_INFINITY,
    clear() {}
  }
  return { scan, source: sourceOf(scan, consumer, false), conditions: conditions.map(describe), rows }
}
