import { setTimeout as sleep } from 'node:timers/promises'
import { Consumer, FetchIsolationLevels, MessagesStreamModes } from '@platformatic/kafka'

const COMMITTED_WITHIN_MS = 300_000

/** A record of a topic; null as value is a tombstone. */
export interface TopicRecord {
  readonly key: string | null
  readonly value: string | null
}

/** Looks at topics of one partition. */
export class Topics implements AsyncDisposable {
  readonly #bootstrap: string
  readonly #consumer: Consumer<Buffer, Buffer, Buffer, Buffer>

  constructor(bootstrap: string) {
    this.#bootstrap = bootstrap
    this.#consumer = this.#open()
  }

  #open(): Consumer<Buffer, Buffer, Buffer, Buffer> {
    return new Consumer({
      clientId: 'millrace',
      groupId: `millrace-${process.pid}-${Math.random().toString(36).slice(2)}`,
      bootstrapBrokers: [this.#bootstrap],
      minBytes: 1,
      maxWaitTime: 100
    })
  }

  /** How many records a topic has had; 0 while it is not there. */
  async end(topic: string): Promise<number> {
    try {
      await this.#consumer.metadata({ topics: [topic], forceUpdate: true })
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('Unknown topic ')) return 0
      throw error
    }
    const offsets = await this.#consumer.listOffsets({ topics: [topic] })
    return Number(offsets.get(topic)?.[0] ?? 0n)
  }

  /** Waits for a topic to have at least `count` records, and returns how many it has then. */
  async reaches(topic: string, count: number, everyMs: number, timeoutMs: number): Promise<number> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const end = await this.end(topic)
      if (end >= count) return end
      if (Date.now() > deadline) throw new Error(`${topic} has ${end} of ${count} records`)
      await sleep(everyMs)
    }
  }

  /**
   * How many records of a topic are committed, once there are `expected` and no more have come for a second.
   * @throws Error when there are less after five minutes
   */
  async committed(topic: string, expected: number): Promise<number> {
    const consumer = this.#open()
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
      autocommit: false
    })
    let count = 0
    stream.on('data', () => {
      count++
    })
    const deadline = Date.now() + COMMITTED_WITHIN_MS
    try {
      for (let before = -1; count < expected || count !== before; ) {
        before = count
        if (Date.now() > deadline) throw new Error(`${topic} has ${count} of ${expected} committed records`)
        await sleep(1000)
      }
      return count
    } finally {
      await consumer.close(true)
    }
  }

  /** All records that a topic has now. */
  async read(topic: string): Promise<TopicRecord[]> {
    const end = await this.end(topic)
    const records: TopicRecord[] = []
    if (end === 0) return records
    const consumer = this.#open()
    const stream = await consumer.consume({
      topics: [topic],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false
    })
    for await (const message of stream) {
      records.push({ key: text(message.key), value: text(message.value) })
      if (Number(message.offset) >= end - 1) break
    }
    await consumer.close(true)
    return records
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.close(true)
  }
}

function text(bytes: Buffer | null | undefined): string | null {
  return bytes == null ? null : bytes.toString('utf8')
}
