import { inflateSync } from 'node:zlib'
import { ToolError } from '../cli/index.ts'
import { type BinlogEvent, EVENT_HEADER, EventType } from './events.ts'
import { readLengthEncoded } from './packets.ts'

/** MariaDB's events with log_bin_compress=ON, by the type that they have unpacked. */
const UNPACKED: ReadonlyMap<number, number> = new Map([
  [165, EventType.QUERY],
  [166, EventType.WRITE_ROWS_V1],
  [167, EventType.UPDATE_ROWS_V1],
  [168, EventType.DELETE_ROWS_V1],
  [169, EventType.WRITE_ROWS],
  [170, EventType.UPDATE_ROWS],
  [171, EventType.DELETE_ROWS]
])

/**
 * The event as it would stand in a log that is not compressed, but for its size, which stays that in the log; null when
 * it is not a compressed one. What comes before statement or rows is never packed.
 *
 * Source: `query_event_uncompress`, `row_log_event_uncompress` and `binlog_buf_uncompress`, MariaDB: sql/log_event.cc.
 * @throws ToolError INPUT
 */
export function unpackMariadbEvent(event: BinlogEvent): BinlogEvent | null {
  const type = UNPACKED.get(event.type)
  if (type === undefined) return null
  const { buffer, start, end } = event
  const packed = type === EventType.QUERY ? afterDatabase(event) : afterColumns(event, type)
  // Bit 7 is set, bits 4 to 6 name the algorithm, the others the bytes of the length that follows.
  const head = buffer[packed] as number
  if ((head & 0xf0) !== 0x80) {
    throw new ToolError('INPUT', `compression 0x${head.toString(16)} of an event is not known`)
  }
  const body = inflate(buffer.subarray(packed + 1 + (head & 7), end))
  const whole = Buffer.concat([buffer.subarray(start, packed), body])
  return { ...event, buffer: whole, start: 0, end: whole.length, type }
}

function inflate(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes)
  } catch (error) {
    throw new ToolError('INPUT', 'a compressed event cannot be unpacked: the log is damaged', {
      cause: error
    })
  }
}

function afterDatabase({ buffer, start }: BinlogEvent): number {
  const body = start + EVENT_HEADER
  return body + 13 + buffer.readUInt16LE(body + 11) + (buffer[body + 8] as number) + 1
}

function afterColumns({ buffer, start }: BinlogEvent, type: number): number {
  let at = start + EVENT_HEADER + 8
  if (type >= EventType.WRITE_ROWS) at += buffer.readUInt16LE(at)
  const [count, next] = readLengthEncoded(buffer, at)
  const images = type === EventType.UPDATE_ROWS || type === EventType.UPDATE_ROWS_V1 ? 2 : 1
  return next + images * ((count + 7) >> 3)
}
