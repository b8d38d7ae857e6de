import { ByteWriter, Constant } from '../stream/index.ts'
import type { Cause } from './change-event.ts'

const BEFORE = new Constant('{"before":')
const AFTER = new Constant(',"after":')
const NULL = new Constant('null')
const SOURCE = new Constant(',"source":')
const OP = new Constant(',"op":"')
const TIME = new Constant('","ts_ms":')
const [CREATE, UPDATE, DELETE, READ] = [...'cudr'].map(letter => letter.charCodeAt(0)) as [
  number,
  number,
  number,
  number
]
const QUOTE = 34
const CLOSE_BRACE = 125
const NEWLINE = 10

/**
 * Change events written as bytes, in steps: `begin`, the row before, `next`, the row after, then one of the ends. Of a row
 * that there is not nothing is written.
 */
export class ChangeWriter {
  private w = new ByteWriter(0)
  private start = 0
  private oldStart = 0
  private oldEnd = 0
  private newStart = 0

  begin(w: ByteWriter): void {
    this.w = w
    this.start = w.length
    w.constant(BEFORE)
    this.oldStart = w.length
  }

  next(): void {
    const { w } = this
    this.oldEnd = w.length
    if (w.length === this.oldStart) w.constant(NULL)
    w.constant(AFTER)
    this.newStart = w.length
  }

  /** What has been written is taken back. */
  drop(): void {
    this.w.length = this.start
  }

  get hasOld(): boolean {
    return this.oldEnd > this.oldStart
  }

  get hasNew(): boolean {
    return this.w.length > this.newStart
  }

  /** Whether the two rows are the same bytes. */
  get isSame(): boolean {
    const { buffer, length } = this.w
    const { oldStart, oldEnd, newStart } = this
    if (oldEnd - oldStart !== length - newStart) return false
    return buffer.compare(buffer, newStart, length, oldStart, oldEnd) === 0
  }

  /**
   * Ends an event that a line caused: of `bytes` with their view, where `places` has those of `source` and `ts_ms`, -1
   * where it is absent.
   */
  end(bytes: Buffer, view: DataView, places: Int32Array, isRead = false): void {
    const kind = this.source(isRead)
    const { w } = this
    const [from, to, time, timeEnd] = places as unknown as [number, number, number, number]
    if (from < 0) w.constant(NULL)
    else w.appendText(bytes, view, from, to)
    this.op(kind)
    if (time < 0) this.close(true)
    else {
      w.constant(TIME)
      w.append(bytes, time, timeEnd)
      this.close(false)
    }
  }

  /** Ends an event of which the cause is known as text. */
  endWith({ source, time }: Cause): void {
    const kind = this.source(false)
    const { w } = this
    latin1(w, source)
    this.op(kind)
    if (time === null) this.close(true)
    else {
      w.constant(TIME)
      latin1(w, time)
      this.close(false)
    }
  }

  private source(isRead: boolean): number {
    const { hasOld, hasNew, w } = this
    if (!hasNew) w.constant(NULL)
    w.constant(SOURCE)
    if (!hasOld) return isRead ? READ : CREATE
    return hasNew ? UPDATE : DELETE
  }

  private op(kind: number): void {
    const { w } = this
    w.constant(OP)
    w.ensure(1)
    w.buffer[w.length++] = kind
  }

  private close(isQuoted: boolean): void {
    const { w } = this
    w.ensure(3)
    if (isQuoted) w.buffer[w.length++] = QUOTE
    w.buffer[w.length++] = CLOSE_BRACE
    w.buffer[w.length++] = NEWLINE
  }
}

/** Text of one character a byte. */
function latin1(w: ByteWriter, text: string): void {
  w.ensure(text.length)
  w.length += w.buffer.write(text, w.length, 'latin1')
}
