import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import { ToolError } from '../../cli/index.ts'
import type { ByteWriter } from '../bytes.ts'
import { FieldFinder } from '../fields.ts'
import type { Fetched } from './fetch.ts'
import { HEADER } from './record-batch.ts'

const COMPRESSED = 0b111
const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5
const ABORT = 0
const NEWLINE = 10
const SPACE = 32
const SCHEMA = Buffer.from('{"schema":')
const NULL = Buffer.from('null')

const payloads = new FieldFinder(['schema', 'payload'])

/** Takes the offset of each record that has become a line. */
export type TakeOffset = (offset: number) => void

/**
 * Writes the values of records as lines: those that are committed, from `from` on. Records without a value (tombstones)
 * give none. A value with a schema around it, as Kafka Connect's JSON converter writes them, gives its payload; line
 * breaks inside a value, which JSON has between its tokens only, become spaces.
 *
 * @returns the offset to go on from
 * @throws ToolError INPUT for batches that cannot be read
 */
export function recordLines(
  { topic, partition, records, aborted }: Fetched,
  from: number,
  lines: ByteWriter,
  take: TakeOffset
): number {
  let next = from
  if (records === null) return next
  const pending = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const abortedNow = new Set<bigint>()
  let at = 0
  while (at + HEADER <= records.length) {
    const base = Number(records.readBigInt64BE(at))
    const end = at + 12 + records.readInt32BE(at + 8)
    if (end > records.length) break
    const version = records[at + 16]
    if (version !== 2) {
      throw new ToolError(
        'INPUT',
        `${topic} partition ${partition} offset ${base}: records of version ${version}`,
        {
          hint: 'topics from before Kafka 0.11 have to be written anew'
        }
      )
    }
    const attributes = records.readInt16BE(at + 21)
    const last = base + records.readInt32BE(at + 23)
    const producerId = records.readBigInt64BE(at + 43)
    while (pending[0] !== undefined && pending[0].firstOffset <= last) {
      abortedNow.add((pending.shift() as (typeof pending)[0]).producerId)
    }
    if ((attributes & CONTROL) !== 0) {
      if (isAbort(records, at + HEADER)) abortedNow.delete(producerId)
    } else if ((attributes & TRANSACTIONAL) === 0 || !abortedNow.has(producerId)) {
      const codec = attributes & COMPRESSED
      const body = records.subarray(at + HEADER, end)
      const plain = codec === 0 ? body : unpacked(codec, body)
      batchLines(plain, base, records.readInt32BE(at + 57), from, lines, take)
    }
    if (last >= next) next = last + 1
    at = end
  }
  return next
}

function unpacked(codec: number, body: Buffer): Buffer {
  const algorithm = compressionsAlgorithmsByBitmask[codec as keyof typeof compressionsAlgorithmsByBitmask]
  if (algorithm === undefined)
    throw new ToolError('INPUT', `records are packed with codec ${codec}, which is not known`)
  return algorithm.decompressSync(body)
}

/** Where the last varint ended. */
let varintEnd = 0

/** Of the signed 32-bit numbers of records: zigzag, seven bits a byte. */
function varint(buffer: Buffer, at: number): number {
  let value = 0
  let shift = 0
  let byte: number
  do {
    byte = buffer[at++] as number
    value |= (byte & 127) << shift
    shift += 7
  } while (byte > 127)
  varintEnd = at
  return (value >>> 1) ^ -(value & 1)
}

function batchLines(
  body: Buffer,
  base: number,
  count: number,
  from: number,
  lines: ByteWriter,
  take: TakeOffset
): void {
  let at = 0
  for (let i = 0; i < count; i++) {
    const length = varint(body, at)
    const end = varintEnd + length
    // Behind the attributes; the time may need 64 bits.
    let o = varintEnd + 1
    while ((body[o] as number) > 127) o++
    const offset = base + varint(body, o + 1)
    const keyLength = varint(body, varintEnd)
    const keyEnd = varintEnd + Math.max(0, keyLength)
    const valueLength = varint(body, keyEnd)
    if (offset >= from && valueLength >= 0 && valueLine(body, varintEnd, varintEnd + valueLength, lines))
      take(offset)
    at = end
  }
}

/** @returns false when there is nothing in it */
function valueLine(body: Buffer, start: number, end: number, lines: ByteWriter): boolean {
  if (
    end - start > SCHEMA.length &&
    body.compare(SCHEMA, 0, SCHEMA.length, start, start + SCHEMA.length) === 0
  ) {
    if (payloads.find(body, start, end)) {
      const [, , from = -1, to = -1] = payloads.spans
      if (from >= 0) {
        if (body.compare(NULL, 0, NULL.length, from, to) === 0) return false
        return plainLine(body, from, to, lines)
      }
    }
  }
  return plainLine(body, start, end, lines)
}

function plainLine(body: Buffer, start: number, end: number, lines: ByteWriter): boolean {
  const lineStart = lines.length
  lines.ensure(end - start + 1)
  lines.append(body, start, end)
  const { buffer, length } = lines
  for (
    let at = buffer.indexOf(NEWLINE, lineStart);
    at >= 0 && at < length;
    at = buffer.indexOf(NEWLINE, at + 1)
  ) {
    buffer[at] = SPACE
  }
  lines.ensure(1)
  lines.buffer[lines.length++] = NEWLINE
  return true
}

/** A control record's key: version and type. */
function isAbort(records: Buffer, at: number): boolean {
  varint(records, at)
  let o = varintEnd + 1
  while ((records[o] as number) > 127) o++
  varint(records, o + 1)
  varint(records, varintEnd)
  return records.readInt16BE(varintEnd + 2) === ABORT
}
