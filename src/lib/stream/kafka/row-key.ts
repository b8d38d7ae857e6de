import { ByteWriter } from '../bytes.ts'
import { EnvelopeFinder } from '../envelope-finder.ts'
import { FieldFinder, findMembers, type PathNode, pathTree } from '../fields.ts'
import type { Span } from './record-batch.ts'

const NULL = Buffer.from('null')
const TRUE = Buffer.from('"true"')
const OPEN_BRACE = 123

/** Makes the keys of a table's lines: the row's key columns as a JSON object, as they stand in the line. */
export interface RowKeys {
  /** @returns `{"id":7}`, valid until the next line; null for a line without a row, or a table without a key */
  of(block: Buffer, start: number, end: number): Span | null
  /** The last line had a key, and told that its row is gone. */
  readonly isDeleted: boolean
}

/** @param flat the lines are plain rows, not envelopes */
export function rowKeys(columns: readonly string[], flat: boolean): RowKeys {
  // Paths are in dotted notation.
  if (columns.some(column => column.includes('.'))) return new ParsedKeys(columns, flat)
  return flat ? new FlatKeys(columns) : new EnvelopeKeys(columns)
}

/** The text around the values: `{"id":`, `,"region":`, … */
function keyTexts(columns: readonly string[]): Buffer[] {
  return columns.map((column, i) => Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(column)}:`))
}

/** Writes the object of a key from the spans of its values. */
class KeyWriter {
  readonly #texts: readonly Buffer[]
  readonly #bytes = new ByteWriter(1024)
  /** One for all lines. */
  readonly #span = { buffer: this.#bytes.buffer, start: 0, end: 0 }

  constructor(columns: readonly string[]) {
    this.#texts = keyTexts(columns)
  }

  /** @param first the index of the first column's span; an absent value is taken from `other`, else null */
  write(block: Buffer, spans: Int32Array, first: number, other: number): Span {
    const w = this.#bytes
    w.clear()
    for (let i = 0; i < this.#texts.length; i++) {
      w.append(this.#texts[i] as Buffer)
      let at = first + 2 * i
      if ((spans[at] as number) < 0) at = other + 2 * i
      const start = spans[at] as number
      if (start < 0) w.append(NULL)
      else w.append(block, start, spans[at + 1])
    }
    w.ensure(1)
    w.buffer[w.length++] = 125
    this.#span.buffer = w.buffer
    this.#span.end = w.length
    return this.#span
  }
}

const HEAD = Buffer.from('{"before":')
const BETWEEN = Buffer.from(',"after":')

/**
 * Of a change event as this project and Debezium write it only the row has to be read, and of the image behind the change
 * only the members up to the last column of the key.
 */
class EnvelopeKeys implements RowKeys {
  isDeleted = false
  readonly #spans: Int32Array
  /** In a line that is in another form. */
  readonly #finder: EnvelopeFinder
  readonly #before: PathNode
  readonly #after: PathNode
  readonly #writer: KeyWriter
  readonly #columns: number

  constructor(columns: readonly string[]) {
    const paths = ['before', 'after'].flatMap(image => columns.map(column => `${image}.${column}`))
    const all = ['before', 'after', ...paths]
    this.#finder = new EnvelopeFinder(all)
    this.#spans = new Int32Array(this.#finder.spans.length)
    const [before, after] = pathTree(all).children
    this.#before = before as PathNode
    this.#after = after as PathNode
    this.#writer = new KeyWriter(columns)
    this.#columns = columns.length
  }

  of(block: Buffer, start: number, end: number): Span | null {
    this.isDeleted = false
    if (this.#columns === 0) return null
    if (this.#findRow(block, start, end)) return this.#key(block, this.#spans)
    return this.#finder.find(block, start, end) ? this.#key(block, this.#finder.spans) : null
  }

  /** Fills the spans of the line's beginning. @returns false when it is in another form */
  #findRow(block: Buffer, start: number, end: number): boolean {
    if (!isAt(HEAD, block, start)) return false
    const spans = this.#spans
    for (let i = 0; i < spans.length; i++) spans[i] = -1
    let at = start + HEAD.length
    spans[0] = at
    if (block[at] === OPEN_BRACE) at = findMembers(this.#before, spans, block, at, end)
    else at = isAt(NULL, block, at) ? at + NULL.length : -1
    if (at < 0 || !isAt(BETWEEN, block, at)) return false
    at += BETWEEN.length
    spans[2] = at
    if (block[at] === OPEN_BRACE) return findMembers(this.#after, spans, block, at, end, true) >= 0
    return isAt(NULL, block, at)
  }

  #key(block: Buffer, spans: Int32Array): Span | null {
    const before = spans[0] as number
    const after = spans[2] as number
    const hasBefore = before >= 0 && block[before] === OPEN_BRACE
    const hasAfter = after >= 0 && block[after] === OPEN_BRACE
    this.isDeleted = hasBefore && !hasAfter
    if (!hasBefore && !hasAfter) return null
    const ofBefore = 4
    const ofAfter = 4 + 2 * this.#columns
    return hasAfter
      ? this.#writer.write(block, spans, ofAfter, ofBefore)
      : this.#writer.write(block, spans, ofBefore, ofAfter)
  }
}

function isAt(text: Buffer, block: Buffer, at: number): boolean {
  for (let i = 0; i < text.length; i++) if (block[at + i] !== text[i]) return false
  return true
}

class FlatKeys implements RowKeys {
  isDeleted = false
  readonly #finder: FieldFinder
  readonly #writer: KeyWriter
  readonly #columns: number

  constructor(columns: readonly string[]) {
    this.#finder = new FieldFinder([...columns, '__deleted'])
    this.#writer = new KeyWriter(columns)
    this.#columns = columns.length
  }

  of(block: Buffer, start: number, end: number): Span | null {
    const { spans } = this.#finder
    this.isDeleted = false
    if (this.#columns === 0 || !this.#finder.find(block, start, end)) return null
    const at = 2 * this.#columns
    const deleted = spans[at] as number
    this.isDeleted = deleted >= 0 && TRUE.equals(block.subarray(deleted, spans[at + 1]))
    return this.#writer.write(block, spans, 0, 0)
  }
}

/** For columns whose names have dots, which are rare. */
class ParsedKeys implements RowKeys {
  isDeleted = false
  readonly #columns: readonly string[]
  readonly #flat: boolean

  constructor(columns: readonly string[], flat: boolean) {
    this.#columns = columns
    this.#flat = flat
  }

  of(block: Buffer, start: number, end: number): Span | null {
    const line = JSON.parse(block.toString('utf8', start, end)) as Record<
      string,
      Record<string, unknown> | null
    >
    const row = (this.#flat ? line : (line.after ?? line.before)) as Record<string, unknown> | null
    this.isDeleted = this.#flat ? (line.__deleted as unknown) === 'true' : line.after === null && row !== null
    if (row == null) return null
    const key = Object.fromEntries(this.#columns.map(column => [column, row[column] ?? null]))
    const buffer = Buffer.from(JSON.stringify(key))
    return { buffer, start: 0, end: buffer.length }
  }
}
