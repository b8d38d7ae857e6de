import { compressionsAlgorithms, crc32c, Writer } from '@platformatic/kafka'
import { giveMemory, takeMemory } from './batch-memory.ts'

/**
 * Record batches, version 2: a header of 61 bytes, then records whose numbers are varints (zigzag). The checksum is over
 * all behind itself, so that a batch can be sent again under another producer by stamping its header anew.
 *
 * Source: https://kafka.apache.org/documentation/#recordbatch
 */
export const HEADER = 61
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const TRANSACTIONAL = 1 << 4
/** Attributes, the deltas and the lengths: more than they take. */
const RECORD_ROOM = 40

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** A batch for one partition, all but who sends it. */
export interface RecordBatch {
  readonly topic: string
  readonly partition: number
  readonly records: number
  /** Header and records. */
  readonly bytes: Buffer
  /** Where they lie; given back with `release`. */
  readonly memory: Buffer
  readonly compression: Compression
  /** Bytes of the records before they were compressed. */
  readonly size: number
}

/** Bytes that stand somewhere. */
export interface Span {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

/** A batch has been sent for the last time: its bytes are another's now. */
export function release({ memory }: RecordBatch): void {
  giveMemory(memory)
}

const NOTHING = Buffer.alloc(0)

/** Collects records for one partition. */
export class RecordBatchBuilder {
  readonly #topic: string
  readonly #partition: number
  #buffer: Buffer = NOTHING
  #length = HEADER
  /** The next batch is likely to be as long as the last. */
  #likely = 16 * 1024
  #records = 0
  #baseMs = 0
  #lastMs = 0

  constructor(topic: string, partition: number) {
    this.#topic = topic
    this.#partition = partition
  }

  /** Bytes of the records so far. */
  get size(): number {
    return this.#length - HEADER
  }

  get records(): number {
    return this.#records
  }

  /**
   * @param value where the value lies; null for a tombstone
   * @param headers as `FieldHeaders` gives them, or `NO_HEADERS`
   */
  add(
    key: Span | null,
    value: Buffer | null,
    start: number,
    end: number,
    headers: Buffer,
    nowMs: number
  ): void {
    if (this.#records === 0) this.#baseMs = nowMs
    this.#lastMs = Math.max(this.#lastMs, nowMs)
    const keyLength = key === null ? -1 : key.end - key.start
    const valueLength = value === null ? -1 : end - start
    const delta = nowMs - this.#baseMs
    const length =
      1 +
      varintSize(delta) +
      varintSize(this.#records) +
      varintSize(keyLength) +
      Math.max(0, keyLength) +
      varintSize(valueLength) +
      Math.max(0, valueLength) +
      headers.length
    this.#ensure(length + RECORD_ROOM)
    const out = this.#buffer
    let o = writeVarint(out, this.#length, length)
    out[o++] = 0
    o = writeVarint(out, o, delta)
    o = writeVarint(out, o, this.#records)
    o = writeVarint(out, o, keyLength)
    if (key !== null) {
      for (let i = key.start; i < key.end; i++) out[o++] = key.buffer[i] as number
    }
    o = writeVarint(out, o, valueLength)
    if (value !== null) {
      value.copy(out, o, start, end)
      o += valueLength
    }
    for (let i = 0; i < headers.length; i++) out[o++] = headers[i] as number
    this.#length = o
    this.#records++
  }

  #ensure(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const grown = takeMemory(Math.max(this.#buffer.length * 2, this.#length + bytes, this.#likely))
    this.#buffer.copy(grown, 0, 0, this.#length)
    giveMemory(this.#buffer)
    this.#buffer = grown
  }

  /** The batch so far, which the next record is not part of any more. */
  take(compression: Compression): RecordBatch {
    const size = this.size
    let memory = this.#buffer
    let bytes = memory.subarray(0, this.#length)
    if (compression !== 'none') {
      const packed = compressionsAlgorithms[compression].compressSync(bytes.subarray(HEADER))
      memory = takeMemory(HEADER + packed.length)
      bytes = memory.subarray(0, HEADER + packed.length)
      packed.copy(bytes, HEADER)
    }
    bytes.fill(0, 0, HEADER)
    bytes.writeInt32BE(bytes.length - 12, 8)
    bytes.writeInt32BE(-1, 12)
    bytes[16] = 2
    bytes.writeInt32BE(this.#records - 1, 23)
    bytes.writeBigInt64BE(BigInt(this.#baseMs), 27)
    bytes.writeBigInt64BE(BigInt(this.#lastMs), 35)
    bytes.writeInt32BE(this.#records, 57)
    const batch = {
      topic: this.#topic,
      partition: this.#partition,
      records: this.#records,
      bytes,
      memory,
      compression,
      size
    }
    this.#likely = Math.ceil(this.#length * 1.1)
    // The memory goes with the batch, unless it was packed.
    if (compression === 'none') this.#buffer = NOTHING
    this.#length = HEADER
    this.#records = 0
    this.#lastMs = 0
    return batch
  }
}

/** Names the producer of a batch and its place in what that producer sends to the partition. */
export function stamp(
  { bytes, compression }: RecordBatch,
  producer: { readonly id: bigint; readonly epoch: number },
  sequence: number,
  isTransactional: boolean
): void {
  const attributes = compressionsAlgorithms[compression].bitmask | (isTransactional ? TRANSACTIONAL : 0)
  bytes.writeInt16BE(attributes, ATTRIBUTES_AT)
  bytes.writeBigInt64BE(producer.id, 43)
  bytes.writeInt16BE(producer.epoch, 51)
  bytes.writeInt32BE(sequence, 53)
  // Of bytes that are no buffer of its own the client makes a copy first.
  const { dynamicBuffer } = Writer.create().append(bytes.subarray(ATTRIBUTES_AT))
  bytes.writeUInt32BE(crc32c(dynamicBuffer), CRC_AT)
}

/** What stands behind the value of a record without headers. */
export const NO_HEADERS = Buffer.from([0])

/** A whole number from -2^31 to 2^31 - 1, zigzag, seven bits a byte. */
export function writeVarint(out: Buffer, o: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 127) {
    out[o++] = (rest & 127) | 128
    rest >>>= 7
  }
  out[o++] = rest
  return o
}

function varintSize(value: number): number {
  const rest = ((value << 1) ^ (value >> 31)) >>> 0
  if (rest < 0x80) return 1
  if (rest < 0x4000) return 2
  if (rest < 0x200000) return 3
  return rest < 0x10000000 ? 4 : 5
}
