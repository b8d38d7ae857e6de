const COMMA = 44
const MINUS = 45
const ZERO = 48
const NINE = 57
const COLON = 58
const QUOTE = 34
const CLOSE_BRACE = 125
const LONGEST = 4096

/** Whether `buffer[start..end)` may be what follows the row in a line, up to the brace that closes it. */
export function isTail(buffer: Buffer, start: number, end: number): boolean {
  return end - start < LONGEST && buffer[start] === COMMA && buffer[end - 1] === CLOSE_BRACE
}

/**
 * The part of a change event behind its row, as a text with gaps for whole numbers: places in the log, times, the
 * numbers of rows. Two lines of the same table and operation differ in these only.
 */
export class EnvelopeTail {
  readonly #literals: readonly Literal[]
  /** Where each literal stood in the last line that matched. */
  readonly #places: Int32Array
  /** Five numbers a field: path, literal and offset in it of the start, literal and offset of the end. */
  readonly #fields: Int32Array

  /** @param spans where the values of paths lie in the line; those behind `start` are the tail's */
  constructor(buffer: Buffer, start: number, end: number, spans: Int32Array) {
    const cuts = numberGaps(buffer, start, end)
    const edges = [start, ...cuts, end]
    const literals: Literal[] = []
    for (let i = 0; i < edges.length; i += 2) {
      literals.push(new Literal(buffer.subarray(edges[i], edges[i + 1])))
    }
    this.#literals = literals
    this.#places = new Int32Array(literals.length)
    /** The literal that a place lies in or at the edge of; for the start of a number, the one before it. */
    const locate = (place: number): [literal: number, offset: number] => {
      for (let i = 0; i < edges.length; i += 2) {
        const [from, to] = [edges[i] as number, edges[i + 1] as number]
        if (place >= from && place <= to) return [i / 2, place - from]
      }
      throw new Error('a value begins or ends inside a number')
    }
    const fields: number[] = []
    for (let path = 0; path * 2 < spans.length; path++) {
      const from = spans[path * 2] as number
      if (from >= start) fields.push(path, ...locate(from), ...locate(spans[path * 2 + 1] as number))
    }
    this.#fields = Int32Array.from(fields)
  }

  /**
   * Compares from the end of a line on.
   * @param lowest where the tail may begin at the earliest
   * @returns where it begins, or -1
   */
  match(buffer: Buffer, view: DataView, lowest: number, end: number): number {
    const literals = this.#literals
    let at = end
    for (let i = literals.length - 1; i >= 0; i--) {
      const literal = literals[i] as Literal
      at -= literal.length
      if (at < lowest || !literal.isAt(buffer, view, at)) return -1
      this.#places[i] = at
      if (i === 0) break
      const numberEnd = at
      while (at > lowest && isDigit(buffer[at - 1] as number)) at--
      if (at === numberEnd) return -1
    }
    return at
  }

  /** Sets the spans of the values in the tail, as of the last match. */
  fill(spans: Int32Array): void {
    const fields = this.#fields
    const places = this.#places
    for (let i = 0; i < fields.length; i += 5) {
      const path = fields[i] as number
      spans[path * 2] = (places[fields[i + 1] as number] as number) + (fields[i + 2] as number)
      spans[path * 2 + 1] = (places[fields[i + 3] as number] as number) + (fields[i + 4] as number)
    }
  }

  /** Whether the value of a path is the same in all lines with this tail. */
  isConstant(path: number): boolean {
    const fields = this.#fields
    for (let i = 0; i < fields.length; i += 5) {
      if (fields[i] === path) return fields[i + 1] === fields[i + 3]
    }
    return true
  }
}

/**
 * Numbers that stand for themselves (`:994,`, `:7}`) or at the end of a string behind a colon or hyphen (`"…:23"`, a
 * GTID): where each begins and ends.
 */
function numberGaps(buffer: Buffer, start: number, end: number): number[] {
  const gaps: number[] = []
  for (let at = start + 1; at < end; at++) {
    const before = buffer[at - 1]
    if (!isDigit(buffer[at] as number) || (before !== COLON && before !== MINUS)) continue
    let to = at
    while (isDigit(buffer[to] as number)) to++
    const next = buffer[to]
    if (next === COMMA || next === CLOSE_BRACE || next === QUOTE) gaps.push(at, to)
    at = to
  }
  return gaps
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

/** Text that is compared by eight bytes at a time, read as floating-point numbers: those of text are never NaN or -0. */
export class Literal {
  readonly length: number
  readonly #bytes: Buffer
  readonly #words: Float64Array
  /** The last eight bytes, some of which may be in a word already. */
  readonly #lastWord: number

  constructor(text: string | Buffer) {
    this.#bytes = Buffer.from(text as string)
    this.length = this.#bytes.length
    this.#words = Float64Array.from({ length: this.length >> 3 }, (_, i) => this.#bytes.readDoubleLE(i * 8))
    this.#lastWord = this.length < 8 ? 0 : this.#bytes.readDoubleLE(this.length - 8)
  }

  isAt(buffer: Buffer, view: DataView, at: number): boolean {
    const words = this.#words
    const { length } = words
    for (let i = 0; i < length; i++) if (view.getFloat64(at + i * 8, true) !== words[i]) return false
    if (length > 0) return view.getFloat64(at + this.length - 8, true) === this.#lastWord
    const bytes = this.#bytes
    for (let i = 0; i < bytes.length; i++) if (buffer[at + i] !== bytes[i]) return false
    return true
  }
}
