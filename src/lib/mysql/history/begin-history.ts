import { type MysqlConnection, serverErrorCode } from '../connection.ts'
import { Catalog } from '../ddl/catalog.ts'
import type { AsOf, DatabaseModel, TableModel } from '../ddl/model.ts'
import { statementsBetween } from '../logged-statements.ts'
import { formatPosition, hasReached, type LogPosition } from '../position.ts'
import { sqlName } from '../schema.ts'
import { currentPosition, type ServerInfo } from '../server.ts'
import type { TableName } from '../tables.ts'
import { readDatabases, readTables } from './read-catalog.ts'

/** How often tables are read again that were changed in the meantime. */
const MOST_ATTEMPTS = 20
/** How long a statement that defines a table is waited for. */
const LOCK_WAIT_SECONDS = 10
/** Errors about a table that is gone, locked for long, or not to be read. */
const CANNOT_BE_HELD = new Set([
  'ER_NO_SUCH_TABLE',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_COLUMNACCESS_DENIED_ERROR'
])

/**
 * The tables of some databases as they are now, for a log that is read from a place on. What is in it up to now they
 * have seen already.
 * @param from null: where they are read
 * @param mayMatter whether tables that are read may be in a database
 */
export async function readCatalog(
  connection: MysqlConnection,
  server: ServerInfo,
  from: LogPosition | null,
  mayMatter: (database: string) => boolean
): Promise<{ catalog: Catalog; position: LogPosition; isLater: boolean }> {
  const { first, last, databases, tables } = await readUnchanged(connection, server, mayMatter)
  const position = from ?? first
  const asOf: AsOf | undefined = hasReached(position, last)
    ? undefined
    : { from: formatPosition(first), to: formatPosition(last) }
  const catalog = new Catalog()
  catalog.apply({
    databases: databases.map(database => [database.name, database]),
    tables: tables.map(table => [
      [table.database, table.name],
      'unknown' in table || asOf === undefined ? table : { ...table, asOf }
    ])
  })
  return { catalog, position, isLater: !hasReached(position, first) }
}

interface Reading {
  /** Between these places the tables were read; the same place if nothing changed them meanwhile. */
  readonly first: LogPosition
  readonly last: LogPosition
  readonly databases: readonly DatabaseModel[]
  readonly tables: readonly TableModel[]
}

/** Reads until no statement changed a table meanwhile, or that cannot be told. */
async function readUnchanged(
  connection: MysqlConnection,
  server: ServerInfo,
  mayMatter: (database: string) => boolean
): Promise<Reading> {
  for (let attempt = 1; ; attempt++) {
    const first = await currentPosition(connection, server)
    const databases = await readDatabases(connection)
    const tables: TableModel[] = []
    for (const { name } of databases) {
      if (mayMatter(name)) tables.push(...(await readTables(connection, server.version, name)))
    }
    const last = await currentPosition(connection, server)
    const changes = hasReached(first, last) ? [] : await statementsBetween(connection, first, last)
    if (changes?.length === 0) return { first: last, last, databases, tables }
    const isOneFile = first.file === last.file
    if ((changes === null && isOneFile) || attempt === MOST_ATTEMPTS)
      return { first, last, databases, tables }
  }
}

/**
 * Does something while no statement can be in the midst of defining one of the tables: in its last moments the log has
 * it already, and what the server says of the table and of its GTIDs comes a little later, one after the other. A
 * transaction that has looked at a table is such a hold (MySQL: metadata locking).
 */
export async function holdingTables<T>(
  connection: MysqlConnection,
  tables: readonly TableName[],
  work: () => Promise<T>
): Promise<T> {
  await connection.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`)
  // What is read in it is to be of now, not of its beginning.
  await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
  await connection.query('START TRANSACTION')
  try {
    for (const { database, name } of tables) {
      try {
        await connection.query(`SELECT 1 FROM ${sqlName(database, name)} LIMIT 0`)
      } catch (error) {
        if (!CANNOT_BE_HELD.has(serverErrorCode(error) ?? '')) throw error
      }
    }
    return await work()
  } finally {
    await connection.query('COMMIT')
  }
}
