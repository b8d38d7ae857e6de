import { ByteWriter, Constant, writeUint } from '../stream/index.ts'

/** Where a change comes from: the `source` block of Debezium's envelope, but for the row. */
export interface Source {
  readonly version: string
  /** The pipeline's name for the server. */
  readonly name: string
  readonly committedMs: number
  /** The same in microseconds, where it is known to them. */
  readonly committedUs?: number
  /** The id of the connection that made the change, where the log tells. */
  readonly thread?: number | null
  readonly snapshot: boolean | 'incremental'
  readonly database: string
  readonly table: string
  readonly serverId: number
  readonly gtid: string | null
  readonly file: string
  readonly position: number
  /** What file numbers are to be raised by, so that they go up over all servers; not told where it is 0. */
  readonly epoch?: number
  /** Row images lack columns; not told where they do not. */
  readonly partial?: boolean
}

export type Op = 'c' | 'u' | 'd' | 'r' | 't'

const BEFORE_NULL = new Constant('{"before":null,"after":')
const BEFORE = new Constant('{"before":')
const AFTER = new Constant(',"after":')
const EPOCH = new Constant(',"epoch":')
const PARTIAL = new Constant(',"partial":true')
const ROW = new Constant(',"row":')
const AFTER_NULL = new Constant(',"after":null')
const NULL = new Constant('null')
const QUOTE = new Constant('"')
const NOTHING = new Constant('')

/** Room for a number. */
const DIGITS = 32

/**
 * Writes envelopes around row images. All that the rows of an event share is made into bytes once an event, most of it
 * once a table; a row costs two copies and its number.
 */
export class Envelopes {
  readonly #source = new ByteWriter(1024)
  /** What `source` has in it: all up to the row's number. */
  #shared: Buffer = Buffer.alloc(0)
  /** The parts of `source` that stay the same, and what they were made for. */
  #head = NOTHING
  #table = NOTHING
  #file = NOTHING
  #known: Source | null = null
  /** What stands behind the row's number, by the operation: made when the first row of one comes. */
  #tails: Partial<Record<Op, Constant>> = {}
  #tailMs = -1

  /** Sets what the next rows share. `nowMs` becomes the envelope's own ts_ms. */
  begin(source: Source, nowMs: number): void {
    this.#prepare(source)
    const w = this.#source
    w.clear()
    w.constant(this.#head)
    w.ensure(DIGITS)
    w.length = writeUint(w.buffer, w.length, source.committedMs)
    w.constant(this.#table)
    if (source.gtid === null) w.constant(NULL)
    else {
      w.constant(QUOTE)
      w.ascii(source.gtid)
      w.constant(QUOTE)
    }
    w.constant(this.#file)
    w.ensure(DIGITS)
    w.length = writeUint(w.buffer, w.length, source.position)
    if (source.epoch !== undefined && source.epoch > 0) {
      w.constant(EPOCH)
      w.ensure(DIGITS)
      w.length = writeUint(w.buffer, w.length, source.epoch)
    }
    if (source.partial === true) w.constant(PARTIAL)
    w.constant(ROW)
    this.#shared = w.written()
    if (nowMs !== this.#tailMs) {
      this.#tailMs = nowMs
      this.#tails = {}
    }
  }

  #prepare(source: Source): void {
    const known = this.#known
    this.#known = source
    const { version, name, database, table, snapshot, serverId, file } = source
    if (known?.version !== version || known.name !== name) {
      this.#head = new Constant(
        `,"source":{"version":${JSON.stringify(version)},"connector":"mysql","name":${JSON.stringify(name)},"ts_ms":`
      )
    }
    if (
      known?.database !== database ||
      known.table !== table ||
      known.snapshot !== snapshot ||
      known.serverId !== serverId
    ) {
      this.#table = new Constant(
        `,"snapshot":"${snapshot}","db":${JSON.stringify(database)},"table":${JSON.stringify(table)},` +
          `"server_id":${serverId},"gtid":`
      )
    }
    if (known?.file !== file) this.#file = new Constant(`,"file":${JSON.stringify(file)},"pos":`)
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
    w.ensure(DIGITS)
    w.length = writeUint(w.buffer, w.length, row)
    w.constant(this.#tails[op] ?? this.#tailOf(op))
  }

  #tailOf(op: Op): Constant {
    const tail = new Constant(`},"op":"${op}","ts_ms":${this.#tailMs}}\n`)
    this.#tails[op] = tail
    return tail
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
