import { ToolError } from '../cli/index.ts'
import { type MysqlConnection, serverErrorCode } from './connection.ts'
import { GtidSet } from './gtid-set.ts'
import { MariadbGtids } from './mariadb-gtids.ts'
import type { Gtids, LogPosition } from './position.ts'
import { sqlString } from './schema.ts'

/** What a source needs to know of a server before it reads. */
export interface ServerInfo {
  readonly version: string
  readonly isMariadb: boolean
  readonly serverId: number
  /** What tells the server from others: its UUID, or for MariaDB its id, host and port. */
  readonly identity: string
  readonly logsChanges: boolean
  /** ROW, STATEMENT, MIXED; '' where the variable is gone because there is only ROW. */
  readonly logFormat: string
  /** GTID mode is ON, or it is MariaDB: positions can be given as GTIDs. */
  readonly hasGtids: boolean
  readonly checksum: boolean
  readonly rowImage: string
  readonly fullMetadata: boolean
  /** lower_case_table_names=1: names of tables are kept in small letters. */
  readonly lowerCaseNames: boolean
  readonly explicitTimestamps: boolean
  readonly charsetOf: (collation: number) => string
}

/**
 * Reads the server's settings and checks that its log can be followed.
 * @throws ToolError SERVER naming the setting that is wrong and how to change it
 */
export async function inspectServer(connection: MysqlConnection): Promise<ServerInfo> {
  const server = await readServer(connection)
  checkLog(connection.target.display, server)
  return server
}

function checkLog(name: string, server: ServerInfo): void {
  if (!server.logsChanges) {
    throw new ToolError(
      'SERVER',
      `${name}: the binary log is off (log_bin=OFF), so there are no changes to read`,
      {
        hint: 'start the server with log_bin, or read the tables once with --snapshot only'
      }
    )
  }
  if (server.logFormat !== '' && server.logFormat !== 'ROW') {
    throw new ToolError(
      'SERVER',
      `${name}: binlog_format is ${server.logFormat}: changes are logged as statements, not as rows`,
      {
        hint: 'SET GLOBAL binlog_format=ROW, and let the applications connect anew'
      }
    )
  }
}

/** The settings alone, for what does without the log. */
export async function readServer(connection: MysqlConnection): Promise<ServerInfo> {
  const variables = await readVariables(connection)
  const variable = (name: string): string => variables.get(name) ?? ''
  const version = variable('version')
  return {
    version,
    isMariadb: /mariadb/i.test(version),
    serverId: Number(variable('server_id')),
    identity:
      variable('server_uuid') || `${variable('server_id')}@${variable('hostname')}:${variable('port')}`,
    logsChanges: variable('log_bin') === 'ON',
    logFormat: variable('binlog_format'),
    hasGtids: variable('gtid_mode') === 'ON' || /mariadb/i.test(version),
    checksum: variable('binlog_checksum') !== 'NONE',
    rowImage: variable('binlog_row_image') || 'FULL',
    fullMetadata: variable('binlog_row_metadata') === 'FULL',
    lowerCaseNames: variable('lower_case_table_names') === '1',
    explicitTimestamps: variable('explicit_defaults_for_timestamp') !== 'OFF',
    charsetOf: await readCollations(connection)
  }
}

