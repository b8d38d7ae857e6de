import { type Log, messageOf, ToolError } from '../../cli/index.ts'
import type { OutputWriter } from '../../stream/index.ts'
import { isLost } from '../connection.ts'
import { hasReached, type LogPosition } from '../position.ts'
import { Choice, type Rows } from '../row-event.ts'
import { readTableSchema } from '../schema.ts'
import type { ServerInfo } from '../server.ts'
import type { Shape } from '../shape.ts'
import { type Key, type KeyOrder, readKeyOrder } from '../snapshot/key-order.ts'
import { LogKeys, type RowKeys } from '../snapshot/log-keys.ts'
import type { TableToRead } from '../snapshot/selection.ts'
import { TextOrder } from '../snapshot/text-order.ts'
import type { MappedTable } from '../table-cache.ts'
import type { TableName } from '../tables.ts'
import type { MysqlTarget } from '../url.ts'
import { type Chunk, chunkEnd, readChunk } from './chunk.ts'
import { type Ask, openMoment } from './moment.ts'
import { RowSession } from './session.ts'
import type { Taking } from './state.ts'

const CHUNK_ROWS = 4096

export interface TakingContext {
  /** The server that is read: another one after a fail-over. */
  target(): MysqlTarget
  server(): ServerInfo
  readonly shape: Shape
  readonly log: Log
  readonly ask: Ask
  readonly retryFor: number | undefined
  readonly stop: AbortSignal
  /** Something has happened that `step` waits for. */
  wake(): void
  /** What rows that are read have in `source`. */
  source(table: TableName, position: LogPosition): Parameters<Chunk['write']>[1]
}

/** From the moment before a chunk's view is opened until its rows are written. */
interface Window {
  /** The chunk ends here; null: with the table. */
  readonly end: Key | null
  /** The chunk is written when the log has been read up to here. */
  readonly high: LogPosition
  chunk: Chunk | null
}

/**
 * Takes the rows of one table while the log is followed, chunk by chunk in the order of the primary key. While a chunk is
 * read, rows of it that change in the log are told from there, and dropped from the chunk.
 *
 * Of a table that was not read before, nothing is written of rows that have not been given, so that each is given once
 * and every change of it follows.
 *
 * Source of the method: Andreakis, Papapanagiotou, "DBLog: A Watermark Based Change-Data-Capture Framework", 2020.
 */
export class TableTaking {
  readonly name: TableName
  readonly id: string
  rows: number
  isOver = false
  readonly #wanted: Taking
  readonly #context: TakingContext
  readonly #order: KeyOrder
  readonly #texts: TextOrder
  readonly #logKeys = new WeakMap<MappedTable, LogKeys>()
  #after: Key | null
  /** Keys after `#after` that were given, or are decided on: of a table that was read before, those that have changed. */
  readonly #also: Set<string>
  #session: RowSession | null = null
  /** Where the next chunk ends, once that is known. */
  #bound: { readonly end: Key | null } | null = null
  #window: Window | null = null
  #isBusy = false
  #failure: unknown = null

  private constructor(wanted: Taking, name: TableName, order: KeyOrder, context: TakingContext) {
    this.#wanted = wanted
    this.#context = context
    this.#order = order
    this.name = name
    this.id = wanted.table
    this.rows = wanted.rows
    this.#after = wanted.after
    this.#also = new Set(wanted.also.map(key => JSON.stringify(key)))
    this.#texts = new TextOrder(sql => context.ask(connection => connection.query(sql)))
  }

  /** @returns the reason why the table's rows cannot be taken so */
  static async begin(wanted: Taking, context: TakingContext): Promise<TableTaking | string> {
    const { shape, ask } = context
    const { rowImage } = context.server()
    const at = wanted.table.indexOf('.')
    const name = { database: wanted.table.slice(0, at), name: wanted.table.slice(at + 1) }
    const schema = await ask(connection => readTableSchema(connection, name.database, name.name))
    if (schema === null) return 'there is no such table, or the user may not see it'
    const order = await ask(connection => readKeyOrder(connection, shape.columns.applyToSchema(schema)))
    if (typeof order === 'string') return order
    if (wanted.key !== '' && wanted.key !== order.signature) return 'its primary key is another one now'
    if (wanted.isNew && rowImage !== 'FULL')
      return `the log has only some columns of updates (binlog_row_image is ${rowImage})`
    return new TableTaking(wanted, name, order, context)
  }

