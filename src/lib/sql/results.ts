import type { ByteWriter } from '../stream/index.ts'
import { type Cause, changeEvent, NO_CAUSE } from './change-event.ts'
import type { Emitter } from './emitter.ts'
import { Pending } from './pending.ts'

/** How results are written. */
export type ResultOptions = {
  /** As changes of Flink's kinds: `{"op":"+I","row":{…}}`, -U, +U, -D. */
  changelog?: boolean
  /** Keeps changes back for so long (ms), and writes only what they come to; 0 writes each. */
  emitEvery?: number
}

/** Where the results of a query go. Rows are JSON text, null where there is none. */
export interface Results {
  /** Where rows, or changes, may be written as lines of bytes; undefined where they are to be given as texts. */
  bytes?(): ByteWriter
  /** A row of a query that only adds rows. */
  add(row: string): void
  /** @param op the letter of the change where it is known to be another than c, u or d */
  change(before: string | null, after: string | null, cause: Cause, op?: string): void
  /** All rows are gone. */
  truncate(cause: Cause): void
}

/** @param isOnlyAdded whether the query only adds rows, which are written as they are then */
export function resultsOf(
  isOnlyAdded: boolean,
  { changelog = false }: ResultOptions,
  output: Emitter
): Results {
  if (changelog) return new Changelog(output)
  return isOnlyAdded ? new PlainRows(output) : new ChangeEvents(output)
}

class PlainRows implements Results {
  private readonly output: Emitter

  constructor(output: Emitter) {
    this.output = output
  }

  bytes(): ByteWriter {
    return this.output.bytes
  }

  add(row: string): void {
    this.output.line(row)
  }

  change(_before: string | null, after: string | null): void {
    if (after !== null) this.output.line(after)
  }

  truncate(): void {}
}

class ChangeEvents implements Results {
  private readonly output: Emitter

  constructor(output: Emitter) {
    this.output = output
  }

  bytes(): ByteWriter {
    return this.output.bytes
  }

  add(row: string): void {
    this.change(null, row, NO_CAUSE)
  }

  change(before: string | null, after: string | null, cause: Cause, op?: string): void {
    const kind = before === null ? (op ?? 'c') : after === null ? 'd' : 'u'
    this.output.line(changeEvent(kind, before, after, cause))
  }

  truncate(cause: Cause): void {
    this.output.line(changeEvent('t', null, null, cause))
  }
}

/** Source of the kinds: Flink's RowKind.shortString. */
class Changelog implements Results {
  private readonly output: Emitter

  constructor(output: Emitter) {
    this.output = output
  }

  add(row: string): void {
    this.write('+I', row)
  }

  change(before: string | null, after: string | null): void {
    if (before !== null) this.write(after === null ? '-D' : '-U', before)
    if (after !== null) this.write(before === null ? '+I' : '+U', after)
  }

  /** Which rows are gone is not known here. */
  truncate({ source }: Cause): void {
    this.output.line(`{"op":"t","source":${source}}`)
  }

  private write(op: string, row: string): void {
    this.output.line(`{"op":"${op}","row":${row}}`)
  }
}

/** Results that keep changes back until they are asked for them. */
export class HeldResults implements Results {
  private readonly pending = new Pending()
  private readonly results: Results
  private cause: Cause = NO_CAUSE

  constructor(results: Results) {
    this.results = results
  }

  add(row: string): void {
    this.results.add(row)
  }

  change(before: string | null, after: string | null, cause: Cause): void {
    this.cause = cause
    this.pending.add(before, after)
  }

  /** What went before is of no more interest. */
  truncate(cause: Cause): void {
    this.pending.clear()
    this.results.truncate(cause)
  }

  /** Writes what the changes since the last call come to. */
  emit(): void {
    for (const { before, after } of this.pending.take()) this.results.change(before, after, this.cause)
  }
}
