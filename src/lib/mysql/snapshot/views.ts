import { Backoff, type Log, ToolError } from '../../cli/index.ts'
import { MysqlConnection, serverErrorCode } from '../connection.ts'
import type { LogPosition } from '../position.ts'
import { sqlName, sqlString } from '../schema.ts'
import { currentPosition, type ServerInfo } from '../server.ts'
import type { TableName } from '../tables.ts'
import type { MysqlTarget } from '../url.ts'
import { tableId } from './progress.ts'

/** A global lock may have to wait for long queries; past this it is not asked for any more. */
const LOCK_WAIT_SECONDS = 10

/** Connections that all see the tables as of one moment, and the place in the log of that moment. */
export interface Views {
  readonly position: LogPosition
  readonly connections: readonly MysqlConnection[]
  /** For tables whose engine has no views: they are locked until this connection ends. Null where there are none. */
  readonly locked: { readonly connection: MysqlConnection; readonly tables: ReadonlySet<string> } | null
  close(): void
}

/**
 * Opens views of the tables: a lock over the moment in which the transactions begin and the log's position is read,
 * and none while the rows are read, but for tables of engines like MyISAM.
 *
 * @param locker takes the lock
 * @param count how many views
 */
export async function openViews(
  target: MysqlTarget,
  locker: MysqlConnection,
  server: ServerInfo,
  tables: readonly TableName[],
  count: number,
  options: {
    readonly retryFor: number | undefined
    readonly stop: AbortSignal
    readonly log: Log
    /** Reads what has to be of the same moment as the views, and is to be quick. */
    readonly whileLocked: (locker: MysqlConnection, position: LogPosition) => Promise<void>
  }
): Promise<Views> {
  const open = (): Promise<MysqlConnection> =>
    MysqlConnection.open(target, new Backoff(options.retryFor, options.stop))
  const opened: MysqlConnection[] = []
  const close = (): void => {
    for (const connection of opened) connection.destroy()
  }
  try {
    const connections = await Promise.all(Array.from({ length: count }, open))
    opened.push(...connections)
    await Promise.all(connections.map(each => prepare(each, server)))
    const unsafe = await withoutViews(locker, tables)
    let keeper: MysqlConnection | null = null
    if (unsafe.length > 0) {
      keeper = await open()
      opened.push(keeper)
      await prepare(keeper, server)
    }
    const keep = async (): Promise<boolean> => keeper !== null && lockForReading(keeper, unsafe, options.log)
    const safe = tables.filter(table => !unsafe.includes(table))
    const lock = await lockTables(locker, safe, keep)
    let position: LogPosition
    try {
      position = await currentPosition(locker, server)
      await Promise.all(connections.map(each => each.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')))
      await options.whileLocked(locker, position)
    } finally {
      await lock.release()
    }
    const locked =
      keeper === null || !lock.kept ? null : { connection: keeper, tables: new Set(unsafe.map(tableId)) }
    return { position, connections, locked, close }
  } catch (error) {
    close()
    throw error
  }
}

/** Times in UTC, values as they are stored, and patience with a slow reader. */
async function prepare(connection: MysqlConnection, server: ServerInfo): Promise<void> {
  await connection.query(
    "SET SESSION time_zone = '+00:00', net_write_timeout = 3600, wait_timeout = 86400, " +
      "sql_mode = REPLACE(REPLACE(REPLACE(@@sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', ''), 'NO_ZERO_DATE', ''), 'NO_ZERO_IN_DATE', '')"
  )
  // However long a statement may run for others.
  const limit = server.isMariadb ? 'max_statement_time' : 'max_execution_time'
  await connection.query(`SET SESSION ${limit} = 0`)
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
}

/** Those of the tables whose engine has no transactions, so that a view of them would go on changing. */
async function withoutViews(connection: MysqlConnection, tables: readonly TableName[]): Promise<TableName[]> {
  if (tables.length === 0) return []
  const databases = [...new Set(tables.map(({ database }) => database))]
  const rows = await connection.query(
    'SELECT t.TABLE_SCHEMA AS db, t.TABLE_NAME AS name FROM information_schema.TABLES t ' +
      "JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE COALESCE(e.TRANSACTIONS, 'NO') <> 'YES' " +
      `AND t.TABLE_SCHEMA IN (${databases.map(sqlString).join(',')})`
  )
  const found = new Set(rows.map(row => `${row.db}.${row.name}`))
  return tables.filter(table => found.has(tableId(table)))
}

interface HeldLock {
  /** Whether tables without views are locked. */
  readonly kept: boolean
  release(): Promise<void>
}

/**
 * FLUSH TABLES WITH READ LOCK, or a lock on each table where the user may not (RDS, Aurora).
 * @param keep locks the tables without views, for longer
 */
async function lockTables(
  locker: MysqlConnection,
  tables: readonly TableName[],
  keep: () => Promise<boolean>
): Promise<HeldLock> {
  const release = async (): Promise<void> => {
    await locker.query('UNLOCK TABLES')
  }
  await locker.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`)
  try {
    await locker.query('FLUSH TABLES WITH READ LOCK')
    return { kept: await keep(), release }
  } catch (error) {
    const code = serverErrorCode(error)
    if (
      code !== 'ER_SPECIFIC_ACCESS_DENIED_ERROR' &&
      code !== 'ER_ACCESS_DENIED_ERROR' &&
      code !== 'ER_LOCK_WAIT_TIMEOUT'
    ) {
      throw error
    }
  }
  // Before the others: behind writers that wait for those it would wait, too.
  const kept = await keep()
  if (tables.length === 0) return { kept, release: async () => {} }
  try {
    await locker.query('SET SESSION lock_wait_timeout = 60')
    await locker.query(lockStatement(tables))
    return { kept, release }
  } catch (error) {
    throw new ToolError('SERVER', `a consistent snapshot needs a short lock: ${(error as Error).message}`, {
      cause: error,
      hint: 'GRANT RELOAD ON *.* (or LOCK TABLES on the tables) to the user, or use --snapshot never'
    })
  }
}

async function lockForReading(
  keeper: MysqlConnection,
  tables: readonly TableName[],
  log: Log
): Promise<boolean> {
  const names = tables.map(tableId).join(', ')
  try {
    await keeper.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`)
    await keeper.query(lockStatement(tables))
    log.info(`${names}: locked against writing while they are read, as their engine has no transactions`)
    return true
  } catch (error) {
    log.warn(
      `${names}: no transactions and no lock (${(error as Error).message}): changes while they are read may be told twice; ` +
        'GRANT LOCK TABLES to the user lets them be locked meanwhile'
    )
    return false
  }
}

function lockStatement(tables: readonly TableName[]): string {
  return `LOCK TABLES ${tables.map(({ database, name }) => `${sqlName(database, name)} READ`).join(', ')}`
}
