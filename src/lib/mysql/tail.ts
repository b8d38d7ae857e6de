import { type Log, ToolError, usageError } from '../cli/index.ts'
import { followLog } from './follow.ts'
import { Heartbeat } from './heartbeat.ts'
import { type LogPosition, type PositionOption, parsePosition } from './position.ts'
import { checkAvailable, currentPosition, positionOn } from './server.ts'
import { ServerLink } from './server-link.ts'
import { beginTail } from './tail-begin.ts'
import { TailContext } from './tail-context.ts'
import type { TailOptions, TailProgress, TailRun } from './tail-options.ts'
import { TailSnapshot } from './tail-snapshot.ts'
import type { MysqlTarget } from './url.ts'

/**
 * The changes of a server from where the pipeline resumes, else from a snapshot of the tables or from `start`, as
 * change events with marks between them; ends at `stopAt`, after the snapshot (`only`), or with `stop`.
 */
export class MysqlTail {
  /** The pipeline's for what is read: `source.name`. */
  readonly name: string
  readonly progress: TailProgress = {
    rows: () =>
      (this.#snapshot?.rows ?? 0) +
      (this.#context?.incremental.rows ?? 0) +
      (this.#context?.reader?.rows ?? 0),
    transactions: () => this.#context?.reader?.transactions ?? 0,
    lagMs: () => {
      const eventMs = this.#context?.reader?.eventMs ?? 0
      return eventMs === 0 ? 0 : Date.now() - eventMs
    },
    place: () => {
      const position = this.#context?.reader?.position
      return position === undefined ? 'snapshot' : `${position.file}:${position.position}`
    },
    snapshot: () => this.#snapshot?.figures ?? this.#context?.incremental.figures ?? null
  }
  readonly #first: MysqlTarget
  readonly #options: TailOptions
  readonly #log: Log
  #link: ServerLink | undefined
  #context: TailContext | undefined
  #snapshot: TailSnapshot | undefined
  /** A table or column that a flag names and that is not there now: a log may still tell of it. */
  #missing: ToolError | null = null
  readonly #closed = new AbortController()

  constructor(target: MysqlTarget, options: TailOptions, log: Log) {
    this.#first = target
    this.name = options.name
    this.#options = options
    this.#log = log
  }

  /**
   * Connects and checks that the server can be followed.
   * @param mayResume a table that is named and gone is an error only if there is nothing to resume
   * @throws ToolError SERVER, USAGE
   */
  async connect(stop: AbortSignal, mayResume = false): Promise<void> {
    const { snapshot, tables, shape, heartbeat } = this.#options
    const options = { ...this.#options, isFollowed: snapshot !== 'only' }
    const link = await ServerLink.open(this.#first, options, this.#log, stop)
    this.#link = link
    try {
      await link.ask(async connection => {
        const read = await tables.list(connection)
        shape.where.check(read)
        shape.outbox.check(read)
        await shape.columns.check(connection, read)
      })
    } catch (error) {
      if (!(mayResume && error instanceof ToolError && error.code === 'USAGE')) throw error
      this.#missing = error
    }
    if (snapshot !== 'only' && link.server.rowImage !== 'FULL') {
      this.#log.warn(
        `binlog_row_image is ${link.server.rowImage}: rows carry only some columns, the others are absent`
      )
    }
    if (heartbeat !== undefined) {
      const signal = AbortSignal.any([stop, this.#closed.signal])
      await new Heartbeat(link.target, heartbeat, this.#log).start(signal, () => link.target)
    }
  }

  async run(run: TailRun): Promise<void> {
    const { writer, marks, stop } = run
    if (this.#missing !== null) {
      if (marks.resume.at === null) throw this.#missing
      this.#log.warn(`${this.#missing.message}; what the log has of it is read`)
    }
    const link = this.#connected()
    if (marks.resume.at !== null) await link.choose(parsePosition(marks.resume.at))
    const context = await TailContext.open(link, this.#options, run, this.#log)
    this.#context = context
    const { epochs, readers, incremental } = context
    const { stopAt } = this.#options
    const goal =
      stopAt?.kind === 'now' ? await link.ask(connection => currentPosition(connection, link.server)) : stopAt
    const snapshot = new TailSnapshot(context)
    this.#snapshot = snapshot
    const begin = await beginTail(context, snapshot)
    if (begin === null) return
    const from = await link.askAt(begin, connection => positionOn(connection, link.server, begin))
    await link.askAt(from, connection => checkAvailable(connection, link.server, from))
    this.#checkGtids(from, goal)
    if (marks.resume.at === null) await epochs.begin(from.file)
    readers.history ??= await context.openHistory(from, marks.resume.at !== null)
    const at = (position: LogPosition): Record<string, unknown> => context.at(position)
    const reader = readers.open(from, writer, incremental)
    context.reader = reader
    const options = { ...context.followOptions(), stopAt: goal, at, between: incremental }
    await followLog(link.target, link.server, reader, writer, marks, options, this.#log, stop)
    // The last word of a run: everything before it has been written.
    if (reader.isBetweenTransactions) await marks.write(at(reader.position))
    await writer.drain()
  }

  close(): void {
    this.#closed.abort()
    this.#context?.close()
    this.#link?.close()
  }

  /** @throws ToolError USAGE where GTIDs are needed and not known */
  #checkGtids(from: LogPosition, goal: PositionOption | LogPosition | undefined): void {
    if (from.gtids !== null) return
    const { server, failover } = this.#connected()
    const unknown = `GTIDs are not known at ${from.file}:${from.position}, where this run begins`
    if (goal !== undefined && 'kind' in goal && goal.kind === 'gtids') {
      const remedy = '--stop-at FILE:POS'
      throw usageError(
        `--stop-at: ${unknown}`,
        server.hasGtids ? `--start with a GTID set, or ${remedy}` : remedy
      )
    }
    if (failover !== undefined) {
      throw usageError(
        `--failover: ${unknown}`,
        'another server counts its files for itself; --start with a GTID set'
      )
    }
  }

  #connected(): ServerLink {
    if (this.#link === undefined) throw new Error('connect() comes first')
    return this.#link
  }
}
