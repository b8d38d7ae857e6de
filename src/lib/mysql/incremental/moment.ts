import { setTimeout as sleep } from 'node:timers/promises'
import { ToolError } from '../../cli/index.ts'
import type { MysqlConnection } from '../connection.ts'
import { GtidSet } from '../gtid-set.ts'
import { MariadbGtids } from '../mariadb-gtids.ts'
import { hasReached, type LogPosition } from '../position.ts'
import { sqlName } from '../schema.ts'
import { currentPosition, type ServerInfo } from '../server.ts'
import type { TableName } from '../tables.ts'
import type { RowSession } from './session.ts'

/** How long a transaction that is in the log may take to become visible. */
const VISIBLE_WITHIN_MS = 30_000
const LOOK_AGAIN_MS = 5
const LOCK_WAIT_SECONDS = 3

/** Asks the server, on a new connection where the last one was lost. */
export type Ask = <T>(question: (connection: MysqlConnection) => Promise<T>) => Promise<T>

/**
 * Opens a view in which everything that has been read from the log can be seen. A transaction is in the log a moment
 * before it can be seen, so that needs care: servers with GTIDs tell which ones can be seen, MariaDB tells the place in
 * the log that a view is of, and elsewhere a short lock on the table waits for transactions that are not over.
 *
 * @param read how far the log has been read, which stands still meanwhile
 * @returns a position: nothing after it is in the view
 */
export async function openMoment(
  session: RowSession,
  ask: Ask,
  server: ServerInfo,
  read: LogPosition,
  table: TableName
): Promise<LogPosition> {
  if (read.gtids instanceof GtidSet) return momentByGtids(session, ask, read, read.gtids)
  if (server.isMariadb) return momentOfMariadb(session, ask, server, read)
  return momentByLock(session, ask, server, table)
}

const START = 'START TRANSACTION WITH CONSISTENT SNAPSHOT'

async function momentByGtids(
  session: RowSession,
  ask: Ask,
  read: LogPosition,
  gtids: GtidSet
): Promise<LogPosition> {
  const executed = async (): Promise<GtidSet> =>
    GtidSet.parse((await ask(connection => connection.value('SELECT @@GLOBAL.gtid_executed'))) ?? '')
  const deadline = Date.now() + VISIBLE_WITHIN_MS
  while (!(await executed()).includes(gtids)) await lookAgain(deadline)
  await session.run(START)
  return { ...read, gtids: await executed() }
}

/** Source: https://mariadb.com/kb/en/enhancements-for-start-transaction-with-consistent-snapshot/ */
async function momentOfMariadb(
  session: RowSession,
  ask: Ask,
  server: ServerInfo,
  read: LogPosition
): Promise<LogPosition> {
  const deadline = Date.now() + VISIBLE_WITHIN_MS
  for (;;) {
    await session.run(START)
    const status = new Map(
      (await session.values("SHOW STATUS LIKE 'binlog_snapshot_%'")).map(([name, value]) => [
        name?.toLowerCase(),
        value ?? ''
      ])
    )
    const file = status.get('binlog_snapshot_file') ?? ''
    const position = Number(status.get('binlog_snapshot_position') ?? 0)
    // Before the first commit of a new log there is none: then nothing can be on its way to be seen.
    const moment =
      file === ''
        ? await ask(connection => currentPosition(connection, server))
        : { file, position, gtids: null }
    if (hasReached({ ...moment, gtids: null }, { ...read, gtids: null })) {
      return { ...moment, gtids: read.gtids === null ? null : await loggedGtids(ask) }
    }
    await session.run('ROLLBACK')
    await lookAgain(deadline)
  }
}

/** What is in MariaDB's log by now. */
async function loggedGtids(ask: Ask): Promise<MariadbGtids> {
  const logged = await ask(connection => connection.value('SELECT @@GLOBAL.gtid_binlog_pos'))
  return MariadbGtids.parse(logged ?? '')
}

async function momentByLock(
  session: RowSession,
  ask: Ask,
  server: ServerInfo,
  { database, name }: TableName
): Promise<LogPosition> {
  return ask(async connection => {
    try {
      await connection.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`)
      await connection.query(`LOCK TABLES ${sqlName(database, name)} READ`)
    } catch (error) {
      throw new ToolError(
        'SERVER',
        `an incremental snapshot needs GTIDs or a short lock: ${(error as Error).message}`,
        {
          cause: (error as Error).cause,
          hint: 'SET gtid_mode=ON, or GRANT LOCK TABLES on the table to the user'
        }
      )
    }
    try {
      const position = await currentPosition(connection, server)
      await session.run(START)
      return position
    } finally {
      await connection.query('UNLOCK TABLES')
    }
  })
}

async function lookAgain(deadline: number): Promise<void> {
  if (Date.now() > deadline) {
    throw new ToolError('SERVER', 'what has been read from the log does not become visible in the tables', {
      hint: 'does the server wait for the acknowledgement of a replica?'
    })
  }
  await sleep(LOOK_AGAIN_MS)
}
