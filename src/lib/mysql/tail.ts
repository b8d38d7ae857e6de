import { type Log, ToolError, usageError } from '../cli/index.ts'
import type { MarkWriter, OutputWriter, StateDirectory } from '../stream/index.ts'
import type { BinlogReader } from './binlog-reader.ts'
import type { MysqlConnection } from './connection.ts'
import type { Followed } from './failover.ts'
import { FileEpochs } from './file-epochs.ts'
import { type FollowOptions, followLog, type MarkedAt } from './follow.ts'
import { Heartbeat, type HeartbeatOptions } from './heartbeat.ts'
import {
  beginHistory,
  beginHistoryHere,
  type HistorySetting,
  restartHistory,
  resumeHistory
} from './history/open-history.ts'
import type { SchemaHistory } from './history/schema-history.ts'
import { IncrementalSnapshots } from './incremental/incremental.ts'
import { RequestFolder } from './incremental/requests.ts'
import { parseIncremental } from './incremental/state.ts'
import { LogReaders } from './log-readers.ts'
import type { Preview } from './look-ahead.ts'
import {
  formatPosition,
  hasReached,
  type LogPosition,
  type PositionOption,
  parsePosition
} from './position.ts'
import { PreparedTransactions } from './prepared.ts'
import { checkAvailable, currentPosition, earliestPosition, LogPurgedError, positionOn } from './server.ts'
import { ServerLink } from './server-link.ts'
import type { Shape } from './shape.ts'
import { type Begun, BegunSnapshot } from './snapshot/begun.ts'
import type { SnapshotFigures } from './snapshot/figures.ts'
import type { GivenRows } from './snapshot/given-rows.ts'
import { SnapshotProgress } from './snapshot/progress.ts'
import { Snapshot } from './snapshot/snapshot.ts'
import type { TableFilter, TableName } from './tables.ts'
import { positionAt } from './time-position.ts'
import type { MysqlTarget } from './url.ts'

export type SnapshotMode = 'initial' | 'when-needed' | 'schema-only' | 'never' | 'only'

export interface TailOptions {
  /** Of millrace, and the pipeline's name for the server: both stand in every event's `source`. */
  readonly version: string
  readonly name: string
  readonly tables: TableFilter
  readonly shape: Shape
  readonly snapshot: SnapshotMode
  readonly start: PositionOption | undefined
  readonly stopAt: PositionOption | undefined
  readonly serverId: number
  readonly retryFor: number | undefined
  /** How many tables the snapshot reads at a time. */
  readonly parallel: number
  /** `db.table` that signals are put into. */
  readonly signalTable: string | undefined
  readonly heartbeat: HeartbeatOptions | undefined
  /** Whether the statements that define tables are written, too. */
  readonly emitDdl: boolean
  /** Servers to go on with when the first is lost. */
  readonly failover: readonly MysqlTarget[]
}

/** What a run writes to, and what ends it. */
export interface TailRun {
  readonly writer: OutputWriter
  readonly marks: MarkWriter
  /** The source's own part of the state directory, if there is one. */
  readonly state: StateDirectory | null
  readonly stop: AbortSignal
}

