import { deserialize, serialize } from 'node:v8'
import { type ByteWriter, eachLine } from '../stream/index.ts'
import { isAppendOnly } from './append-only.ts'
import { type Program, planText } from './compile.ts'
import { createPipeline } from './create-pipeline.ts'
import { Emitter } from './emitter.ts'
import { ResultError, RowError, SqlError } from './errors.ts'
import { explain } from './explain.ts'
import { Fetching } from './fetching.ts'
import { groupColumns } from './group-columns.ts'
import { LineWork } from './line-work.ts'
import { Lookups } from './lookup/lookups.ts'
import type { Line, Pipeline } from './pipeline.ts'
import type { QueryOptions } from './query-options.ts'
import { HeldResults, resultsOf } from './results.ts'
import { type MemoryState, StateMemory } from './state/state-memory.ts'
import { BlockText } from './values/block-text.ts'

/** What a snapshot holds; `labels` say what the operators are. */
export type Snapshot = {
  version: 4
  query: string
  late: number
  labels: (readonly string[])[]
  operators: unknown[][]
  /** Undefined where all of the state is in the snapshot. */
  memory: MemoryState | undefined
}

/** The compiled queries of a text, run side by side over blocks of lines. */
export class Query {
  /** Whether the results of all queries are only added (plain rows), or some change too (change events). */
  readonly appendOnly: boolean
  /** The plans as text. */
  readonly plan: string
  private readonly pipelines: readonly Pipeline[]
  private readonly lines: LineWork
  private readonly fetching: Fetching
  private readonly memory: StateMemory
  private readonly output = new Emitter()
  /** Results that are written every so often. */
  private readonly held: HeldResults[] = []
  private lastEmit = Date.now()
  private readonly options: QueryOptions

  /** What it runs. */
  readonly program: Program

  constructor(program: Program, options: QueryOptions) {
    const { plans, settings } = program
    this.program = program
    this.appendOnly = plans.every(plan => isAppendOnly(plan.input))
    this.plan = plans.map(explain).join('\n')
    const columns = plans.map(groupColumns).filter(list => list !== null)
    const [first, ...others] = columns
    this.groupColumns = first?.filter(column => others.every(list => list.includes(column))) ?? null
    const tables = options.lookups ?? new Lookups({ warn: message => options.warn?.(message) })
    const idleness = {
      timeout: settings.idleTimeout ?? options.idleTimeout ?? 0,
      isMarkTime: options.isMarkTime ?? false
    }
    const { memory = new StateMemory() } = options
    this.memory = memory
    this.pipelines = plans.map(plan => {
      const isOnlyAdded = isAppendOnly(plan.input)
      const results = resultsOf(isOnlyAdded, options, this.output)
      if (isOnlyAdded || (options.emitEvery ?? 0) === 0)
        return createPipeline(plan, results, tables, settings, idleness, memory)
      const held = new HeldResults(results)
      this.held.push(held)
      return createPipeline(plan, held, tables, settings, idleness, memory)
    })
    this.fetching = new Fetching(this.pipelines)
    this.lines = new LineWork(this.pipelines, options)
    this.options = options
  }

  /**
   * The columns that groups are made of, where a column alone is a key; null for a query that keeps no state. Those of a
   * group are in one partition of a topic that is keyed by some of them.
   */
  readonly groupColumns: readonly string[] | null

  /** Whether rows are looked up on servers, which takes `processFetching` and `endFetching`. */
  get fetches(): boolean {
    return this.fetching.isNeeded
  }

  /** Event time that has passed, ms since the epoch; undefined for queries that keep no time or before the first row. */
  get watermark(): number | undefined {
    const watermarks = this.pipelines.map(pipeline => pipeline.watermark).filter(time => time !== undefined)
    const watermark = Math.min(...watermarks)
    return Number.isFinite(watermark) ? watermark : undefined
  }

  /** Lines of which a row was late. */
  get lateLines(): number {
    return this.lines.lateLines
  }

  /**
   * Works on a block of whole lines without control lines, and writes the results.
   * @returns the number of lines
   * @throws what `reject` throws, after the results of the lines before it have been written
   */
  process(block: Buffer, out: ByteWriter): number {
    const { pipelines, lines } = this
    if (this.fetches) throw new Error('what is looked up on a server has to be waited for')
    const line = this.begin(block, out)
    const [only, second] = pipelines as [Pipeline, Pipeline?]
    try {
      return eachLine(block, (start, end, index) => {
        line.start = start
        line.end = end
        try {
          if (second === undefined ? only.read(line) && only.apply(line) : lines.each(line))
            lines.late(block.subarray(start, end), index)
        } catch (error) {
          lines.reject(error, block.subarray(start, end), index)
        }
      })
    } finally {
      this.finish()
    }
  }

