import {
  type ByteWriter,
  type DateFormat,
  parseTime,
  spanText,
  type Template,
  type TemplatePiece
} from '../stream/index.ts'

const QUOTE = 34
const OPEN_BRACE = 123
const OPEN_BRACKET = 91
/** The n of null. */
const LETTER_N = 110
const SPACE = 32
const DOT = 46
const ZERO = 48
const COLON = 58
const LETTER_T = 84
const LETTER_Z = 90

/**
 * For each place that values are taken from, in order of preference: the index of each field's path in a finder, whose
 * spans tell where in the block its value lies.
 */
export type Places = readonly (readonly number[])[]

/** Writes text that is made of the values of some fields. */
export interface ValueWriter {
  /** What it always writes; null when that is of the row. */
  readonly constant: Buffer | null
  readonly fields: readonly string[]
  /** @returns the field that has no usable value, or null when all is written */
  write(out: ByteWriter, block: Buffer, spans: Int32Array, places: Places): string | null
}

/**
 * Writes a template's text as the inside of a JSON string, from the bytes of a line: the text between a value's quotes
 * is escaped already and is copied as it stands.
 */
export class JsonTemplate implements ValueWriter {
  readonly fields: readonly string[]
  readonly constant: Buffer | null
  readonly #pieces: readonly (Buffer | { readonly index: number; readonly date: FormattedDate | null })[]

  constructor(template: Template) {
    this.fields = template.fields
    this.#pieces = template.pieces.map((piece: TemplatePiece) =>
      typeof piece === 'string'
        ? Buffer.from(JSON.stringify(piece).slice(1, -1))
        : { index: piece.index, date: piece.format === undefined ? null : new FormattedDate(piece.format) }
    )
    const pieces = this.#pieces.filter(piece => Buffer.isBuffer(piece))
    this.constant = pieces.length === this.#pieces.length ? Buffer.concat(pieces) : null
  }

  write(out: ByteWriter, block: Buffer, spans: Int32Array, places: Places): string | null {
    for (const piece of this.#pieces) {
      if (!('index' in piece)) {
        out.append(piece)
        continue
      }
      const { index, date } = piece
      let path = 0
      for (const place of places) {
        path = place[index] as number
        if ((spans[path * 2] as number) >= 0) break
      }
      const from = spans[path * 2] as number
      const to = spans[path * 2 + 1] as number
      const first = from < 0 ? LETTER_N : block[from]
      if (first === LETTER_N) return this.fields[index] as string
      if (date !== null) {
        if (!date.write(out, block, from, to)) return this.fields[index] as string
      } else if (first === QUOTE) out.append(block, from + 1, to - 1)
      else if (first === OPEN_BRACE || first === OPEN_BRACKET) {
        out.text(JSON.stringify(spanText(block, from, to)).slice(1, -1))
      } else out.append(block, from, to)
    }
    return null
  }
}

/** `2026-11-24T10:00:00.123`, without or with Z: of all others it is not certain which digits a format depends on. */
const ISO_UTC = /^"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"$/

/** A time in a format. Consecutive lines mostly have the same day or hour, which is then not worked out again. */
class FormattedDate {
  readonly #format: DateFormat
  /** The last value as far as the format depends on it, and its length with zone. */
  #digits: Buffer = Buffer.alloc(0)
  #valueLength = -1
  #text: Buffer = Buffer.alloc(0)

  constructor(format: DateFormat) {
    this.#format = format
  }

  /** @returns false when the value is no time */
  write(out: ByteWriter, block: Buffer, from: number, to: number): boolean {
    if (!this.#isSame(block, from, to)) {
      const value = spanText(block, from, to) as string
      const time = parseTime(value)
      if (time === undefined) return false
      this.#text = Buffer.from(this.#format.text(time))
      const isIso = ISO_UTC.test(block.toString('latin1', from, to))
      this.#digits = Buffer.from(block.subarray(from, from + 1 + this.#format.precision))
      this.#valueLength = isIso ? to - from : -1
    }
    out.append(this.#text)
    return true
  }

  /** As long as the last one, which was in a known form, equal in the digits that count, and a time of no other zone. */
  #isSame(block: Buffer, from: number, to: number): boolean {
    if (to - from !== this.#valueLength) return false
    const digits = this.#digits
    for (let i = 0; i < digits.length; i++) if (block[from + i] !== digits[i]) return false
    for (let i = from + digits.length; i < to - 1; i++) {
      const byte = block[i] as number
      if (
        (byte < ZERO || byte > COLON) &&
        byte !== DOT &&
        byte !== LETTER_T &&
        byte !== LETTER_Z &&
        byte !== SPACE
      )
        return false
    }
    return true
  }
}

/** FNV-1a over bytes: cheap, and spreads ids that differ in the last digits. */
export function hashBytes(bytes: Buffer, start: number, end: number): number {
  let value = 0x811c9dc5
  for (let i = start; i < end; i++) value = Math.imul(value ^ (bytes[i] as number), 0x01000193)
  return value >>> 0
}
