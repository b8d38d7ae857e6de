import { Backoff, messageOf, ToolError } from '../../cli/index.ts'
import type { MarkWriter, OutputWriter } from '../../stream/index.ts'
import { isLost, type MysqlConnection } from '../connection.ts'
import type { LogPosition } from '../position.ts'
import { readTableSchema } from '../schema.ts'
import type { Shape } from '../shape.ts'
import type { TableFilter, TableName } from '../tables.ts'
import { estimateRows, type SnapshotFigures } from './figures.ts'
import { GivenRows } from './given-rows.ts'
import { readKeyOrder } from './key-order.ts'
import { SnapshotProgress, tableId } from './progress.ts'
import { Renames } from './renames.ts'
import type { TableToRead } from './selection.ts'
import { SharedOutput } from './shared-output.ts'
import type { SnapshotSource } from './source.ts'
import { type SnapshotTable, TablesRead } from './tables-read.ts'
import { OutdatedViewError, ViewReader } from './view-reader.ts'
import { openViews, type Views } from './views.ts'

export interface SnapshotOptions {
  readonly version: string
  readonly name: string
  readonly tables: TableFilter
  readonly shape: Shape
  /** How many tables are read at a time. */
  readonly parallel: number
  readonly retryFor: number | undefined
}

/** Views that are outdated in a row before a row could be read. */
const MOST_OUTDATED = 20

/**
 * Gives the rows of tables as of one moment, several tables at a time. When the view is lost, by a crash of this tool
 * or of the server, it goes on with another view, after the log from the one moment to the other has been read for the
 * rows that had been given: every row is given once, and is up to date when the log is followed from the last view on.
 */
export class Snapshot {
  readonly #source: SnapshotSource
  readonly #options: SnapshotOptions
  readonly #writer: OutputWriter
  readonly #marks: MarkWriter
  readonly #stop: AbortSignal
  readonly #progress: SnapshotProgress
  /** The moment that what has been given is of; null before there is one. */
  #position: LogPosition | null
  readonly #tables: TablesRead
  /** The rows that were given are on the way from one moment to another. */
  #isMoving = false

  /** @param begun where an earlier run was left */
  constructor(
    source: SnapshotSource,
    options: SnapshotOptions,
    run: { readonly writer: OutputWriter; readonly marks: MarkWriter; readonly stop: AbortSignal },
    begun: { readonly position: LogPosition; readonly progress: SnapshotProgress } | null
  ) {
    this.#source = source
    this.#options = options
    this.#writer = run.writer
    this.#marks = run.marks
    this.#stop = run.stop
    this.#progress = begun?.progress ?? new SnapshotProgress()
    this.#position = begun?.position ?? null
    this.#tables = new TablesRead(this.#progress)
  }

  /** Rows written so far. */
  get rows(): number {
    return this.#tables.rows
  }

  get figures(): SnapshotFigures {
    return this.#tables.figures
  }

