import { hash, randomUUID } from 'node:crypto'
import { ToolError } from '../../cli/index.ts'
import type { PartitionStates } from '../ports.ts'
import { eachCommittedBatch, eachRecord } from './batches.ts'
import type { Cluster } from './cluster.ts'
import { TryAgain } from './errors.ts'
import { fetchRecords } from './fetch.ts'
import { LATEST, leaderOf, listOffsets, partitionKey, READ_UNCOMMITTED } from './offsets.ts'
import {
  type Compression,
  NO_HEADERS,
  type RecordBatch,
  RecordBatchBuilder,
  type Span
} from './record-batch.ts'
import { ensureTopic } from './topics.ts'

/** A state is cut into pieces of so many bytes; those that have changed are written. */
const PIECE = 256 * 1024
/** Bytes of a run's id, in front of each piece. */
const RUN = 16
const CONFIG = [
  ['cleanup.policy', 'compact'],
  ['segment.bytes', String(32 * 1024 * 1024)],
  ['min.cleanable.dirty.ratio', '0.1']
] as const

/** What is noted with the offset of a partition: where its state lies. */
interface Note {
  readonly topic: string
  /** No record of the state is before it. */
  readonly from: number
  /** Whoever began it, so that what was given up before (offsets that were set back) is not taken for a part of it. */
  readonly run: string
}

/** A partition's state as of its last mark: the digests of its pieces. */
interface Content {
  readonly bytes: number
  readonly pieces: readonly string[]
}

interface Known {
  readonly note: Note
  content: Content
}

/**
 * The state that belongs to each partition of the input, in a compacted topic with as many partitions, so that any
 * member of the group goes on where the last one left off. It is written in the transaction that commits the offset, and
 * the offset's metadata says where it lies: a group whose offsets are set back by hand begins with an empty state.
 *
 * Records: `{"partition":3,"piece":0}` with the id of the run and the bytes; `{"partition":3}` with what they make up.
 */
export class SharedState implements PartitionStates {
  readonly topic: string
  readonly name: string
  readonly #cluster: Cluster
  readonly #compression: Compression
  readonly #stop: AbortSignal
  readonly #known = new Map<number, Known>()
  #partitions = 0
  #batches: RecordBatch[] = []

  constructor(cluster: Cluster, topic: string, compression: Compression, stop: AbortSignal) {
    this.topic = topic
    this.name = `topic ${topic}`
    this.#cluster = cluster
    this.#compression = compression
    this.#stop = stop
  }

