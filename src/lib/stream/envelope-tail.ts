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
 * Compares from the end of a line on, and sets the spans of the values in the tail.
 * @param lowest where the tail may begin at the earliest
 * @returns where it begins, or -1
 */
type Match = (buffer: Buffer, view: DataView, lowest: number, end: number) => number

/**
 * The part of a change event behind its row, as a text with gaps for whole numbers: places in the log, times, the
 * numbers of rows. Two lines of the same table and operation differ in these only.
 */
export class EnvelopeTail {
  /** For it a function is generated, which has the text as numbers. */
  readonly match: Match
  readonly #fields: readonly Field[]

  /** @param spans where the values of paths lie in the line, and in lines that match; those behind `start` are the tail's */
  constructor(buffer: Buffer, start: number, end: number, spans: Int32Array) {
    const edges = [start, ...numberGaps(buffer, start, end), end]
    const literals: Buffer[] = []
    for (let i = 0; i < edges.length; i += 2) literals.push(buffer.subarray(edges[i], edges[i + 1]))
    /** The literal that a place lies in or at the edge of; for the start of a number, the one before it. */
    const locate = (place: number): Place => {
      for (let i = 0; i < edges.length; i += 2) {
        const [from, to] = [edges[i] as number, edges[i + 1] as number]
        if (place >= from && place <= to) return { literal: i / 2, offset: place - from }
      }
      throw new Error('a value begins or ends inside a number')
    }
    const fields: Field[] = []
    for (let path = 0; path * 2 < spans.length; path++) {
      const from = spans[path * 2] as number
      if (from >= start)
        fields.push({ path, start: locate(from), end: locate(spans[path * 2 + 1] as number) })
    }
    this.#fields = fields
    this.match = generate(literals, fields, spans)
  }

  /** Whether the value of a path is the same in all lines with this tail. */
  isConstant(path: number): boolean {
    const field = this.#fields.find(one => one.path === path)
    return field === undefined || field.start.literal === field.end.literal
  }
}

/** A place in the tail, from the start of a literal on. */
type Place = { readonly literal: number; readonly offset: number }
type Field = { readonly path: number; readonly start: Place; readonly end: Place }

function generate(literals: Buffer[], fields: Field[], spans: Int32Array): Match {
  const steps = literals.map((literal, i) => {
    const gap = `let to${i} = at;
while (at > lowest && b[at - 1] >= ${ZERO} && b[at - 1] <= ${NINE}) at--;
if (at === to${i}) return -1;
`
    return `at -= ${literal.length};
if (at < lowest || ${differs(literal)}) return -1;
const p${i} = at;
${i === 0 ? '' : gap}`
  })
  const place = ({ literal, offset }: Place): string => `p${literal} + ${offset}`
  const found = fields.map(
    ({ path, start, end }) => `spans[${path * 2}] = ${place(start)}; spans[${path * 2 + 1}] = ${place(end)};`
  )
  const source = `return function match(b, v, lowest, e) {
let at = e;
${steps.reverse().join('')}${found.join('\n')}
return at;
}`
  return new Function('spans', source)(spans) as Match
}

/**
 * JavaScript for whether other text than a literal is at `at`: by eight bytes at a time, read as floating-point numbers, of
 * which those of text are never NaN or -0; the last eight may have some of those before.
 */
function differs(literal: Buffer): string {
  const { length } = literal
  if (length < 8) return Array.from(literal, (byte, i) => `b[at + ${i}] !== ${byte}`).join(' || ')
  const offsets = Array.from({ length: Math.ceil(length / 8) }, (_, n) => Math.min(n * 8, length - 8))
  return offsets.map(o => `v.getFloat64(at + ${o}, true) !== ${literal.readDoubleLE(o)}`).join(' || ')
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
