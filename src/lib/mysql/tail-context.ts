import type { Log } from '../cli/index.ts'
import type { BinlogReader } from './binlog-reader.ts'
import type { MysqlConnection } from './connection.ts'
import { FileEpochs } from './file-epochs.ts'
import type { FollowOptions } from './follow.ts'
import { beginHistory, type HistorySetting, resumeHistory } from './history/open-history.ts'
import type { SchemaHistory } from './history/schema-history.ts'
import { IncrementalSnapshots } from './incremental/incremental.ts'
import { RequestFolder } from './incremental/requests.ts'
import { parseIncremental } from './incremental/state.ts'
import { LogReaders } from './log-readers.ts'
import { formatPosition, type LogPosition, parsePosition } from './position.ts'
import { PreparedTransactions } from './prepared.ts'
import type { ServerLink } from './server-link.ts'
import type { TailOptions, TailRun } from './tail-options.ts'

/** What the parts of a run share: the server, what is known of its log and its tables, and what marks say. */
export class TailContext {
  readonly link: ServerLink
  readonly options: TailOptions
  readonly run: TailRun
  readonly log: Log
  readonly epochs: FileEpochs
  readonly readers: LogReaders
  readonly incremental: IncrementalSnapshots
  /** Reads the log now. */
  reader: BinlogReader | undefined
  readonly #prepared: PreparedTransactions

  private constructor(
    link: ServerLink,
    options: TailOptions,
    run: TailRun,
    log: Log,
    { epochs, prepared }: { epochs: FileEpochs; prepared: PreparedTransactions }
  ) {
    this.link = link
    this.options = options
    this.run = run
    this.log = log
    this.epochs = epochs
    this.#prepared = prepared
    this.readers = new LogReaders(link, options, log, { epochs, prepared })
    this.incremental = openIncremental(link, options, run, log, epochs)
  }

  /** Takes up what the state directory holds for the mark that the run resumes from. @throws ToolError STATE */
  static async open(link: ServerLink, options: TailOptions, run: TailRun, log: Log): Promise<TailContext> {
    const { marks, state } = run
    const epochs = await FileEpochs.open(state)
    epochs.of(link.server.identity)
    link.moved = server => epochs.of(server.identity)
    const prepared = new PreparedTransactions(state, log, () => marks.lastNumber)
    prepared.restore(marks.resume.at === null ? {} : (parsePosition(marks.resume.at).prepared ?? {}))
    return new TailContext(link, options, run, log, { epochs, prepared })
  }

  /** What marks say of a position. */
  at(position: LogPosition): Record<string, unknown> {
    const incremental = this.incremental.state
    const prepared = position.prepared ?? this.#prepared.files
    return {
      ...formatPosition(prepared === undefined ? position : { ...position, prepared }),
      ...(incremental === undefined ? {} : { incremental })
    }
  }

  historySetting(connection: MysqlConnection): HistorySetting {
    const { marks, state } = this.run
    return { connection, server: this.link.server, tables: this.options.tables, marks, state, log: this.log }
  }

  openHistory(from: LogPosition, isResumed: boolean): Promise<SchemaHistory> {
    const open = isResumed ? resumeHistory : beginHistory
    return this.link.ask(connection => open(this.historySetting(connection), from))
  }

  followOptions(): Omit<FollowOptions, 'stopAt'> {
    const { serverId, retryFor } = this.options
    const { link } = this
    const { failover: servers } = link
    return {
      serverId,
      retryFor,
      spoolDirectory: this.run.state?.path,
      ...(servers === undefined ? {} : { failover: { servers, moved: to => link.moveTo(to) } })
    }
  }

  close(): void {
    this.readers.history?.close()
    this.incremental.close()
  }
}

/** Incremental snapshots, as the mark that the run resumes from has left them. */
function openIncremental(
  link: ServerLink,
  { version, name, tables, shape, retryFor, signalTable }: TailOptions,
  { marks, state, stop }: TailRun,
  log: Log,
  epochs: FileEpochs
): IncrementalSnapshots {
  const context: ConstructorParameters<typeof IncrementalSnapshots>[0] = {
    target: () => link.target,
    server: () => link.server,
    shape,
    log,
    ask: question => link.ask(question),
    retryFor,
    stop,
    source: (table, { file, position }) => ({
      version,
      name,
      committedMs: Date.now(),
      snapshot: 'incremental',
      database: table.database,
      table: table.name,
      serverId: link.server.serverId,
      gtid: null,
      file,
      position,
      epoch: epochs.epoch
    })
  }
  const { database } = link.target
  const requests = state === null ? null : new RequestFolder(state.path)
  const resumed = parseIncremental(marks.resume.at?.incremental)
  return new IncrementalSnapshots(context, { tables, database, signalTable, requests }, resumed)
}
