import { type ByteWriter, parseTime, spanText, type Template, type TemplatePiece } from '../stream/index.ts'

const QUOTE = 34
const OPEN_BRACE = 123
const OPEN_BRACKET = 91
/** The n of null. */
const LETTER_N = 110

/** Where a value lies in a block; start -1 when there is none. */
export type SpanOf = (field: number) => number

/**
 * Writes a template's text as the inside of a JSON string, from the bytes of a line: the text between a value's quotes
 * is escaped already and is copied as it stands.
 */
export class JsonTemplate {
  readonly fields: readonly string[]
  readonly #pieces: readonly (Uint8Array | Exclude<TemplatePiece, string>)[]

  constructor(template: Template) {
    this.fields = template.fields
    this.#pieces = template.pieces.map(piece =>
      typeof piece === 'string' ? Buffer.from(JSON.stringify(piece).slice(1, -1)) : piece
    )
  }

  /**
   * @param start, end of the value of a field, by its index
   * @returns the field that has no usable value, or null when all is written
   */
  write(out: ByteWriter, block: Buffer, start: SpanOf, end: SpanOf): string | null {
    for (const piece of this.#pieces) {
      if (piece instanceof Uint8Array) {
        out.append(piece)
        continue
      }
      const from = start(piece.index)
      const to = end(piece.index)
      const first = from < 0 ? LETTER_N : block[from]
      if (first === LETTER_N) return this.fields[piece.index] as string
      if (piece.format !== undefined) {
        const time = parseTime(spanText(block, from, to) as string)
        if (time === undefined) return this.fields[piece.index] as string
        out.text(piece.format(time))
      } else if (first === QUOTE) out.append(block, from + 1, to - 1)
      else if (first === OPEN_BRACE || first === OPEN_BRACKET) {
        out.text(JSON.stringify(spanText(block, from, to)).slice(1, -1))
      } else out.append(block, from, to)
    }
    return null
  }
}

/** FNV-1a over bytes: cheap, and spreads ids that differ in the last digits. */
export function hashBytes(bytes: Buffer, start: number, end: number): number {
  let value = 0x811c9dc5
  for (let i = start; i < end; i++) value = Math.imul(value ^ (bytes[i] as number), 0x01000193)
  return value >>> 0
}
