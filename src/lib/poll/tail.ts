import { setTimeout as sleep } from 'node:timers/promises'
import { Backoff, errnoOf, type Log, messageOf, ToolError } from '../cli/index.ts'
import type { MarkWriter, OutputWriter, StateDirectory } from '../stream/index.ts'
import { BulkPoll } from './bulk-poll.ts'
import type { PollDatabase, PollTable, TableName } from './database.ts'
import { type FlatWriter, PollLines } from './lines.ts'
import { type PollPosition, readPosition } from './offsets.ts'
import { fullName, type OrderFlags, orderOf } from './order.ts'
import { RangePoll } from './range-poll.ts'
import type { PollRun, TablePoll } from './table-poll.ts'
import { WindowFiles } from './window-files.ts'

/** When the output block has this many bytes, it is sent before more is written. */
const BLOCK = 256 * 1024

export interface PollOptions extends OrderFlags {
  /** Of millrace, and the pipeline's name for the database: both stand in every event's `source`. */
  readonly version: string
  readonly name: string
  /** From the beginning of a poll to that of the next, milliseconds. */
  readonly everyMs: number
  /** How late a row may be committed and still be seen. */
  readonly overlapMs: number
  /** Polled in the place of tables. */
  readonly query: (TableName & { readonly sql: string }) | undefined
  readonly snapshot: 'initial' | 'never' | 'only'
  readonly stopAtNow: boolean
  readonly ops: ReadonlySet<string>
  readonly retryFor: number | undefined
  /** Of a database's tables, those to read. @throws ToolError USAGE for one that was named and is not there */
  readonly choose: (known: readonly TableName[], where: string) => TableName[]
  /** Whether columns that flags name are there. @throws ToolError USAGE */
  readonly checkColumns: (known: readonly { database: string; table: string; name: string }[]) => void
  /** A condition in SQL on the rows of a table; null for all. */
  readonly conditionOn: (table: TableName) => string | null
  /** Writes plain rows in the place of envelopes. */
  readonly flat: FlatWriter | null
}

