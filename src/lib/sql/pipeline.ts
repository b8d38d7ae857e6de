import { didYouMean } from './errors.ts'
import {
  generateAggregate,
  generateProjectPlace,
  generateProjectValues,
  type ProjectPlace
} from './generate.ts'
import type { Aggregate, Plan, Scan } from './plan.ts'
import { ChangeReader, JsonReader, LineError, operations, slot } from './scan.ts'
import { WindowAggregate } from './window-aggregate.ts'

/** One line of a block, as bytes and as text of one character a byte. */
export type Line = { bytes: Buffer; text: string; start: number; end: number }

/** The work of one query. Output is collected in `output`: whole lines, UTF-8 with one character a byte. */
export interface Pipeline {
  output: string
  readonly aggregate: WindowAggregate | undefined
  begin(block: Buffer): void
  /** @throws LineError, RowError; nothing of the line has taken effect then. @returns whether a row of it was late */
  line(line: Line): boolean
  /** Messages for the user, each once. */
  warnings(): string[]
  /** What to say at the end when no event of the query's table came. */
  missing(): string | undefined
}

export function createPipeline(plan: Plan): Pipeline {
  const { input } = plan
  if (input.kind === 'scan')
    return input.source.kind === 'json' ? new RowPipeline(plan, input) : new ChangePipeline(plan, input)
  return new AggregatePipeline(plan, input)
}

/** Rows in, rows out. */
class RowPipeline implements Pipeline {
  output = ''
  readonly aggregate = undefined
  private readonly reader: JsonReader
  private readonly project: ProjectPlace

  constructor(plan: Plan, scan: Scan) {
    this.reader = new JsonReader(scan)
    this.project = generateProjectPlace(scan, plan.condition, plan.projections)
  }

  begin(): void {}

  line({ bytes, text, start, end }: Line): boolean {
    this.reader.find(bytes, start, end)
    const row = this.project(bytes, text, this.reader.finder.spans, 0, start, end)
    if (row !== null) this.output += `${row}\n`
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
  output = ''
  readonly aggregate = undefined
  private readonly reader: ChangeReader
  private readonly project: ProjectPlace
  private readonly check: ColumnCheck

  constructor(plan: Plan, scan: Scan) {
    this.reader = new ChangeReader(scan)
    this.project = generateProjectPlace(scan, plan.condition, plan.projections)
    this.check = new ColumnCheck(scan, this.reader)
  }

  begin(block: Buffer): void {
    this.reader.begin(block)
  }

  line(line: Line): boolean {
    const { reader } = this
    if (!reader.find(line.bytes, line.start, line.end)) return false
    const operation = reader.operation(line.bytes)
    const { old, new: now } = imagesOf(reader, line.bytes, operation)
    if (now) this.check.see(line.bytes)
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
    this.output += `{"before":${before},"after":${after},"source":${source},"op":"${op}"${suffix}}\n`
  }
}

/** Rows or change events in, the results of closed windows out, as plain rows. */
class AggregatePipeline implements Pipeline {
  output = ''
  readonly aggregate: WindowAggregate
  private readonly json: JsonReader | undefined
  private readonly changes: ChangeReader | undefined
  private readonly functions: ReturnType<typeof generateAggregate>
  private readonly check: ColumnCheck | undefined
  private readonly row
  private readonly oldRow

  constructor(plan: Plan, aggregate: Aggregate) {
    const scan = aggregate.input
    const retracts = scan.source.kind === 'changes'
    if (retracts) {
      this.changes = new ChangeReader(scan)
      this.check = new ColumnCheck(scan, this.changes)
    } else this.json = new JsonReader(scan)
    this.functions = generateAggregate(aggregate, retracts)
    this.row = this.functions.newRow()
    this.oldRow = this.functions.newRow()
    const project = generateProjectValues(plan.condition, plan.projections)
    this.aggregate = new WindowAggregate(aggregate.window, this.functions, values => {
      const row = project(values)
      if (row !== null) this.output += `${row}\n`
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
    if (now) this.check?.see(bytes)
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

/** Which row images an event must have and has. Throws LineError where one is missing. */
function imagesOf(reader: ChangeReader, bytes: Buffer, operation: number): { old: boolean; new: boolean } {
  const need = (place: number, name: string, op: string): void => {
    if (reader.has(bytes, place)) return
    const hint = name === 'before' ? ', so what it replaces is not known (MySQL: binlog_row_image=FULL)' : ''
    throw new LineError(`op ${op} without ${name}${hint}`)
  }
  switch (operation) {
    case operations.create:
    case operations.read:
      need(slot.after, 'after', String.fromCharCode(operation))
      return { old: false, new: true }
    case operations.update:
      need(slot.before, 'before', 'u')
      need(slot.after, 'after', 'u')
      return { old: true, new: true }
    case operations.delete:
      need(slot.before, 'before', 'd')
      return { old: true, new: false }
    case operations.truncate:
      return { old: false, new: false }
    default:
      throw new LineError(`op ${String.fromCharCode(operation)} is not one of c, u, d, r, t`)
  }
}

/** Compares the columns of a query with the first row of its table: a misspelt one would quietly be NULL for ever. */
class ColumnCheck {
  private readonly scan: Scan
  private readonly reader: ChangeReader
  private checked = false
  private found: string[] = []

  constructor(scan: Scan, reader: ChangeReader) {
    this.scan = scan
    this.reader = reader
  }

  see(bytes: Buffer): void {
    if (this.checked) return
    this.checked = true
    const { finder, afterColumns } = this.reader
    const absent = this.scan.columns.filter(
      (column, i) => column.path.length === 1 && (finder.spans[afterColumns + i * 2] as number) < 0
    )
    if (absent.length === 0) return
    const names = this.reader.columnNames(bytes, slot.after)
    for (const { name } of absent) {
      const near = didYouMean(name, names)
      const known = near === '' ? `; its columns are ${names.join(', ')}` : near
      this.found.push(`${this.scan.name} has no column ${name} in its first event, so it is NULL${known}`)
    }
  }

  /** What was found since the last call. */
  warnings(): string[] {
    const found = this.found
    this.found = []
    return found
  }
}
