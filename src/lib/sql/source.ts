import { type Cause, causeAt } from './change-event.ts'
import type { Line } from './pipeline.ts'
import { isAppendOnly, type Scan } from './plan.ts'
import { ImageCheck, imagesOf } from './row-images.ts'
import { ChangeReader, JsonReader, operations, slot } from './scan.ts'

/** What takes the rows of a scan from their places in a block. */
export interface ScanConsumer {
  /**
   * Reads a row: the places of its columns begin at index `offset` of `spans`, the row is at `start` to `end`.
   * Throws RowError; nothing has taken effect then.
   * @param isOld whether it is the row before a change
   */
  read(line: Line, spans: Int32Array, offset: number, start: number, end: number, isOld: boolean): void
  /** Applies what was read since the last call: the row before a change, the one after it, or both. */
  apply(old: boolean, now: boolean): void
  /** Takes all rows back. */
  clear(): void
}

/** The lines of the input that are rows, or changes of rows, of one scan. */
export interface Source {
  begin(block: Buffer): void
  /** Reads what the line holds for the scan. Throws LineError, RowError. @returns whether it holds anything */
  read(line: Line): boolean
  /** Applies what the last call of `read` read. */
  apply(): void
  /** What the last line read says of where it comes from. */
  cause(line: Line): Cause
  warnings(): string[]
  missing(): string | undefined
}

/** @param isCause whether the cause of changes is asked for */
export function sourceOf(scan: Scan, consumer: ScanConsumer, isCause: boolean): Source {
  return isAppendOnly(scan) ? new RowSource(scan, consumer, isCause) : new ChangeSource(scan, consumer)
}

class RowSource implements Source {
  private readonly reader: JsonReader
  private readonly consumer: ScanConsumer

  constructor(scan: Scan, consumer: ScanConsumer, isCause: boolean) {
    this.reader = new JsonReader(scan, isCause)
    this.consumer = consumer
  }

  begin(): void {}

  read(line: Line): boolean {
    const { reader } = this
    reader.find(line.bytes, line.start, line.end)
    this.consumer.read(line, reader.finder.spans, 0, line.start, line.end, false)
    return true
  }

  apply(): void {
    this.consumer.apply(false, true)
  }

  cause(line: Line): Cause {
    const { finder, source, time } = this.reader
    return causeAt(line.text, finder.spans, source, time)
  }

  warnings(): string[] {
    return []
  }

  missing(): undefined {}
}

class ChangeSource implements Source {
  private readonly reader: ChangeReader
  private readonly check: ImageCheck
  private readonly consumer: ScanConsumer
  private old = false
  private now = false
  private isTruncate = false

  constructor(scan: Scan, consumer: ScanConsumer) {
    this.reader = new ChangeReader(scan)
    this.check = new ImageCheck(scan, this.reader)
    this.consumer = consumer
  }

  begin(block: Buffer): void {
    this.reader.begin(block)
  }

  read(line: Line): boolean {
    const { reader, consumer } = this
    const { bytes } = line
    if (!reader.find(bytes, line.start, line.end)) return false
    const operation = reader.operation(bytes)
    const { old, new: now } = imagesOf(reader, bytes, operation)
    this.check.see(bytes, old, now)
    const { spans } = reader.finder
    const start = (place: number): number => spans[place] as number
    // Both images are read before either takes effect, so that an error in one leaves nothing half done.
    if (old)
      consumer.read(line, spans, reader.beforeColumns, start(slot.before), start(slot.before + 1), true)
    if (now) consumer.read(line, spans, reader.afterColumns, start(slot.after), start(slot.after + 1), false)
    this.old = old
    this.now = now
    this.isTruncate = operation === operations.truncate
    return true
  }

  apply(): void {
    if (this.isTruncate) this.consumer.clear()
    else this.consumer.apply(this.old, this.now)
  }

  cause(line: Line): Cause {
    return causeAt(line.text, this.reader.finder.spans, slot.source, slot.time)
  }

  warnings(): string[] {
    return this.check.warnings()
  }

  missing(): string | undefined {
    return this.reader.missing()
  }
}
