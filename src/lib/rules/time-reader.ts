import { readTime, type Timestamp, timeOf } from './event.ts'
import type { Line } from './line.ts'
import { ABSENT, COMPLEX } from './shape.ts'
import { MICROS_PER_MS, parseIso } from './time.ts'

const QUOTE = 34
const DOT = 46
const COLON = 58
const Z = 90
/** Bytes of `2026-11-24T10:00`, of `"2026-11-24T10:00:00Z"`, and of that with nine digits more. */
const MINUTE = 16
const SHORTEST = 22
const LONGEST = 32

/** Reads the time of lines' events, as `timeOf` does, each once. */
export class TimeReader {
  readonly #timestamp: Timestamp
  #serial = -1
  #micros: number | undefined
  /** The minute of the last time, as four words, and when it begins: most lines are of the minute of the line before. */
  readonly #minute = new Int32Array(MINUTE / 4)
  #minuteAt = 0

  constructor(timestamp: Timestamp) {
    this.#timestamp = timestamp
  }

  read(line: Line): number | undefined {
    if (this.#serial !== line.serial) {
      this.#micros = this.#read(line)
      this.#serial = line.serial
    }
    return this.#micros
  }

  /** The time of a line that has been read last, if it has. */
  known(line: Line): number | undefined {
    return this.#serial === line.serial ? this.#micros : undefined
  }

  /** Tells the time of a line that has been read before. */
  know(serial: number, micros: number): void {
    this.#serial = serial
    this.#micros = micros
  }

  #read(line: Line): number | undefined {
    const timestamp = this.#timestamp
    const place = line.shape.looked(timestamp.field)
    if (place === COMPLEX) return timeOf(line.parsed, timestamp)
    if (place !== ABSENT) {
      const { spans, base } = line
      const at = base + place * 2
      const iso = timestamp.type === 'iso'
      const micros = iso ? this.#iso(line, spans[at] as number, spans[at + 1] as number) : undefined
      if (micros !== undefined) return micros
      const value = line.leaf(place)
      if (value !== null) return readTime(value, timestamp)
    }
    for (const leaf of line.shape.commit) {
      const ms = line.leaf(leaf)
      if (typeof ms === 'number') return ms * MICROS_PER_MS
    }
    return undefined
  }

  /** A time such as `"2026-11-24T10:00:00.123Z"`, with any number of digits behind the second; undefined for other forms. */
  #iso({ bytes, view }: Line, start: number, end: number): number | undefined {
    const length = end - start
    if (length < SHORTEST || length > LONGEST || bytes[start] !== QUOTE || bytes[end - 2] !== Z)
      return undefined
    let at = start + 1 + MINUTE
    const tens = (bytes[at + 1] as number) - 48
    const ones = (bytes[at + 2] as number) - 48
    if (bytes[at] !== COLON || tens < 0 || tens > 5 || ones < 0 || ones > 9) return undefined
    let micros = (tens * 10 + ones) * 1e6
    at += 3
    if (length > SHORTEST) {
      if (bytes[at++] !== DOT || at === end - 2) return undefined
      for (let unit = 1e5; at < end - 2; at++, unit = Math.trunc(unit / 10)) {
        const digit = (bytes[at] as number) - 48
        if (digit < 0 || digit > 9) return undefined
        micros += digit * unit
      }
    }
    const minute = this.#minute
    for (let i = 0; i < minute.length; i++) {
      if (view.getInt32(start + 1 + i * 4, true) !== minute[i])
        return this.#newMinute(bytes, view, start + 1, micros)
    }
    return this.#minuteAt + micros
  }

  #newMinute(bytes: Buffer, view: DataView, start: number, rest: number): number | undefined {
    const at = parseIso(bytes.toString('latin1', start, start + MINUTE))
    if (at === undefined) return undefined
    for (let i = 0; i < this.#minute.length; i++) this.#minute[i] = view.getInt32(start + i * 4, true)
    this.#minuteAt = at
    return at + rest
  }
}
