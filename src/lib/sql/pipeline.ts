import type { Emitter } from './emitter.ts'
import {
  generateAggregate,
  generateProjectPlace,
  generateProjectValues,
  type ProjectPlace
} from './generate.ts'
import type { Aggregate, Plan, Scan } from './plan.ts'
import { ImageCheck, imagesOf } from './row-images.ts'
import { ChangeReader, JsonReader, operations, slot } from './scan.ts'
import { WindowAggregate } from './window-aggregate.ts'

/** One line of a block, as bytes and as text of one character a byte. */
export type Line = { bytes: Buffer; text: string; start: number; end: number }

/** The work of one query. */
export interface Pipeline {
  readonly aggregate: WindowAggregate | undefined
  begin(block: Buffer): void
  /** @throws LineError, RowError; nothing of the line has taken effect then. @returns whether a row of it was late */
  line(line: Line): boolean
  /** Messages for the user, each once. */
  warnings(): string[]
  /** What to say at the end when no event of the query's table came. */
  missing(): string | undefined
}

/** The pipeline of a plan; it writes to `output`. */
export function createPipeline(plan: Plan, output: Emitter): Pipeline {
  const { input } = plan
  if (input.kind === 'scan')
    return input.source.kind === 'json'
      ? new RowPipeline(plan, input, output)
      : new ChangePipeline(plan, input, output)
  return new AggregatePipeline(plan, input, output)
}

/** Rows in, rows out. */
class RowPipeline implements Pipeline {
  readonly aggregate = undefined
  private readonly output: Emitter
  private readonly reader: JsonReader
  private readonly project: ProjectPlace

  constructor(plan: Plan, scan: Scan, output: Emitter) {
    this.output = output
    this.reader = new JsonReader(scan)
    this.project = generateProjectPlace(scan, plan.condition, plan.projections)
  }

  begin(): void {}

  line({ bytes, text, start, end }: Line): boolean {
    this.reader.find(bytes, start, end)
    const row = this.project(bytes, text, this.reader.finder.spans, 0, start, end)
    if (row !== null) this.output.line(row)
    return false
  }

  warnings(): string[] {
    return []
  }

  missing(): undefined {}
}

/**
 * Change events in, change events out. An update whose row starts to pass the condition becomes a create, one whose row
 * stops to a delete. As in Flink, an update that leaves the projected row as it was is passed on all the same.
 */
class ChangePipeline implements Pipeline {
  readonly aggregate = undefined
  private readonly output: Emitter
  private readonly reader: ChangeReader
  private readonly project: ProjectPlace
  private readonly check: ImageCheck

  constructor(plan: Plan, scan: Scan, output: Emitter) {
    this.output = output
    this.reader = new ChangeReader(scan)
    this.project = generateProjectPlace(scan, plan.condition, plan.projections)
    this.check = new ImageCheck(scan, this.reader)
  }

  begin(block: Buffer): void {
    this.reader.begin(block)
  }

  line(line: Line): boolean {
    const { reader } = this
    if (!reader.find(line.bytes, line.start, line.end)) return false
    const operation = reader.operation(line.bytes)
    const { old, new: now } = imagesOf(reader, line.bytes, operation)
    this.check.see(line.bytes, old, now)
    const before = old ? this.row(line, slot.before, reader.beforeColumns) : null
    const after = now ? this.row(line, slot.after, reader.afterColumns) : null
    if (operation === operations.truncate) this.write(line, 't', null, null)
    else if (before !== null || after !== null) {
      const op = before === null ? (operation === operations.read ? 'r' : 'c') : after === null ? 'd' : 'u'
      this.write(line, op, before, after)
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

  private write({ text }: Line, op: string, before: string | null, after: string | null): void {
    const { spans } = this.reader.finder
    const source = text.substring(spans[slot.source] as number, spans[slot.source + 1] as number)
    const time = spans[slot.time] as number
    const suffix = time < 0 ? '' : `,"ts_ms":${text.substring(time, spans[slot.time + 1] as number)}`
    this.output.line(`{"before":${before},"after":${after},"source":${source},"op":"${op}"${suffix}}`)
  }
}

/** Rows or change events in, the results of closed windows out, as plain rows. */
class AggregatePipeline implements Pipeline {
  readonly aggregate: WindowAggregate
  private readonly json: JsonReader | undefined
  private readonly changes: ChangeReader | undefined
  private readonly functions: ReturnType<typeof generateAggregate>
  private readonly check: ImageCheck | undefined
  private readonly row
  private readonly oldRow

  constructor(plan: Plan, aggregate: Aggregate, output: Emitter) {
    const scan = aggregate.input
    const retracts = scan.source.kind === 'changes'
    if (retracts) {
      this.changes = new ChangeReader(scan)
      this.check = new ImageCheck(scan, this.changes)
    } else this.json = new JsonReader(scan)
    this.functions = generateAggregate(aggregate, retracts)
    this.row = this.functions.newRow()
    this.oldRow = this.functions.newRow()
    const project = generateProjectValues(plan.condition, plan.projections)
    this.aggregate = new WindowAggregate(aggregate.window, this.functions, values => {
      const row = project(values)
      if (row !== null) output.line(row)
    })
  }

  begin(block: Buffer): void {
    this.changes?.begin(block)
  }

  line(line: Line): boolean {
    const { bytes, text } = line
    if (this.changes !== undefined) return this.change(line, this.changes)
    const reader = this.json as JsonReader
    reader.find(bytes, line.start, line.end)
    this.functions.read(bytes, text, reader.finder.spans, 0, this.row)
    return this.take(this.row, false)
  }

  warnings(): string[] {
    return this.check?.warnings() ?? []
  }

  missing(): string | undefined {
    return this.changes?.missing()
  }

  private change({ bytes, text, start, end }: Line, reader: ChangeReader): boolean {
    if (!reader.find(bytes, start, end)) return false
    const operation = reader.operation(bytes)
    const { old, new: now } = imagesOf(reader, bytes, operation)
    this.check?.see(bytes, old, now)
    const { spans } = reader.finder
    // Both images are read before either takes effect, so that an error in one leaves nothing half done.
    if (old) this.functions.read(bytes, text, spans, reader.beforeColumns, this.oldRow)
    if (now) this.functions.read(bytes, text, spans, reader.afterColumns, this.row)
    if (operation === operations.truncate) this.aggregate.clear()
    const oldLate = old && this.take(this.oldRow, true)
    const newLate = now && this.take(this.row, false)
    return oldLate || newLate
  }

  private take(row: typeof this.row, retract: boolean): boolean {
    const late = this.aggregate.accept(row, retract)
    this.aggregate.advance(row.watermark)
    return late
  }
}
