import { suggest, ToolError, usageError } from '../cli/index.ts'
import type { Table } from './column.ts'
import type { MysqlConnection } from './connection.ts'
import { type Mask, parseMask, type Treatment } from './mask.ts'
import { sqlString, type TableSchema } from './schema.ts'
import type { ResolveTable } from './table-cache.ts'
import type { TableName } from './tables.ts'

interface ColumnPattern {
  readonly flag: string
  readonly text: string
  readonly database: RegExp
  readonly table: RegExp
  readonly column: RegExp
  readonly exact: boolean
}

export interface ColumnFlags {
  readonly columns: readonly string[]
  readonly excludeColumns: readonly string[]
  /** `COLUMN=MASK` each. */
  readonly masks: readonly string[]
  /** Goes into hashes before the value. */
  readonly salt: string
  /** Write values with Debezium's encodings. */
  readonly debezium?: boolean
}

/**
 * Which columns are written, and how: `column` (of any table), `table.column`, `database.table.column`, with stars.
 * The primary key always stays, so that a row can be told from another.
 */
export class ColumnRules {
  readonly #only: readonly ColumnPattern[]
  readonly #without: readonly ColumnPattern[]
  readonly #masks: readonly { pattern: ColumnPattern; mask: Mask }[]
  readonly #debezium: boolean

  /**
   * @param database the URL's, '' when it names none: a table without a database is then one of any
   * @throws ToolError USAGE
   */
  constructor(flags: ColumnFlags, database: string) {
    this.#debezium = flags.debezium === true
    this.#only = flags.columns.map(text => parsePattern('--columns', text, database))
    this.#without = flags.excludeColumns.map(text => parsePattern('--exclude-columns', text, database))
    this.#masks = flags.masks.map(text => {
      const at = text.indexOf('=')
      if (at <= 0) {
        throw usageError(`--mask ${text}: how?`, 'write --mask payments.email=hash, …=redact or …=truncate:4')
      }
      return {
        pattern: parsePattern('--mask', text.slice(0, at), database),
        mask: parseMask(text.slice(at + 1), flags.salt)
      }
    })
  }

  /** Tables stay as they are. */
  get isEmpty(): boolean {
    return this.#namesNone && !this.#debezium
  }

  get #namesNone(): boolean {
    return this.#only.length + this.#without.length + this.#masks.length === 0
  }

  /** The treatment of each column of a table. Of several masks the first counts. */
  treatments(
    database: string,
    table: string,
    columns: readonly { readonly name: string }[],
    key: readonly number[]
  ): Treatment[] {
    const ofTable = (pattern: ColumnPattern): boolean =>
      pattern.database.test(database) && pattern.table.test(table)
    const only = this.#only.filter(ofTable)
    const without = this.#without.filter(ofTable)
    const masks = this.#masks.filter(({ pattern }) => ofTable(pattern))
    return columns.map(({ name }, i) => {
      const matches = (pattern: ColumnPattern): boolean => pattern.column.test(name)
      const isDropped = without.some(matches) || (only.length > 0 && !only.some(matches))
      if (isDropped && !key.includes(i)) return 'drop'
      return masks.find(({ pattern }) => matches(pattern))?.mask
    })
  }

  /** The table with its columns' treatments, for the row decoder. */
  applyTo(table: Table): Table {
    if (this.isEmpty) return table
    const treatments = this.treatments(table.database, table.name, table.columns, table.key)
    return {
      ...table,
      debezium: this.#debezium,
      columns: table.columns.map((column, i) => ({ ...column, treatment: treatments[i] }))
    }
  }

  /** Tables as `resolve` gives them, with these rules. */
  resolving(resolve: ResolveTable): ResolveTable {
    if (this.isEmpty) return resolve
    return map => {
      const table = resolve(map)
      return table instanceof Promise ? table.then(each => this.applyTo(each)) : this.applyTo(table)
    }
  }

  /** The columns that are written, for a snapshot. */
  applyToSchema(schema: TableSchema): TableSchema {
    if (this.isEmpty) return schema
    const { database, name, columns, key } = schema
    const treatments = this.treatments(database, name, columns, key)
    const treated = columns.map((column, i) => ({ ...column, treatment: treatments[i] }))
    const kept = treated.filter(({ treatment }) => treatment !== 'drop')
    const newKey = key.map(i => kept.indexOf(treated[i] as (typeof treated)[number]))
    return { ...schema, debezium: this.#debezium, columns: kept, key: newKey }
  }

  /**
   * Checks that every column that was named in full is there: a mask with a typing error would show what it is to hide.
   * @throws ToolError USAGE
   */
  async check(connection: MysqlConnection, tables: readonly TableName[]): Promise<void> {
    if (this.#namesNone || tables.length === 0) return
    this.checkAgainst(await listColumns(connection, tables))
  }

  /** @param known all columns of the tables that are read */
  checkAgainst(known: readonly ColumnName[]): void {
    const patterns = [...this.#only, ...this.#without, ...this.#masks.map(({ pattern }) => pattern)]
    for (const { flag, text, exact, database, table, column } of patterns) {
      if (!exact) continue
      const isThere = known.some(
        each => column.test(each.name) && table.test(each.table) && database.test(each.database)
      )
      if (isThere) continue
      const depth = text.split('.').length
      const near = suggest(
        text,
        known.map(each => [each.database, each.table, each.name].slice(3 - depth).join('.'))
      )
      throw new ToolError('USAGE', `${flag} ${text}: no table that is read has such a column`, {
        hint:
          near === undefined
            ? 'a pattern with a star may match nothing, a name may not'
            : `did you mean ${near}?`
      })
    }
  }
}

export interface ColumnName {
  readonly database: string
  readonly table: string
  readonly name: string
}

/** All columns of these tables. */
export async function listColumns(
  connection: MysqlConnection,
  tables: readonly TableName[]
): Promise<ColumnName[]> {
  const databases = [...new Set(tables.map(({ database }) => database))]
  if (databases.length === 0) return []
  const rows = await connection.query(
    `SELECT TABLE_SCHEMA AS db, TABLE_NAME AS tbl, COLUMN_NAME AS name FROM information_schema.COLUMNS ` +
      `WHERE TABLE_SCHEMA IN (${databases.map(sqlString).join(',')})`
  )
  const wanted = new Set(tables.map(({ database, name }) => `${database}.${name}`))
  return rows
    .filter(row => wanted.has(`${row.db}.${row.tbl}`))
    .map(row => ({ database: row.db as string, table: row.tbl as string, name: row.name as string }))
}

function parsePattern(flag: string, text: string, database: string): ColumnPattern {
  const parts = text.split('.')
  if (parts.length > 3 || parts.includes('')) {
    throw usageError(`${flag} ${text}: not a column`, 'write table.column or database.table.column')
  }
  const [column = '*', table = '*', own = parts.length === 2 && database !== '' ? database : '*'] = [
    ...parts
  ].reverse()
  return {
    flag,
    text,
    database: globOf(own),
    table: globOf(table),
    // MySQL does not tell names of columns apart by case.
    column: globOf(column, 'i'),
    exact: !text.includes('*')
  }
}

function globOf(text: string, flags = ''): RegExp {
  const source = text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  return new RegExp(`^${source}$`, `s${flags}`)
}
