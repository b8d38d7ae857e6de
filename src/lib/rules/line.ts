import { eventOf, type Timestamp } from './event.ts'
import type { FieldFinder } from './field-finder.ts'
import { type Fields, lookup, type QuickFields } from './fields.ts'
import { LineEvent } from './line-event.ts'
import { ABSENT, COMPLEX, type Shape } from './shape.ts'
import { SpanCache } from './span-cache.ts'
import { TimeReader } from './time-reader.ts'

const QUOTE = 34
const MINUS = 45
const BACKSLASH = 92
/** Whole numbers of so many digits are exact. */
const EXACT_DIGITS = 15
const TEXTS = 8192

/**
 * The line that is looked at, in a known shape: its values are read from its bytes, each once, and only those that are asked
 * for. A text that comes again is the same string, which is quicker to look up in a map.
 */
export class Line implements QuickFields {
  bytes: Buffer = Buffer.alloc(0)
  view: DataView = new DataView(new ArrayBuffer(0))
  start = 0
  end = 0
  /** Another one for each line. */
  serial = 0
  /** From `base` on, where the leaves of the shape are in the block. */
  spans: Int32Array = new Int32Array(0)
  base = 0
  #serials = 0
  #shape: Shape | undefined
  #event: LineEvent | undefined
  #parsed: Fields | undefined
  readonly #values: unknown[] = []
  /** Of which line each value is. */
  #readIn = new Float64Array(64)
  readonly #texts = new SpanCache<string>(TEXTS)
  readonly #times = new Map<Timestamp, TimeReader>()
  #lastTimestamp: Timestamp = { field: '@timestamp', type: 'iso' }
  #lastTimes = new TimeReader(this.#lastTimestamp)

  begin(block: Buffer): void {
    this.bytes = block
    this.view = new DataView(block.buffer, block.byteOffset, block.length)
  }

  /** Goes on to a line of the block, or back to one, which has its serial again. */
  move(start: number, end: number, spans: Int32Array, base: number, shape: Shape, serial?: number): void {
    this.start = start
    this.end = end
    this.spans = spans
    this.base = base
    this.#shape = shape
    this.serial = serial ?? ++this.#serials
    this.#event = undefined
    this.#parsed = undefined
    if (this.#readIn.length < shape.leaves) this.#readIn = new Float64Array(shape.leaves * 2)
  }

  get shape(): Shape {
    return this.#shape as Shape
  }

  get event(): LineEvent {
    this.#event ??= new LineEvent(this)
    return this.#event
  }

  /** All of it. */
  get parsed(): Fields {
    this.#parsed ??= eventOf(JSON.parse(this.bytes.toString('utf8', this.start, this.end))) as Fields
    return this.#parsed
  }

  lookup(name: string): unknown {
    return this.#valueAt(this.shape.looked(name), name)
  }

  find(finder: FieldFinder): unknown {
    if (finder.shape !== this.#shape) {
      finder.shape = this.#shape
      finder.place = this.shape.looked(finder.name)
    }
    return this.#valueAt(finder.place, finder.name)
  }

  #valueAt(place: number, name: string): unknown {
    if (place >= 0) return this.leaf(place)
    return place === ABSENT ? undefined : lookup(this.parsed, name)
  }

  some(name: string, test: (value: unknown) => boolean): boolean | undefined {
    const place = this.shape.queried(name)
    if (place === COMPLEX) return undefined
    const value = place === ABSENT ? null : this.leaf(place)
    return typeof value !== 'object' ? test(value) : value === null ? false : undefined
  }

  /** What has read a time last. */
  get times(): TimeReader {
    return this.#lastTimes
  }

  time(timestamp: Timestamp): number | undefined {
    if (timestamp !== this.#lastTimestamp) {
      this.#lastTimestamp = timestamp
      this.#lastTimes = this.#times.get(timestamp) ?? new TimeReader(timestamp)
      this.#times.set(timestamp, this.#lastTimes)
    }
    return this.#lastTimes.read(this)
  }

  /** The value of a leaf, as JSON.parse gives it. */
  leaf(n: number): unknown {
    if (this.#readIn[n] === this.serial) return this.#values[n]
    const at = this.base + n * 2
    const value = this.#read(this.spans[at] as number, this.spans[at + 1] as number)
    this.#readIn[n] = this.serial
    this.#values[n] = value
    return value
  }

  #read(start: number, end: number): unknown {
    const { bytes } = this
    const first = bytes[start] as number
    if (first === QUOTE) return this.#texts.get(this.view, start, end) ?? this.#newText(start, end)
    if (first > 57) return JSON.parse(bytes.toString('utf8', start, end))
    if (first === MINUS || end - start > EXACT_DIGITS) return Number(bytes.toString('latin1', start, end))
    let number = 0
    for (let i = start; i < end; i++) {
      const digit = (bytes[i] as number) - 48
      if (digit < 0 || digit > 9) return Number(bytes.toString('latin1', start, end))
      number = number * 10 + digit
    }
    return number
  }

  #newText(start: number, end: number): string {
    const { bytes } = this
    let text: string | undefined
    for (let i = start; i < end && text === undefined; i++) {
      if (bytes[i] === BACKSLASH) text = JSON.parse(bytes.toString('utf8', start, end)) as string
    }
    return this.#texts.set(this.view, text ?? bytes.toString('utf8', start + 1, end - 1))
  }
}