  /**
   * Writes all rows that have not been given yet.
   * @param opened told the position of the first view, before anything is written
   * @returns the position of the view that the last rows are of; null when it was stopped before the end
   * @throws ToolError SERVER, DATA
   */
  async take(opened: (position: LogPosition) => Promise<void>): Promise<LogPosition | null> {
    const backoff = new Backoff(this.#options.retryFor, this.#stop)
    backoff.succeeded()
    let outdated = 0
    for (;;) {
      const rows = this.rows
      try {
        return await this.#through(opened)
      } catch (error) {
        if (this.#stop.aborted && isLost(error)) return null
        const isOutdated = error instanceof OutdatedViewError
        if (!(isOutdated || isLost(error)) || !this.#keepsPlaces()) throw this.#lost(error)
        outdated = isOutdated && this.rows === rows ? outdated + 1 : 0
        if (this.rows > rows) backoff.succeeded()
        const { failingFor } = backoff
        if (outdated > MOST_OUTDATED || !(await backoff.wait())) throw this.#lost(error)
        if (this.#tables.isReading || isOutdated || failingFor === 0)
          this.#source.log.warn(`the view of the snapshot is lost: ${messageOf(error)}; goes on with another`)
        if (!isOutdated && this.#position !== null) await this.#source.replace(this.#position, failingFor)
      } finally {
        this.#tables.end()
      }
    }
  }

  /** Opens views, brings what has been given up to their moment, and reads the rest. */
  async #through(opened: (position: LogPosition) => Promise<void>): Promise<LogPosition | null> {
    const { log } = this.#source
    const { target, server } = this.#source.where()
    const { parallel } = this.#options
    // With others to go on with, one that is away is not waited for here.
    const retryFor = this.#source.hasOthers && this.#position !== null ? 0 : this.#options.retryFor
    const wanted = await this.#source.ask(connection => this.#options.tables.list(connection))
    if (wanted.length === 0) log.warn('no table matches --tables: the snapshot is empty')
    const rest = wanted.filter(table => !this.#progress.done.has(tableId(table)))
    const count = Math.max(1, Math.min(parallel, rest.length))
    const whileLocked = async (locker: MysqlConnection, position: LogPosition): Promise<void> => {
      const now = await this.#options.tables.list(locker)
      if (now.map(tableId).sort().join() !== wanted.map(tableId).sort().join())
        throw new OutdatedViewError('SERVER', 'there are other tables now')
      if (this.#position === null) await this.#source.define(locker, position)
    }
    const renames = await this.#source.ask(connection => Renames.begin(connection))
    const options = { retryFor, stop: this.#stop, log, whileLocked }
    const views = await this.#source.ask(connection =>
      openViews(target, connection, server, rest, count, options)
    )
    try {
      renames.viewedAt(views.position)
      const tables = await this.#source.ask(connection => this.#inspect(connection, rest))
      this.#tables.estimates = await this.#source.ask(connection => estimateRows(connection, wanted))
      if (this.#position === null) await opened(views.position)
      else if (server.logsChanges && !(await this.#catchUp(this.#position, views.position, tables)))
        return null
      this.#position = views.position
      // Tables that have got other names meanwhile: what is left is not what the views were opened for.
      if (this.#progress.hasRenamed) {
        this.#progress.hasRenamed = false
        views.close()
        return await this.#through(opened)
      }
      this.#tables.start([
        ...wanted
          .filter(table => !rest.includes(table))
          .map(table => ({ ...table, id: tableId(table), order: null })),
        ...tables
      ])
      const output = new SharedOutput(this.#writer, this.#marks, () => this.#at())
      const unchanged = async (id: string): Promise<void> => {
        const isRenamed = await this.#source.ask(connection => renames.mayHaveHappened(connection, server))
        if (isRenamed)
          throw new OutdatedViewError('SERVER', `${id} may have got its name since the view was opened`)
      }
      if (await this.#readAll(views, tables, output, unchanged)) return views.position
      await output.mark()
      return null
    } finally {
      views.close()
    }
  }

  /** The keys of the tables that are left, and estimates. @throws ToolError DATA when a cursor is of another key */
  async #inspect(connection: MysqlConnection, rest: readonly TableName[]): Promise<SnapshotTable[]> {
    const tables: SnapshotTable[] = []
    for (const name of rest) {
      const schema = await readTableSchema(connection, name.database, name.name)
      if (schema === null) continue
      const order = await readKeyOrder(connection, this.#options.shape.columns.applyToSchema(schema))
      tables.push({ ...name, id: tableId(name), order: typeof order === 'string' ? null : order })
    }
    for (const [id, { key }] of this.#progress.at) {
      const table = tables.find(each => each.id === id)
      if (table === undefined) {
        this.#source.log.warn(`${id} is not there any more: the snapshot goes on without it`)
        this.#progress.at.delete(id)
        this.#progress.gone.add(id)
      } else if (table.order?.signature !== key) {
        throw new ToolError(
          'DATA',
          `the primary key of ${id} was (${key}) when its rows were read, and is (${table.order?.signature ?? 'none that can be read by'}) now`,
          { hint: 'its snapshot cannot be taken up again: start with a new --state directory' }
        )
      }
    }
    return tables
  }

  async #catchUp(from: LogPosition, to: LogPosition, tables: readonly SnapshotTable[]): Promise<boolean> {
    const orders = new Map(tables.flatMap(({ id, order }) => (order === null ? [] : [[id, order] as const])))
    const watch = new GivenRows(
      this.#progress,
      orders,
      (database, name) => this.#options.tables.includes(database, name),
      sql => this.#source.ask(connection => connection.query(sql))
    )
    // Where it fails, the moment that the rows are of is not the one that they were of.
    this.#isMoving = true
    const isThere = await this.#source.follow(from, to, watch, position => ({
      ...this.#source.at(position),
      snapshot: this.#progress.format()
    }))
    this.#isMoving = false
    return isThere
  }

  async #readAll(
    views: Views,
    tables: readonly SnapshotTable[],
    output: SharedOutput,
    unchanged: (id: string) => Promise<void>
  ): Promise<boolean> {
    const isLocked = ({ id }: SnapshotTable): boolean => views.locked?.tables.has(id) === true
    const locked = tables.filter(isLocked)
    const free = tables.filter(table => !isLocked(table))
    if (views.locked !== null && locked.length > 0) {
      const reader = new ViewReader(views.locked.connection, this.#options.shape)
      for (const table of locked) if (!(await this.#readTable(reader, table, output, unchanged))) return false
      reader.close()
    }
    const readers = views.connections.map(connection => new ViewReader(connection, this.#options.shape))
    // No mark can say how far a table without a key has been read: none is made meanwhile, so it is read alone.
    for (const table of free.filter(({ order }) => order === null)) {
      const [reader] = readers as [ViewReader]
      if (!(await this.#readTable(reader, table, output, unchanged))) return false
    }
    const queue = free.filter(({ order }) => order !== null)
    const work = async (reader: ViewReader): Promise<boolean> => {
      for (let table = queue.shift(); table !== undefined; table = queue.shift())
        if (!(await this.#readTable(reader, table, output, unchanged))) return false
      return true
    }
    const failures: unknown[] = []
    const works = readers.map(reader =>
      work(reader).catch(error => {
        failures.push(error)
        // The others, of which nothing is of use any more, fail with it.
        for (const each of readers) each.close()
      })
    )
    await Promise.all(works)
    if (failures.length > 0) throw failures[0]
    await output.flush()
    return tables.every(({ id }) => this.#progress.done.has(id))
  }

  async #readTable(
    reader: ViewReader,
    table: SnapshotTable,
    output: SharedOutput,
    unchanged: (id: string) => Promise<void>
  ): Promise<boolean> {
    const { database, name, id, order } = table
    const { columns, where } = this.#options.shape
    const schema = await this.#source.ask(connection => readTableSchema(connection, database, name))
    if (schema === null) throw new OutdatedViewError('SERVER', `${id} is not there any more`)
    const toRead: TableToRead = {
      schema: columns.applyToSchema(schema),
      order,
      after: this.#progress.at.get(id)?.after ?? null,
      where: where.of(database, name)
    }
    const position = this.#position as LogPosition
    const source = {
      version: this.#options.version,
      name: this.#options.name,
      snapshot: true,
      database,
      table: name,
      serverId: this.#source.where().server.serverId,
      gtid: null,
      file: position.file,
      position: position.position,
      epoch: await this.#source.epochOf(position.file)
    }
    this.#tables.begin(table, reader)
    if (!(await reader.read(toRead, source, output, () => unchanged(id), this.#stop))) return false
    this.#tables.done(id)
    return true
  }

  /** What a mark says now; null while there is nothing that one could say. */
  #at(): Record<string, unknown> | null {
    if (!this.#keepsPlaces()) return null
    this.#tables.note()
    return { ...this.#source.at(this.#position as LogPosition), snapshot: this.#progress.format() }
  }

  /** Whether it is known of all tables how far they have been read, and of which moment that is. */
  #keepsPlaces(): boolean {
    return !this.#isMoving && this.#tables.keepsPlaces
  }

  #lost(error: unknown): unknown {
    if (!isLost(error)) return error
    return new ToolError(
      'SERVER',
      `${this.#source.where().target.display}: lost in the middle of the snapshot: ${messageOf(error)}`,
      { cause: error, hint: 'start again: with --state it goes on after the last mark' }
    )
  }
}
