import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { messageOf, ToolError } from '../cli/index.ts'
import { type ByteWriter, loadSqlite } from '../stream/index.ts'
import type { Clock, PollColumn, PollDatabase, PollTable, RowSink, TableName, Term } from './database.ts'
import { ImageWriter, writeBase64, writeFloat, writeInteger, writeString } from './json.ts'
import type { ColumnTreatments } from './rules.ts'
import { detectForm, formatTime, type TimeForm, toMilliseconds } from './sqlite-time.ts'
import type { SqliteTarget } from './url.ts'

type Value = bigint | number | string | Uint8Array

interface Described extends PollTable {
  readonly from: string
  readonly image: ImageWriter<Value>
}

/** SQLite's own name of the database in a file. */
const MAIN = 'main'
const BUSY_MS = 5000
/**
 * The output is waited for between so many bytes only: a file that is being read may not be written to (unless it is in
 * WAL mode), and a reader that has stopped must not stop the writers of most tables.
 */
const BATCH_BYTES = 16 * 1024 * 1024

/** SQLITE_BUSY and SQLITE_LOCKED. */
const BUSY = new Set([5, 6])

/** A file of SQLite as a database to poll, over node:sqlite. Values are what is stored, whatever type the column declares. */
export class SqliteDatabase implements PollDatabase {
  readonly connector = 'sqlite'
  readonly display: string
  readonly #target: SqliteTarget
  readonly #rules: ColumnTreatments
  #database: DatabaseSync | undefined
  /** How times are stored, by table. */
  readonly #forms = new Map<string, TimeForm>()

  constructor(target: SqliteTarget, rules: ColumnTreatments) {
    this.#target = target
    this.display = target.display
    this.#rules = rules
  }

  async connect(): Promise<void> {
    const { DatabaseSync } = loadSqlite()
    try {
      this.#database = new DatabaseSync(this.#target.path, { readOnly: true, timeout: BUSY_MS })
      this.#all('SELECT COUNT(*) FROM sqlite_master')
    } catch (error) {
      if (this.isLost(error)) throw error
      throw new ToolError('SERVER', `${this.display}: ${messageOf(error)}`, {
        cause: error,
        hint: 'sqlite:PATH names a file that is there and may be read'
      })
    }
  }

  isLost(error: unknown): boolean {
    const cause = error instanceof ToolError ? error.cause : error
    const code = (cause as { errcode?: unknown } | undefined)?.errcode
    return typeof code === 'number' && BUSY.has(code & 0xff)
  }

  close(): void {
    this.#database?.close()
    this.#database = undefined
  }

  /** Nothing is waited for: queries are run in this process. */
  interrupt(): void {}

