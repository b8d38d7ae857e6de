import { type Reader, Writer } from '@platformatic/kafka'
import type { RecordBatch } from './record-batch.ts'
import type { Wire } from './wire.ts'

const API_KEY = 0
const API_VERSION = 9
const ALL_REPLICAS = -1
const TIMEOUT_MS = 15_000

/** What became of a batch. */
export interface Produced {
  readonly topic: string
  readonly partition: number
  readonly code: number
  readonly message: string | null
}

/**
 * Sends batches to the leader of their partitions, at most one for each, as they stand: the client's own producer makes
 * several objects of each record.
 *
 * Source: https://kafka.apache.org/protocol#The_Messages_Produce
 * @throws what the wire throws
 */
export function produce(
  wire: Wire,
  transactionalId: string | null,
  batches: readonly RecordBatch[]
): Promise<Produced[]> {
  return wire.request(API_KEY, API_VERSION, encode(transactionalId, batches), decode)
}

/** Request: transactional_id acks timeout_ms [topic [partition records TAGS] TAGS] TAGS. */
function encode(transactionalId: string | null, batches: readonly RecordBatch[]): Writer {
  return Writer.create()
    .appendString(transactionalId)
    .appendInt16(ALL_REPLICAS)
    .appendInt32(TIMEOUT_MS)
    .appendArray([...Map.groupBy(batches, ({ topic }) => topic)], (w, [topic, ofTopic]) => {
      w.appendString(topic).appendArray(ofTopic, (w, { partition, bytes }) => {
        w.appendInt32(partition)
          .appendUnsignedVarInt(bytes.length + 1)
          .append(bytes)
      })
    })
    .appendTaggedFields()
}

function decode(reader: Reader): Produced[] {
  const produced: Produced[] = []
  reader.readArray(r => {
    const topic = r.readString()
    r.readArray(r => {
      const partition = r.readInt32()
      const code = r.readInt16()
      r.readInt64() // base offset
      r.readInt64() // log append time
      r.readInt64() // log start offset
      const errors = r.readArray(r => {
        r.readInt32()
        return r.readNullableString()
      })
      const message = r.readNullableString() ?? errors.find(text => text !== null) ?? null
      produced.push({ topic, partition, code, message })
    })
  })
  return produced
}
