import type { MysqlConnection } from '../connection.ts'
import { Catalog } from '../ddl/catalog.ts'
import type { AsOf, TableModel } from '../ddl/model.ts'
import { formatPosition, hasReached, type LogPosition } from '../position.ts'
import { currentPosition, type ServerInfo } from '../server.ts'
import { readDatabases, readTables } from './read-catalog.ts'

/**
 * The tables of some databases as they are now, for a log that is read from a place on. What is in it up to now they
 * have seen already.
 * @param mayMatter whether tables that are read may be in a database
 */
export async function readCatalog(
  connection: MysqlConnection,
  server: ServerInfo,
  from: LogPosition,
  mayMatter: (database: string) => boolean
): Promise<{ catalog: Catalog; isLater: boolean }> {
  const first = await currentPosition(connection, server)
  const databases = await readDatabases(connection)
  const tables: TableModel[] = []
  for (const { name } of databases) {
    if (mayMatter(name)) tables.push(...(await readTables(connection, server.version, name)))
  }
  const last = await currentPosition(connection, server)
  const isLater = !hasReached(from, first)
  const asOf: AsOf | undefined = hasReached(from, last)
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
  return { catalog, isLater }
}
