import { ToolError } from '../cli/index.ts'
import {
  type BadLines,
  ByPartition,
  ByteWriter,
  type EndReason,
  endsPipeline,
  FileOutput,
  type Lines,
  type Mark,
  type OutputWriter,
  type PartitionStates,
  type PartitionsChange,
  type Stage,
  type StateDirectory
} from '../stream/index.ts'
import { RowError } from './errors.ts'
import type { Query } from './query.ts'
import type { QueryOptions } from './query-options.ts'
import type { StateMemory } from './state/state-memory.ts'

export type StageOptions = {
  readonly writer: OutputWriter
  readonly badLines: BadLines
  readonly state: StateDirectory | null
  /** Where the part of the state is that is not in memory. */
  readonly memory: StateMemory
  /** Where the states of partitions are kept, if each is worked on apart. */
  readonly states: PartitionStates | null
  /** Where late lines go; null when they are only counted. */
  readonly late: FileOutput | null
  /** End time at the end of input although there is a state. */
  readonly final: boolean
  /** ms after which changes that are kept back are written also when no line comes; 0 when none are kept back. */
  readonly emitEvery: number
  /** For messages: the input's name. */
  readonly input: string
  warn(message: string): void
}

/**
 * Runs a query over a stream. At a mark the state is written as snapshot n; an output that is a file is made durable
 * and the mark acknowledged. Where partitions are worked on apart, each has a query of its own, and their states are
 * written together with the results. A snapshot of a state directory begins with the size of the late file then (8 bytes), to which it is cut back.
 */
export class QueryStage implements Stage {
  /** Lines with late rows in this run. */
  late = 0
  readonly #queries: ByPartition<Query>
  readonly #options: StageOptions
  readonly #lateBytes = new ByteWriter(4096)
  #firstLine = 1
  /** The last line that was worked on. */
  #lastLine = 0
  #marked = false
  #busy = false
  #emitting: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  /** @param make makes the query with the callbacks that the stage gives it */
  constructor(
    make: (options: Pick<QueryOptions, 'reject' | 'leftOut' | 'late' | 'warn'>) => Query,
    options: StageOptions
  ) {
    this.#options = options
    const own = (): Query =>
      make({
        reject: ({ index, bytes, reason, notJson, isApplied }) => {
          const line = this.#firstLine + index
          if (notJson) options.badLines.rejectJson(line, bytes)
          else options.badLines.reject({ line, bytes, reason }, isApplied ? { applied: true } : {})
        },
        leftOut: reason =>
          options.badLines.reject(
            {
              line: this.#lastLine,
              bytes: Buffer.alloc(0),
              reason: `as time passes after this line, ${reason}`
            },
            { applied: true }
          ),
        late: (bytes, index) => this.#takeLate(bytes, index),
        warn: options.warn
      })
    this.#queries = new ByPartition(own, (query, saved) => this.#restoreQuery(query, saved), options.states)
  }

