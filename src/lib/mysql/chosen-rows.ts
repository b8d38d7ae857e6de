import { ByteWriter } from '../stream/index.ts'
import type { Op } from './envelope.ts'
import type { RowDecoder } from './row-decoder.ts'
import { Choice, type Rows, sameKey } from './row-event.ts'
import type { RowLines } from './shape.ts'

/** Writes rows of which not all is wanted: the rare way, image by image. */
export class ChosenRows {
  readonly #isWanted: (op: Op) => boolean
  readonly #images = new ByteWriter(4096)

  constructor(isWanted: (op: Op) => boolean) {
    this.#isWanted = isWanted
  }

  /**
   * Writes the lines of the row at `rows.at`.
   * @param reads for the lines of rows that are written as read
   * @param row its number within its place in the log
   * @returns the offset behind the row
   */
  write(w: ByteWriter, rows: Rows, choice: number, changes: RowLines, reads: RowLines, row: number): number {
    const { buffer, op, first, second, at } = rows
    const line = (kind: 'c' | 'd' | 'r', image: Buffer): void => {
      if (!this.#isWanted(kind)) return
      const lines = kind === 'r' ? reads : changes
      if (kind === 'd') lines.before(w)
      else lines.onlyAfter(w)
      w.append(image)
      lines.end(w, kind, kind === 'r' ? 0 : row)
    }
    const before = (image: Buffer): void => {
      if (choice & Choice.BEFORE_WITH_READ) line('r', image)
      if (choice & (Choice.BEFORE | Choice.BEFORE_WITH_READ)) line('d', image)
    }
    const after = (image: Buffer): void => {
      if (choice & Choice.AFTER) line('c', image)
      if (choice & Choice.AFTER_AS_READ) line('r', image)
    }
    this.#images.clear()
    const middle = first.decode(buffer, at, this.#images)
    if (op === 'c' || op === 'd') {
      if (op === 'c') after(this.#images.written())
      else before(this.#images.written())
      return middle
    }
    rows.beforeKeys.set(first.keySpans)
    const old = Buffer.from(this.#images.written())
    this.#images.clear()
    const next = (second as RowDecoder).decode(buffer, middle, this.#images)
    const image = this.#images.written()
    const { keySpans, isPartial } = second as RowDecoder
    const isSame = sameKey(buffer, rows.beforeKeys, keySpans)
    // An image that lacks columns is no new row.
    if (!isSame && !(isPartial && choice & Choice.AFTER)) {
      before(old)
      after(image)
    } else if (choice & Choice.AFTER_AS_READ) line('r', image)
    else if (choice & Choice.AFTER && this.#isWanted('u')) {
      const lineStart = w.length
      changes.before(w)
      w.append(old)
      changes.after(w)
      const afterStart = w.length
      w.append(image)
      changes.endUpdate(w, lineStart, afterStart, row)
    }
    return next
  }
}
