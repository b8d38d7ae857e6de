import { Readable } from 'node:stream'
import { zstdDecompressSync } from 'node:zlib'
import { ToolError } from '../cli/index.ts'
import { unpackZstd } from '../stream/index.ts'
import { type BinlogEvent, EVENT_HEADER } from './events.ts'
import { readLengthEncoded } from './packets.ts'

const END_MARK = 0
const COMPRESSION_TYPE = 2
const UNCOMPRESSED_SIZE = 3
const ZSTD = 0
const NONE = 255
/** A packet has at most 1 GiB, and an event no more. */
const LARGEST_EVENT = 2 ** 30 + 64 * 1024
/** So many bytes of events, or one that is larger, are given at a time. */
const BLOCK = 256 * 1024

/** What a TRANSACTION_PAYLOAD says of itself. */
export interface Payload {
  readonly isPacked: boolean
  /** Bytes of its events, unpacked. */
  readonly size: number
  /** Where it begins, from the beginning of the event. */
  readonly offset: number
}

/**
 * The body of a TRANSACTION_PAYLOAD (8.0.20 on): fields of type, length and value up to an end mark, then the events of
 * the transaction, as they would stand in the log, without checksums.
 * @throws ToolError INPUT
 */
export function readPayload(event: BinlogEvent): Payload {
  const { buffer, start, end } = event
  let at = start + EVENT_HEADER
  let compression = NONE
  let size = event.size - EVENT_HEADER
  while (at < end) {
    let field: number
    ;[field, at] = readLengthEncoded(buffer, at)
    if (field === END_MARK) break
    const [length, from] = readLengthEncoded(buffer, at)
    if (field === COMPRESSION_TYPE) [compression] = readLengthEncoded(buffer, from)
    else if (field === UNCOMPRESSED_SIZE) [size] = readLengthEncoded(buffer, from)
    at = from + length
  }
  if (compression !== NONE && compression !== ZSTD) {
    throw new ToolError('INPUT', `compression ${compression} of a transaction is not known`)
  }
  return { isPacked: compression === ZSTD, size, offset: at - start }
}

/** Unpacks all events at once. @throws ToolError INPUT */
export function unpackPayload({ isPacked, size }: Payload, bytes: Buffer): Buffer {
  if (!isPacked) return bytes
  let unpacked: Buffer | undefined
  let cause: unknown
  try {
    unpacked = zstdDecompressSync(bytes, { maxOutputLength: Math.max(size, 1) })
  } catch (error) {
    cause = error
  }
  if (unpacked?.length === size) return unpacked
  throw damaged(cause)
}

/**
 * Unpacks events one after the other: each buffer has some of them, whole, and is valid until the next. Little more is
 * held than the largest event.
 * @param chunks of the payload
 * @throws ToolError INPUT
 */
export async function* unpackEvents(
  { isPacked, size }: Payload,
  chunks: Iterable<Buffer>
): AsyncGenerator<Buffer> {
  const unpacked = isPacked ? unpackZstd(Readable.from(copiesOf(chunks), { highWaterMark: 1 })) : chunks
  // One buffer for all: what is behind the last whole event moves to its beginning.
  let buffer: Buffer = Buffer.allocUnsafeSlow(2 * BLOCK)
  let filled = 0
  let wanted = BLOCK
  let total = 0
  try {
    for await (const chunk of unpacked) {
      total += chunk.length
      buffer = withRoom(buffer, filled, chunk.length)
      filled += chunk.copy(buffer, filled)
      if (filled < wanted) continue
      const end = wholeEvents(buffer, filled)
      if (end > 0) yield buffer.subarray(0, end)
      buffer.copyWithin(0, end, filled)
      filled -= end
      wanted = Math.max(BLOCK, filled < EVENT_HEADER ? 0 : buffer.readUInt32LE(9))
    }
    const end = wholeEvents(buffer, filled)
    if (end > 0) yield buffer.subarray(0, end)
    filled -= end
  } catch (error) {
    throw error instanceof ToolError ? error : damaged(error)
  }
  if (filled > 0 || (isPacked && total !== size)) throw damaged(undefined)
}

function withRoom(buffer: Buffer, filled: number, bytes: number): Buffer {
  if (filled + bytes <= buffer.length) return buffer
  const grown = Buffer.allocUnsafeSlow(Math.max(filled + bytes, 2 * buffer.length))
  buffer.copy(grown, 0, 0, filled)
  return grown
}

/** A stream may hold more than one chunk at a time. */
function* copiesOf(chunks: Iterable<Buffer>): Generator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

/** Where the last whole event in the first `filled` bytes ends. */
function wholeEvents(bytes: Buffer, filled: number): number {
  let at = 0
  while (filled - at >= EVENT_HEADER) {
    const size = bytes.readUInt32LE(at + 9)
    if (size < EVENT_HEADER || size > LARGEST_EVENT) throw damaged(undefined)
    if (size > filled - at) break
    at += size
  }
  return at
}

function damaged(cause: unknown): ToolError {
  return new ToolError('INPUT', 'a compressed transaction cannot be unpacked: the log is damaged', { cause })
}
