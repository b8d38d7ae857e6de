import { ByteWriter, type Lines, viewOf } from '../stream/index.ts'
import { hasZeroDate, nullZeroDates } from './zero-dates.ts'

/** Where an operation came from: to name it, and to keep its bytes if the server refuses it. */
export interface Origin {
  readonly block: Lines
  /** The whole line in the block, and its number in the input. */
  readonly start: number
  readonly end: number
  readonly line: number
}

const NEWLINE = 10
const FIELDS = 5
/** The end of an action line with a version: no id, which is a string, ends like it. */
const VERSIONED = /"version":\d+\}\}\n$/
const NEWLINE_BYTES = Buffer.from('\n')

/**
 * One bulk request in the making: the body as bytes, and for each operation where it lies and where it came from, in
 * one array so that an operation makes no object.
 */
export class Batch {
  readonly body: ByteWriter
  /** How many operations there are. */
  count = 0
  /** The operations, by index, whose documents are to be completed from the index. */
  readonly partials: number[] = []
  /** For each operation: its offset in the body, block, start and end in that, and number of its line. */
  #places = new Float64Array(FIELDS * 1024)
  readonly #blocks: Lines[] = []
  /** The last of them, and a view of its bytes. */
  #block: Lines | null = null
  #view: DataView = viewOf(NEWLINE_BYTES)
  /** When the first operation came, milliseconds of `performance.now()`. */
  startedAt = 0

  constructor(capacity: number) {
    this.body = new ByteWriter(capacity)
  }

  get bytes(): number {
    return this.body.length
  }

  /** @param action its line; `document`, `documentEnd` lie in the block, and are equal for a delete */
  add(
    action: ByteWriter,
    document: number,
    documentEnd: number,
    block: Lines,
    start: number,
    end: number,
    line: number,
    partial = false,
    ending: Buffer | null = null
  ): void {
    if (partial) this.partials.push(this.count)
    if (this.count === 0) this.startedAt = performance.now()
    this.#note(this.body.length, block, start, end, line)
    this.body.appendWritten(action)
    if (documentEnd > document) this.#document(block.bytes, document, documentEnd, ending)
  }

  origin(i: number): Origin {
    const [, block = 0, start = 0, end = 0, line = 0] = this.#places.subarray(i * FIELDS, (i + 1) * FIELDS)
    return { block: this.#blocks[block] as Lines, start, end, line }
  }

  /** Where an operation begins in the body; that after the last is where the body ends. */
  offset(i: number): number {
    return i < this.count ? (this.#places[i * FIELDS] as number) : this.body.length
  }

  /** Index and id in the action line of an operation. */
  target(i: number): { index: string | undefined; id: string | undefined } {
    const from = this.offset(i)
    const line = this.body.buffer.toString('utf8', from, this.body.buffer.indexOf(NEWLINE, from))
    const action = Object.values(JSON.parse(line) as Record<string, { _index?: string; _id?: string }>)[0]
    return { index: action?._index, id: action?._id }
  }

  /**
   * Whether it counts that an operation comes after those before it on its document: it has no version by which the
   * server keeps an older one from replacing it, and is none that only creates.
   */
  isOrdered(i: number): boolean {
    const action = this.parts(i).action.toString('latin1')
    return !action.startsWith('{"create"') && !VERSIONED.test(action)
  }

  /** The action line and the document of an operation, as they stand in the body; an empty document for a delete. */
  parts(i: number): { action: Buffer; document: Buffer } {
    const { buffer } = this.body
    const start = this.offset(i)
    const end = this.offset(i + 1)
    const actionEnd = buffer.indexOf(NEWLINE, start) + 1
    return {
      action: buffer.subarray(start, actionEnd),
      document: buffer.subarray(actionEnd, Math.max(actionEnd, end - 1))
    }
  }

  /** The same operations, some with other documents, as a batch of their own. */
  withDocuments(documents: ReadonlyMap<number, Buffer>): Batch {
    const batch = new Batch(this.bytes + 1024)
    batch.startedAt = this.startedAt
    for (let i = 0; i < this.count; i++) {
      const { block, start, end, line } = this.origin(i)
      const { action, document } = this.parts(i)
      batch.#note(batch.body.length, block, start, end, line)
      batch.body.append(action)
      const content = documents.get(i) ?? document
      if (content.length > 0) batch.body.append(content)
      if (content.length > 0) batch.body.append(NEWLINE_BYTES)
    }
    return batch
  }

  /** The operations with the given indexes, in order, as a batch of their own. */
  pick(indexes: readonly number[]): Batch {
    const picked = new Batch(
      Math.max(1024, Math.ceil((this.bytes * indexes.length) / Math.max(1, this.count)))
    )
    picked.startedAt = this.startedAt
    for (const i of indexes) {
      const { block, start, end, line } = this.origin(i)
      picked.#note(picked.body.length, block, start, end, line)
      picked.body.append(this.body.buffer, this.offset(i), this.offset(i + 1))
    }
    return picked
  }

  /** Empties it; the lines that its operations came from are no longer held. */
  clear(): void {
    this.body.clear()
    this.count = 0
    this.partials.length = 0
    for (const { memory } of this.#blocks) memory?.release()
    this.#blocks.length = 0
    this.#block = null
  }

  #note(offset: number, block: Lines, start: number, end: number, line: number): void {
    if (this.#block !== block) {
      this.#block = block
      this.#view = viewOf(block.bytes)
      this.#blocks.push(block)
      block.memory?.hold()
    }
    const at = this.count++ * FIELDS
    if (at === this.#places.length) {
      const grown = new Float64Array(at * 2)
      grown.set(this.#places)
      this.#places = grown
    }
    const places = this.#places
    places[at] = offset
    places[at + 1] = this.#blocks.length - 1
    places[at + 2] = start
    places[at + 3] = end
    places[at + 4] = line
  }

  /** Copies a document, its brace exchanged for an `ending`; zero dates, which no date field takes, become null. */
  #document(block: Buffer, start: number, end: number, ending: Buffer | null): void {
    const { body } = this
    if (hasZeroDate(block, start, end)) body.text(nullZeroDates(block.toString('utf8', start, end)))
    else body.appendText(block, this.#view, start, end)
    if (ending !== null) {
      body.length--
      body.append(ending)
    }
    body.ensure(1)
    body.buffer[body.length++] = NEWLINE
  }
}
