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
  let rest: Buffer[] = []
  let held = 0
  let wanted = 0
  let total = 0
  try {
    for await (const chunk of unpacked) {
      total += chunk.length
      rest.push(isPacked ? chunk : Buffer.from(chunk))
      held += chunk.length
      if (held < wanted) continue
      const bytes = rest.length === 1 ? (rest[0] as Buffer) : Buffer.concat(rest)
      const end = wholeEvents(bytes)
      if (end > 0) yield bytes.subarray(0, end)
      rest = end === bytes.length ? [] : [bytes.subarray(end)]
      held = bytes.length - end
      wanted = held < EVENT_HEADER ? EVENT_HEADER : bytes.readUInt32LE(end + 9)
    }
  } catch (error) {
    throw error instanceof ToolError ? error : damaged(error)
  }
  if (held > 0 || (isPacked && total !== size)) throw damaged(undefined)
}

/** A stream may hold more than one chunk at a time. */
function* copiesOf(chunks: Iterable<Buffer>): Generator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

/** Where the last whole event ends. */
function wholeEvents(bytes: Buffer): number {
  let at = 0
  while (bytes.length - at >= EVENT_HEADER) {
    const size = bytes.readUInt32LE(at + 9)
    if (size < EVENT_HEADER || size > LARGEST_EVENT) throw damaged(undefined)
    if (size > bytes.length - at) break
    at += size
  }
  return at
}

function damaged(cause: unknown): ToolError {
  return new ToolError('INPUT', 'a compressed transaction cannot be unpacked: the log is damaged', { cause })
}