async function readVariables(connection: MysqlConnection): Promise<Map<string, string>> {
  const names = [
    'version',
    'log_bin',
    'server_id',
    'server_uuid',
    'hostname',
    'port',
    'gtid_mode',
    'binlog_format',
    'binlog_checksum',
    'binlog_row_image',
    'binlog_row_metadata',
    'lower_case_table_names',
    'explicit_defaults_for_timestamp'
  ]
  const rows = await connection.query(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.map(name => `'${name}'`).join(',')})`
  )
  return new Map(rows.map(row => [(row.Variable_name ?? '').toLowerCase(), row.Value ?? '']))
}

async function readCollations(connection: MysqlConnection): Promise<(collation: number) => string> {
  const rows = await connection.query('SHOW COLLATION')
  const charsets = new Map<number, string>()
  for (const row of rows) if (row.Id) charsets.set(Number(row.Id), row.Charset as string)
  // MariaDB's UCA 14 collations belong to several character sets, and have an id for each.
  if (rows.some(row => !row.Id)) {
    const more = await connection.query(
      'SELECT ID AS id, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY'
    )
    for (const row of more) if (row.id) charsets.set(Number(row.id), row.charset as string)
  }
  return collation => {
    const charset = charsets.get(collation)
    if (charset === undefined) throw new ToolError('DATA', `the server has no collation ${collation}`)
    return charset
  }
}

/** The end of the server's log now; an empty file name where nothing is logged. */
export async function currentPosition(connection: MysqlConnection, server: ServerInfo): Promise<LogPosition> {
  if (!server.logsChanges) return { file: '', position: 0, gtids: null }
  const row = await showLogStatus(connection)
  if (row === undefined) {
    throw new ToolError('SERVER', `${connection.target.display}: the server does not tell its log position`, {
      hint: 'GRANT REPLICATION CLIENT ON *.* to the user'
    })
  }
  const place = { file: row.File as string, position: Number(row.Position) }
  if (server.isMariadb) return { ...place, gtids: await mariadbGtidsAt(connection, place) }
  const executed = server.hasGtids ? await connection.value('SELECT @@GLOBAL.gtid_executed') : null
  return { ...place, gtids: executed === null ? null : GtidSet.parse(executed) }
}

/** The last transaction of each domain before a place in MariaDB's log; null where it does not tell. */
export async function mariadbGtidsAt(
  connection: MysqlConnection,
  { file, position }: { readonly file: string; readonly position: number }
): Promise<MariadbGtids | null> {
  const gtids = await connection.value(`SELECT BINLOG_GTID_POS(${sqlString(file)}, ${position})`)
  return gtids === null ? null : MariadbGtids.parse(gtids)
}

/** SHOW MASTER STATUS was renamed in 8.2 and removed in 8.4. */
async function showLogStatus(
  connection: MysqlConnection
): Promise<Record<string, string | null> | undefined> {
  try {
    return (await connection.query('SHOW BINARY LOG STATUS'))[0]
  } catch (error) {
    if (serverErrorCode(error) !== 'ER_PARSE_ERROR') throw error
    return (await connection.query('SHOW MASTER STATUS'))[0]
  }
}

/** Where the oldest log that the server still has begins. */
export async function earliestPosition(
  connection: MysqlConnection,
  server: ServerInfo
): Promise<LogPosition> {
  const file = (await connection.query('SHOW BINARY LOGS'))[0]?.Log_name
  if (file == null)
    throw new ToolError('SERVER', `${connection.target.display}: the server has no binary logs`)
  if (server.isMariadb) {
    const place = { file, position: 4 }
    return { ...place, gtids: await mariadbGtidsAt(connection, place) }
  }
  const purged = server.hasGtids ? await connection.value('SELECT @@GLOBAL.gtid_purged') : null
  return { file, position: 4, gtids: purged === null ? null : GtidSet.parse(purged) }
}

/** The server no longer has what was to be read. */
export class LogPurgedError extends ToolError {}

/** The server lacks transactions that have been read. */
export class UnknownGtidsError extends ToolError {}

/**
 * Checks that the server's log can be read from a position on: nothing after it is purged, and nothing before it is
 * unknown to this server.
 * @throws ToolError SERVER naming what is missing; LogPurgedError when it was there once
 */
export async function checkAvailable(
  connection: MysqlConnection,
  server: ServerInfo,
  at: LogPosition
): Promise<void> {
  const from = await positionOn(connection, server, at)
  const name = connection.target.display
  const anew = 'start again from a snapshot, with a new --state directory'
  if (from.gtids !== null && server.hasGtids) {
    const [unknown, missing] =
      from.gtids instanceof MariadbGtids
        ? await compareMariadb(connection, server, from.gtids)
        : await compareMysql(connection, from.gtids)
    if (!unknown.isEmpty) {
      throw new UnknownGtidsError(
        'SERVER',
        `${name}: the server never executed ${unknown}, which has been read already`,
        {
          hint: `it is another server, or its data was reset; ${anew}`
        }
      )
    }
    if (!missing.isEmpty) {
      throw new LogPurgedError('SERVER', `${name}: the log was purged: ${missing} cannot be read any more`, {
        hint: anew
      })
    }
    return
  }
  const logs = (await connection.query('SHOW BINARY LOGS')).map(row => ({
    file: row.Log_name,
    size: Number(row.File_size)
  }))
  const log = logs.find(({ file }) => file === from.file)
  if (log === undefined) {
    throw new LogPurgedError(
      'SERVER',
      `${name}: the server has no log ${from.file}, only ${logs[0]?.file} to ${logs.at(-1)?.file}`,
      {
        hint: anew
      }
    )
  }
  if (from.position > log.size) {
    throw new ToolError('SERVER', `${name}: ${from.file} ends at ${log.size}, before ${from.position}`, {
      hint: anew
    })
  }
}

/** What the server has not executed of what was read, and what it has no log of any more of what is to be read. */
type Comparison<T> = readonly [unknown: T, missing: T]

async function compareMysql(connection: MysqlConnection, read: GtidSet): Promise<Comparison<GtidSet>> {
  const executed = GtidSet.parse((await connection.value('SELECT @@GLOBAL.gtid_executed')) ?? '')
  const purged = GtidSet.parse((await connection.value('SELECT @@GLOBAL.gtid_purged')) ?? '')
  return [read.subtract(executed), purged.subtract(read)]
}

async function compareMariadb(
  connection: MysqlConnection,
  server: ServerInfo,
  read: MariadbGtids
): Promise<Comparison<MariadbGtids>> {
  const logged = MariadbGtids.parse((await connection.value('SELECT @@GLOBAL.gtid_binlog_pos')) ?? '')
  const purged = (await earliestPosition(connection, server)).gtids
  return [read.beyond(logged), purged instanceof MariadbGtids ? purged.beyond(read) : new MariadbGtids()]
}

/**
 * A position as this server tells it: MariaDB knows the GTIDs of any place in its log, and an empty set looks the same
 * in both forms.
 * @throws ToolError USAGE for GTIDs of the other kind
 */
export async function positionOn(
  connection: MysqlConnection,
  server: ServerInfo,
  at: LogPosition
): Promise<LogPosition> {
  const { gtids } = at
  if (!server.isMariadb) {
    if (gtids instanceof MariadbGtids) throw otherGtids(connection, gtids, 'MySQL')
    return at
  }
  if (gtids === null) return { ...at, gtids: await mariadbGtidsAt(connection, at) }
  if (gtids instanceof MariadbGtids) return at
  if (gtids.isEmpty) return { ...at, gtids: new MariadbGtids() }
  throw otherGtids(connection, gtids, 'MariaDB')
}

function otherGtids(connection: MysqlConnection, gtids: Gtids, kind: string): ToolError {
  return new ToolError('USAGE', `${connection.target.display} is a ${kind}, which has no GTIDs like ${gtids}`)
}
