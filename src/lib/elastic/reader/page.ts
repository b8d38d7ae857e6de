import { type ByteWriter, FieldFinder, skipValue, spanNumber, spanText } from '../../stream/index.ts'

const COMMA = 44
const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const QUOTE = 34
const OPEN_BRACKET = 91
const CLOSE_BRACE = 125

const PIT = 0
const TIMED_OUT = 1
const FAILED_SHARDS = 2
const HITS = 3

const INDEX = 0
const ID = 1
const SOURCE = 2
const SORT = 3

const fieldsOfPage = new FieldFinder(['pit_id', 'timed_out', '_shards.failed', 'hits.hits'])
const fieldsOfHit = new FieldFinder(['_index', '_id', '_source', 'sort'])

/** A document that was found, in the bytes of the answer. */
export interface Hit {
  /** Index and id, which together name a document. */
  readonly key: string
  readonly index: string
  /** Of the field that is sorted by: milliseconds, as long as it is a date. */
  readonly sortTime: number
  /** All that is sorted by, as JSON. */
  readonly sort: string
  /** Writes the document as a line, with `_id` and `_index` behind its own fields. False when there is no `_source`. */
  writeTo(out: ByteWriter): boolean
}

/** What a search has answered. */
export interface Page {
  /** By which the point in time is known from here on. */
  readonly pit: string | undefined
  /** Some shards have not answered. */
  readonly isPartial: boolean
  readonly hits: readonly Hit[]
}

/**
 * Walks the answer of a search without parsing its documents, which are given as they were written.
 * @returns null when it is no such answer
 */
export function readPage(body: Buffer): Page | null {
  if (!fieldsOfPage.find(body, 0, body.length)) return null
  const { spans } = fieldsOfPage
  const value = (field: number): string | undefined =>
    spanText(body, spans[field * 2] as number, spans[field * 2 + 1] as number)
  const head = {
    pit: value(PIT),
    isPartial: value(TIMED_OUT) === 'true' || Number(value(FAILED_SHARDS) ?? 0) > 0
  }
  const [start, end] = [spans[HITS * 2] as number, spans[HITS * 2 + 1] as number]
  if (start < 0 || body[start] !== OPEN_BRACKET) return null
  // documents that were written over several lines
  const isSpread = body.includes(NEWLINE) || body.includes(RETURN)
  const hits: Hit[] = []
  for (let at = nextValue(body, start + 1, end); at >= 0; ) {
    const hitEnd = skipValue(body, at, end)
    if (hitEnd < 0 || !fieldsOfHit.find(body, at, hitEnd)) return null
    hits.push(new FoundHit(body, Int32Array.from(fieldsOfHit.spans), isSpread))
    at = nextValue(body, hitEnd, end)
  }
  return { ...head, hits }
}

/** Where the next value of an array begins; -1 when there is none. */
function nextValue(body: Buffer, from: number, end: number): number {
  for (let at = from; at < end - 1; at++) {
    const byte = body[at] as number
    if (byte > SPACE && byte !== COMMA) return at
  }
  return -1
}

class FoundHit implements Hit {
  readonly #body: Buffer
  readonly #spans: Int32Array
  readonly #isSpread: boolean

  constructor(body: Buffer, spans: Int32Array, isSpread: boolean) {
    this.#body = body
    this.#spans = spans
    this.#isSpread = isSpread
  }

  get key(): string {
    return `${this.index}/${this.#text(ID)}`
  }

  get index(): string {
    return this.#text(INDEX)
  }

  get sort(): string {
    return this.#body.toString('latin1', this.#start(SORT), this.#end(SORT))
  }

  get sortTime(): number {
    const at = nextValue(this.#body, this.#start(SORT) + 1, this.#end(SORT))
    return at < 0 ? Number.NaN : spanNumber(this.#body, at, skipValue(this.#body, at, this.#end(SORT)))
  }

  writeTo(out: ByteWriter): boolean {
    const [start, end] = [this.#start(SOURCE), this.#end(SOURCE)]
    if (start < 0 || this.#body[end - 1] !== CLOSE_BRACE) return false
    const from = out.length
    out.append(this.#body.subarray(start, end - 1))
    // between values: a string has no such bytes
    for (let i = from; this.#isSpread && i < out.length; i++) {
      const byte = out.buffer[i]
      if (byte === NEWLINE || byte === RETURN) out.buffer[i] = SPACE
    }
    const isEmpty = this.#body.subarray(start + 1, end - 1).every(byte => byte <= SPACE)
    out.text(isEmpty ? '"_id":' : ',"_id":')
    this.#append(out, ID)
    out.text(',"_index":')
    this.#append(out, INDEX)
    out.text('}\n')
    return true
  }

  #append(out: ByteWriter, field: number): void {
    out.append(this.#body.subarray(this.#start(field), this.#end(field)))
  }

  #text(field: number): string {
    const [start, end] = [this.#start(field), this.#end(field)]
    return this.#body[start] === QUOTE ? (spanText(this.#body, start, end) ?? '') : ''
  }

  #start(field: number): number {
    return this.#spans[field * 2] as number
  }

  #end(field: number): number {
    return this.#spans[field * 2 + 1] as number
  }
}
