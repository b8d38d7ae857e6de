import type { Output } from './ports.ts'
import { formatRowsOf, type KeyedTable } from './rows-of.ts'

const INITIAL = 1280 * 1024
const SHORT = 32
const LONG = 400
/** A block that a huge line has made larger than this is given up once it is sent. */
const LARGEST_KEPT = 8 * 1024 * 1024

/**
 * A growing byte buffer that hot paths write to: `ensure(n)` first, then `buffer[length++] = …` for at most n bytes.
 * Writers of whole lines leave it at a line's end.
 */
export class ByteWriter {
  buffer: Buffer
  /** The same memory, for words. */
  view: DataView
  length = 0

  constructor(capacity = INITIAL) {
    this.buffer = Buffer.allocUnsafeSlow(capacity)
    this.view = viewOf(this.buffer)
  }

  /** Makes room for `bytes` more. `buffer` may be another one afterwards. */
  ensure(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + bytes))
    this.buffer.copy(grown, 0, 0, this.length)
    this.buffer = grown
    this.view = viewOf(grown)
  }

  /** Appends `source[start..end)`. */
  append(source: Buffer, start = 0, end = source.length): void {
    const size = end - start
    this.ensure(size)
    const { buffer, length } = this
    this.length = length + size
    if (start === 0 && size === source.length) buffer.set(source, length)
    else if (size > SHORT) source.copy(buffer, length, start, end)
    // A call out of JavaScript costs more than the bytes that it is for.
    else for (let i = start, o = length; i < end; i++, o++) buffer[o] = source[i] as number
  }

  /** Appends bytes that are known beforehand: for few of them that is several times as fast as `append`. */
  constant({ words, length }: Constant): void {
    this.ensure(words.length * 4)
    const { view } = this
    for (let i = 0, o = this.length; i < words.length; i++, o += 4) view.setInt32(o, words[i] as number, true)
    this.length += length
  }

  /**
   * Appends the bytes `start..end` of a view's buffer, for text of some hundred bytes: by eight at a time, as
   * floating-point numbers, which no text in UTF-8 makes a NaN. The view goes on for seven more; of more than `LONG` a
   * copy outside JavaScript is quicker.
   */
  appendText(source: Buffer, from: DataView, start: number, end: number): void {
    const size = end - start
    if (size > LONG || end + 7 > source.length) {
      this.append(source, start, end)
      return
    }
    this.ensure(size + 7)
    const { view, length } = this
    for (let i = 0; i < size; i += 8) view.setFloat64(length + i, from.getFloat64(start + i, true), true)
    this.length = length + size
  }

  /** Appends what another writer has. */
  appendWritten(other: ByteWriter): void {
    this.appendText(other.buffer, other.view, 0, other.length)
  }

  /** Appends text as UTF-8. */
  text(text: string): void {
    this.ensure(text.length * 3)
    this.length += this.buffer.write(text, this.length)
  }

  /** Appends text of ASCII characters alone; of a few dozen that is quicker than `text`. */
  ascii(text: string): void {
    this.ensure(text.length)
    const { buffer, length } = this
    for (let i = 0; i < text.length; i++) buffer[length + i] = text.charCodeAt(i)
    this.length = length + text.length
  }

  /** What has been written; valid until the next write. */
  written(): Buffer {
    return this.buffer.subarray(0, this.length)
  }

  clear(): void {
    this.length = 0
  }
}

/** Of all bytes of a buffer. */
export function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}

/** Bytes as little-endian words, the last one filled up with zeros. */
export class Constant {
  readonly words: Int32Array
  readonly length: number

  constructor(text: string) {
    const bytes = Buffer.from(text)
    this.length = bytes.length
    const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4)
    bytes.copy(padded)
    this.words = Int32Array.from({ length: padded.length / 4 }, (_, i) => padded.readInt32LE(i * 4))
  }
}

/**
 * Two byte writers over one output: while the bytes of one are on their way, the other is filled. At most two blocks
 * are held, however slow the reader is.
 */
export class OutputWriter {
  readonly output: Output
  /** Where to write now. Another one after each `flush`. */
  bytes = new ByteWriter()
  #spare = new ByteWriter()
  #sending: Promise<void> = Promise.resolve()
  #rowsOf: KeyedTable | null = null

  constructor(output: Output) {
    this.output = output
  }

  /** Whose rows are written next, for outputs that keep tables apart. */
  rowsOf(table: KeyedTable): void {
    if (table === this.#rowsOf || this.output.keepsTablesApart !== true) return
    this.#rowsOf = table
    this.bytes.append(formatRowsOf(table))
  }

  /** Sends what was written. Resolves once the block *before* it has left. */
  async flush(): Promise<void> {
    if (this.bytes.length === 0) return
    await this.#sending
    const full = this.bytes
    this.bytes = this.#spare
    this.#spare = full.buffer.length > LARGEST_KEPT ? new ByteWriter() : full
    this.bytes.clear()
    this.#sending = this.output.write(full.written())
    // The failure is thrown by the next flush or drain; until then it must not count as unhandled.
    this.#sending.catch(() => {})
  }

  /** Sends what was written and waits until all of it has left. */
  async drain(): Promise<void> {
    await this.flush()
    await this.#sending
  }
}
