import { Backoff, type Log, messageOf, ToolError, usageError } from '../cli/index.ts'
import { type MarkWriter, OutputWriter, type StateDirectory } from '../stream/index.ts'
import { BinlogReader } from './binlog-reader.ts'
import type { Table } from './column.ts'
import { isLost, MysqlConnection } from './connection.ts'
import { Failover, type Followed } from './failover.ts'
import { FileEpochs } from './file-epochs.ts'
import { type FollowOptions, followLog, type MarkedAt } from './follow.ts'
import { Heartbeat, type HeartbeatOptions } from './heartbeat.ts'
import { beginHistory, beginHistoryHere, type HistorySetting, resumeHistory } from './history/open-history.ts'
import type { SchemaHistory } from './history/schema-history.ts'
import { IncrementalSnapshots } from './incremental/incremental.ts'
import { RequestFolder } from './incremental/requests.ts'
import { parseIncremental } from './incremental/state.ts'
import type { Preview } from './look-ahead.ts'
import {
  formatPosition,
  hasReached,
  type LogPosition,
  type PositionOption,
  parsePosition
} from './position.ts'
import { PreparedTransactions } from './prepared.ts'
import type { RowsWatch } from './row-event.ts'
import { describesItself, differenceFrom, readTableSchema, resolveTable } from './schema.ts'
import {
  checkAvailable,
  currentPosition,
  earliestPosition,
  inspectServer,
  LogPurgedError,
  positionOn,
  readServer,
  type ServerInfo,
  UnknownGtidsError
} from './server.ts'
import type { Shape } from './shape.ts'
import { BegunSnapshot } from './snapshot/begun.ts'
import type { SnapshotFigures } from './snapshot/figures.ts'
import type { GivenRows } from './snapshot/given-rows.ts'
import { SnapshotProgress } from './snapshot/progress.ts'
import { Snapshot } from './snapshot/snapshot.ts'
import type { TableMap } from './table-map.ts'
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
  /** The server that is read; another one after a fail-over. */
  #target: MysqlTarget
  readonly #options: TailOptions
  readonly #log: Log
  #reader: BinlogReader | undefined
  #snapshot: Snapshot | undefined
  #takes = false
  #incremental: IncrementalSnapshots | undefined
  /** Rows written from the log before the snapshot was complete. */
  #rowsCaughtUp = 0
  #connection: MysqlConnection | undefined
  #server: ServerInfo | undefined
  #history: SchemaHistory | undefined
  /** A table or column that a flag names and that is not there now: a log may still tell of it. */
  #missing: ToolError | null = null
  #epochs: FileEpochs | undefined
  #prepared: PreparedTransactions | undefined
  #failover: Failover | undefined
  #stop: AbortSignal = new AbortController().signal
  readonly #closed = new AbortController()

  constructor(target: MysqlTarget, options: TailOptions, log: Log) {
    this.#target = target
    this.#options = options
    this.#log = log
  }

  /**
   * Connects and checks that the server can be followed.
   * @param mayResume a table that is named and gone is an error only if there is nothing to resume
   * @throws ToolError SERVER, USAGE
   */
  async connect(stop: AbortSignal, mayResume = false): Promise<void> {
    const { snapshot, tables, shape, retryFor, heartbeat, failover } = this.#options
    const backoff = new Backoff(retryFor, stop)
    if (failover.length === 0) this.#connection = await MysqlConnection.open(this.#target, backoff)
    else {
      this.#failover = new Failover([this.#target, ...failover], this.#log, stop)
      this.#connection = await this.#failover.open(backoff)
      this.#target = this.#connection.target
    }
    this.#server = await (snapshot === 'only'
      ? readServer(this.#connection)
      : inspectServer(this.#connection))
    try {
      const read = await tables.list(this.#connection)
      shape.where.check(read)
      shape.outbox.check(read)
      await shape.columns.check(this.#connection, read)
    } catch (error) {
      if (!(mayResume && error instanceof ToolError && error.code === 'USAGE')) throw error
      this.#missing = error
    }
    if (snapshot !== 'only' && this.#server.rowImage !== 'FULL') {
      this.#log.warn(
        `binlog_row_image is ${this.#server.rowImage}: rows carry only some columns, the others are absent`
      )
    }
    if (heartbeat !== undefined) {
      const signal = AbortSignal.any([stop, this.#closed.signal])
      await new Heartbeat(this.#target, heartbeat, this.#log).start(signal, () => this.#target)
    }
  }

  async run(run: TailRun): Promise<void> {
    const { writer, marks, stop } = run
    this.#stop = stop
    if (this.#missing !== null) {
      if (marks.resume.at === null) throw this.#missing
      this.#log.warn(`${this.#missing.message}; what the log has of it is read`)
    }
    if (marks.resume.at !== null) await this.#chooseServer(parsePosition(marks.resume.at))
    const { connection, server } = this.#connected()
    this.#epochs = await FileEpochs.open(run.state)
    this.#epochs.of(server.identity)
    this.#prepared = new PreparedTransactions(run.state, this.#log, () => marks.lastNumber)
    this.#prepared.restore(marks.resume.at === null ? {} : (parsePosition(marks.resume.at).prepared ?? {}))
    const { stopAt } = this.#options
    this.#incremental = this.#openIncremental(run)
    const goal = stopAt?.kind === 'now' ? await currentPosition(connection, server) : stopAt
    const begin = marks.resume.at === null ? await this.#begin(run) : await this.#resume(marks.resume.at, run)
    if (begin === null) return
    const from = await this.#ask(connection => positionOn(connection, server, begin))
    await this.#ask(connection => checkAvailable(connection, server, from))
    if (goal !== undefined && 'kind' in goal && goal.kind === 'gtids' && from.gtids === null) {
      throw usageError(
        `--stop-at: GTIDs are not known at ${from.file}:${from.position}, where this run begins`,
        server.hasGtids ? '--start with a GTID set, or --stop-at FILE:POS' : '--stop-at FILE:POS'
      )
    }
    if (this.#failover !== undefined && from.gtids === null) {
      throw usageError(
        `--failover: GTIDs are not known at ${from.file}:${from.position}, where this run begins`,
        'another server counts its files for itself; --start with a GTID set'
      )
    }
    if (marks.resume.at === null) await this.#epochs.begin(from.file)
    this.#history ??= await (marks.resume.at === null ? beginHistory : resumeHistory)(
      this.#historySetting(run),
      from
    )
    const incremental = this.#incremental
    const at = (position: LogPosition): Record<string, unknown> => this.#at(position)
    const reader = this.#openReader(from, writer, incremental)
    this.#reader = reader
    await followLog(
      this.#target,
      server,
      reader,
      writer,
      marks,
      { ...this.#followOptions(run), stopAt: goal, at, between: incremental },
      this.#log,
      stop
    )
    // The last word of a run: everything before it has been written.
    if (reader.isBetweenTransactions) await marks.write(at(reader.position))
    await writer.drain()
  }

  close(): void {
    this.#closed.abort()
    this.#history?.close()
    this.#incremental?.close()
    this.#connection?.destroy()
  }

  #openIncremental({ marks, state, stop }: TailRun): IncrementalSnapshots {
    const { version, name, tables, shape, retryFor, signalTable } = this.#options
    const context = {
      target: () => this.#target,
      server: () => this.#connected().server,
      shape,
      log: this.#log,
      ask: <T>(question: (connection: MysqlConnection) => Promise<T>) => this.#ask(question),
      retryFor,
      stop,
      source: (table: TableName, { file, position }: LogPosition) => ({
        version,
        name,
        committedMs: Date.now(),
        snapshot: 'incremental' as const,
        database: table.database,
        table: table.name,
        serverId: this.#connected().server.serverId,
        gtid: null,
        file,
        position,
        epoch: this.#epochs?.epoch ?? 0
      })
    }
    const { database } = this.#target
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

  #historySetting({ marks, state }: TailRun): HistorySetting {
    return { ...this.#connected(), tables: this.#options.tables, marks, state, log: this.#log }
  }

  #connected(): { connection: MysqlConnection; server: ServerInfo } {
    if (this.#connection === undefined || this.#server === undefined) throw new Error('connect() comes first')
    return { connection: this.#connection, server: this.#server }
  }

  /** Where a run that was left at a mark goes on: there, unless the log of it is gone and may be made up for. */
  async #resume(at: Readonly<Record<string, unknown>>, run: TailRun): Promise<LogPosition | null> {
    const { connection, server } = this.#connected()
    const position = parsePosition(at)
    const isUnfinished = at.snapshot !== undefined && this.#takesSnapshots()
    if (isUnfinished || this.#options.snapshot === 'when-needed') {
      try {
        await checkAvailable(connection, server, position)
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
    const { connection, server } = this.#connected()
    const { snapshot, start } = this.#options
    if (this.#takesSnapshots() && start === undefined) return this.#takeSnapshot(run, null)
    if (snapshot === 'only') {
      await this.#takeSnapshot(run, null)
      return null
    }
    switch (start?.kind) {
      case 'earliest':
        return earliestPosition(connection, server)
      case 'time':
        return positionAt(connection, server, start.ms, { ...this.#options, stop: run.stop })
      case 'file':
        return { file: start.file, position: start.position, gtids: null }
      case 'gtids': {
        if (!server.hasGtids) throw usageError('--start: the server has no GTIDs (gtid_mode is not ON)')
        const { file, position } = await earliestPosition(connection, server)
        return { file, position, gtids: start.gtids }
      }
      default: {
        const { history, position } = await beginHistoryHere(this.#historySetting(run), null)
        this.#history = history
        return position
      }
    }
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
    const attempt = state === null ? null : new BegunSnapshot(state)
    // A later run may go on after a snapshot that was taken alone.
    const follows =
      this.#options.snapshot !== 'only' || (state !== null && this.#connected().server.logsChanges)
    const source = {
      where: () => ({ target: this.#target, server: this.#connected().server }),
      log: this.#log,
      // The rows' places are in the file of the view.
      epochOf: async (file: string) => {
        await this.#epochs?.begin(file)
        return this.#epochs?.epoch ?? 0
      },
      ask: <T>(question: (connection: MysqlConnection) => Promise<T>) => this.#ask(question),
      at: (position: LogPosition) => this.#at(position),
      follow: (...args: [LogPosition, LogPosition, GivenRows, MarkedAt]) => this.#catchUp(run, ...args),
      define: async (connection: MysqlConnection, first: LogPosition) => {
        if (follows) this.#history = await beginHistory({ ...this.#historySetting(run), connection }, first)
      }
    }
    const from = begun ?? (await this.#unacknowledged(attempt))
    if (follows && from !== null) {
      const open = begun === null ? beginHistory : resumeHistory
      this.#history = await open(this.#historySetting(run), from.position)
    }
    const snapshot = new Snapshot(source, this.#options, run, from)
    this.#snapshot = snapshot
    if (begun !== null) this.#log.info('goes on with the snapshot')
    this.#takes = true
    const position = await snapshot.take(first => attempt?.record(first) ?? Promise.resolve())
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
  async #unacknowledged(
    attempt: BegunSnapshot | null
  ): Promise<{ position: LogPosition; progress: SnapshotProgress } | null> {
    const position = (await attempt?.read()) ?? null
    if (position === null || this.#options.snapshot === 'only') return null
    const { connection, server } = this.#connected()
    try {
      await checkAvailable(connection, server, position)
      return { position, progress: new SnapshotProgress() }
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
    const { server } = this.#connected()
    const reader = this.#openReader(from, writer, watch)
    this.#reader = reader
    const preview = (position: LogPosition): Preview => this.#preview(position, watch)
    const options = { ...this.#followOptions(run), stopAt: to, at, preview }
    try {
      await followLog(this.#target, server, reader, writer, marks, options, this.#log, stop)
    } finally {
      this.#reader = undefined
      this.#rowsCaughtUp += reader.rows
    }
    if (hasReached(reader.position, to)) return true
    if (reader.isBetweenTransactions) await marks.write(at(reader.position))
    return false
  }

  /** Lets what has to be asked about rows be asked by the block of events. */
  #preview(from: LogPosition, given: GivenRows): Preview {
    const nowhere = new OutputWriter({
      name: 'nowhere',
      takesMarks: false,
      write: () => Promise.resolve(),
      sync: () => Promise.resolve(null),
      close: () => Promise.resolve()
    })
    const { version, name, tables } = this.#options
    const { checksum } = this.#connected().server
    const resolve = (map: TableMap): Table | Promise<Table> => this.#resolve(map)
    // A reader goes on changing the GTIDs that it begins with.
    const reader = new BinlogReader(parsePosition(formatPosition(from)), nowhere, {
      version,
      name,
      tables,
      checksum,
      resolve,
      watch: given.ahead
    })
    let isUseful = true
    return {
      async see(buffer, start, end) {
        if (!isUseful) return
        try {
          await reader.take(buffer, start, end)
        } catch (error) {
          if (isLost(error)) throw error
          // The reader that writes comes upon it, too, and tells; or asks for itself.
          isUseful = false
        }
      },
      complete: () => given.learn()
    }
  }

  #followOptions({ state }: TailRun): Omit<FollowOptions, 'stopAt'> {
    const servers = this.#failover
    return {
      serverId: this.#options.serverId,
      retryFor: this.#options.retryFor,
      spoolDirectory: state?.path,
      ...(servers === undefined ? {} : { failover: { servers, moved: to => this.#moveTo(to) } })
    }
  }

  #moveTo({ target, server, connection }: Followed): void {
    this.#connection?.destroy()
    this.#target = target
    this.#server = server
    this.#connection = connection
    this.#epochs?.of(server.identity)
  }

  /** A run that resumes goes on with the first server that it can go on with: the one before may have been replaced. */
  async #chooseServer(position: LogPosition): Promise<void> {
    if (this.#failover === undefined) return
    const { connection, server } = this.#connected()
    try {
      await checkAvailable(connection, server, position)
    } catch (error) {
      if (!(error instanceof UnknownGtidsError || error instanceof LogPurgedError)) throw error
      const other = await this.#failover.other(this.#target, position)
      if (other === null) throw error
      this.#log.warn(`${messageOf(error)}; goes on with ${other.target.display}`)
      this.#moveTo(other)
    }
  }

  #openReader(from: LogPosition, writer: OutputWriter, watch?: RowsWatch): BinlogReader {
    const { server } = this.#connected()
    const { version, name, tables, shape, emitDdl } = this.#options
    const history = this.#history
    return new BinlogReader(from, writer, {
      ...(history === undefined ? {} : { history }),
      version,
      name,
      tables,
      shape,
      emitDdl,
      ...(watch === undefined ? {} : { watch }),
      ...(this.#prepared === undefined ? {} : { prepared: this.#prepared }),
      ...(this.#epochs === undefined ? {} : { epochs: this.#epochs }),
      checksum: server.checksum,
      resolve: map => this.#resolve(map)
    })
  }

  #resolve(map: TableMap): Table | Promise<Table> {
    const { server } = this.#connected()
    if (describesItself(map)) return resolveTable(map, null, server.charsetOf)
    const known = this.#history?.schemaOf(map.database, map.table) ?? null
    const difference = known === null ? null : differenceFrom(map, known)
    if (known !== null && difference === null) return resolveTable(map, known, server.charsetOf)
    const read = this.#ask(connection => readTableSchema(connection, map.database, map.table))
    return read.then(schema => {
      const table = resolveTable(map, schema, server.charsetOf)
      if (difference !== null)
        this.#log.warn(`${difference} by the statements since: takes its columns from the database`)
      return table
    })
  }

  /** Asks through the connection of the start, or a new one where that was lost since: the server may have restarted. */
  async #ask<T>(question: (connection: MysqlConnection) => Promise<T>): Promise<T> {
    const { connection } = this.#connected()
    try {
      return await question(connection)
    } catch (error) {
      if (!isLost(error)) throw error
      connection.destroy()
      const backoff = new Backoff(this.#options.retryFor, this.#stop)
      backoff.succeeded()
      this.#connection = await MysqlConnection.open(this.#target, backoff)
      return question(this.#connection)
    }
  }

  #place(): string {
    const { file, position } = this.#reader?.position ?? { file: '', position: 0 }
    return this.#reader === undefined ? 'snapshot' : `${file}:${position}`
  }
}