  async tables(): Promise<TableName[]> {
    const rows = this.#all(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
    )
    return rows.map(([name]) => ({ database: MAIN, name: name as string }))
  }

  async columns(tables: readonly TableName[]): Promise<{ database: string; table: string; name: string }[]> {
    return tables.flatMap(({ database, name: table }) =>
      this.#all(`SELECT name FROM pragma_table_xinfo(${quoteText(table)})`).map(([name]) => ({
        database,
        table,
        name: name as string
      }))
    )
  }

  async describe({ database, name }: TableName): Promise<Described | null> {
    const rows = this.#all(
      // Hidden columns of virtual tables (1) are not among those of SELECT *, generated ones (2, 3) are.
      `SELECT name, type, "notnull", pk FROM pragma_table_xinfo(${quoteText(name)}) WHERE hidden <> 1`
    )
    if (rows.length === 0) return null
    const keyed = rows.filter(row => row[3] !== 0n)
    const columns = rows.map(([column, type, notNull, place]): PollColumn => {
      // Such a column is the rowid: it has no NULL and is numbered.
      const isRowId = place === 1n && keyed.length === 1 && /^integer$/i.test(type as string)
      const isRequired = notNull === 1n || isRowId
      return describeColumn(column as string, type as string, !isRequired, isRowId)
    })
    const key = [...keyed].sort((a, b) => Number(a[3]) - Number(b[3])).map(row => rows.indexOf(row))
    return this.#described(database, name, this.quote(name), columns, key)
  }

  async describeQuery(sql: string, { database, name }: TableName): Promise<Described> {
    const from = `(${sql}) AS query`
    const columns = this.#prepare(`SELECT * FROM ${from}`)
      .columns()
      .map(({ name: column, type }) => describeColumn(column, type ?? '', false, false))
    return this.#described(database, name, from, columns, [])
  }

  #described(
    database: string,
    name: string,
    from: string,
    columns: readonly PollColumn[],
    key: readonly number[]
  ): Described {
    const treatments = this.#rules.of({ database, name }, columns, key)
    const writers = columns.map(column => ({ name: column.name, write: writeValue }))
    const image = new ImageWriter(writers, treatments, this.#rules)
    return { database, name, source: { db: this.#target.database, schema: null }, columns, key, from, image }
  }

  async clock(table: PollTable, term: Term | null, beforeMs: number): Promise<Clock> {
    if (term !== null) {
      const newest = await this.value(
        table,
        term.sql,
        ` WHERE ${term.sql} IS NOT NULL ORDER BY ${term.sql} DESC LIMIT 1`
      )
      const form = newest === null ? null : detectForm(newest)
      if (form !== null) this.#forms.set(table.name, form)
      else if (newest !== null) {
        throw new ToolError(
          'DATA',
          `${table.name}.${term.column.name}: ${newest} is no time that can be read`,
          {
            hint: 'known are 2026-11-24 10:00:00 (UTC), 2026-11-24T10:00:00Z, and seconds, milliseconds or microseconds since 1970'
          }
        )
      }
    }
    // SQLite's clock is the machine's.
    const ms = Date.now()
    return { ms, now: String(ms), earlier: String(ms - beforeMs) }
  }

  quote(name: string): string {
    return `"${name.replaceAll('"', '""')}"`
  }

  /** A literal of the value, of whatever class it is. */
  text({ sql }: Term): string {
    return `quote(${sql})`
  }

  literal(_term: Term, text: string): string {
    return text
  }

  bound(table: PollTable, { isTime }: Term, text: string): string {
    return !isTime ? text : formatTime(Number(text), this.#forms.get(table.name) ?? 'space')
  }

  milliseconds(table: PollTable, { sql }: Term): string {
    return toMilliseconds(sql, this.#forms.get(table.name) ?? 'space')
  }

  async value(table: PollTable, expression: string, rest: string): Promise<string | null> {
    const [row] = this.#all(`SELECT ${expression} FROM ${(table as Described).from}${rest}`)
    const value = row?.[0] ?? null
    return value === null ? null : String(value)
  }

  async select(table: PollTable, extras: readonly string[], rest: string, sink: RowSink): Promise<boolean> {
    const { from, image } = table as Described
    const names = image.names.map(name => this.quote(name))
    let values: readonly (Value | null)[] = []
    let bytes = 0
    const writeImage = (w: ByteWriter): void => {
      const start = w.length
      image.write(w, values, extras.length)
      bytes += w.length - start
    }
    const statement = this.#prepare(
      `SELECT ${[...extras, ...names].join(', ') || 'NULL'} FROM ${from}${rest}`
    )
    try {
      for (const row of statement.iterate() as Iterable<unknown>) {
        values = row as (Value | null)[]
        sink.row(
          values.slice(0, extras.length).map(value => (value === null ? null : String(value))),
          writeImage
        )
        if (bytes < BATCH_BYTES) continue
        bytes = 0
        if (!(await sink.pause())) return false
      }
    } catch (error) {
      throw this.#failure(statement.sourceSQL, error)
    }
    return await sink.pause()
  }

  #prepare(sql: string): StatementSync {
    if (this.#database === undefined) throw new Error('connect() comes first')
    try {
      const statement = this.#database.prepare(sql)
      statement.setReadBigInts(true)
      statement.setReturnArrays(true)
      return statement
    } catch (error) {
      throw this.#failure(sql, error)
    }
  }

  #all(sql: string): (Value | null)[][] {
    const statement = this.#prepare(sql)
    try {
      return statement.all() as unknown as (Value | null)[][]
    } catch (error) {
      throw this.#failure(sql, error)
    }
  }

  #failure(sql: string, error: unknown): unknown {
    if (error instanceof ToolError) return error
    const statement = sql.length > 120 ? `${sql.slice(0, 117)}…` : sql
    return new ToolError('SERVER', `${this.display}: ${messageOf(error)} (in ${statement})`, { cause: error })
  }
}

/** A column without a declared time type may hold times all the same. */
function describeColumn(name: string, type: string, nullable: boolean, isRowId: boolean): PollColumn {
  return {
    name,
    type: type === '' ? 'without a type' : type,
    integer: /int/i.test(type),
    time: /blob|bool/i.test(type) || isRowId ? null : 'wall',
    nullable,
    numbered: isRowId,
    touched: false,
    ordered: !nullable
  }
}

function writeValue(w: ByteWriter, value: Value): void {
  if (typeof value === 'bigint') writeInteger(w, String(value))
  else if (typeof value === 'number') writeFloat(w, value)
  else if (typeof value === 'string') writeString(w, value)
  else writeBase64(w, value)
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
