import type { ByteWriter } from '../stream/index.ts'

/** Lines are written in pieces of about this many bytes. */
const pieceSize = 64 * 1024

/**
 * Collects output lines, UTF-8 with one character a byte: appending to a string costs less than a write per line, and
 * one write per piece keeps little of it in memory.
 */
export class Emitter {
  /** Where the lines go; set before each block. */
  target: ByteWriter | undefined
  private pending = ''

  line(text: string): void {
    this.pending += text
    this.pending += '\n'
    if (this.pending.length > pieceSize) this.flush()
  }

  /** Where a line is written as bytes, behind those so far. */
  get bytes(): ByteWriter {
    if (this.pending !== '') this.flush()
    return this.target ?? missing()
  }

  flush(): void {
    const { pending } = this
    if (pending === '') return
    const target = this.target ?? missing()
    target.ensure(pending.length)
    target.length += target.buffer.write(pending, target.length, 'latin1')
    this.pending = ''
  }
}

function missing(): never {
  throw new Error('output without a target')
}
