import { Backoff, ToolError } from '../cli/index.ts'
import type { ByteWriter } from '../stream/index.ts'
import { type ColumnRules, listColumns } from './column-rules.ts'
import { isLost, MysqlConnection } from './connection.ts'
import { readLengthEncoded } from './packets.ts'
import { queryColumns } from './query-columns.ts'
import { ResultReader } from './result-reader.ts'
import { readTableSchema, sqlName, sqlString, type TableSchema } from './schema.ts'
import { listTables, type TableName } from './tables.ts'
import { selectExpression, TextRows } from './text-row.ts'
import type { MysqlTarget } from './url.ts'

/** A column, with what the database does with it by itself. */
export interface SourceColumn {
  readonly name: string
  readonly type: string
  readonly integer: boolean
  /** TIMESTAMP is a moment, DATETIME a date and time without a zone. */
  readonly time: 'instant' | 'wall' | null
  readonly nullable: boolean
  /** AUTO_INCREMENT. */
  readonly numbered: boolean
  /** ON UPDATE CURRENT_TIMESTAMP. */
  readonly touched: boolean
  /** Whether values compare with literals in the order in which they sort. */
  readonly ordered: boolean
}

export interface SourceTable extends TableName {
  readonly source: { readonly db: string; readonly schema: null }
  readonly columns: readonly SourceColumn[]
  readonly key: readonly number[]
}

/** An expression over a table's columns. */
interface Term {
  readonly sql: string
  readonly column: { readonly name: string; readonly type: string; readonly time: 'instant' | 'wall' | null }
}

interface Sink {
  row(extras: readonly (string | null)[], image: (w: ByteWriter) => void): void
  pause(): Promise<boolean>
}

interface Described extends SourceTable {
  readonly from: string
  /** The columns that are written. */
  readonly schema: TableSchema
}

/**
 * Times are UTC, and with all modes off literals mean the same on every server. Each query sees what is committed when it
 * begins, and nothing else, whatever the server's defaults are.
 */
export const SESSION = [
  "SET SESSION time_zone = '+00:00', sql_mode = '', autocommit = 1, net_write_timeout = 3600, wait_timeout = 86400",
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'
]
/** The first byte of a NULL column in a text result. */
const NULL_MARK = 0xfb
const BINARY = /^(var)?binary$|blob$/
/** Types of which the order of values is that of their literals. */
const ORDERED =
  /^((tiny|small|medium|big)?int|decimal|(var)?(char|binary)|(tiny|medium|long)?(text|blob)|date|time|datetime|timestamp|year)$/

/**
 * The rows of tables by SELECT, for polling: a server as something to ask. Values are written as those of the log are.
 * Two connections: one for questions, one whose results are read packet by packet.
 */
export class MysqlRowSource {
  readonly connector = 'mysql'
  readonly display: string
  readonly #target: MysqlTarget
  readonly #rules: ColumnRules
  #connection: MysqlConnection | undefined
  #reader: ResultReader | undefined
  /** In which times without a zone are written. */
  #zone: string

  /** @param zone of times without one; undefined: the server's */
  constructor(target: MysqlTarget, rules: ColumnRules, zone: string | undefined) {
    this.#target = target
    this.display = target.display
    this.#rules = rules
    this.#zone = zone ?? ''
  }

