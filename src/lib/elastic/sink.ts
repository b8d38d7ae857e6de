import type { Backoff, Log } from '../cli/index.ts'
import {
  type BadLines,
  type ByteWriter,
  eachLine,
  isDeadLetter,
  type Lines,
  openDeadLetter
} from '../stream/index.ts'
import { Batch } from './batch.ts'
import { BulkSender, type Failure } from './bulk.ts'
import type { ElasticConnection } from './connection.ts'
import { type Documents, NOT_JSON, type OperationSink } from './documents.ts'
import { explainRefusal, type Refusal, RefusalWarnings } from './refusal.ts'

export interface SinkOptions {
  /** Bulk requests in flight. */
  readonly lanes: number
  /** A batch is sent when it has this many bytes or documents, or is this old. */
  readonly batchBytes: number
  readonly batchDocuments: number
  readonly batchAgeMs: number
  readonly refresh: string | undefined
}

/** Figures of a run, in documents. */
export interface SinkCounts {
  written: number
  stale: number
  rejected: number
  lines: number
}

/**
 * Writes lines to the index. Documents are spread over lanes by their id; a lane has one bulk request in flight and
 * one that fills up behind it, so versions of a document keep their order while the requests of all lanes overlap.
 */
export class ElasticSink implements OperationSink {
  readonly counts: SinkCounts = { written: 0, stale: 0, rejected: 0, lines: 0 }
  readonly #documents: Documents
  readonly #lanes: Lane[]
  readonly #badLines: BadLines
  readonly #log: Log
  readonly #refusals: RefusalWarnings
  #toldIncomplete = false
  #failure: unknown
  /** The block and the line that are being read. */
  #lines: Lines | null = null
  #lineStart = 0
  #lineEnd = 0
  #line = 0

  constructor(
    connection: ElasticConnection,
    documents: Documents,
    badLines: BadLines,
    backoff: () => Backoff,
    log: Log,
    options: SinkOptions
  ) {
    this.#documents = documents
    this.#badLines = badLines
    this.#log = log
    this.#refusals = new RefusalWarnings(log)
    const sender = new BulkSender(connection, backoff, log, options.refresh)
    const fail = (error: unknown): void => {
      this.#failure ??= error
    }
    this.#lanes = Array.from(
      { length: options.lanes },
      () => new Lane(sender, options, this.counts, failure => this.#refuse(failure), fail)
    )
  }

  /** Takes a block of lines; resolves once there is room for more. */
  async write(part: Lines): Promise<void> {
    this.#throwFailure()
    const block = part.bytes
    part.count = eachLine(block, (start, end, index) => {
      this.#line = part.firstLine + index
      if (isDeadLetter(block, start, end)) this.#readLetter(block.subarray(start, end))
      else this.#read(part, start, end)
    })
    this.counts.lines += part.count
    if (this.#documents.incomplete > 0 && !this.#toldIncomplete) {
      this.#toldIncomplete = true
      this.#log.warn(
        'rows were inserted of which the log has only some columns (binlog_row_image): their documents lack the others'
      )
    }
    for (const lane of this.#lanes) await lane.room()
    await this.#badLines.room()
    this.#throwFailure()
  }

