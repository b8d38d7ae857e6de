import type { MysqlConnection, Row } from '../connection.ts'
import { type ColumnDefinition, readColumn } from '../ddl/column-definition.ts'
import { type Dialect, dialectOf } from '../ddl/dialect.ts'
import { DdlError, tokenize } from '../ddl/lexer.ts'
import {
  type ColumnModel,
  type DatabaseModel,
  type KnownTable,
  sortedKeys,
  type TableModel,
  type UniqueKey
} from '../ddl/model.ts'
import { resolveColumn } from '../ddl/resolve-column.ts'
import { TokenReader } from '../ddl/token-reader.ts'
import { withVersioning } from '../ddl/versioning.ts'
import { sqlName, sqlString } from '../schema.ts'
import { SYSTEM_DATABASES } from '../tables.ts'

const ROWS = "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"

/** The databases of a server but for its own, with their default character sets. */
export async function readDatabases(connection: MysqlConnection): Promise<DatabaseModel[]> {
  const rows = await connection.query(
    'SELECT SCHEMA_NAME AS name, DEFAULT_CHARACTER_SET_NAME AS charset FROM information_schema.SCHEMATA'
  )
  return rows
    .map(row => ({ name: row.name as string, charset: row.charset as string }))
    .filter(({ name }) => !SYSTEM_DATABASES.has(name))
}

/**
 * The definitions of a database's tables as they are now. A table with a column of a type that is not known is an
 * unknown one.
 * @param only one table instead of all
 */
export async function readTables(
  connection: MysqlConnection,
  serverVersion: string,
  database: string,
  only?: string
): Promise<TableModel[]> {
  const where =
    `TABLE_SCHEMA = ${sqlString(database)}` +
    (only === undefined ? '' : ` AND TABLE_NAME = ${sqlString(only)}`)
  const tables = await connection.query(
    `SELECT TABLE_NAME AS name, TABLE_COLLATION AS collation, TABLE_TYPE AS type FROM information_schema.TABLES WHERE ${where} AND ${ROWS}`
  )
  if (tables.length === 0) return []
  const columns = byTable(
    await connection.query(
      'SELECT TABLE_NAME AS tbl, COLUMN_NAME AS name, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset, ' +
        `IS_NULLABLE AS nullable, EXTRA AS extra, GENERATION_EXPRESSION AS expression FROM information_schema.COLUMNS WHERE ${where} ` +
        'ORDER BY TABLE_NAME, ORDINAL_POSITION'
    )
  )
  const keys = byTable(
    await connection.query(
      'SELECT TABLE_NAME AS tbl, INDEX_NAME AS name, COLUMN_NAME AS col, SUB_PART AS part ' +
        `FROM information_schema.STATISTICS WHERE ${where} AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`
    )
  )
  const types = new TypeReader(serverVersion)
  const models: TableModel[] = []
  for (const row of tables) {
    const name = row.name as string
    const own = keys.get(name) ?? []
    try {
      const table = types.table(database, name, row.collation ?? null, columns.get(name) ?? [], own)
      models.push(withVersioning(table, row.type === 'SYSTEM VERSIONED'))
    } catch (error) {
      if (!(error instanceof DdlError)) throw error
      models.push({ database, name, unknown: error.message })
    }
  }
  return Promise.all(models.map(model => inServerOrder(connection, model)))
}

/** information_schema does not tell in which order keys stand, which counts only where one has to stand in for a primary key. */
async function inServerOrder(connection: MysqlConnection, table: TableModel): Promise<TableModel> {
  if ('unknown' in table || table.primaryKey.length > 0 || table.uniqueKeys.length < 2) return table
  const rows = await connection.query(`SHOW KEYS FROM ${sqlName(table.database, table.name)}`)
  const order = rows.map(row => row.Key_name)
  const uniqueKeys = [...table.uniqueKeys].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  return { ...table, uniqueKeys: sortedKeys(uniqueKeys, table.columns) }
}

function byTable(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const name = row.tbl as string
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
  }
  return groups
}

/** Understands information_schema's types; most columns of a server have one of a few. */
class TypeReader {
  readonly #dialect: Dialect
  readonly #known = new Map<string, ColumnDefinition>()

  constructor(serverVersion: string) {
    this.#dialect = dialectOf(serverVersion, 0)
  }

  table(
    database: string,
    name: string,
    collation: string | null,
    columnRows: readonly Row[],
    keyRows: readonly Row[]
  ): KnownTable {
    const columns = columnRows.map(row => this.#column(row))
    const keys = new Map<string, UniqueKey & { columns: string[] }>()
    for (const row of keyRows) {
      const key = keys.get(row.name as string) ?? { name: row.name as string, columns: [] }
      const isPartial = row.part !== null || row.col === null || key.partial === true
      if (row.col !== null) key.columns.push(row.col as string)
      keys.set(key.name, isPartial ? { ...key, partial: true } : key)
    }
    const primary = keys.get('PRIMARY')
    keys.delete('PRIMARY')
    return {
      database,
      name,
      charset: collation?.split('_')[0] ?? null,
      columns,
      primaryKey: primary?.columns ?? [],
      uniqueKeys: sortedKeys([...keys.values()], columns)
    }
  }

  #column(row: Row): ColumnModel {
    const type = row.type as string
    let definition = this.#known.get(type)
    if (definition === undefined) {
      definition = readColumn(new TokenReader(tokenize(`c ${type}`, this.#dialect), this.#dialect))
      this.#known.set(type, definition)
    }
    const extra = row.extra ?? ''
    const rowTime = /^ROW (START|END)$/i.test(row.expression ?? '')
    return resolveColumn(
      {
        ...definition,
        name: row.name as string,
        // Labels in bytes have a character set, though it is not always told.
        charset: row.charset ?? (definition.type.labels === undefined ? null : 'binary'),
        nullable: row.nullable === 'YES',
        autoIncrement: /auto_increment/i.test(extra),
        generated: /VIRTUAL|STORED|PERSISTENT/i.test(extra) && !rowTime,
        rowTime
      },
      { dialect: this.#dialect, charset: null, nullableTimestamps: true }
    )
  }
}
