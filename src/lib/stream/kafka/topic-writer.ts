import { partitionOf } from './murmur2.ts'
import { type Compression, HEADER, type RecordBatch, RecordBatchBuilder, type Span } from './record-batch.ts'

/** A batch of more is sent on its own, so that the records behind it need not wait for it. */
const LARGE_BATCH = 512 * 1024
/** What the header and the record's own lengths may take of a topic's limit. */
const SLACK = HEADER + 64

/** The records of a topic that are still to be sent, by partition. */
export class TopicWriter {
  readonly #builders: readonly RecordBatchBuilder[]
  readonly #limit: number
  readonly #compression: Compression
  /** Batches that are full. */
  #full: RecordBatch[] = []
  /** Where records without a key go until the next batches are taken, as with Java's producer. */
  #keyless = 0

  /** @param limit the largest batch that the topic takes, bytes */
  constructor(topic: string, partitions: number, limit: number, compression: Compression) {
    this.#builders = Array.from({ length: partitions }, (_, i) => new RecordBatchBuilder(topic, i))
    this.#limit = Math.min(LARGE_BATCH, limit - SLACK)
    this.#compression = compression
  }

  /**
   * @param value where the value lies; null for a tombstone
   * @returns the bytes that were added
   */
  add(
    key: Span | null,
    value: Buffer | null,
    start: number,
    end: number,
    headers: Buffer,
    nowMs: number
  ): number {
    const { length } = this.#builders
    const partition = key === null ? this.#keyless : partitionOf(key.buffer, key.start, key.end, length)
    const builder = this.#builders[partition] as RecordBatchBuilder
    const size = (key === null ? 0 : key.end - key.start) + end - start + headers.length
    if (builder.records > 0 && builder.size + size > this.#limit) {
      this.#full.push(builder.take(this.#compression))
    }
    const before = builder.size
    builder.add(key, value, start, end, headers, nowMs)
    return builder.size - before
  }

  /** All batches so far, those of a partition in their order. */
  take(): RecordBatch[] {
    const batches = this.#full
    this.#full = []
    for (const builder of this.#builders)
      if (builder.records > 0) batches.push(builder.take(this.#compression))
    this.#keyless = (this.#keyless + 1) % this.#builders.length
    return batches
  }
}
