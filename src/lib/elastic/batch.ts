import { ByteWriter } from '../stream/index.ts'
import { nullZeroDates, ZeroDates } from './zero-dates.ts'

/** Where an operation came from: to name it, and to keep its bytes if the server refuses it. */
export interface Origin {
  readonly block: Buffer
  /** The whole line in the block, and its number in the input. */
  readonly start: number
  readonly end: number
  readonly line: number
}

const NEWLINE = 10
const NEWLINE_BYTES = Buffer.from('\n')

/**
 * One bulk request in the making: the body as bytes, and for each operation where it lies and where it came from, in
 * arrays side by side so that an operation makes no object.
 */
export class Batch {
  readonly body: ByteWriter
  /** Offset in the body of each operation. */
  readonly offsets: number[] = []
  /** The operations, by index, whose documents are to be completed from the index. */
  readonly partials: number[] = []
  readonly #blocks: Buffer[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #lines: number[] = []
  readonly #zeroDates = new ZeroDates()
  /** When the first operation came, milliseconds of `performance.now()`. */
  startedAt = 0

  constructor(capacity: number) {
    this.body = new ByteWriter(capacity)
  }

  get count(): number {
    return this.offsets.length
  }

  get bytes(): number {
    return this.body.length
  }

  /** @param action its line; `document`, `documentEnd` lie in the origin's block, and are equal for a delete */
  add(
    action: ByteWriter,
    document: number,
    documentEnd: number,
    block: Buffer,
    start: number,
    end: number,
    line: number,
    partial = false
  ): void {
    if (partial) this.partials.push(this.offsets.length)
    if (this.offsets.length === 0) this.startedAt = performance.now()
    this.#note(this.body.length, block, start, end, line)
    this.body.append(action.buffer, 0, action.length)
    if (documentEnd > document) this.#document(block, document, documentEnd)
  }

  origin(i: number): Origin {
    return {
      block: this.#blocks[i] as Buffer,
      start: this.#starts[i] as number,
      end: this.#ends[i] as number,
      line: this.#lines[i] as number
    }
  }

  /** Index and id in the action line of an operation. */
  target(i: number): { index: string | undefined; id: string | undefined } {
    const from = this.offsets[i] as number
    const line = this.body.buffer.toString('utf8', from, this.body.buffer.indexOf(NEWLINE, from))
    const action = Object.values(JSON.parse(line) as Record<string, { _index?: string; _id?: string }>)[0]
    return { index: action?._index, id: action?._id }
  }

  /** The action line and the document of an operation, as they stand in the body; an empty document for a delete. */
  parts(i: number): { action: Buffer; document: Buffer } {
    const { buffer } = this.body
    const end = this.offsets[i + 1] ?? this.body.length
    const actionEnd = buffer.indexOf(NEWLINE, this.offsets[i]) + 1
    return {
      action: buffer.subarray(this.offsets[i], actionEnd),
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
      picked.body.append(this.body.buffer, this.offsets[i] as number, this.offsets[i + 1] ?? this.body.length)
    }
    return picked
  }

  clear(): void {
    this.body.clear()
    for (const list of [this.offsets, this.partials, this.#blocks, this.#starts, this.#ends, this.#lines])
      list.length = 0
  }

  #note(offset: number, block: Buffer, start: number, end: number, line: number): void {
    this.offsets.push(offset)
    this.#blocks.push(block)
    this.#starts.push(start)
    this.#ends.push(end)
    this.#lines.push(line)
  }

  /** Copies a document; zero dates, which no date field takes, become null. */
  #document(block: Buffer, start: number, end: number): void {
    if (this.#zeroDates.among(block, start, end))
      this.body.text(nullZeroDates(block.toString('utf8', start, end)))
    else this.body.append(block, start, end)
    this.body.ensure(1)
    this.body.buffer[this.body.length++] = NEWLINE
  }
}
