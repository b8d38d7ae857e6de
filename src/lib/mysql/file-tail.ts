import { basename, resolve } from 'node:path'
import { type Log, ToolError, usageError } from '../cli/index.ts'
import type { MarkWriter, OutputWriter } from '../stream/index.ts'
import { BinlogFile } from './binlog-file.ts'
import { BinlogReader } from './binlog-reader.ts'
import { charsetOfCollation } from './collations.ts'
import type { Table } from './column.ts'
import { Catalog } from './ddl/catalog.ts'
import { SchemaHistory } from './history/schema-history.ts'
import { formatPosition, hasReached, type PositionOption, parsePosition } from './position.ts'
import { PreparedTransactions } from './prepared.ts'
import type { ReaderOptions } from './reader-options.ts'
import { describesItself, differenceFrom, resolveTable } from './schema.ts'
import type { TableMap } from './table-map.ts'
import type { SnapshotMode, TailProgress, TailRun } from './tail-options.ts'
import { type MysqlTarget, parseMysqlUrl } from './url.ts'

/** A log file in the place of a server. */
export interface FileTarget {
  readonly path: string
  readonly database: ''
  /** The file's name. */
  readonly host: string
}

/** Reads `file:binlog.000003` or a server's URL. @throws ToolError USAGE */
export function parseSource(text: string): MysqlTarget | FileTarget {
  if (!text.startsWith('file:')) return parseMysqlUrl(text)
  const path = text.slice('file:'.length).replace(/^\/\/(?=\/)/, '')
  return { path: resolve(path), database: '', host: basename(path) }
}

export interface FileTailOptions extends Omit<ReaderOptions, 'checksum' | 'resolve'> {
  readonly snapshot: SnapshotMode
  readonly heartbeat?: unknown
  readonly start: PositionOption | undefined
  readonly stopAt: PositionOption | undefined
}

/** The changes in a binlog file, with no server at hand: what the file does not tell cannot be known. */
export class BinlogFileTail {
  /** The pipeline's for what is read: `source.name`. */
  readonly name: string
  readonly progress: TailProgress = {
    rows: () => this.#reader?.rows ?? 0,
    transactions: () => this.#reader?.transactions ?? 0,
    lagMs: () => 0,
    place: () => `${this.#file?.name}:${this.#file?.offset}`,
    snapshot: () => null
  }
  readonly #path: string
  readonly #options: FileTailOptions
  readonly #log: Log | null
  #file: BinlogFile | undefined
  #reader: BinlogReader | undefined

  constructor({ path }: FileTarget, options: FileTailOptions, log: Log | null = null) {
    this.#path = path
    this.name = options.name
    this.#options = options
    this.#log = log
  }

  /** Checks that the file can be read. @throws ToolError USAGE, INPUT */
  async connect(): Promise<void> {
    const { snapshot, start, stopAt, heartbeat } = this.#options
    if (heartbeat !== undefined) throw usageError('--heartbeat-table: there is no server')
    if (snapshot === 'only') throw usageError('--snapshot only: a log file has changes and no tables')
    for (const [flag, option] of [
      ['--start', start],
      ['--stop-at', stopAt]
    ] as const) {
      if (option === undefined || option.kind === 'earliest' || option.kind === 'now') continue
      if (option.kind !== 'file') throw usageError(`${flag}: of a file, only places in it can be named`)
    }
    await (await BinlogFile.open(this.#path, 0)).close()
  }

  /** Reads up to `stopAt` or the end of the file. @throws ToolError INPUT, DATA, with file and offset */
  async run({ writer, marks, state, stop }: TailRun): Promise<void> {
    const position = this.#begin(marks)
    const file = await BinlogFile.open(this.#path, position)
    this.#file = file
    const history = this.#historyOf(file, marks)
    const prepared = new PreparedTransactions(state, this.#log, () => marks.lastNumber)
    prepared.restore(marks.resume.at === null ? {} : (parsePosition(marks.resume.at).prepared ?? {}))
    const reader = new BinlogReader({ file: file.name, position, gtids: null }, writer, {
      ...this.#options,
      prepared,
      history,
      checksum: file.format.checksum,
      resolve: map => resolveByLog(map, history)
    })
    this.#reader = reader
    try {
      await this.#follow(file, reader, writer, marks, stop)
    } finally {
      // Whatever ends it, everything before has been read.
      await writer.drain()
    }
    if (reader.isBetweenTransactions) await marks.write(formatPosition(reader.position))
    await writer.drain()
    const left = Object.keys(prepared.files ?? {})
    if (left.length > 0)
      this.#log?.warn(
        `prepared and not over at the end, so not among the events: XA transactions ${left.join('; ')}`
      )
  }

  close(): void {
    void this.#file?.close()
  }

  /** Of tables that the file itself creates more is known than it says with their rows. */
  #historyOf(file: BinlogFile, marks: MarkWriter): SchemaHistory {
    const { tables } = this.#options
    return new SchemaHistory(new Catalog(), null, {
      serverVersion: file.format.serverVersion,
      charsetOf: charsetOfCollation,
      lowerCaseNames: false,
      explicitTimestamps: true,
      isWanted: (database, table) => tables.includes(database, table),
      // Rows of a table that cannot be followed are an error, which says so.
      warn: () => {},
      lastMark: () => marks.lastNumber,
      oldestMark: () => Promise.resolve(null)
    })
  }

  #begin(marks: MarkWriter): number {
    const { start } = this.#options
    const resume = marks.resume.at === null ? null : parsePosition(marks.resume.at)
    const from = resume ?? (start?.kind === 'file' ? start : null)
    if (from === null) return 4
    if (from.file !== basename(this.#path)) {
      throw usageError(`${this.#path} is not ${from.file}, where this run ${resume ? 'resumes' : 'begins'}`)
    }
    return from.position
  }

  async #follow(
    file: BinlogFile,
    reader: BinlogReader,
    writer: OutputWriter,
    marks: MarkWriter,
    stop: AbortSignal
  ): Promise<void> {
    const { stopAt } = this.#options
    for (;;) {
      while (file.next()) {
        const { large, buffer, start, end } = file
        const waiting = large === null ? reader.take(buffer, start, end) : reader.takeLarge(large)
        if (waiting !== undefined) await waiting
        if (!reader.isBetweenTransactions) continue
        if (stop.aborted || (stopAt !== undefined && hasReached(reader.position, stopAt))) return
        if (marks.isDue) await marks.write(formatPosition(reader.position))
      }
      await writer.flush()
      if (!(await file.more())) break
    }
    if (!reader.isBetweenTransactions) {
      throw new ToolError(
        'INPUT',
        `${this.#path}:${reader.position.position}: the file ends inside the transaction that begins here`,
        { hint: 'its rows so far have been written; whether it was committed is not known' }
      )
    }
  }
}

function resolveByLog(map: TableMap, history: SchemaHistory): Table {
  if (describesItself(map)) return resolveTable(map, null, charsetOfCollation)
  const known = history.schemaOf(map.database, map.table)
  if (known !== null && differenceFrom(map, known) === null)
    return resolveTable(map, known, charsetOfCollation)
  throw new ToolError('DATA', `the log does not name the columns of ${map.database}.${map.table}`, {
    hint: 'without their server, logs are read that were written with binlog_row_metadata=FULL, or that create the table; leave it out with --tables'
  })
}
