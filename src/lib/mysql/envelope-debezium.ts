import { ByteWriter, writeUint } from '../stream/index.ts'
import type { Op, Source } from './envelope.ts'

const BEFORE_NULL = Buffer.from('{"before":null,"after":')
const BEFORE = Buffer.from('{"before":')
const AFTER = Buffer.from(',"after":')
const AFTER_NULL = Buffer.from(',"after":null')

const NO_TRANSACTION = Buffer.from(',"transaction":null')

/** Room for a row's number. */
const ROW_ROOM = 16

/**
 * Writes envelopes with all fields that Debezium's have, in their order. `query`, which Debezium fills
 * only when told to, and `sequence`, which MySQL does not have, are null.
 */
export class DebeziumEnvelopes {
  readonly #source = new ByteWriter(1024)
  #shared: Buffer = Buffer.alloc(0)
  /** The rest of `source` behind the row's number. */
  #sourceEnd: Buffer = sourceEnd(null)
  #thread: number | null = null
  #tails: Record<Op, Buffer> = tailsAt(0)
  #tailMs = 0
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
    if (thread !== this.#thread) {
      this.#thread = thread
      this.#sourceEnd = sourceEnd(thread)
    }
    if (nowMs === this.#tailMs) return
    this.#tailMs = nowMs
    this.#tails = tailsAt(nowMs)
  }

  /** Before the only image, an after image (c, r). */
  onlyAfter(w: ByteWriter): void {
    w.append(BEFORE_NULL)
  }

  /** Before the before image (u, d). */
  before(w: ByteWriter): void {
    w.append(BEFORE)
  }

  /** Between before and after image (u). */
  after(w: ByteWriter): void {
    w.append(AFTER)
  }

  /** After the last image: source, op and the line's end. */
  end(w: ByteWriter, op: Op, row: number): void {
    if (op === 'd') w.append(AFTER_NULL)
    w.append(this.#shared)
    w.ensure(ROW_ROOM)
    w.length = writeUint(w.buffer, w.length, row)
    w.append(this.#sourceEnd)
    if (this.#transaction === null) w.append(NO_TRANSACTION)
    else w.text(this.#transaction())
    w.append(this.#tails[op])
  }

  /** After both images of an update. */
  endUpdate(w: ByteWriter, _lineStart: number, _afterStart: number, row: number): void {
    this.end(w, 'u', row)
  }

  /** A line without images, for a truncated table. */
  truncated(w: ByteWriter): void {
    w.append(BEFORE_NULL)
    w.text('null')
    this.end(w, 't', 0)
  }
}

function sourceEnd(thread: number | null): Buffer {
  return Buffer.from(`,"thread":${thread},"query":null}`)
}

function tailsAt(nowMs: number): Record<Op, Buffer> {
  const times = `"ts_ms":${nowMs},"ts_us":${nowMs}000,"ts_ns":${nowMs}000000`
  const tail = (op: Op): Buffer => Buffer.from(`,"op":"${op}",${times}}\n`)
  return { c: tail('c'), u: tail('u'), d: tail('d'), r: tail('r'), t: tail('t') }
}
