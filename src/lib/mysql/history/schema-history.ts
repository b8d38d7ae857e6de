import { ToolError } from '../../cli/index.ts'
import { charsetDecoder, isUtf8Charset } from '../charsets.ts'
import { applyDdl } from '../ddl/apply.ts'
import type { Catalog, CatalogChanges } from '../ddl/catalog.ts'
import type { Circumstances } from '../ddl/circumstances.ts'
import { type Dialect, dialectOf } from '../ddl/dialect.ts'
import { DdlError, QueryError } from '../ddl/lexer.ts'
import { formatType, isKnown, type KnownTable, keyOf, type TableModel } from '../ddl/model.ts'
import { parseDdl, tableOfDdl } from '../ddl/parser.ts'
import type { DdlStatement, TableName } from '../ddl/statement.ts'
import { loggedColumns } from '../ddl/versioning.ts'
import { hasReached, type LogPosition, parsePosition } from '../position.ts'
import type { TableSchema } from '../schema.ts'
import type { HistoryFile } from './history-file.ts'
import type { LoggedStatement } from './logged-statement.ts'

export interface HistoryOptions {
  readonly serverVersion: string
  readonly charsetOf: (collation: number) => string
  /** lower_case_table_names=1 */
  readonly lowerCaseNames: boolean
  /** explicit_defaults_for_timestamp of the server, where the log does not tell the session's. */
  readonly explicitTimestamps: boolean
  /** Whether rows of a table are read. */
  readonly isWanted: (database: string, table: string) => boolean
  readonly warn: (message: string) => void
  /** The number of the last mark. */
  readonly lastMark: () => number
  /** The oldest mark that a run may resume at; null when none is needed. */
  readonly oldestMark: () => Promise<number | null>
}

/** A statement that concerned tables or databases, and what it did. */
export interface SchemaChange {
  readonly sql: string
  /** The session's database. */
  readonly database: string
  /** Null for a statement that was not understood. */
  readonly statement: DdlStatement | null
  readonly before: (table: TableName) => TableModel | undefined
  readonly changes: CatalogChanges
  /** It put rows into a table that is read, and they are not in the log. */
  readonly hidesRows: boolean
}

/** The tables as they are at the place of the log that is read, by the statements in it. */
export class SchemaHistory {
  readonly #catalog: Catalog
  readonly #file: HistoryFile | null
  readonly #options: HistoryOptions
  #dialect: { readonly mode: number; readonly dialect: Dialect } | undefined

  /** @param file null: it is kept in memory alone */
  constructor(catalog: Catalog, file: HistoryFile | null, options: HistoryOptions) {
    this.#catalog = catalog
    this.#file = file
    this.#options = options
  }

  /** What a table's columns are here; null where that is not known. */
  schemaOf(database: string, name: string): TableSchema | null {
    const table = this.#catalog.table([database, name])
    return isKnown(table) ? schemaOfTable(table) : null
  }

  /** The table itself, known or not. */
  table(name: TableName): TableModel | undefined {
    return this.#catalog.table(name)
  }