  #read(lines: Lines, start: number, end: number): void {
    this.#lines = lines
    this.#lineStart = start
    this.#lineEnd = end
    const reason = this.#documents.read(lines.bytes, start, end, this)
    if (reason === null) return
    this.counts.rejected++
    this.#reject(lines.bytes, start, end, this.#line, { reason, about: reason })
  }

  /** A line that was refused earlier comes again: what it holds is read as if it had come by itself. */
  #readLetter(letter: Buffer): void {
    const content = openDeadLetter(letter, 'es-sink')
    if ('bytes' in content) {
      this.#read({ kind: 'lines', bytes: content.bytes, firstLine: this.#line }, 0, content.bytes.length)
      return
    }
    this.counts.rejected++
    const { reason } = content
    this.#reject(letter, 0, letter.length, this.#line, { reason, about: reason })
  }

  operation(
    action: ByteWriter,
    key: number,
    _block: Buffer,
    document: number,
    documentEnd: number,
    partial = false,
    ending: Buffer | null = null
  ): void {
    const lane = this.#lanes[key % this.#lanes.length] as Lane
    lane.add(
      action,
      document,
      documentEnd,
      this.#lines as Lines,
      this.#lineStart,
      this.#lineEnd,
      this.#line,
      partial,
      ending
    )
  }

  /**
   * Resolves once everything taken so far is durable on the server.
   * @throws what made a lane fail
   */
  async flushed(): Promise<void> {
    await Promise.all(this.#lanes.map(lane => lane.flushed()))
    this.#throwFailure()
  }

  /** Says the last words of a run. */
  end(): void {
    this.#refusals.end()
  }

  #refuse(failure: Failure): void {
    const { block, start, end, line } = failure.origin
    this.counts.rejected++
    const refusal = explainRefusal(failure.reason, failure.index)
    this.#reject(block.bytes, start, end, line, refusal, { index: failure.index, id: failure.id })
  }

  #reject(block: Buffer, start: number, end: number, line: number, refusal: Refusal, details = {}): void {
    const bytes = block.subarray(start, end)
    if (refusal.reason === NOT_JSON) this.#badLines.rejectJson(line, bytes)
    else this.#badLines.reject({ line, bytes, reason: refusal.reason }, details)
    this.#refusals.tell(line, refusal)
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

class Lane {
  readonly #sender: BulkSender
  readonly #options: SinkOptions
  readonly #counts: SinkCounts
  readonly #refuse: (failure: Failure) => void
  readonly #fail: (error: unknown) => void
  #filling: Batch
  #spare: Batch
  #sending: Promise<void> | null = null
  #failed = false
  /** Operations taken, and operations that are durable or refused for good. */
  #added = 0
  #done = 0
  #timer: NodeJS.Timeout | undefined

  constructor(
    sender: BulkSender,
    options: SinkOptions,
    counts: SinkCounts,
    refuse: (failure: Failure) => void,
    fail: (error: unknown) => void
  ) {
    this.#sender = sender
    this.#options = options
    this.#counts = counts
    this.#refuse = refuse
    this.#fail = fail
    this.#filling = new Batch(options.batchBytes + 65536)
    this.#spare = new Batch(options.batchBytes + 65536)
  }

  add(
    action: ByteWriter,
    document: number,
    documentEnd: number,
    lines: Lines,
    start: number,
    end: number,
    line: number,
    partial: boolean,
    ending: Buffer | null
  ): void {
    this.#filling.add(action, document, documentEnd, lines, start, end, line, partial, ending)
    this.#added++
    if (this.#isFull()) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), this.#options.batchAgeMs)
  }

  /** Resolves once the batch that fills up may take more. */
  async room(): Promise<void> {
    while (this.#isFull() && !this.#failed) {
      this.#send()
      await this.#sending
    }
  }

  async flushed(): Promise<void> {
    const target = this.#added
    while (this.#done < target && !this.#failed) {
      this.#send()
      await this.#sending
    }
  }

  #isFull(): boolean {
    const { batchBytes, batchDocuments } = this.#options
    return this.#filling.bytes >= batchBytes || this.#filling.count >= batchDocuments
  }

  /** Sends what has filled up, unless a request is in flight: then it goes when that one is done. */
  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#sending !== null || this.#filling.count === 0 || this.#failed) return
    const batch = this.#filling
    this.#filling = this.#spare
    this.#spare = batch
    this.#sending = this.#run(batch)
  }

  async #run(batch: Batch): Promise<void> {
    try {
      const outcome = await this.#sender.send(batch, this.#refuse)
      this.#counts.written += outcome.written
      this.#counts.stale += outcome.stale
      this.#done += batch.count
    } catch (error) {
      this.#failed = true
      this.#fail(error)
    }
    batch.clear()
    this.#sending = null
    if (this.#filling.count > 0) {
      const age = performance.now() - this.#filling.startedAt
      if (this.#isFull() || age >= this.#options.batchAgeMs) this.#send()
      else this.#timer ??= setTimeout(() => this.#send(), this.#options.batchAgeMs - age)
    }
  }
}
