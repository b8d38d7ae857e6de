import { ByteWriter } from '../stream/index.ts'
import type { Operation } from './documents.ts'

/** Where a document came from: to name it, and to keep its bytes if the server refuses it. */
export interface Origin {
  readonly block: Buffer
  readonly start: number
  readonly end: number
  /** Number of the line in the input. */
  readonly line: number
}

const NEWLINE = 10

/** One bulk request in the making: the body as bytes, and for each operation where it lies and where it came from. */
export class Batch {
  readonly body: ByteWriter
  /** Offset in the body of each operation. */
  readonly offsets: number[] = []
  readonly origins: Origin[] = []
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

  add(operation: Operation, origin: Origin): void {
    if (this.offsets.length === 0) this.startedAt = performance.now()
    this.offsets.push(this.body.length)
    this.origins.push(origin)
    this.body.text(operation.action)
    if (operation.end > operation.start) this.#document(origin.block, operation.start, operation.end)
  }

  /** The operations with the given indexes, in order, as a batch of their own. */
  pick(indexes: readonly number[]): Batch {
    const picked = new Batch(
      Math.max(1024, Math.ceil((this.bytes * indexes.length) / Math.max(1, this.count)))
    )
    picked.startedAt = this.startedAt
    for (const index of indexes) {
      picked.offsets.push(picked.body.length)
      picked.origins.push(this.origins[index] as Origin)
      picked.body.append(
        this.body.buffer,
        this.offsets[index] as number,
        this.offsets[index + 1] ?? this.body.length
      )
    }
    return picked
  }

  clear(): void {
    this.body.clear()
    this.offsets.length = 0
    this.origins.length = 0
  }

  /** Copies a document; zero dates, which no date field takes, become null. */
  #document(block: Buffer, start: number, end: number): void {
    this.body.ensure(end - start + 1)
    if (hasZeroDate(block, start, end)) this.body.text(nullZeroDates(block.toString('utf8', start, end)))
    else this.body.append(block, start, end)
    this.body.ensure(1)
    this.body.buffer[this.body.length++] = NEWLINE
  }
}

const ZERO_DATE = Buffer.from('"0000-00-00')

function hasZeroDate(block: Buffer, start: number, end: number): boolean {
  const at = block.subarray(start, end).indexOf(ZERO_DATE)
  return at >= 0
}

/** MySQL's zero dates are read as NULL, as ORDER BY and drivers do. */
function nullZeroDates(document: string): string {
  return document.replace(/([:,[])"0000-00-00(?:T00:00:00(?:\.0+)?Z?)?"(?=[,}\]])/g, '$1null')
}
