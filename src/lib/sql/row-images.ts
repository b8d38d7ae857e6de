import { didYouMean } from './errors.ts'
import type { Scan } from './plan.ts'
import { type ChangeReader, LineError, operations, slot } from './scan.ts'

const wholeRows = 'enrich needs whole rows (MySQL: binlog_row_image=FULL)'

/** Which row images the events of a table have. What holds of an event holds of those like it that come next. */
export class RowImages {
  operation = 0
  /** Whether the event has the row before, and the row after the change. */
  old = false
  now = false
  private readonly reader: ChangeReader
  private readonly columns: ColumnCheck
  private isChecked = false

  constructor(scan: Scan, reader: ChangeReader) {
    this.reader = reader
    this.columns = new ColumnCheck(scan, reader)
  }

  /** Looks at the event that was found. @throws LineError where it lacks an image, or a column that its table has */
  see(bytes: Buffer): void {
    if (this.isChecked && this.reader.isRepeat) return
    this.isChecked = false
    this.operation = this.reader.operation(bytes)
    this.seeImages(bytes)
    this.columns.see(bytes, this.old, this.now)
    this.isChecked = true
  }

  /** What was found since the last call. */
  warnings(): string[] {
    return this.columns.warnings()
  }

  private seeImages(bytes: Buffer): void {
    const { operation } = this
    switch (operation) {
      case operations.create:
      case operations.read:
        this.have(bytes, false, true)
        break
      case operations.update:
        this.have(bytes, true, true)
        break
      case operations.delete:
        this.have(bytes, true, false)
        break
      case operations.truncate:
        this.have(bytes, false, false)
        break
      default:
        throw new LineError(`op ${String.fromCharCode(operation)} is not one of c, u, d, r, t`)
    }
  }

  private have(bytes: Buffer, old: boolean, now: boolean): void {
    const { reader } = this
    const op = String.fromCharCode(this.operation)
    if (old && !reader.has(bytes, slot.before)) throw new LineError(`op ${op} without before: ${wholeRows}`)
    if (now && !reader.has(bytes, slot.after)) throw new LineError(`op ${op} without after`)
    this.old = old
    this.now = now
  }
}

/**
 * Compares the columns of a query with the rows that come. A column that is absent from the first row of its table is
 * probably misspelt, or not there yet: it is NULL, with a warning. One that is absent from part of the rows was left
 * out of the row image, and its value is not known: NULL would be a wrong answer, so such an event is an error. So is one
 * that says of itself that it lacks columns (`source.partial`) when one of the query's is absent.
 */
class ColumnCheck {
  private readonly scan: Scan
  private readonly reader: ChangeReader
  /** Indexes of the columns that are not fields of others. */
  private readonly columns: number[]
  private readonly known: boolean[] = []
  private checked = false
  private found: string[] = []

  constructor(scan: Scan, reader: ChangeReader) {
    this.scan = scan
    this.reader = reader
    this.columns = scan.columns.flatMap(({ path, envelope }, i) =>
      path.length === 1 && envelope === undefined ? [i] : []
    )
  }

  /** @throws LineError for an event without a column that its table has */
  see(bytes: Buffer, old: boolean, now: boolean): void {
    const { finder, beforeColumns, afterColumns } = this.reader
    const { spans } = finder
    const isPartial = (spans[slot.partial] as number) >= 0
    for (const i of this.columns) {
      const inBefore = old && (spans[beforeColumns + i * 2] as number) >= 0
      const inAfter = now && (spans[afterColumns + i * 2] as number) >= 0
      const whole = (inBefore || !old) && (inAfter || !now)
      if (whole) this.known[i] = old || now || this.known[i] === true
      else if (isPartial || inBefore || inAfter || this.known[i] === true) {
        const image = old && !inBefore ? 'before' : 'after'
        throw new LineError(`column ${this.scan.columns[i]?.name} is absent from ${image}: ${wholeRows}`)
      }
    }
    if (now && !this.checked) this.warn(bytes)
  }

  /** What was found since the last call. */
  warnings(): string[] {
    const found = this.found
    this.found = []
    return found
  }

  private warn(bytes: Buffer): void {
    this.checked = true
    const absent = this.columns.filter(i => this.known[i] !== true)
    if (absent.length === 0) return
    const names = this.reader.columnNames(bytes, slot.after)
    for (const i of absent) {
      const name = this.scan.columns[i]?.name ?? ''
      const near = didYouMean(name, names)
      const known = near === '' ? `; its columns are ${names.join(', ')}` : near
      this.found.push(`${this.scan.name} has no column ${name} in its first event, so it is NULL${known}`)
    }
  }
}