  /** One attempt. @throws ToolError SERVER; one that `isLost` when a later attempt may succeed */
  async connect(): Promise<void> {
    const once = (): Backoff => new Backoff(0, new AbortController().signal)
    const connection = await MysqlConnection.open(this.#target, once())
    this.#connection = connection
    const rows = await MysqlConnection.open(this.#target, once())
    if (this.#zone === '') this.#zone = (await connection.value('SELECT @@session.time_zone')) ?? 'SYSTEM'
    const { database } = this.#target
    for (const each of [connection, rows]) {
      for (const statement of SESSION) await each.query(statement)
      // Queries of the user may name tables without one.
      if (database !== '') await each.query(`USE ${sqlName(database)}`)
    }
    this.#reader = new ResultReader(rows)
    const probe = `SELECT CONVERT_TZ('2026-01-01 00:00:00', '+00:00', ${sqlString(this.#zone)})`
    if ((await connection.value(probe)) === null) {
      throw new ToolError('USAGE', `${this.display} does not know the time zone ${this.#zone}`, {
        hint: 'give it as an offset, --poll-zone +05:30, or load the zones with mysql_tzinfo_to_sql'
      })
    }
  }

  isLost(error: unknown): boolean {
    return isLost(error)
  }

  close(): void {
    this.#connection?.destroy()
    this.#reader?.close()
    this.#connection = undefined
    this.#reader = undefined
  }

  interrupt(): void {
    this.#reader?.interrupt()
  }

  tables(): Promise<TableName[]> {
    return listTables(this.#open)
  }

  columns(tables: readonly TableName[]): ReturnType<typeof listColumns> {
    return listColumns(this.#open, tables)
  }

  async describe({ database, name }: TableName): Promise<Described | null> {
    const schema = await readTableSchema(this.#open, database, name)
    if (schema === null) return null
    const rows = await this.#open.query(
      `SELECT COLUMN_NAME AS name, IS_NULLABLE AS nullable, EXTRA AS extra FROM information_schema.COLUMNS ` +
        `WHERE TABLE_SCHEMA = ${sqlString(database)} AND TABLE_NAME = ${sqlString(name)}`
    )
    const details = new Map(rows.map(row => [row.name, row]))
    return this.#described(sqlName(database, name), schema, database, column => {
      const { nullable, extra } = details.get(column) ?? {}
      return {
        nullable: nullable !== 'NO',
        numbered: /auto_increment/i.test(extra ?? ''),
        touched: /on update/i.test(extra ?? '')
      }
    })
  }

  async describeQuery(sql: string, { database, name }: TableName): Promise<Described> {
    const from = `(${sql}) AS \`query\``
    const columns = await queryColumns(this.#open, `SELECT * FROM ${from} LIMIT 0`)
    const schema = { database, name, columns, key: [] }
    const details = { nullable: false, numbered: false, touched: false }
    return this.#described(from, schema, this.#target.database, () => details)
  }

  #described(
    from: string,
    schema: TableSchema,
    db: string,
    details: (column: string) => { nullable: boolean; numbered: boolean; touched: boolean }
  ): Described {
    const columns = schema.columns.map(({ name, dataType }): SourceColumn => {
      const time = dataType === 'timestamp' ? 'instant' : dataType === 'datetime' ? 'wall' : null
      const integer = /int$/.test(dataType)
      return { name, type: dataType, integer, time, ordered: ORDERED.test(dataType), ...details(name) }
    })
    const { database, name, key } = schema
    const source = { db, schema: null }
    return { database, name, source, columns, key, from, schema: this.#rules.applyToSchema(schema) }
  }

  async clock(
    _table: SourceTable,
    term: Term | null,
    beforeMs: number
  ): Promise<{ ms: number; now: string; earlier: string }> {
    const local = (time: string): string =>
      term?.column.time === 'wall' ? `CONVERT_TZ(${time}, '+00:00', ${sqlString(this.#zone)})` : time
    const [row] = await this.#open.query(
      `SELECT FLOOR(UNIX_TIMESTAMP(now) * 1000) AS ms, ${local('now')} AS now, ` +
        `${local(`now - INTERVAL ${beforeMs * 1000} MICROSECOND`)} AS earlier FROM (SELECT NOW(6) AS now) AS clock`
    )
    return { ms: Number(row?.ms), now: row?.now as string, earlier: row?.earlier as string }
  }

  quote(name: string): string {
    return sqlName(name)
  }

  text({ sql, column }: Term): string {
    return BINARY.test(column.type) ? `HEX(${sql})` : sql
  }

  literal({ column }: Term, text: string): string {
    if (BINARY.test(column.type)) return `X'${text}'`
    return /^-?\d+$/.test(text) && /int$|decimal/.test(column.type) ? text : sqlString(text)
  }

  bound(_table: SourceTable, term: Term, text: string): string {
    return this.literal(term, text)
  }

  milliseconds(_table: SourceTable, { sql, column }: Term): string {
    const utc = column.time === 'wall' ? `CONVERT_TZ(${sql}, ${sqlString(this.#zone)}, '+00:00')` : sql
    return `FLOOR(UNIX_TIMESTAMP(${utc}) * 1000)`
  }

  value(table: SourceTable, expression: string, rest: string): Promise<string | null> {
    return this.#open.value(`SELECT ${expression} FROM ${(table as Described).from}${rest}`)
  }

  async select(table: SourceTable, extras: readonly string[], rest: string, sink: Sink): Promise<boolean> {
    const { from, schema } = table as Described
    if (this.#reader === undefined) throw new Error('connect() comes first')
    const rows = new TextRows(schema)
    const selected = [...extras, ...schema.columns.map(selectExpression)].join(', ') || 'NULL'
    const values: (string | null)[] = extras.map(() => null)
    let packet: Buffer = Buffer.alloc(0)
    let at = 0
    const image = (w: ByteWriter): void => rows.write(w, packet, at)
    const row = (buffer: Buffer, start: number): void => {
      packet = buffer
      at = start
      for (let i = 0; i < values.length; i++) {
        if (buffer[at] === NULL_MARK) {
          values[i] = null
          at++
          continue
        }
        const [length, from] = readLengthEncoded(buffer, at)
        at = from + length
        values[i] = buffer.toString('utf8', from, at)
      }
      sink.row(values, image)
    }
    return await this.#reader.read(`SELECT ${selected} FROM ${from}${rest}`, row, () => sink.pause())
  }

  get #open(): MysqlConnection {
    if (this.#connection === undefined) throw new Error('connect() comes first')
    return this.#connection
  }
}