  /**
   * The same for a query that looks rows up on servers. A line that needs rows that are not here waits for them, and with
   * them those of the lines behind it are fetched, as far as what they need can be known beforehand.
   * @throws ToolError SERVER besides
   */
  async processFetching(block: Buffer, out: ByteWriter): Promise<number> {
    const { lines } = this
    const line = this.begin(block, out)
    const places: number[] = []
    const count = eachLine(block, (start, end, index) => {
      places.push(start, end, index)
    })
    let isPrefetched = false
    try {
      for (let at = 0; at < places.length; at += 3) {
        line.start = places[at] as number
        line.end = places[at + 1] as number
        const index = places[at + 2] as number
        lines.take(line, index, () => lines.each(line))
        if (!this.fetching.waits) continue
        if (!isPrefetched) await this.fetching.prefetch(block, line.text, places, at)
        isPrefetched = true
        await this.fetching.settle(work => lines.take(line, index, work))
      }
      return count
    } finally {
      this.finish()
    }
  }

  /** What to tell the user once all input was read and no event of the query's table was in it. */
  missing(): string | undefined {
    return this.pipelines.map(pipeline => pipeline.missing()).find(message => message !== undefined)
  }

  /** Whether marks are to be told of by `passTime`. */
  get takesMarks(): boolean {
    return this.pipelines.some(pipeline => pipeline.takesMarks)
  }

  /** A mark was made at `time` (ms since the epoch). @throws ToolError SERVER where rows are looked up on servers */
  async passTime(time: number, out: ByteWriter): Promise<void> {
    this.output.target = out
    this.fetching.begin()
    this.eachTimed(pipeline => pipeline.passTime(time))
    await this.fetching.settle(work => this.timed(work))
    this.output.flush()
  }

  /** Ends time: closes all windows, as Flink does at the end of a bounded source. */
  end(out: ByteWriter): void {
    this.output.target = out
    this.eachTimed(pipeline => pipeline.end())
    this.emitHeld()
    this.output.flush()
  }

  /** The same for a query that looks rows up on servers. @throws ToolError SERVER */
  async endFetching(out: ByteWriter): Promise<void> {
    this.fetching.begin()
    this.end(out)
    await this.fetching.settle(work => this.timed(work))
    this.emitHeld()
    this.output.flush()
  }

  /** Whether changes are kept back, and it is time to write them. */
  get isDue(): boolean {
    return this.held.length > 0 && Date.now() - this.lastEmit >= (this.options.emitEvery ?? 0)
  }

  /** Writes what the changes that are kept back come to. */
  emit(out: ByteWriter): void {
    this.output.target = out
    this.emitHeld()
    this.output.flush()
  }

  /**
   * The state after the lines processed so far; changes that are kept back are not in it. What is not in memory is in the
   * store of it, whose `commit` makes it durable.
   */
  snapshot(): Buffer {
    const operators = this.pipelines.map(pipeline => pipeline.state())
    const state: Snapshot = {
      version: 4,
      query: this.plan,
      late: this.lateLines,
      labels: this.pipelines.map(pipeline => pipeline.labels),
      operators,
      memory: this.memory.state()
    }
    return serialize(state)
  }

  /** Goes on where a snapshot was taken. Throws RowError when it belongs to another query. */
  restore(snapshot: Buffer): void {
    const state = deserialize(snapshot) as Snapshot
    if (state.version !== 4 || state.query !== this.plan) {
      throw new RowError('the state was written by another query')
    }
    this.memory.restore(state.memory)
    this.lines.lateLines = state.late
    for (const [i, pipeline] of this.pipelines.entries()) pipeline.restore(state.operators[i] ?? [])
  }

  private begin(block: Buffer, out: ByteWriter): Line {
    this.output.target = out
    this.fetching.begin()
    for (const pipeline of this.pipelines) pipeline.begin(block)
    return { bytes: block, text: new BlockText(block), start: 0, end: 0 }
  }

  private finish(): void {
    if (this.isDue) this.emitHeld()
    this.output.flush()
    for (const pipeline of this.pipelines) {
      pipeline.finish()
      for (const warning of pipeline.warnings()) this.options.warn?.(warning)
    }
    this.memory.check()
  }

  private eachTimed(work: (pipeline: Pipeline) => void): void {
    for (const pipeline of this.pipelines) this.timed(() => work(pipeline))
  }

  /** Does what time causes, when no line is being worked on. */
  private timed(work: () => unknown): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof ResultError) || this.options.leftOut === undefined) throw error
      for (const reason of error.reasons) this.options.leftOut(reason)
    }
  }

  private emitHeld(): void {
    for (const held of this.held) held.emit()
    this.lastEmit = Date.now()
  }
}

/** Compiles the queries of an SQL text. Throws SqlError with the place of a mistake. */
export function compile(text: string, options: QueryOptions): Query {
  try {
    return new Query(planText(text, options), options)
  } catch (error) {
    // The stack of a deeply nested expression; its size is the only thing wrong with it.
    if (!(error instanceof RangeError)) throw error
    throw new SqlError('unsupported', 'the statement is nested too deeply', text, { start: 0, end: 1 })
  }
}
