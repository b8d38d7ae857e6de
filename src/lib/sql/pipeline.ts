import { ByteWriter } from '../stream/index.ts'
import { isAppendOnly } from './append-only.ts'
import { causeAt } from './change-event.ts'
import { Dataflow } from './dataflow.ts'
import { generateProjectPlace, type ProjectPlace } from './generate-project.ts'
import { generateWritePlace } from './generate-write.ts'
import { type Idleness, type IdlenessOptions, NEVER_IDLE } from './idleness.ts'
import type { Lookups } from './lookup/lookups.ts'
import type { Prefetch } from './lookup/prefetch.ts'
import type { LookupJoin } from './operators/lookup-join.ts'
import type { Plan, Scan } from './plan.ts'
import type { Results } from './results.ts'
import { ImageCheck, imagesOf } from './row-images.ts'
import { ChangeReader, JsonReader, operations, slot } from './scan.ts'
import type { Settings } from './settings.ts'
import { StateMemory } from './state/state-memory.ts'
import type { Pieces } from './values/block-text.ts'

/** One line of a block, as bytes and as text of one character a byte. */
export type Line = { bytes: Buffer; text: Pieces; start: number; end: number }

/** The work of one query. */
export interface Pipeline {
  /** Event time that has passed, ms; undefined for queries that keep no time. */
  readonly watermark: number | undefined
  /** Its joins with tables that are looked up, those nearest to the input first. */
  readonly lookups: readonly LookupJoin[]
  /** Asks for what these need for a line, beforehand; undefined where that cannot be known, or nothing is to be fetched. */
  readonly prefetch: Prefetch | undefined
  begin(block: Buffer): void
  /** Reads what the line holds for the query. @throws LineError, RowError. @returns whether it holds anything */
  read(line: Line): boolean
  /**
   * Applies the line that was read last. @throws ResultError, once all of the line has taken effect that can; RowError,
   * of which nothing has. @returns whether a row of it was late
   */
  apply(line: Line): boolean
  /** Goes on with the last line where its joins waited for rows. Throws and returns what `apply` does. */
  resume(): boolean
  /** The block is gone after this. */
  finish(): void
  /** What tables without rows do to its time; undefined where there is one table, or none with time. */
  readonly idleness: Idleness | undefined
  /** Whether marks are to be told of. */
  readonly takesMarks: boolean
  /** A mark was made at `time` (ms since the epoch). Throws ResultError. */
  passTime(time: number): void
  /** Ends time: closes all windows. Throws ResultError. */
  end(): void
  /** What each operator that keeps something is, as in the plan. */
  readonly labels: readonly string[]
  /** What each operator keeps between lines: plain data, with Maps and bigints. */
  state(): unknown[]
  restore(states: unknown[]): void
  /** Messages for the user, each once. */
  warnings(): string[]
  /** What to say at the end when no event of the query's table came. */
  missing(): string | undefined
}

/** The pipeline of a plan; it writes to `results`. */
export function createPipeline(
  plan: Plan,
  results: Results,
  tables: Lookups,
  settings: Settings,
  idleness: IdlenessOptions = NEVER_IDLE,
  memory = new StateMemory()
): Pipeline {
  const { input } = plan
  if (input.kind !== 'scan') return new Dataflow(plan, results, tables, settings, idleness, memory)
  return isAppendOnly(input)
    ? new RowPipeline(plan, input, results)
    : new ChangePipeline(plan, input, results)
}

/** What has no state. */
abstract class Stateless {
  readonly labels = []
  readonly watermark = undefined
  readonly lookups = []
  readonly prefetch = undefined

  resume(): boolean {
    return false
  }

  finish(): void {}

  readonly idleness = undefined
  readonly takesMarks = false

  passTime(): void {}

  end(): void {}

  state(): unknown[] {
    return []
  }

  restore(): void {}
}