/** The tables of a database as change events, found by asking for new rows again and again. */
export class PollTail {
  /** The pipeline's for what is read: `source.name`. */
  readonly name: string
  readonly progress = {
    rows: (): number => this.#sum(({ rows }) => rows),
    transactions: (): number => this.#rounds,
    lagMs: (): number => {
      const newest = Math.max(0, ...[...this.#polls.values()].map(({ newestMs }) => newestMs))
      return newest === 0 ? 0 : Math.max(0, Date.now() - newest)
    },
    place: (): string => `poll ${this.#rounds + 1}`
  }
  readonly #db: PollDatabase
  readonly #options: PollOptions
  readonly #log: Log
  readonly #polls = new Map<string, TablePoll>()
  #tables: TableName[] = []
  #rounds = 0

  constructor(db: PollDatabase, options: PollOptions, log: Log) {
    this.#db = db
    this.name = options.name
    this.#options = options
    this.#log = log
  }

  /** Connects and checks that there are tables and columns to poll by. @throws ToolError SERVER, USAGE */
  async connect(stop: AbortSignal): Promise<void> {
    const { choose, checkColumns, query } = this.#options
    await this.#open(new Backoff(this.#options.retryFor, stop))
    const db = this.#db
    if (query === undefined) {
      this.#tables = choose(await db.tables(), db.display)
      checkColumns(await db.columns(this.#tables))
      if (this.#tables.length === 0) this.#log.warn('no table matches --tables')
    } else {
      this.#tables = choose([query], db.display)
      const { database, name: table } = query
      const { columns } = await this.#describe(query)
      checkColumns(columns.map(({ name }) => ({ database, table, name })))
    }
    for (const name of this.#tables) orderOf(db, await this.#describe(name), this.#options)
  }

  async run({
    writer,
    marks,
    state,
    stop
  }: {
    readonly writer: OutputWriter
    readonly marks: MarkWriter
    readonly state: StateDirectory | null
    readonly stop: AbortSignal
  }): Promise<void> {
    const { everyMs, snapshot, stopAtNow, ops } = this.#options
    const files = state === null ? null : new WindowFiles(state)
    await this.#resume(marks, files)
    const mark = this.#marker(marks, files)
    const run: PollRun = {
      ops,
      tellsFirst: snapshot !== 'never' && ops.has('r'),
      bytes: () => writer.bytes,
      rowsOf: table => writer.rowsOf({ ...table, database: table.source.db }),
      pause: async () => {
        if (writer.bytes.length >= BLOCK) await writer.flush()
        return !stop.aborted
      },
      between: async () => {
        if (marks.isDue) await mark()
        return !stop.aborted
      }
    }
    const backoff = new Backoff(this.#options.retryFor, stop)
    backoff.succeeded()
    stop.addEventListener('abort', () => this.#db.interrupt())
    while (!stop.aborted) {
      const began = performance.now()
      if (!(await this.#round(run, backoff, stop))) break
      this.#rounds++
      if (snapshot === 'only' || stopAtNow) break
      await writer.flush()
      for (;;) {
        if (marks.isDue) await mark()
        const left = began + everyMs - performance.now()
        if (left <= 0 || stop.aborted) break
        await pause(Math.min(left, Math.max(1, marks.untilDue)), stop)
      }
    }
    await mark()
    await writer.drain()
  }

  close(): void {
    this.#db.close()
  }

  /** Polls each table once. @returns false when the run is to end */
  async #round(run: PollRun, backoff: Backoff, stop: AbortSignal): Promise<boolean> {
    for (const name of this.#tables) {
      const poll = this.#pollOf(name)
      // A poll that an earlier run began ends at the moment of that run.
      let isOld = poll.offset.to !== null
      for (;;) {
        let table: PollTable | undefined
        try {
          table = await this.#describe(name)
          if (!(await poll.poll(table, orderOf(this.#db, table, this.#options), run))) return false
          backoff.succeeded()
          if (!isOld) break
          isOld = false
        } catch (error) {
          if (!this.#db.isLost(error)) {
            // Its columns may have changed since they were asked for.
            if (table !== undefined && !sameColumns(table, await this.#describe(name))) continue
            throw error
          }
          if (stop.aborted) return false
          if (!(await backoff.wait())) throw this.#unreachable(error)
          this.#log.warn(`lost ${this.#db.display}: ${messageOf(error)}; connects again`)
          await this.#open(backoff)
        }
      }
      if (!(await run.between())) return false
    }
    return true
  }

  async #open(backoff: Backoff): Promise<void> {
    for (;;) {
      this.#db.close()
      try {
        return await this.#db.connect()
      } catch (error) {
        if (!this.#db.isLost(error)) throw error
        if (!(await backoff.wait())) throw this.#unreachable(error)
      }
    }
  }

  #unreachable(error: unknown): ToolError {
    return new ToolError(
      'SERVER',
      `cannot reach ${this.#db.display}: ${messageOf(error) || errnoOf(error)}`,
      {
        cause: error,
        hint: 'is the server up, and the URL right? --retry-for 5m waits longer'
      }
    )
  }

  async #describe(name: TableName): Promise<PollTable> {
    const { query } = this.#options
    const table =
      query === undefined ? await this.#db.describe(name) : await this.#db.describeQuery(query.sql, query)
    if (table !== null) return table
    throw new ToolError('DATA', `table ${fullName(name)} is gone from ${this.#db.display}`, {
      hint: 'start again without it'
    })
  }

  #pollOf(name: TableName): TablePoll {
    const known = this.#polls.get(fullName(name))
    if (known !== undefined) return known
    const { version, name: pipeline, flat, mode, overlapMs, conditionOn } = this.#options
    const lines = new PollLines(version, this.#db.connector, pipeline, flat)
    const condition = conditionOn(name)
    const poll =
      mode === 'bulk'
        ? new BulkPoll(this.#db, lines, condition)
        : new RangePoll(this.#db, lines, this.#log, overlapMs, condition)
    this.#polls.set(fullName(name), poll)
    return poll
  }

  async #resume(marks: MarkWriter, files: WindowFiles | null): Promise<void> {
    const { at } = marks.resume
    if (at === null || files === null) return
    const { window, tables } = readPosition(at, this.#options.mode)
    const lines = await files.read(window)
    for (const name of this.#tables) {
      const offset = tables[fullName(name)]
      if (offset !== undefined) this.#pollOf(name).load(offset, lines.get(fullName(name)) ?? [])
    }
  }

  /** Writes marks; the windows only when they have changed since they were written. */
  #marker(marks: MarkWriter, files: WindowFiles | null): () => Promise<void> {
    let window = 0
    let written = -1
    return async () => {
      const all = [...this.#polls]
      const revision = this.#sum(poll => poll.revision)
      if (files !== null && revision !== written) {
        window = await files.write(new Map(all.map(([name, poll]) => [name, poll.save()])))
        written = revision
      }
      const tables = Object.fromEntries(all.map(([name, { offset }]) => [name, offset]))
      await marks.write({ poll: this.#options.mode, window, tables } satisfies PollPosition)
    }
  }

  #sum(figure: (poll: TablePoll) => number): number {
    let sum = 0
    for (const poll of this.#polls.values()) sum += figure(poll)
    return sum
  }
}

function sameColumns(a: PollTable, b: PollTable): boolean {
  const text = ({ columns }: PollTable): string => JSON.stringify(columns)
  return text(a) === text(b)
}

async function pause(ms: number, stop: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal: stop })
  } catch (error) {
    if (!stop.aborted) throw error
  }
}
