import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { messageOf, ToolError } from '../cli/index.ts'
import { EVENT_HEADER, EventType, type LogFormat, readEvent, readFormatDescription } from './events.ts'
import { LARGE, type LargeEvent, regionOf } from './large-event.ts'

const MAGIC = 'fe62696e'
const MAGIC_ENCRYPTED = 'fd62696e'
const FIRST_EVENT = 4
const CHUNK = 1024 * 1024
/** A packet has at most 1 GiB (max_allowed_packet), and no event has more but for what surrounds it. */
const LARGEST_EVENT = 2 ** 30 + 64 * 1024
/** The flag of a file that the server has open (LOG_EVENT_BINLOG_IN_USE_F): set in place, past the checksum. */
const IN_USE = 1

/**
 * The events of a binlog file (magic number 4, a FORMAT_DESCRIPTION, events end to end), one after the other as
 * `buffer[start..end)`, which is valid until the next `more`. One chunk is held, or one event where that is larger.
 */
export class BinlogFile {
  /** The name alone, as positions have it. */
  readonly name: string
  readonly format: LogFormat
  buffer: Buffer
  start = 0
  end = 0
  /** The event, where it is a compressed transaction of 16 MiB and more: `buffer` does not have it then. */
  large: LargeEvent | null = null
  readonly #path: string
  readonly #handle: FileHandle
  readonly #size: number
  /** What of the buffer is filled. */
  #filled = 0
  /** Where the buffer begins in the file. */
  #base = 0
  #wasLast = false

  private constructor(
    path: string,
    handle: FileHandle,
    size: number,
    format: LogFormat,
    buffer: Buffer,
    base: number
  ) {
    this.name = basename(path)
    this.format = format
    this.buffer = buffer
    this.#path = path
    this.#handle = handle
    this.#size = size
    this.#base = base
  }

