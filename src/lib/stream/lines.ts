import { formatBytes, ToolError } from '../cli/index.ts'

const NEWLINE = 10

/**
 * Cuts a stream of chunks into blocks of whole lines, by bytes: a line is never decoded or copied one by one, and a
 * character that lies across two chunks stays whole because lines end at byte 10 only.
 */
export class LineBlocks {
  readonly #source: string
  readonly #maxLine: number
  /** Chunks of a line that has not ended yet. Kept apart, so that a long line is joined once, not at each chunk. */
  #pending: Buffer[] = []
  #pendingBytes = 0
  #lines = 0
  #failure: ToolError | null = null

  /** @param source the input's name for messages; @param maxLine bytes */
  constructor(source: string, maxLine: number) {
    this.#source = source
    this.#maxLine = maxLine
  }

  /** Lines of all blocks so far whose count is known; the caller tells them with `counted`. */
  get lines(): number {
    return this.#lines
  }

  counted(lines: number): void {
    this.#lines += lines
  }

  /** An INPUT error once a line has grown past the limit: the lines before it were given, and nothing comes after it. */
  get failure(): ToolError | null {
    return this.#failure
  }

  /**
   * @returns all lines that are whole by now, each with its newline, as one buffer: a part of the chunk's memory, or of
   * its own (then the chunk is not needed any more); null when there is none
   */
  push(chunk: Buffer): Buffer | null {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    let block: Buffer | null = null
    if (end > 0) {
      block = chunk.subarray(0, end)
      if (this.#pending.length > 0) block = Buffer.concat([...this.#pending, block])
      this.#pending = []
      this.#pendingBytes = 0
      if (block.length > this.#maxLine) block = this.#withinLimit(block)
      if (this.#failure !== null) return block
    }
    if (end < chunk.length) {
      // The chunk's memory goes with its whole lines; what is left of it is short.
      this.#pending.push(end === 0 ? chunk : Buffer.from(chunk.subarray(end)))
      this.#pendingBytes += chunk.length - end
      if (this.#pendingBytes > this.#maxLine) this.#fail(block === null ? 0 : countLines(block))
    }
    return block
  }

  /** What came after the last newline: a last line without one, or nothing. */
  rest(): Buffer | null {
    if (this.#pendingBytes === 0) return null
    const rest = Buffer.concat(this.#pending, this.#pendingBytes)
    this.#pending = []
    this.#pendingBytes = 0
    return rest
  }

  /**
   * Moves what came after the last newline to the front of a buffer, which the next chunk begins with then.
   * @returns its bytes; 0 when it is a long line, which is left to be joined
   */
  moveRest(into: Buffer): number {
    const bytes = this.#pendingBytes
    if (bytes > into.length / 2) return 0
    let at = 0
    for (const part of this.#pending) at += part.copy(into, at)
    this.#pending = []
    this.#pendingBytes = 0
    return bytes
  }

  /** The lines of a block up to the first one that is too long. */
  #withinLimit(block: Buffer): Buffer | null {
    let line = 0
    for (let start = 0; start < block.length; line++) {
      const end = block.indexOf(NEWLINE, start)
      if (end - start > this.#maxLine) {
        this.#fail(line)
        return start === 0 ? null : block.subarray(0, start)
      }
      start = end + 1
    }
    return block
  }

  #fail(linesBefore: number): void {
    this.#failure = new ToolError(
      'INPUT',
      `${this.#source}:${this.#lines + linesBefore + 1}: line is longer than ${formatBytes(this.#maxLine)}`,
      { hint: 'is the input one JSON object a line? raise the limit with --max-line if it is' }
    )
  }
}

/** The number of newlines in a block. */
export function countLines(block: Buffer): number {
  let count = 0
  for (let at = block.indexOf(NEWLINE); at >= 0; at = block.indexOf(NEWLINE, at + 1)) count++
  return count
}

/**
 * Calls `visit` for each line of a block with its start and end, without newline and carriage return; empty lines are
 * passed over but counted.
 * @returns the number of lines
 */
export function eachLine(block: Buffer, visit: (start: number, end: number, index: number) => void): number {
  let index = 0
  for (let start = 0; start < block.length; index++) {
    const newline = block.indexOf(NEWLINE, start)
    const stop = newline < 0 ? block.length : newline
    const end = stop > start && block[stop - 1] === 13 ? stop - 1 : stop
    if (end > start) visit(start, end, index)
    start = stop + 1
  }
  return index
}
