import { constants } from 'node:buffer'
import { zstdDecompressSync } from 'node:zlib'
import { ToolError } from '../cli/index.ts'
import { type BinlogEvent, EVENT_HEADER } from './events.ts'
import { readLengthEncoded } from './packets.ts'

const END_MARK = 0
const COMPRESSION_TYPE = 2
const UNCOMPRESSED_SIZE = 3
const ZSTD = 0
const NONE = 255
const LARGEST = constants.MAX_LENGTH

/**
 * The events of a compressed transaction (TRANSACTION_PAYLOAD, 8.0.20 on), one after the other as they would stand in
 * the log, without checksums. Body: fields of type, length and value up to an end mark, then the payload.
 * @throws ToolError INPUT
 */
export function unpackPayload(event: BinlogEvent): Buffer {
  const { buffer, end } = event
  let at = event.start + EVENT_HEADER
  let compression = NONE
  let size = 0
  while (at < end) {
    let field: number
    ;[field, at] = readLengthEncoded(buffer, at)
    if (field === END_MARK) break
    const [length, from] = readLengthEncoded(buffer, at)
    if (field === COMPRESSION_TYPE) [compression] = readLengthEncoded(buffer, from)
    else if (field === UNCOMPRESSED_SIZE) [size] = readLengthEncoded(buffer, from)
    at = from + length
  }
  const payload = buffer.subarray(at, end)
  if (compression === NONE) return payload
  if (compression !== ZSTD)
    throw new ToolError('INPUT', `compression ${compression} of a transaction is not known`)
  return unpack(payload, size)
}

function unpack(payload: Buffer, size: number): Buffer {
  let unpacked: Buffer | undefined
  let cause: unknown
  try {
    unpacked = zstdDecompressSync(payload, { maxOutputLength: Math.min(Math.max(size, 1), LARGEST) })
  } catch (error) {
    cause = error
  }
  if (unpacked?.length === size) return unpacked
  throw new ToolError('INPUT', 'a compressed transaction cannot be unpacked: the log is damaged', { cause })
}
