/** So many pieces of a block are cut from its bytes; for more the block is decoded once, and pieces are cut from that. */
const FEW = 40

/** What gives pieces of a text. */
export type Pieces = { substring(start: number, end: number): string }

/**
 * A block of lines as text of one character a byte, so that pieces of it are at the same offsets as in the bytes. It is
 * decoded only when a query needs more than a few of its pieces as strings.
 */
export class BlockText implements Pieces {
  private readonly bytes: Buffer
  private decoded: string | undefined
  private cut = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  substring(start: number, end: number): string {
    if (this.decoded !== undefined) return this.decoded.substring(start, end)
    if (++this.cut <= FEW) return this.bytes.toString('latin1', start, end)
    this.decoded = this.bytes.toString('latin1')
    return this.decoded.substring(start, end)
  }
}