  /**
   * Opens a file and reads what it says of itself.
   * @param position where the events begin that are wanted
   * @throws ToolError USAGE when it cannot be opened; INPUT when it is no binlog file, is encrypted or damaged
   */
  static async open(path: string, position: number): Promise<BinlogFile> {
    let handle: FileHandle
    try {
      handle = await open(path)
    } catch (error) {
      throw new ToolError('USAGE', `${path}: ${messageOf(error)}`, { cause: error })
    }
    try {
      const { size } = await handle.stat()
      const head = await readAll(handle, 0, Math.min(size, CHUNK))
      const format = readHead(path, head)
      if (position > size) throw new ToolError('USAGE', `${path}: ends at ${size}, before ${position}`)
      const first = FIRST_EVENT + head.readUInt32LE(FIRST_EVENT + 9)
      const buffer = Buffer.allocUnsafeSlow(CHUNK)
      return new BinlogFile(path, handle, size, format, buffer, Math.max(first, position))
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Where the event is, from the beginning of the file. */
  get offset(): number {
    return this.#base + this.start
  }

  /**
   * Goes to the next event, if the whole of it is in memory.
   * @throws ToolError INPUT for what cannot be an event at this place
   */
  next(): boolean {
    const at = this.end
    if (this.#filled - at < EVENT_HEADER) return false
    const { buffer } = this
    const size = buffer.readUInt32LE(at + 9)
    const offset = this.#base + at
    if (this.#wasLast) throw this.#damaged(offset, 'there is more after the last event of the log')
    if (size < EVENT_HEADER || size > LARGEST_EVENT) {
      throw this.#damaged(offset, `an event of ${size} bytes cannot be: the log is damaged`)
    }
    if (offset + size > this.#size) throw this.#cutOff(offset, size)
    this.large = null
    const isLarge = size >= LARGE && buffer[at + 4] === EventType.TRANSACTION_PAYLOAD
    if (this.#filled - at < size && !isLarge) return false
    this.start = at
    this.end = at + size
    // What a server sends has places of its own; in the file each event must say where it ends.
    const next = buffer.readUInt32LE(at + 13)
    if (next !== (offset + size) % 2 ** 32) {
      throw this.#damaged(offset, `the event says that it ends at ${next}, not at ${offset + size}`)
    }
    const type = buffer[at + 4]
    if (type === EventType.FORMAT_DESCRIPTION) {
      throw this.#damaged(offset, 'a second beginning of the log')
    }
    if (type === EventType.MARIADB_START_ENCRYPTION) throw encrypted(`${this.#path}:${offset}`)
    if (this.#filled < this.end) {
      this.large = regionOf(this.#handle.fd, offset, size)
      // Reading goes on behind it.
      this.#base = offset + size
      this.#filled = this.start = this.end = 0
    }
    this.#wasLast = type === EventType.ROTATE || type === EventType.STOP
    return true
  }

  /**
   * Reads on; returns false at the end of the file.
   * @throws ToolError INPUT when it ends inside an event
   */
  async more(): Promise<boolean> {
    const rest = this.#filled - this.end
    const offset = this.#base + this.end
    if (offset + rest >= this.#size) {
      if (rest > 0) throw this.#cutOff(offset, null)
      return false
    }
    const size = rest >= EVENT_HEADER ? this.buffer.readUInt32LE(this.end + 9) : 0
    const old = this.buffer
    if (size > old.length) this.buffer = Buffer.allocUnsafeSlow(size)
    else if (old.length > CHUNK && size <= CHUNK) this.buffer = Buffer.allocUnsafeSlow(CHUNK)
    old.copy(this.buffer, 0, this.end, this.#filled)
    this.#base = offset
    this.start = 0
    this.end = 0
    this.#filled = rest
    const wanted = Math.min(this.buffer.length - rest, this.#size - offset - rest)
    const { bytesRead } = await this.#handle.read(this.buffer, rest, wanted, offset + rest)
    if (bytesRead === 0) throw this.#cutOff(offset, size || null)
    this.#filled += bytesRead
    return true
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  #damaged(offset: number, what: string): ToolError {
    return new ToolError('INPUT', `${this.#path}:${offset}: ${what}`, {
      hint: 'check the file with mysqlbinlog --verify-binlog-checksum; relay logs are not read'
    })
  }

  #cutOff(offset: number, size: number | null): ToolError {
    const what = size === null ? 'a header' : `an event of ${size} bytes`
    return new ToolError('INPUT', `${this.#path}:${offset}: the file ends inside ${what}, at ${this.#size}`, {
      hint: 'everything before it has been read; was the file copied while the server wrote to it?'
    })
  }
}

async function readAll(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

function readHead(path: string, head: Buffer): LogFormat {
  const magic = head.toString('hex', 0, FIRST_EVENT)
  if (magic === MAGIC_ENCRYPTED) throw encrypted(path)
  if (magic !== MAGIC) throw new ToolError('INPUT', `${path}:0: this is not a binlog file`)
  const where = (): string => `${path}:${FIRST_EVENT}`
  const size = head.length < FIRST_EVENT + EVENT_HEADER ? 0 : head.readUInt32LE(FIRST_EVENT + 9)
  if (size < EVENT_HEADER || FIRST_EVENT + size > head.length) {
    throw new ToolError('INPUT', `${where()}: the file ends inside its first event, at ${head.length}`)
  }
  const flags = FIRST_EVENT + 17
  head.writeUInt16LE(head.readUInt16LE(flags) & ~IN_USE, flags)
  // It has a checksum even where the others have none.
  const event = readEvent(head, FIRST_EVENT, FIRST_EVENT + size, true, where)
  if (event.type !== EventType.FORMAT_DESCRIPTION) {
    throw new ToolError(
      'INPUT',
      `${where()}: the first event has type ${event.type}; a log begins with its format`
    )
  }
  try {
    return readFormatDescription(event)
  } catch (error) {
    throw error instanceof ToolError
      ? new ToolError(error.code, `${where()}: ${error.message}`, { cause: error })
      : error
  }
}

function encrypted(where: string): ToolError {
  return new ToolError('INPUT', `${where}: the log is encrypted`, {
    hint: 'its server has the key: read it from there, cdc-tail mysql://… --start FILE:POS'
  })
}
