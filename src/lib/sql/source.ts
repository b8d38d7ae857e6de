import { isAppendOnly } from './append-only.ts'
import type { Line } from './pipeline.ts'
import type { Scan } from './plan.ts'
import { RowImages } from './row-images.ts'
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
  /** The watermark (ms) that the last row read before a change, or after one, gave. */
  watermark(isOld: boolean): number
  /** Takes all rows back. */
  clear(): void
}

/** The lines of the input that are rows, or changes of rows, of one scan. */
export interface Source {
  /** The table whose change events alone it takes; undefined when it takes all lines. */
  readonly table: string | undefined
  begin(block: Buffer): void
  /** Reads what the line holds for the scan. Throws LineError, RowError. @returns whether it holds anything */
  read(line: Line): boolean
  /** Applies what the last call of `read` read. */
  apply(): void
  /** Where the last line read says of what it comes from: its `source` and `ts_ms`, start and end of each. */
  causePlaces(places: Int32Array): void
  warnings(): string[]
  missing(): string | undefined
}

/** @param isCause whether the cause of changes is asked for */
export function sourceOf(scan: Scan, consumer: ScanConsumer, isCause: boolean): Source {
  return isAppendOnly(scan) ? new RowSource(scan, consumer, isCause) : new ChangeSource(scan, consumer)
}

class RowSource implements Source {
  readonly table = undefined
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

  causePlaces(places: Int32Array): void {
    const { finder, source, time } = this.reader
    copyPlaces(finder.spans, source, time, places)
  }

  warnings(): string[] {
    return []
  }

  missing(): undefined {}
}

class ChangeSource implements Source {
  readonly table: string
  private readonly reader: ChangeReader
  private readonly images: RowImages
  private readonly consumer: ScanConsumer

  constructor(scan: Scan, consumer: ScanConsumer) {
    if (scan.source.kind !== 'changes') throw new Error(`${scan.name} is not a table of change events`)
    this.table = scan.source.table
    this.reader = new ChangeReader(scan)
    this.images = new RowImages(scan, this.reader)
    this.consumer = consumer
  }

  begin(block: Buffer): void {
    this.reader.begin(block)
  }

  read(line: Line): boolean {
    const { reader, consumer } = this
    const { bytes } = line
    if (!reader.find(bytes, line.start, line.end)) return false
    const { images } = this
    images.see(bytes)
    const { spans } = reader.finder
    const { before, after } = slot
    // Both images are read before either takes effect, so that an error in one leaves nothing half done.
    if (images.old) {
      const [from, to] = [spans[before] as number, spans[before + 1] as number]
      consumer.read(line, spans, reader.beforeColumns, from, to, true)
    }
    if (images.now) {
      const [from, to] = [spans[after] as number, spans[after + 1] as number]
      consumer.read(line, spans, reader.afterColumns, from, to, false)
    }
    return true
  }

  apply(): void {
    const { operation, old, now } = this.images
    if (operation === operations.truncate) this.consumer.clear()
    else this.consumer.apply(old, now)
  }

  causePlaces(places: Int32Array): void {
    copyPlaces(this.reader.finder.spans, slot.source, slot.time, places)
  }

  warnings(): string[] {
    return this.images.warnings()
  }

  missing(): string | undefined {
    return this.reader.missing()
  }
}

function copyPlaces(spans: Int32Array, source: number, time: number, places: Int32Array): void {
  places[0] = spans[source] as number
  places[1] = spans[source + 1] as number
  places[2] = spans[time] as number
  places[3] = spans[time + 1] as number
}
