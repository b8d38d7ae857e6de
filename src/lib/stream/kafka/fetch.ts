import { type Reader, Writer } from '@platformatic/kafka'
import type { Memory } from '../memory.ts'
import type { Wire } from './wire.ts'

const API_KEY = 1
const API_VERSION = 12
const MAX_WAIT_MS = 500
/** Together, and of one partition; a batch that is larger comes whole. */
const MAX_BYTES = 8 * 1024 * 1024
const MAX_PARTITION_BYTES = 1024 * 1024
const READ_COMMITTED = 1

export interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** What a partition has from the offset on that was asked for. */
export interface Fetched {
  readonly topic: string
  readonly partition: number
  readonly code: number
  /** The first offset that is still there. */
  readonly logStart: number
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[]
  /** Batches; the last may be cut. */
  readonly records: Buffer | null
  /** Where they lie: each part of an answer holds it until it is released. */
  readonly memory: Memory
}

/**
 * Asks the leader of partitions for what they have, and waits for half a second when that is nothing. The records come as
 * they stand: the client's own consumer makes several objects of each.
 *
 * Source: https://kafka.apache.org/protocol#The_Messages_Fetch
 * @throws what the wire throws
 */
export function fetchRecords(wire: Wire, places: readonly Place[]): Promise<Fetched[]> {
  return wire.request(API_KEY, API_VERSION, encode(places), decode)
}

function encode(places: readonly Place[]): Writer {
  return Writer.create()
    .appendInt32(-1) // no replica
    .appendInt32(MAX_WAIT_MS)
    .appendInt32(1) // bytes that are worth an answer
    .appendInt32(MAX_BYTES)
    .appendInt8(READ_COMMITTED)
    .appendInt32(0) // no session
    .appendInt32(-1)
    .appendArray([...Map.groupBy(places, ({ topic }) => topic)], (w, [topic, ofTopic]) => {
      w.appendString(topic).appendArray(ofTopic, (w, { partition, offset }) => {
        w.appendInt32(partition)
          .appendInt32(-1) // leader epoch
          .appendInt64(BigInt(offset))
          .appendInt32(-1) // last fetched epoch
          .appendInt64(-1n) // log start of a replica
          .appendInt32(MAX_PARTITION_BYTES)
      })
    })
    .appendArray([], () => {})
    .appendString('')
    .appendTaggedFields()
}

function decode(reader: Reader, memory: Memory): Fetched[] {
  const fetched: Fetched[] = []
  reader.readInt32() // throttle time
  const code = reader.readInt16()
  reader.readInt32() // session
  reader.readArray(r => {
    const topic = r.readString()
    r.readArray(r => {
      const partition = r.readInt32()
      const ownCode = r.readInt16()
      r.readInt64() // high watermark
      r.readInt64() // last stable offset
      const logStart = Number(r.readInt64())
      const aborted =
        r.readNullableArray(r => ({ producerId: r.readInt64(), firstOffset: Number(r.readInt64()) })) ?? []
      r.readInt32() // preferred replica
      const records = r.readNullableBytes()
      memory.hold()
      fetched.push({ topic, partition, code: code || ownCode, logStart, aborted, records, memory })
    })
  })
  return fetched
}