/** Rows in, rows out. */
class RowPipeline extends Stateless implements Pipeline {
  private readonly reader: JsonReader
  private readonly project: (line: Line) => boolean
  private readonly add: () => void

  constructor(plan: Plan, scan: Scan, results: Results) {
    super()
    this.reader = new JsonReader(scan)
    const { project, add } = this.writing(plan, scan, results) ?? this.adding(plan, scan, results)
    this.project = project
    this.add = add
  }

  begin(): void {}

  read(line: Line): boolean {
    this.reader.find(line.bytes, line.start, line.end)
    return this.project(line)
  }

  apply(): boolean {
    this.add()
    return false
  }

  warnings(): string[] {
    return []
  }

  missing(): undefined {}

  /** Rows as bytes, which are the results' only when they are added. */
  private writing(
    { condition, projections }: Plan,
    scan: Scan,
    results: Results
  ): { project(line: Line): boolean; add(): void } | undefined {
    const write = generateWritePlace(scan, condition, projections)
    const output = results.bytes?.bind(results)
    if (write === undefined || output === undefined) return undefined
    const { spans } = this.reader.finder
    const row = new ByteWriter(4096)
    return {
      project({ bytes, text, start, end }) {
        row.length = 0
        write(bytes, text, spans, 0, start, end, row)
        return row.length > 0
      },
      add: () => output().appendWritten(row)
    }
  }

  /** Rows as texts. */
  private adding(
    { condition, projections }: Plan,
    scan: Scan,
    results: Results
  ): { project(line: Line): boolean; add(): void } {
    const project = generateProjectPlace(scan, condition, projections)
    const { spans } = this.reader.finder
    let row: string | null = null
    return {
      project({ bytes, text, start, end }) {
        row = project(bytes, text, spans, 0, start, end)
        return row !== null
      },
      add: () => results.add(row as string)
    }
  }
}

/**
 * Change events in, change events out. An update whose row starts to pass the condition becomes a create, one whose row
 * stops to a delete. As in Flink, an update that leaves the projected row as it was is passed on all the same.
 */
class ChangePipeline extends Stateless implements Pipeline {
  private readonly results: Results
  private readonly reader: ChangeReader
  private readonly project: ProjectPlace
  private readonly check: ImageCheck
  private operation = 0
  private before: string | null = null
  private after: string | null = null

  constructor(plan: Plan, scan: Scan, results: Results) {
    super()
    this.results = results
    this.reader = new ChangeReader(scan)
    this.project = generateProjectPlace(scan, plan.condition, plan.projections)
    this.check = new ImageCheck(scan, this.reader)
  }

  begin(block: Buffer): void {
    this.reader.begin(block)
  }

  read(line: Line): boolean {
    const { reader } = this
    if (!reader.find(line.bytes, line.start, line.end)) return false
    const operation = reader.operation(line.bytes)
    const { old, new: now } = imagesOf(reader, line.bytes, operation)
    this.check.see(line.bytes, old, now)
    this.before = old ? this.row(line, slot.before, reader.beforeColumns) : null
    this.after = now ? this.row(line, slot.after, reader.afterColumns) : null
    this.operation = operation
    return true
  }

  apply(line: Line): boolean {
    const { operation, before, after } = this
    const { spans } = this.reader.finder
    if (operation === operations.truncate)
      this.results.truncate(causeAt(line.text, spans, slot.source, slot.time))
    else if (before !== null || after !== null) {
      const op = operation === operations.read ? 'r' : undefined
      this.results.change(before, after, causeAt(line.text, spans, slot.source, slot.time), op)
    }
    return false
  }

  warnings(): string[] {
    return this.check.warnings()
  }

  missing(): string | undefined {
    return this.reader.missing()
  }

  private row({ bytes, text }: Line, place: number, columns: number): string | null {
    const { spans } = this.reader.finder
    return this.project(bytes, text, spans, columns, spans[place] as number, spans[place + 1] as number)
  }
}