  async read(partition: number, partitions: number, text: string): Promise<Buffer | null | undefined> {
    this.#known.delete(partition)
    await this.#open(partitions)
    const note = text === '' ? null : this.#noteOf(text)
    if (note === null) return null
    const pieces = new Map<number, Buffer>()
    let content: Content | null = null
    await this.#eachRecord(partition, note.from, (key, value) => {
      const { piece } = JSON.parse(key.toString()) as { piece?: number }
      if (value === null || value.toString('latin1', 0, RUN) !== note.run) return
      const bytes = value.subarray(RUN)
      if (piece === undefined) content = JSON.parse(bytes.toString()) as Content
      else pieces.set(piece, Buffer.from(bytes))
    })
    if (this.#stop.aborted) return undefined
    const found = content as Content | null
    const parts = (found?.pieces ?? []).map((_, i) => pieces.get(i) ?? Buffer.alloc(0))
    const isWhole = found?.pieces.every((digest, i) => digest === digestOf(parts[i] as Buffer))
    if (found === null || !isWhole) {
      throw new ToolError(
        'STATE',
        `topic ${this.topic} partition ${partition}: the state of the group is not whole`,
        {
          hint: 'was the topic made anew? set the offsets of the group back (kafka-consumer-groups --reset-offsets) to begin anew'
        }
      )
    }
    this.#known.set(partition, { note, content: found })
    return Buffer.concat(parts)
  }

  async write(partition: number, state: Buffer): Promise<void> {
    const known = this.#known.get(partition) ?? (await this.#begin(partition))
    const builder = new RecordBatchBuilder(this.topic, partition)
    const pieces: string[] = []
    const add = (key: object, value: Buffer | null): void => {
      builder.add(spanOf(key), value, 0, value?.length ?? 0, NO_HEADERS, Date.now())
      this.#batches.push(builder.take(this.#compression))
    }
    const run = Buffer.from(known.note.run, 'latin1')
    for (let at = 0; at < state.length; at += PIECE) {
      const bytes = state.subarray(at, at + PIECE)
      const digest = digestOf(bytes)
      const piece = pieces.push(digest) - 1
      if (known.content.pieces[piece] !== digest) add({ partition, piece }, Buffer.concat([run, bytes]))
    }
    for (let piece = pieces.length; piece < known.content.pieces.length; piece++)
      add({ partition, piece }, null)
    const content = { bytes: state.length, pieces }
    add({ partition }, Buffer.concat([run, Buffer.from(JSON.stringify(content))]))
    known.content = content
  }

  clear(): void {
    this.#known.clear()
  }

  /** What was written since, to be sent in the transaction that commits the offsets. */
  take(): RecordBatch[] {
    const batches = this.#batches
    this.#batches = []
    return batches
  }

  /** To be committed with the offset of a partition. */
  note(partition: number): string {
    const known = this.#known.get(partition)
    return known === undefined ? '' : JSON.stringify(known.note)
  }

  /** null when the offset was committed by a tool without state. */
  #noteOf(text: string): Note | null {
    let note: Partial<Note & { commit: string }> = {}
    try {
      note = JSON.parse(text) as typeof note
    } catch {
      // Another client's.
    }
    const { topic, from, run, commit } = note
    if (topic === undefined && commit !== undefined) return null
    if (topic === this.topic && from !== undefined && run !== undefined) return { topic, from, run }
    const what = topic === undefined ? 'by another program' : `with its state in topic ${topic}`
    throw new ToolError('STATE', `the offsets of the group were committed ${what}`, {
      hint: 'give this query a group of its own, or its --name'
    })
  }

  async #open(partitions: number): Promise<void> {
    if (this.#partitions === 0) {
      const topic = await ensureTopic(this.#cluster, this.topic, { partitions, config: CONFIG })
      this.#partitions = topic.leaders.length
    }
    if (this.#partitions >= partitions) return
    throw new ToolError(
      'STATE',
      `topic ${this.topic} has ${this.#partitions} partitions, and the input ${partitions} by now: keys have moved to others`,
      { hint: 'begin anew, with another group' }
    )
  }

  /** Begins a state of which nothing is written yet. */
  async #begin(partition: number): Promise<Known> {
    const place = { topic: this.topic, partition }
    const ends = await this.#cluster.persist(() => listOffsets(this.#cluster, [place], LATEST))
    const from = ends.get(partitionKey(place)) ?? 0
    const run = randomUUID().replaceAll('-', '').slice(0, RUN)
    const known = { note: { topic: this.topic, from, run }, content: { bytes: 0, pieces: [] } }
    this.#known.set(partition, known)
    return known
  }

  /** The committed records of a partition, to its end: what is open there now is waited for. */
  async #eachRecord(
    partition: number,
    from: number,
    take: (key: Buffer, value: Buffer | null) => void
  ): Promise<void> {
    const place = { topic: this.topic, partition }
    const cluster = this.#cluster
    const ends = await cluster.persist(() => listOffsets(cluster, [place], LATEST, READ_UNCOMMITTED))
    const end = ends.get(partitionKey(place)) ?? 0
    for (let at = from; at < end && !this.#stop.aborted; ) {
      const next = at
      const [fetched] = await cluster.persist(async () => {
        const connection = await cluster.connection(await leaderOf(cluster, place))
        const answer = await fetchRecords(connection, [{ ...place, offset: next }]).catch(error => {
          throw new TryAgain(String(error), { cause: error })
        })
        cluster.check(answer[0]?.code ?? 0, `${this.topic} partition ${partition}`)
        return answer
      })
      if (fetched === undefined) continue
      at = eachCommittedBatch(fetched, next, (body, base, count) => {
        eachRecord(body, base, count, (offset, key, keyLength, value, length) => {
          if (offset < next) return
          take(body.subarray(key, key + keyLength), length < 0 ? null : body.subarray(value, value + length))
        })
      })
    }
  }
}

function digestOf(bytes: Buffer): string {
  return hash('sha1', bytes, 'base64')
}

function spanOf(value: object): Span {
  const buffer = Buffer.from(JSON.stringify(value))
  return { buffer, start: 0, end: buffer.length }
}
