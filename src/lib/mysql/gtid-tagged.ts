import { ToolError } from '../cli/index.ts'
import { type BinlogEvent, EVENT_HEADER, formatUuid, type GtidEvent } from './events.ts'

const FLAGS = 0
const UUID = 1
const NUMBER = 2
const TAG = 3
const LAST_COMMITTED = 4
const SEQUENCE = 5
const COMMITTED = 6

/**
 * Reads GTID_TAGGED_LOG_EVENTs (8.3 on), which a server writes for every transaction with a tag: `uuid:tag` and number.
 *
 * Body, in MySQL's serialization format: version, size, last field that must be understood, then fields of id and value,
 * whose ids ascend. Source: Gtid_event, libs/mysql/binlog/event/control_events.h, and libs/mysql/serialization.
 * @throws ToolError INPUT
 */
export function readTaggedGtid(event: BinlogEvent): GtidEvent {
  const fields = new Fields(event)
  let uuid = ''
  let tag = ''
  let number = 0
  let committedUs = 0
  let last = -1
  while (!fields.atEnd) {
    const id = fields.unsigned()
    if (id <= last) throw damaged()
    last = id
    switch (id) {
      case FLAGS:
        fields.unsigned()
        break
      case UUID:
        uuid = fields.uuid()
        break
      case NUMBER:
        number = fields.signed()
        break
      case TAG:
        tag = fields.text()
        break
      case LAST_COMMITTED:
      case SEQUENCE:
        fields.signed()
        break
      case COMMITTED:
        committedUs = fields.unsigned()
        break
      default:
        // Nothing that is needed comes after the commit's time.
        fields.skipRest()
    }
  }
  if (uuid === '' || number < 1 || !/^[a-z_0-9]{0,32}$/.test(tag)) throw damaged()
  return {
    source: tag === '' ? uuid : `${uuid}:${tag}`,
    number,
    committedMs: Math.floor(committedUs / 1000),
    committedUs
  }
}

function damaged(): ToolError {
  return new ToolError('INPUT', 'a tagged GTID cannot be read: the log is damaged')
}

/** The values of a message, one after the other. */
class Fields {
  readonly #buffer: Buffer
  #at: number
  readonly #end: number

  constructor({ buffer, start, end }: BinlogEvent) {
    this.#buffer = buffer
    this.#at = start + EVENT_HEADER
    this.#end = end
    const version = this.unsigned()
    if (version !== 1) {
      throw new ToolError('INPUT', `tagged GTIDs are written in version ${version}, only 1 is known`)
    }
    if (this.unsigned() !== end - start - EVENT_HEADER) throw damaged()
    this.unsigned()
  }

  get atEnd(): boolean {
    return this.#at >= this.#end
  }

  skipRest(): void {
    this.#at = this.#end
  }

  unsigned(): number {
    return Number(this.#integer())
  }

  /** The sign is the lowest bit; negative numbers have the others inverted. */
  signed(): number {
    const value = this.#integer()
    return Number((value & 1n) === 0n ? value >> 1n : ~(value >> 1n))
  }

  /** Sixteen numbers. */
  uuid(): string {
    const bytes = Buffer.alloc(16)
    for (let i = 0; i < 16; i++) {
      const byte = this.unsigned()
      if (byte > 255) throw damaged()
      bytes[i] = byte
    }
    return formatUuid(bytes)
  }

  text(): string {
    const length = this.unsigned()
    const from = this.#at
    this.#at += length
    if (this.#at > this.#end) throw damaged()
    return this.#buffer.toString('latin1', from, this.#at)
  }

  /** As many bytes follow as the first has one-bits at its low end; the value is in the bits above the lowest zero. */
  #integer(): bigint {
    const first = this.#buffer[this.#at] as number
    let more = 0
    while (((first >> more) & 1) === 1) more++
    if (this.#at + 1 + more > this.#end) throw damaged()
    let value = BigInt(first >> (more + 1))
    const shift = Math.max(0, 7 - more)
    for (let i = 0; i < more; i++) {
      value |= BigInt(this.#buffer[this.#at + 1 + i] as number) << BigInt(shift + 8 * i)
    }
    this.#at += 1 + more
    return value
  }
}
