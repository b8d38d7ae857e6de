import { ByteWriter, Constant } from '../stream/index.ts'
import type { Cause } from './change-event.ts'

const BEFORE = new Constant('{"before":')
const AFTER = new Constant(',"after":')
const NULL = new Constant('null')
const SOURCE = new Constant(',"source":')
const HEAD = new Constant('{"before":null,"after":')
const END = new Constant('}\n')
/** The operations, and what stands between an event's source and its time, or its end where it has no time. */
const LETTERS = ['c', 'u', 'd', 'r']
const [CREATE, UPDATE, DELETE, READ] = [0, 1, 2, 3]
const TIMED = LETTERS.map(letter => new Constant(`,"op":"${letter}","ts_ms":`))
const UNTIMED = LETTERS.map(letter => new Constant(`,"op":"${letter}"}\n`))

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
  /** The last end that `end` has written: of which kind of event, and where. */
  private endKind = 0
  private endStart = 0
  private endEnd = 0
  private ended: Buffer | undefined

  begin(w: ByteWriter): void {
    this.w = w
    this.start = w.length
    w.constant(BEFORE)
    this.oldStart = w.length
  }

  /** The same with `next`, for an event without a row before. */
  beginNew(w: ByteWriter): void {
    this.w = w
    this.start = w.length
    w.constant(HEAD)
    this.oldStart = w.length
    this.oldEnd = w.length
    this.newStart = w.length
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
    const kind = this.kind(isRead)
    const { w } = this
    this.endStart = w.length
    this.source()
    const [from, to, time, timeEnd] = places as unknown as [number, number, number, number]
    if (from < 0) w.constant(NULL)
    else w.appendText(bytes, view, from, to)
    if (time < 0) w.constant(UNTIMED[kind] as Constant)
    else {
      w.constant(TIMED[kind] as Constant)
      w.appendText(bytes, view, time, timeEnd)
      w.constant(END)
    }
    this.endKind = kind
    this.endEnd = w.length
    this.ended = w.buffer
  }

  /**
   * Ends an event as `end` has ended the last one that it did, which the same line caused and nothing was written over.
   * @returns false when that was of another kind, or its bytes are elsewhere by now
   */
  endAgain(): boolean {
    const { w, endStart, endEnd } = this
    if (w.buffer !== this.ended || this.kind(false) !== this.endKind) return false
    w.appendText(w.buffer, w.view, endStart, endEnd)
    return true
  }

  /** Ends an event of which the cause is known as text. */
  endWith({ source, time }: Cause): void {
    const kind = this.kind(false)
    const { w } = this
    this.source()
    latin1(w, source)
    if (time === null) w.constant(UNTIMED[kind] as Constant)
    else {
      w.constant(TIMED[kind] as Constant)
      latin1(w, time)
      w.constant(END)
    }
  }

  private kind(isRead: boolean): number {
    const { hasOld, hasNew } = this
    if (!hasOld) return isRead ? READ : CREATE
    return hasNew ? UPDATE : DELETE
  }

  private source(): void {
    const { hasNew, w } = this
    if (!hasNew) w.constant(NULL)
    w.constant(SOURCE)
  }
}

/** Text of one character a byte. */
function latin1(w: ByteWriter, text: string): void {
  w.ensure(text.length)
  w.length += w.buffer.write(text, w.length, 'latin1')
}
