import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import { ToolError } from '../../cli/index.ts'
import type { Fetched } from './fetch.ts'
import { HEADER } from './record-batch.ts'

const COMPRESSED = 0b111
const TRANSACTIONAL = 1 << 4
const CONTROL = 1 << 5
const ABORT = 0

/** Takes the records of a batch, unpacked: `count` of them, numbered from `base` on. */
export type TakeBatch = (body: Buffer, base: number, count: number) => void

/**
 * Gives the batches of an answer that are committed.
 * @param from the offset that was asked for
 * @returns the offset to go on from
 * @throws ToolError INPUT for batches that cannot be read
 */
export function eachCommittedBatch(
  { topic, partition, records, aborted }: Fetched,
  from: number,
  take: TakeBatch
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
      take(codec === 0 ? body : unpacked(codec, body), base, records.readInt32BE(at + 57))
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

/** Takes a record: where its key and value lie in the batch's body. A length of -1 stands for none. */
export type TakeRecord = (
  offset: number,
  key: number,
  keyLength: number,
  value: number,
  valueLength: number
) => void

/** Gives the records of a batch. */
export function eachRecord(body: Buffer, base: number, count: number, take: TakeRecord): void {
  let at = 0
  for (let i = 0; i < count; i++) {
    const length = varint(body, at)
    const end = varintEnd + length
    // Behind the attributes; the time may need 64 bits.
    let o = varintEnd + 1
    while ((body[o] as number) > 127) o++
    const offset = base + varint(body, o + 1)
    const keyLength = varint(body, varintEnd)
    const key = varintEnd
    const valueLength = varint(body, key + Math.max(0, keyLength))
    take(offset, key, keyLength, varintEnd, valueLength)
    at = end
  }
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

/** A control record's key: version and type. */
function isAbort(records: Buffer, at: number): boolean {
  let isAbort = false
  eachRecord(records.subarray(at), 0, 1, (_, key) => {
    isAbort = records.readInt16BE(at + key + 2) === ABORT
  })
  return isAbort
}

/**
 * The key of the first record of an answer that has a value: null where that has none, undefined where there is no
 * such record.
 */
export function firstKey(fetched: Fetched, from: number): Buffer | null | undefined {
  let found: Buffer | null | undefined
  eachCommittedBatch(fetched, from, (body, base, count) => {
    if (found !== undefined) return
    eachRecord(body, base, count, (offset, key, keyLength, _value, valueLength) => {
      if (found !== undefined || offset < from || valueLength < 0) return
      found = keyLength < 0 ? null : Buffer.from(body.subarray(key, key + keyLength))
    })
  })
  return found
}
