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

  /**
   * @returns all lines that are whole by now, each with its newline, as one buffer; null when there is none
   * @throws ToolError INPUT when a line grows past the limit
   */
  push(chunk: Buffer): Buffer | null {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end === 0) {
      this.#hold(chunk)
      return null
    }
    const head = chunk.subarray(0, end)
    let block = head
    if (this.#pending.length > 0) {
      const first = head.indexOf(NEWLINE)
      this.#check(this.#pendingBytes + first, 0)
      block = Buffer.concat([...this.#pending, head], this.#pendingBytes + head.length)
      this.#pending = []
      this.#pendingBytes = 0
    }
    if (block.length > this.#maxLine) this.#checkEach(block)
    if (end < chunk.length) this.#hold(chunk.subarray(end))
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

  #hold(chunk: Buffer): void {
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    this.#check(this.#pendingBytes, 0)
  }

  #checkEach(block: Buffer): void {
    let line = 0
    for (let start = 0; start < block.length; line++) {
      const end = block.indexOf(NEWLINE, start)
      this.#check(end - start, line)
      start = end + 1
    }
  }

  #check(length: number, linesBefore: number): void {
    if (length <= this.#maxLine) return
    throw new ToolError(
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