/** Figures for the progress line and metrics. */
export interface TailProgress {
  readonly rows: () => number
  readonly transactions: () => number
  /** Milliseconds between the newest event's commit and now; 0 before there is one. */
  readonly lagMs: () => number
  readonly place: () => string
  /** How far the snapshot is; null while none is taken. */
  readonly snapshot: () => SnapshotFigures | null
}

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
      (this.#incremental?.rows ?? 0) +
      this.#rowsCaughtUp +
      (this.#reader?.rows ?? 0),
    transactions: () => this.#reader?.transactions ?? 0,
    lagMs: () =>
      this.#reader === undefined || this.#reader.eventMs === 0 ? 0 : Date.now() - this.#reader.eventMs,
    place: () => this.#place(),
    snapshot: () => (this.#takes ? this.#snapshot : this.#incremental)?.figures ?? null
  }
  readonly #first: MysqlTarget
  readonly #options: TailOptions
  readonly #log: Log
  #link: ServerLink | undefined
  #readers: LogReaders | undefined
  #reader: BinlogReader | undefined
  #snapshot: Snapshot | undefined
  #takes = false
  #incremental: IncrementalSnapshots | undefined
  /** Rows written from the log before the snapshot was complete. */
  #rowsCaughtUp = 0
  /** A table or column that a flag names and that is not there now: a log may still tell of it. */
  #missing: ToolError | null = null
  #epochs: FileEpochs | undefined
  #prepared: PreparedTransactions | undefined
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
    const { writer, marks, state, stop } = run
    if (this.#missing !== null) {
      if (marks.resume.at === null) throw this.#missing
      this.#log.warn(`${this.#missing.message}; what the log has of it is read`)
    }
    const link = this.#connected()
    if (marks.resume.at !== null) await link.choose(parsePosition(marks.resume.at))
    const epochs = await FileEpochs.open(state)
    epochs.of(link.server.identity)
    link.moved = server => epochs.of(server.identity)
    const prepared = new PreparedTransactions(state, this.#log, () => marks.lastNumber)
    prepared.restore(marks.resume.at === null ? {} : (parsePosition(marks.resume.at).prepared ?? {}))
    this.#epochs = epochs
    this.#prepared = prepared
    const readers = new LogReaders(link, this.#options, this.#log, { epochs, prepared })
    this.#readers = readers
    const incremental = this.#openIncremental(run)
    this.#incremental = incremental
    const { stopAt } = this.#options
    const goal =
      stopAt?.kind === 'now' ? await link.ask(connection => currentPosition(connection, link.server)) : stopAt
    const begin = marks.resume.at === null ? await this.#begin(run) : await this.#resume(marks.resume.at, run)
    if (begin === null) return
    const from = await link.askAt(begin, connection => positionOn(connection, link.server, begin))
    await link.askAt(from, connection => checkAvailable(connection, link.server, from))
    this.#checkGtids(from, goal)
    if (marks.resume.at === null) await epochs.begin(from.file)
    readers.history ??= await this.#openHistory(run, from, marks.resume.at !== null)
    const at = (position: LogPosition): Record<string, unknown> => this.#at(position)
    const reader = readers.open(from, writer, incremental)
    this.#reader = reader
    const options = { ...this.#followOptions(run), stopAt: goal, at, between: incremental }
    await followLog(link.target, link.server, reader, writer, marks, options, this.#log, stop)
    // The last word of a run: everything before it has been written.
    if (reader.isBetweenTransactions) await marks.write(at(reader.position))
    await writer.drain()
  }

  close(): void {
    this.#closed.abort()
    this.#readers?.history?.close()
    this.#incremental?.close()
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

  #openIncremental({ marks, state, stop }: TailRun): IncrementalSnapshots {
    const { version, name, tables, shape, retryFor, signalTable } = this.#options
    const link = this.#connected()
    const context = {
      target: () => link.target,
      server: () => link.server,
      shape,
      log: this.#log,
      ask: <T>(question: (connection: MysqlConnection) => Promise<T>) => link.ask(question),
      retryFor,
      stop,
      source: (table: TableName, { file, position }: LogPosition) => ({
        version,
        name,
        committedMs: Date.now(),
        snapshot: 'incremental' as const,
        database: table.database,
        table: table.name,
        serverId: link.server.serverId,
        gtid: null,
        file,
        position,
        epoch: this.#epochs?.epoch ?? 0
      })
    }
    const { database } = link.target
    const requests = state === null ? null : new RequestFolder(state.path)
    const resumed = parseIncremental(marks.resume.at?.incremental)
    return new IncrementalSnapshots(context, { tables, database, signalTable, requests }, resumed)
  }

  /** What marks say of a position. */
  #at(position: LogPosition): Record<string, unknown> {
    const incremental = this.#incremental?.state
    const prepared = position.prepared ?? this.#prepared?.files
    return {
      ...formatPosition(prepared === undefined ? position : { ...position, prepared }),
      ...(incremental === undefined ? {} : { incremental })
    }
  }

  #historySetting({ marks, state }: TailRun, connection: MysqlConnection): HistorySetting {
    const { server } = this.#connected()
    return { connection, server, tables: this.#options.tables, marks, state, log: this.#log }
  }

  #openHistory(run: TailRun, from: LogPosition, isResumed: boolean): Promise<SchemaHistory> {
    const open = isResumed ? resumeHistory : beginHistory
    return this.#connected().ask(connection => open(this.#historySetting(run, connection), from))
  }

  #connected(): ServerLink {
    if (this.#link === undefined) throw new Error('connect() comes first')
    return this.#link
  }

  /** Where a run that was left at a mark goes on: there, unless the log of it is gone and may be made up for. */
  async #resume(at: Readonly<Record<string, unknown>>, run: TailRun): Promise<LogPosition | null> {
    const link = this.#connected()
    const position = parsePosition(at)
    const isUnfinished = at.snapshot !== undefined && this.#takesSnapshots()
    if (isUnfinished || this.#options.snapshot === 'when-needed') {
      try {
        await link.ask(connection => checkAvailable(connection, link.server, position))
      } catch (error) {
        if (!(error instanceof LogPurgedError && this.#options.snapshot === 'when-needed')) throw error
        this.#log.warn(`${error.message}; takes a snapshot. Rows deleted in between are not told`)
        this.#incremental?.clear()
        return this.#takeSnapshot(run, null)
      }
    }
    if (!isUnfinished) return position
    return this.#takeSnapshot(run, { position, progress: SnapshotProgress.parse(at.snapshot) })
  }

  #takesSnapshots(): boolean {
    const { snapshot, shape } = this.#options
    return (snapshot === 'initial' || snapshot === 'when-needed') && shape.ops.has('r')
  }

  /** Where a run that resumes nothing reads the log from, after the snapshot; null when that was all. */
  async #begin(run: TailRun): Promise<LogPosition | null> {
    const { snapshot, start } = this.#options
    if (this.#takesSnapshots() && start === undefined) return this.#takeSnapshot(run, null)
    if (snapshot === 'only') {
      await this.#takeSnapshot(run, null)
      return null
    }
    const link = this.#connected()
    switch (start?.kind) {
      case 'earliest':
        return link.ask(connection => earliestPosition(connection, link.server))
      case 'time': {
        const options = { ...this.#options, stop: run.stop }
        return link.ask(connection => positionAt(connection, link.server, start.ms, options))
      }
      case 'file':
        return { file: start.file, position: start.position, gtids: null }
      case 'gtids': {
        if (!link.server.hasGtids) throw usageError('--start: the server has no GTIDs (gtid_mode is not ON)')
        const { file, position } = await link.ask(connection => earliestPosition(connection, link.server))
        return { file, position, gtids: start.gtids }
      }
      default: {
        const { history, position } = await link.ask(connection =>
          beginHistoryHere(this.#historySetting(run, connection), null)
        )
        this.#opened().history = history
        if (snapshot === 'schema-only') await this.#tellSchemas(run, history)
        return position
      }
    }
  }

  /** What the tables are of which no row may come for long. */
  async #tellSchemas({ writer }: TailRun, history: SchemaHistory): Promise<void> {
    const { shape, tables } = this.#options
    if (shape.schemas === undefined) return
    const read = await this.#connected().ask(connection => tables.list(connection))
    for (const { database, name } of read) {
      const schema = history.schemaOf(database, name)
      if (schema === null || shape.outbox.has(database, name)) continue
      shape.schemas.tell(writer.bytes, shape.columns.applyToSchema(schema))
    }
    await writer.flush()
  }

  #opened(): LogReaders {
    if (this.#readers === undefined) throw new Error('run() opens the readers')
    return this.#readers
  }

  /**
   * Takes a snapshot, or what is left of one.
   * @returns where the log is followed from then; null when it was stopped before the end
   */
  async #takeSnapshot(
    run: TailRun,
    begun: { position: LogPosition; progress: SnapshotProgress } | null
  ): Promise<LogPosition | null> {
    const { writer, marks, state } = run
    const link = this.#connected()
    const readers = this.#opened()
    const attempt = state === null ? null : new BegunSnapshot(state)
    // A later run may go on after a snapshot that was taken alone.
    const follows = this.#options.snapshot !== 'only' || (state !== null && link.server.logsChanges)
    const source = {
      where: () => ({ target: link.target, server: link.server }),
      log: this.#log,
      // The rows' places are in the file of the view.
      epochOf: async (file: string) => {
        await this.#epochs?.begin(file)
        return this.#epochs?.epoch ?? 0
      },
      hasOthers: link.failover !== undefined,
      replace: (at: LogPosition, failingFor: number) => link.replace(at, failingFor),
      ask: <T>(question: (connection: MysqlConnection) => Promise<T>) =>
        link.ask(question, link.failover === undefined ? undefined : 0),
      at: (position: LogPosition) => this.#at(position),
      follow: (...args: [LogPosition, LogPosition, GivenRows, MarkedAt]) => this.#catchUp(run, ...args),
      define: async (connection: MysqlConnection, first: LogPosition) => {
        if (follows) readers.history = await beginHistory(this.#historySetting(run, connection), first)
      }
    }
    const unacknowledged = begun === null ? await this.#unacknowledged(attempt) : null
    const from =
      unacknowledged === null
        ? begun
        : { position: unacknowledged.position, progress: new SnapshotProgress() }
    if (follows && begun !== null) readers.history = await this.#openHistory(run, begun.position, true)
    if (follows && unacknowledged !== null) {
      const { position, after } = unacknowledged
      readers.history = await link.ask(connection =>
        restartHistory(this.#historySetting(run, connection), position, after)
      )
    }
    const snapshot = new Snapshot(source, this.#options, run, from)
    this.#snapshot = snapshot
    if (begun !== null) this.#log.info('goes on with the snapshot')
    this.#takes = true
    const opened = async (first: LogPosition): Promise<void> => {
      await attempt?.record({ position: first, after: marks.lastNumber })
    }
    const position = await snapshot.take(opened)
    this.#takes = false
    if (position === null) {
      await writer.drain()
      return null
    }
    this.#log.info(`snapshot: ${snapshot.rows} rows, as of ${position.file}:${position.position}`)
    await attempt?.complete()
    await marks.write(this.#at(position))
    await writer.drain()
    return position
  }

  /** Where a first attempt began of which no mark was acknowledged: nothing of it counts, but rows may have been seen. */
  async #unacknowledged(attempt: BegunSnapshot | null): Promise<Begun | null> {
    const begun = (await attempt?.read()) ?? null
    if (begun === null || this.#options.snapshot === 'only') return null
    const link = this.#connected()
    try {
      await link.ask(connection => checkAvailable(connection, link.server, begun.position))
      return begun
    } catch (error) {
      if (!(error instanceof LogPurgedError)) throw error
      // What cannot be read any more was an attempt of long ago.
      return null
    }
  }

  /** Reads the log for the rows that an unfinished snapshot has given. */
  async #catchUp(
    run: TailRun,
    from: LogPosition,
    to: LogPosition,
    watch: GivenRows,
    at: MarkedAt
  ): Promise<boolean> {
    const { writer, marks, stop } = run
    const { target, server } = this.#connected()
    const readers = this.#opened()
    const start = await this.#connected().ask(connection => positionOn(connection, server, from))
    const reader = readers.open(start, writer, watch)
    this.#reader = reader
    const preview = (position: LogPosition): Preview => readers.preview(position, watch)
    const options = { ...this.#followOptions(run), stopAt: to, at, preview }
    try {
      await followLog(target, server, reader, writer, marks, options, this.#log, stop)
    } finally {
      this.#reader = undefined
      this.#rowsCaughtUp += reader.rows
    }
    if (hasReached(reader.position, to)) return true
    if (reader.isBetweenTransactions) await marks.write(at(reader.position))
    return false
  }

  #followOptions({ state }: TailRun): Omit<FollowOptions, 'stopAt'> {
    const { serverId, retryFor } = this.#options
    const link = this.#connected()
    const moved = (to: Followed): void => link.moveTo(to)
    const { failover: servers } = link
    return {
      serverId,
      retryFor,
      spoolDirectory: state?.path,
      ...(servers === undefined ? {} : { failover: { servers, moved } })
    }
  }

  #place(): string {
    const { file, position } = this.#reader?.position ?? { file: '', position: 0 }
    return this.#reader === undefined ? 'snapshot' : `${file}:${position}`
  }
}