  /** What marks say of it. */
  get state(): Taking {
    const also = this.#wanted.isNew ? [...this.#also].map(key => JSON.parse(key) as Key) : []
    return { ...this.#wanted, key: this.#order.signature, after: this.#after, rows: this.rows, also }
  }

  /** Whether `step` has something to do. */
  get isReady(): boolean {
    if (this.#isBusy) return false
    return this.#window === null || this.#window.chunk !== null || this.#failure !== null
  }

  /** Goes on, unless it still waits for the server, between two transactions: what happens meanwhile in the log comes after it. */
  async step(read: LogPosition, output: OutputWriter): Promise<void> {
    if (this.#isBusy) return
    if (this.#failure !== null) this.#recover()
    if (this.#window === null) {
      if (this.#bound === null) this.#inBackground(() => this.#findBound())
      else await this.#open(read, this.#bound.end)
      return
    }
    const { chunk, high } = this.#window
    if (chunk === null || !hasReached(read, high)) return
    const source = this.#context.source(this.name, read)
    const isChanged = (key: string): boolean => this.#also.has(key)
    this.rows += chunk.write(output, source, isChanged)
    this.#after = chunk.end ?? this.#after
    if (chunk.end === this.#window.end) this.#also.clear()
    this.isOver = chunk.end === null
    this.#window = null
    await output.flush()
    if (this.isOver) this.close()
  }

  /** The rows that are held are not there any more. */
  truncated(): void {
    if (this.#window === null) return
    const { end } = this.#window
    this.#window = { ...this.#window, chunk: { end, rows: 0, write: () => 0 } }
  }

  choose(rows: Rows, mapped: MappedTable): Uint8Array | number | Promise<Uint8Array | number> {
    if (!this.#wanted.isNew && this.#window === null) return Choice.GIVEN
    let reader = this.#logKeys.get(mapped)
    if (reader === undefined) {
      reader = new LogKeys(mapped.table, this.#order)
      this.#logKeys.set(mapped, reader)
    }
    const keys = reader.read(rows)
    if (!this.#wanted.isNew) {
      for (const { before, after } of keys)
        for (const key of [before, after]) if (key !== null) this.#also.add(JSON.stringify(key))
      return Choice.GIVEN
    }
    return this.#among(keys, rows) ?? this.#asking(keys, rows)
  }

  close(): void {
    this.#session?.close()
    this.#session = null
  }

  async #asking(keys: readonly RowKeys[], rows: Rows): Promise<Uint8Array> {
    for (;;) {
      await this.#texts.learn()
      const choices = this.#among(keys, rows)
      if (choices !== undefined) return choices
    }
  }

  /** The choice for each row of a new table; undefined when the server has to be asked for the order of some. */
  #among(keys: readonly RowKeys[], { op }: Rows): Uint8Array | undefined {
    const places = keys.map(({ before, after }) => ({
      before: this.#place(before),
      after: this.#place(after)
    }))
    if (places.some(({ before, after }) => before === undefined || after === undefined)) return undefined
    const choices = new Uint8Array(keys.length)
    for (const [i, { before, after }] of keys.entries()) {
      const old = JSON.stringify(before)
      const now = JSON.stringify(after)
      const isGiven = (key: string, place: Place | null | undefined): boolean =>
        place === 'given' || this.#also.has(key)
      let choice = 0
      if (before !== null) choice |= isGiven(old, places[i]?.before) ? Choice.BEFORE : Choice.BEFORE_WITH_READ
      if (after !== null) {
        const place = places[i]?.after
        if (isGiven(now, place)) choice |= Choice.AFTER
        else if (place === 'held') choice |= op === 'u' && old === now ? Choice.AFTER_AS_READ : Choice.AFTER
      }
      // From now on the log tells of them, not the chunk.
      if (places[i]?.before === 'held') this.#also.add(old)
      if (places[i]?.after === 'held') this.#also.add(now)
      choices[i] = choice
    }
    return choices
  }

  /** Where a key lies; undefined when the server has to be asked; null for no key. */
  #place(key: Key | null): Place | null | undefined {
    if (key === null) return null
    if (this.#after !== null) {
      const order = this.#order.compare(key, this.#after, this.#texts.known)
      if (order === undefined) return undefined
      if (order <= 0) return 'given'
    }
    if (this.#window === null) return 'later'
    if (this.#window.end === null) return 'held'
    const order = this.#order.compare(key, this.#window.end, this.#texts.known)
    return order === undefined ? undefined : order <= 0 ? 'held' : 'later'
  }

  #inBackground(work: () => Promise<void>): void {
    this.#isBusy = true
    work()
      .catch(error => {
        this.#failure = error
      })
      .finally(() => {
        this.#isBusy = false
        this.#context.wake()
      })
  }

  async #findBound(): Promise<void> {
    const session = await this.#connected()
    this.#bound = { end: await chunkEnd(session, await this.#tableToRead(null), CHUNK_ROWS) }
  }

  async #open(read: LogPosition, end: Key | null): Promise<void> {
    const { ask } = this.#context
    const server = this.#context.server()
    this.#bound = null
    try {
      const session = await this.#connected()
      const high = await openMoment(session, ask, server, read, this.name)
      this.#window = { end, high, chunk: null }
      this.#inBackground(() => this.#readHeld(session, end))
    } catch (error) {
      this.#failure = error
    }
  }

  async #readHeld(session: RowSession, end: Key | null): Promise<void> {
    const chunk = await readChunk(session, await this.#tableToRead(end), this.#context.shape)
    await session.run('COMMIT')
    if (this.#window !== null && this.#window.chunk === null) this.#window.chunk = chunk
  }

  /** The columns of today: a view in which they are others is refused by the server. */
  async #tableToRead(upTo: Key | null): Promise<TableToRead & { order: KeyOrder }> {
    const { ask, shape } = this.#context
    const { database, name } = this.name
    const schema = await ask(connection => readTableSchema(connection, database, name))
    if (schema === null) throw new ToolError('DATA', 'the table is not there any more')
    const written = shape.columns.applyToSchema(schema)
    const order = await ask(connection => readKeyOrder(connection, written))
    if (typeof order === 'string' || order.signature !== this.#order.signature)
      throw new ToolError('DATA', 'its primary key was changed meanwhile')
    return { schema: written, order, after: this.#after, upTo, where: this.#wanted.where }
  }

  async #connected(): Promise<RowSession> {
    const { retryFor, stop } = this.#context
    const limit = this.#context.server().isMariadb ? 'max_statement_time' : 'max_execution_time'
    this.#session ??= await RowSession.open(
      this.#context.target(),
      [
        `SET SESSION time_zone = '+00:00', wait_timeout = 86400, ${limit} = 0, ` +
          "sql_mode = REPLACE(REPLACE(REPLACE(@@sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', ''), 'NO_ZERO_DATE', ''), 'NO_ZERO_IN_DATE', '')",
        'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ'
      ],
      retryFor,
      stop
    )
    return this.#session
  }

  /** After a lost connection or an altered table the chunk is read anew. @throws what cannot be helped */
  #recover(): void {
    const failure = this.#failure
    this.#failure = null
    this.close()
    this.#window = null
    this.#bound = null
    const isAltered = failure instanceof ToolError && /\(error 1412\)/.test(failure.message)
    if (!isLost(failure) && !isAltered) throw failure
    this.#context.log.warn(`${this.id}: ${messageOf(failure)}; reads the chunk again`)
  }
}

/** Given: up to the cursor. Held: in the chunk that is being read. Later: after it. */
type Place = 'given' | 'held' | 'later'
