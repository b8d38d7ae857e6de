import type { ByteWriter } from '../stream/index.ts'
import type { Op } from './envelope.ts'

const BRACE = 123

/**
 * Writes rows as plain lines, as Debezium's ExtractNewRecordState does with `delete.tombstone.handling.mode=rewrite` and
 * `add.fields=op,ts_ms`: the fields of the row as it is now (of a deleted one: as it was), then `__op`, `__deleted` and
 * `__ts_ms`. A truncated table has no row and gives no line.
 *
 * Source: https://debezium.io/documentation/reference/stable/transformations/event-flattening.html
 */
export class FlatRows {
  #tails: Record<Op, Buffer> = tailsAt(0)
  #tailMs = 0

  /** Sets what the next rows share: nothing but the time. */
  begin(_source: unknown, nowMs: number): void {
    if (nowMs === this.#tailMs) return
    this.#tailMs = nowMs
    this.#tails = tailsAt(nowMs)
  }

  onlyAfter(_w: ByteWriter): void {}

  before(_w: ByteWriter): void {}

  after(_w: ByteWriter): void {}

  /** After the image. */
  end(w: ByteWriter, op: Op, _row: number): void {
    const tail = this.#tails[op]
    // In the place of the closing brace; a row without columns needs no comma.
    w.length--
    w.append(tail, w.buffer[w.length - 1] === BRACE ? 1 : 0)
  }

  /** After both images of an update: the one before, which only told whether the key changed, is taken back. */
  endUpdate(w: ByteWriter, lineStart: number, afterStart: number, row: number): void {
    w.buffer.copyWithin(lineStart, afterStart, w.length)
    w.length -= afterStart - lineStart
    this.end(w, 'u', row)
  }

  truncated(_w: ByteWriter): void {}
}

function tailsAt(nowMs: number): Record<Op, Buffer> {
  const tail = (op: Op): Buffer =>
    Buffer.from(`,"__op":"${op}","__deleted":"${op === 'd'}","__ts_ms":${nowMs}}\n`)
  return { c: tail('c'), u: tail('u'), d: tail('d'), r: tail('r'), t: tail('t') }
}
