/** What is decoded at once, bytes. A string of 128 KiB or more costs many times as much a byte: it gets memory of its own. */
const WINDOW = 32 * 1024
/** Decoding a window costs as much as cutting about so many pieces from the bytes. */
const FEW = 40

/** What gives pieces of a text. */
export type Pieces = { substring(start: number, end: number): string }

/**
 * A block of lines as text of one character a byte, so that pieces of it are at the same offsets as in the bytes. Where
 * many pieces close together are asked for, a window of the block is decoded and they are cut from that.
 */
export class BlockText implements Pieces {
  private readonly bytes: Buffer
  private decoded = ''
  /** What `decoded` is of; or, while that is empty, the window of which pieces are counted. */
  private start = 0
  private end = 0
  private pieces = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  substring(start: number, end: number): string {
    const { decoded } = this
    this.pieces++
    if (start >= this.start && end <= this.end && decoded !== '')
      return decoded.substring(start - this.start, end - this.start)
    return this.outside(start, end)
  }

  private outside(start: number, end: number): string {
    const { bytes } = this
    // A window with many pieces is likely to be followed by another.
    const areMany = this.pieces > FEW
    if (start < this.start || end > this.end) {
      this.start = start
      this.end = Math.min(start + WINDOW, bytes.length)
      this.decoded = ''
      this.pieces = 1
    }
    if (!areMany || end > this.end) return bytes.toString('latin1', start, end)
    this.decoded = bytes.toString('latin1', this.start, this.end)
    return this.decoded.substring(start - this.start, end - this.start)
  }
}