  async begin(resume: Mark | null): Promise<void> {
    const { state, writer, emitEvery } = this.#options
    if (emitEvery > 0) this.#timer = setInterval(() => this.#emitDue(), emitEvery).unref()
    if (state === null) return
    const latest = resume === null ? await state.latest() : null
    const saved = resume === null ? latest?.content : await state.restore(resume.n)
    this.#options.memory.rewind((resume ?? latest)?.n ?? 0)
    await this.#restore(saved ?? null, resume !== null)
    if (resume === null || !this.#acknowledges) return
    if (writer.output instanceof FileOutput) await writer.output.continueAt(state.positionAt(resume.n))
    await state.acknowledge(resume, await writer.output.sync())
  }

  async partitions(change: PartitionsChange): Promise<void> {
    await this.#emitAll()
    await this.#queries.change(change)
  }

  async lines(part: Lines): Promise<void> {
    await this.#emitting
    this.#busy = true
    this.#firstLine = part.firstLine
    try {
      const query = this.#queries.of(part)
      const { bytes } = this.#options.writer
      part.count = query.fetches
        ? await query.processFetching(part.bytes, bytes)
        : query.process(part.bytes, bytes)
      await this.#options.badLines.room()
      this.#lastLine = part.firstLine + part.count - 1
    } finally {
      await this.#writeLate()
      await this.#options.writer.flush()
      this.#busy = false
    }
  }

  async mark(mark: Mark): Promise<void> {
    await this.#passTime(mark.ts_ms)
    await this.#emitAll()
    this.#marked = true
    const { state, writer, badLines } = this.#options
    await badLines.sync()
    if (state === null) {
      // Of topics the offsets of the input go with the output.
      if (!this.#acknowledges) return
      await writer.drain()
      await this.#queries.share()
      await writer.output.sync(mark)
      return
    }
    await this.#snapshot(state, mark.n)
    if (!this.#acknowledges) return
    await writer.drain()
    await state.acknowledge(mark, await writer.output.sync(mark))
  }

  async end(reason: EndReason): Promise<void> {
    clearInterval(this.#timer)
    await this.#emitAll()
    const { state, writer, badLines, final, warn } = this.#options
    await badLines.sync()
    const endsTime = (reason === 'end' && state === null) || (reason !== 'cut' && final)
    const queries = this.#queries.all
    if (endsTime) {
      for (const query of queries) await query.endFetching(writer.bytes)
      this.#queries.clear()
    }
    // Input without marks, a capture or a log, is continued by the next run from where it ended.
    if (state !== null && reason !== 'cut' && !this.#marked) {
      const n = ((await state.latest())?.n ?? 0) + 1
      await this.#snapshot(state, n)
      await writer.drain()
      if (this.#acknowledges) await writer.output.sync({ n, at: null, ts_ms: Date.now() })
    }
    await writer.drain()
    if (endsTime) await writer.output.finish?.()
    const missing = reason === 'end' ? queries.map(query => query.missing()) : []
    if (missing[0] !== undefined && !missing.includes(undefined)) warn(missing[0])
  }

  /** What is kept back is in no snapshot: it leaves before one is taken. */
  /** Time passes with marks for queries that ask for it. */
  async #passTime(time: number): Promise<void> {
    if (!this.#queries.whole.takesMarks) return
    await this.#emitting
    this.#busy = true
    try {
      for (const query of this.#queries.touch()) await query.passTime(time, this.#options.writer.bytes)
    } finally {
      await this.#options.writer.flush()
      this.#busy = false
    }
  }

  async #emitAll(): Promise<void> {
    await this.#emitting
    for (const query of this.#queries.all) query.emit(this.#options.writer.bytes)
    await this.#options.writer.flush()
  }

  /** Writes what is kept back when its time has come and no line does. */
  #emitDue(): void {
    if (this.#busy || !this.#queries.all.some(query => query.isDue)) return
    this.#busy = true
    const emit = async (): Promise<void> => {
      for (const query of this.#queries.all) query.emit(this.#options.writer.bytes)
      await this.#options.writer.flush()
    }
    // A failure of the output is thrown again by the next write.
    this.#emitting = emit()
      .catch(() => {})
      .finally(() => {
        this.#busy = false
      })
  }

  /** Whether the mark's work is done here and not further down the pipe. */
  get #acknowledges(): boolean {
    return endsPipeline(this.#options.writer.output)
  }

  #takeLate(bytes: Buffer, index: number): void {
    const { late, input, warn } = this.#options
    if (this.late++ === 0) {
      const to = late === null ? 'it is dropped (--late FILE keeps such lines)' : `it goes to ${late.name}`
      warn(`${input}:${this.#firstLine + index}: late, its window is closed: ${to}; further ones are counted`)
    }
    if (late === null) return
    this.#lateBytes.append(bytes)
    this.#lateBytes.text('\n')
  }

  async #writeLate(): Promise<void> {
    if (this.#lateBytes.length === 0) return
    await this.#options.late?.write(this.#lateBytes.written())
    this.#lateBytes.clear()
  }

  #restoreQuery(query: Query, saved: Buffer): void {
    const { state, states } = this.#options
    try {
      query.restore(saved)
    } catch (error) {
      if (!(error instanceof RowError)) throw error
      const [where, own] = state === null ? [states?.name, 'group'] : [state.path, '--state']
      throw new ToolError('STATE', `${where}: ${error.message}`, {
        hint: `run the query that it belongs to, or give a new ${own} (or --name)`,
        cause: error
      })
    }
  }

  /** What is not in memory is durable before the snapshot that asks for it is there. */
  async #snapshot(state: StateDirectory, n: number): Promise<void> {
    const { late, memory } = this.#options
    const size = Buffer.alloc(8)
    size.writeDoubleBE((await late?.sync()) ?? 0)
    const content = Buffer.concat([size, this.#queries.whole.snapshot()])
    memory.commit(n)
    memory.forget(await state.snapshot(n, content))
  }

  /** @param replay whether the lines after the snapshot come again, so that their late ones are cut off */
  async #restore(saved: Buffer | null, replay: boolean): Promise<void> {
    if (saved !== null) this.#restoreQuery(this.#queries.whole, saved.subarray(8))
    if (replay) await this.#options.late?.continueAt(saved?.readDoubleBE(0) ?? 0)
  }
}
