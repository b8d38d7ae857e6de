import { type ByteWriter, writeUint } from '../stream/index.ts'

/** Where a change comes from: the `source` block of Debezium's envelope, but for the row. */
export interface Source {
  readonly version: string
  /** The pipeline's name for the server. */
  readonly name: string
  readonly committedMs: number
  readonly snapshot: boolean
  readonly database: string
  readonly table: string
  readonly serverId: number
  readonly gtid: string | null
  readonly file: string
  readonly position: number
}

export type Op = 'c' | 'u' | 'd' | 'r' | 't'

const BEFORE_NULL = Buffer.from('{"before":null,"after":')
const BEFORE = Buffer.from('{"before":')
const AFTER = Buffer.from(',"after":')
const AFTER_NULL = Buffer.from(',"after":null')

/** Room for a line's fixed parts: the two below, digits of the row, and what stands above. */
const FIXED_ROOM = 128

/**
 * Writes envelopes around row images. All that the rows of an event share is made into bytes once an event; a row costs
 * two copies and its number.
 */
export class Envelopes {
  #source: Buffer = Buffer.alloc(0)
  #tails: Record<Op, Buffer> = { c: BEFORE, u: BEFORE, d: BEFORE, r: BEFORE, t: BEFORE }
  #tailMs = -1
  #sourceText = ''

  /** Sets what the next rows share. `nowMs` becomes the envelope's own ts_ms. */
  begin(source: Source, nowMs: number): void {
    const { version, name, database, table } = source
    const text =
      `,"source":{"version":${JSON.stringify(version)},"connector":"mysql","name":${JSON.stringify(name)},` +
      `"ts_ms":${source.committedMs},"snapshot":"${source.snapshot}","db":${JSON.stringify(database)},` +
      `"table":${JSON.stringify(table)},"server_id":${source.serverId},` +
      `"gtid":${source.gtid === null ? 'null' : `"${source.gtid}"`},"file":${JSON.stringify(source.file)},` +
      `"pos":${source.position},"row":`
    if (text !== this.#sourceText) {
      this.#sourceText = text
      this.#source = Buffer.from(text)
    }
    if (nowMs !== this.#tailMs) {
      this.#tailMs = nowMs
      const tail = (op: Op): Buffer => Buffer.from(`},"op":"${op}","ts_ms":${nowMs}}\n`)
      this.#tails = { c: tail('c'), u: tail('u'), d: tail('d'), r: tail('r'), t: tail('t') }
    }
  }

  /** Before the only image, an after image (c, r). */
  onlyAfter(w: ByteWriter): void {
    put(w, BEFORE_NULL)
  }

  /** Before the before image (u, d). */
  before(w: ByteWriter): void {
    put(w, BEFORE)
  }

  /** Between before and after image (u). */
  after(w: ByteWriter): void {
    put(w, AFTER)
  }

  /** After the last image: source, op and the line's end. */
  end(w: ByteWriter, op: Op, row: number): void {
    const source = this.#source
    const tail = this.#tails[op]
    w.ensure(source.length + tail.length + FIXED_ROOM)
    const out = w.buffer
    let o = w.length
    if (op === 'd') {
      out.set(AFTER_NULL, o)
      o += AFTER_NULL.length
    }
    out.set(source, o)
    o = writeUint(out, o + source.length, row)
    out.set(tail, o)
    w.length = o + tail.length
  }

  /** A line without images, for a truncated table. */
  truncated(w: ByteWriter): void {
    put(w, BEFORE_NULL)
    w.text('null')
    this.end(w, 't', 0)
  }
}

function put(w: ByteWriter, bytes: Buffer): void {
  w.ensure(bytes.length + FIXED_ROOM)
  w.buffer.set(bytes, w.length)
  w.length += bytes.length
}
