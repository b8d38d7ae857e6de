import { ByteWriter, Constant, writeUint } from '../stream/index.ts'
import type { Op, Source } from './envelope.ts'

const BEFORE_NULL = new Constant('{"before":null,"after":')
const BEFORE = new Constant('{"before":')
const AFTER = new Constant(',"after":')
const AFTER_NULL = new Constant(',"after":null')

/** Room for a row's number. */
const ROW_ROOM = 16

/** The end of a line: the rest of `source`, and what follows the transaction; or all of it where there is none. */
interface End {
  readonly source: Buffer
  readonly tail: Buffer
  readonly whole: Buffer
}

/**
 * Writes envelopes with all fields that Debezium's have, in their order. `query`, which Debezium fills
 * only when told to, and `sequence`, which MySQL does not have, are null.
 */
export class DebeziumEnvelopes {
  readonly #source = new ByteWriter(1024)
  #shared: Buffer = Buffer.alloc(0)
  #thread: number | null = null
  #nowMs = 0
  /** What stands behind the row's number, by the operation: made when the first row of one comes. */
  readonly #ends = new Map<Op, End>()
  readonly #transaction: (() => string) | null

  /** @param transaction gives the `transaction` field of the next row, a comma in front */
  constructor(transaction: (() => string) | null = null) {
    this.#transaction = transaction
  }

  /** Sets what the next rows share. `nowMs` becomes the envelope's own time. */
  begin(source: Source, nowMs: number): void {
    const { version, name, committedMs, snapshot, database, table, serverId, gtid, file, position } = source
    const us = source.committedUs ?? committedMs * 1000
    const w = this.#source
    w.clear()
    w.text(
      `,"source":{"version":${JSON.stringify(version)},"connector":"mysql","name":${JSON.stringify(name)},` +
        `"ts_ms":${committedMs},"snapshot":"${snapshot}","db":${JSON.stringify(database)},"sequence":null,` +
        `"ts_us":${us},"ts_ns":${us}000,"table":${JSON.stringify(table)},"server_id":${serverId},` +
        `"gtid":${gtid === null ? 'null' : `"${gtid}"`},"file":${JSON.stringify(file)},"pos":${position},` +
        `${(source.epoch ?? 0) > 0 ? `"epoch":${source.epoch},` : ''}${source.partial === true ? '"partial":true,' : ''}"row":`
    )
    this.#shared = w.written()
    const { thread = null } = source
    if (thread === this.#thread && nowMs === this.#nowMs) return
    this.#thread = thread
    this.#nowMs = nowMs
    this.#ends.clear()
  }

  /** Before the only image, an after image (c, r). */
  onlyAfter(w: ByteWriter): void {
    w.constant(BEFORE_NULL)
  }

  /** Before the before image (u, d). */
  before(w: ByteWriter): void {
    w.constant(BEFORE)
  }

  /** Between before and after image (u). */
  after(w: ByteWriter): void {
    w.constant(AFTER)
  }

  /** After the last image: source, op and the line's end. */
  end(w: ByteWriter, op: Op, row: number): void {
    if (op === 'd') w.constant(AFTER_NULL)
    w.append(this.#shared)
    w.ensure(ROW_ROOM)
    w.length = writeUint(w.buffer, w.length, row)
    const end = this.#ends.get(op) ?? this.#endOf(op)
    if (this.#transaction === null) {
      w.append(end.whole)
      return
    }
    w.append(end.source)
    w.text(this.#transaction())
    w.append(end.tail)
  }

  #endOf(op: Op): End {
    const nowMs = this.#nowMs
    const source = `,"thread":${this.#thread},"query":null}`
    const tail = `,"op":"${op}","ts_ms":${nowMs},"ts_us":${nowMs}000,"ts_ns":${nowMs}000000}\n`
    const end = {
      source: Buffer.from(source),
      tail: Buffer.from(tail),
      whole: Buffer.from(`${source},"transaction":null${tail}`)
    }
    this.#ends.set(op, end)
    return end
  }

  /** After both images of an update. */
  endUpdate(w: ByteWriter, _lineStart: number, _afterStart: number, row: number): void {
    this.end(w, 'u', row)
  }

  /** A line without images, for a truncated table. */
  truncated(w: ByteWriter): void {
    w.constant(BEFORE_NULL)
    w.text('null')
    this.end(w, 't', 0)
  }
}
