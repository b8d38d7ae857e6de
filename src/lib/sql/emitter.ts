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

  flush(): void {
    const { pending, target } = this
    if (pending === '') return
    if (target === undefined) throw new Error('output without a target')
    target.ensure(pending.length)
    target.length += target.buffer.write(pending, target.length, 'latin1')
    this.pending = ''
  }
}