  /**
   * Takes a statement of the log.
   * @param position where its transaction begins
   * @returns null for one that concerns no table
   */
  follow(logged: LoggedStatement, position: LogPosition): SchemaChange | null {
    const sql = this.#textOf(logged)
    const dialect = this.#dialectOf(logged.sqlMode)
    const reason = shorten(sql)
    let statement: DdlStatement | null = null
    let changes: CatalogChanges
    let hidesRows = false
    try {
      statement = parseDdl(sql, logged.database, dialect)
      if (statement === null) return null
      changes = applyDdl(statement, this.#catalog, this.#around(logged, dialect, position), reason)
    } catch (error) {
      if (!(error instanceof DdlError)) throw error
      changes = this.#makeUnknown(sql, logged.database, dialect, `${error.message}: ${reason}`)
      hidesRows =
        error instanceof QueryError && changes.tables.some(([name]) => this.#options.isWanted(...name))
      if (changes.tables.length === 0) return null
    }
    const previous = new Map(changes.tables.map(([name]) => [name.join('\0'), this.#catalog.table(name)]))
    this.#warnOfUnknown(changes)
    const before = (name: TableName): TableModel | undefined => previous.get(name.join('\0'))
    this.#catalog.apply(changes)
    // Many a statement leaves the columns as they are: ADD INDEX, ENGINE, partitions.
    const tables = changes.tables.filter(([name, table]) => !isSame(before(name), table))
    if (this.#file !== null && changes.databases.length + tables.length > 0) {
      const at = `${position.file}:${position.position}`
      this.#file.append({ after: this.#options.lastMark(), at, sql, databases: changes.databases, tables })
    }
    return { sql, database: logged.database, statement, before, changes, hidesRows }
  }

  /** Work that takes its time, if there is any to do. */
  settle(): Promise<void> | undefined {
    const file = this.#file
    if (file === null || !file.isLarge) return undefined
    return this.#options.oldestMark().then(oldest => file.compact(oldest))
  }

  close(): void {
    this.#file?.close()
  }

  #textOf({ bytes, clientCollation }: LoggedStatement): string {
    const charset = clientCollation === null ? 'utf8mb4' : this.#charsetOf(clientCollation)
    if (charset === null || charset === 'binary' || isUtf8Charset(charset)) return bytes.toString('utf8')
    return charsetDecoder(charset)(bytes)
  }

  #charsetOf(collation: number): string | null {
    try {
      return this.#options.charsetOf(collation)
    } catch (error) {
      if (error instanceof ToolError) return null
      throw error
    }
  }

  #dialectOf(mode: number): Dialect {
    if (this.#dialect?.mode !== mode) {
      const { serverVersion, lowerCaseNames } = this.#options
      this.#dialect = { mode, dialect: dialectOf(serverVersion, mode, lowerCaseNames) }
    }
    return this.#dialect.dialect
  }

  #around(logged: LoggedStatement, dialect: Dialect, position: LogPosition): Circumstances {
    const { serverCollation, explicitTimestamps } = logged
    return {
      dialect,
      serverCharset: serverCollation === null ? null : this.#charsetOf(serverCollation),
      nullableTimestamps: explicitTimestamps ?? this.#options.explicitTimestamps,
      hasSeen: table => hasSeen(table, position)
    }
  }

  /** The table that a statement names first; where that cannot be told, all whose names stand in it. */
  #makeUnknown(sql: string, database: string, dialect: Dialect, unknown: string): CatalogChanges {
    const first = /^\s*rename/i.test(sql) ? null : tableOfDdl(sql, database, dialect)
    const tables =
      first === null
        ? this.#catalog.tables
            .filter(({ name }) => sql.includes(name))
            .map(({ database, name }): TableName => [database, name])
        : [first]
    return {
      databases: [],
      tables: tables.map(name => [name, { database: name[0], name: name[1], unknown }])
    }
  }

  #warnOfUnknown({ tables }: CatalogChanges): void {
    for (const [[database, name], table] of tables) {
      if (table === null || isKnown(table) || !this.#options.isWanted(database, name)) continue
      this.#options.warn(
        `the columns of ${database}.${name} cannot be followed (${table.unknown}): ` +
          'where the log does not name them, they are taken from the database as it is now'
      )
    }
  }
}

/** Whether a definition that was read from the database has a statement at this place of the log in it. */
function hasSeen(table: TableModel | undefined, position: LogPosition): 'yes' | 'no' | 'perhaps' {
  if (!isKnown(table) || table.asOf === undefined) return 'no'
  if (!hasReached(position, parsePosition(table.asOf.from))) return 'yes'
  return hasReached(position, parsePosition(table.asOf.to)) ? 'no' : 'perhaps'
}

function isSame(before: TableModel | undefined, after: TableModel | null): boolean {
  return JSON.stringify(before ?? null) === JSON.stringify(after)
}

function schemaOfTable(table: KnownTable): TableSchema {
  return {
    database: table.database,
    name: table.name,
    columns: loggedColumns(table).map(column => ({
      name: column.name,
      dataType: column.type,
      columnType: formatType(column),
      charset: column.charset ?? null,
      labels: column.labels ?? null,
      nullable: column.nullable === true,
      generated: column.generated === true,
      fraction: column.length ?? 0
    })),
    key: keyOf(table)
  }
}

function shorten(sql: string): string {
  const text = sql.replace(/\s+/g, ' ').trim()
  return text.length > 200 ? `${text.slice(0, 197)}…` : text
}
