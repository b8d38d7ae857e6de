import { type Backoff, formatDuration, messageOf, ToolError } from '../cli/index.ts'
import { MysqlConnection, serverErrorCode } from './connection.ts'
import { Grants } from './grants.ts'
import { sqlName, sqlString } from './schema.ts'
import type { TableFilter } from './tables.ts'
import type { MysqlTarget } from './url.ts'

/** What one look at the server gave. */
export interface Finding {
  /** fail: changes cannot be read as it is. warn: they can, with a loss that the message names. */
  readonly state: 'ok' | 'warn' | 'fail'
  readonly check: string
  readonly message: string
  /** What to do: SQL for the server where it can be done so. */
  readonly fix?: string
}

interface Patient {
  readonly connection: MysqlConnection
  readonly isMariadb: boolean
  /** Global variables by name; those that the server does not have are absent. */
  readonly variables: ReadonlyMap<string, string>
}

type Tables = readonly { readonly database: string; readonly name: string }[]

/** Less, and a pipeline that stands still over a weekend has to begin anew. */
const RETENTION_SECONDS = 3 * 86_400
/** More than this makes figures of lag useless. */
const CLOCK_MS = 1000
const MOST_NAMES = 5

/** Looks at all that a run depends on. Only reads; nothing on the server is changed or locked. */
export async function examine(
  target: MysqlTarget,
  filter: TableFilter,
  backoff: Backoff
): Promise<readonly Finding[]> {
  let connection: MysqlConnection
  try {
    connection = await MysqlConnection.open(target, backoff)
  } catch (error) {
    return [failed('connection', error)]
  }
  try {
    const patient = await register(connection)
    const tables = await listTables(connection, filter)
    return [
      {
        state: 'ok',
        check: 'connection',
        message: `${patient.isMariadb ? 'MariaDB' : 'MySQL'} ${patient.variables.get('version')} at ${target.display}`
      },
      await checkTls(connection, target),
      ...(await checkPrivileges(connection, 'finding' in tables ? [] : tables)),
      ...checkLog(patient),
      await checkClock(connection),
      ...('finding' in tables ? [tables.finding] : [await checkKeys(connection, tables)])
    ]
  } finally {
    connection.destroy()
  }
}

function failed(check: string, error: unknown): Finding {
  const hint = error instanceof ToolError ? error.hint : undefined
  return {
    state: 'fail',
    check,
    message: messageOf(error),
    ...(hint === undefined ? {} : { fix: hint })
  }
}

async function register(connection: MysqlConnection): Promise<Patient> {
  const rows = await connection.query('SHOW GLOBAL VARIABLES')
  const variables = new Map(rows.map(row => [(row.Variable_name ?? '').toLowerCase(), row.Value ?? '']))
  return { connection, variables, isMariadb: /mariadb/i.test(variables.get('version') ?? '') }
}

async function listTables(
  connection: MysqlConnection,
  filter: TableFilter
): Promise<Tables | { finding: Finding }> {
  try {
    return await filter.list(connection)
  } catch (error) {
    if (!(error instanceof ToolError) || error.code !== 'USAGE') throw error
    return { finding: failed('tables', error) }
  }
}

async function checkTls(connection: MysqlConnection, target: MysqlTarget): Promise<Finding> {
  const check = 'tls'
  const status = await connection.query(
    "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_cipher', 'Ssl_version')"
  )
  const [cipher, version] = ['ssl_cipher', 'ssl_version'].map(
    name => status.find(row => row.Variable_name?.toLowerCase() === name)?.Value ?? ''
  )
  if (cipher !== '') {
    if (target.tls?.verifyCertificate === true)
      return { state: 'ok', check, message: `${version}, ${cipher}` }
    return {
      state: 'warn',
      check,
      message: `${version}, but the server's certificate is not verified`,
      fix: 'ssl-mode=verify-ca&ssl-ca=FILE in the URL'
    }
  }
  const isLocal = target.socketPath !== undefined || /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(target.host)
  if (isLocal) return { state: 'ok', check, message: 'none, on this machine' }
  return {
    state: 'warn',
    check,
    message: 'the connection is not encrypted',
    fix: 'ssl-mode=verify-ca&ssl-ca=FILE in the URL'
  }
}

async function checkPrivileges(connection: MysqlConnection, tables: Tables): Promise<Finding[]> {
  const grants = await Grants.read(connection)
  const databases = [...new Set(tables.map(({ database }) => database))]
  const lacks = (privilege: string, message: string): Finding => ({
    state: 'fail',
    check: privilege,
    message,
    fix: `GRANT ${privilege} ON *.* TO ${grants.user}`
  })
  const global = (privilege: string, message: string): Finding =>
    grants.hasGlobal(privilege)
      ? { state: 'ok', check: privilege, message: 'granted' }
      : lacks(privilege, message)
  const mayLock =
    grants.hasGlobal('RELOAD') || databases.every(database => grants.hasOn('LOCK TABLES', database))
  return [
    global('REPLICATION SLAVE', 'missing: the log cannot be read'),
    global('REPLICATION CLIENT', 'missing: the position in the log cannot be asked for'),
    await checkSelect(connection, grants, tables),
    mayLock
      ? { state: 'ok', check: 'RELOAD', message: 'granted, or LOCK TABLES' }
      : lacks('RELOAD', 'missing, and LOCK TABLES as well: only --snapshot never works')
  ]
}

/** By trying, which also knows of privileges on columns and by roles. */
async function checkSelect(connection: MysqlConnection, grants: Grants, tables: Tables): Promise<Finding> {
  const check = 'SELECT'
  if (grants.hasGlobal('SELECT')) return { state: 'ok', check, message: 'granted' }
  const denied: string[] = []
  for (const { database, name } of tables) {
    try {
      await connection.query(`SELECT * FROM ${sqlName(database, name)} LIMIT 0`)
    } catch (error) {
      if (!/^ER_(TABLE|COLUMN)ACCESS_DENIED_ERROR$/.test(serverErrorCode(error) ?? '')) throw error
      denied.push(sqlName(database, name))
    }
  }
  if (denied.length === 0) return { state: 'ok', check, message: `granted on ${tables.length} tables` }
  return {
    state: 'fail',
    check,
    message: `missing on ${shortList(denied)}`,
    fix: denied.map(table => `GRANT SELECT ON ${table} TO ${grants.user}`).join('; ')
  }
}

function checkLog({ variables, isMariadb }: Patient): Finding[] {
  const value = (name: string): string => variables.get(name) ?? ''
  const set = (name: string, wanted: string): string =>
    `SET ${variables.has('persisted_globals_load') ? 'PERSIST' : 'GLOBAL'} ${name} = ${wanted}`
  const is = (check: string): Finding => ({ state: 'ok', check, message: value(check) || 'always so' })

  if (value('log_bin') !== 'ON') {
    return [
      {
        state: 'fail',
        check: 'log_bin',
        message: 'OFF: there are no changes to read, only --snapshot only works',
        fix: 'log_bin and a server_id in the configuration, and a restart'
      }
    ]
  }
  return [
    is('log_bin'),
    ['', 'ROW'].includes(value('binlog_format'))
      ? is('binlog_format')
      : {
          state: 'fail',
          check: 'binlog_format',
          message: `${value('binlog_format')}: changes are logged as statements; sessions that are open keep it`,
          fix: set('binlog_format', "'ROW'")
        },
    ['', 'FULL'].includes(value('binlog_row_image'))
      ? is('binlog_row_image')
      : {
          state: 'warn',
          check: 'binlog_row_image',
          message: `${value('binlog_row_image')}: rows carry only some columns, the others are absent`,
          fix: set('binlog_row_image', "'FULL'")
        },
    checkMetadata(value('binlog_row_metadata'), set),
    checkPartialJson(value('binlog_row_value_options'), value('binlog_row_image'), set),
    checkGtids(value('gtid_mode'), isMariadb),
    checkRetention(variables, set),
    value('binlog_checksum') === 'NONE'
      ? {
          state: 'warn',
          check: 'binlog_checksum',
          message: 'NONE: a damaged log may not be noticed',
          fix: set('binlog_checksum', "'CRC32'")
        }
      : is('binlog_checksum')
  ]
}

function checkMetadata(value: string, set: (name: string, wanted: string) => string): Finding {
  const check = 'binlog_row_metadata'
  if (value === 'FULL') return { state: 'ok', check, message: value }
  const message =
    'the log does not name its columns: they are known from the start of a run on, and from the state that it keeps'
  if (value === '') return { state: 'warn', check, message: `not in this version: ${message}` }
  return { state: 'warn', check, message: `${value}: ${message}`, fix: set(check, "'FULL'") }
}

/** Diffs are applied to the document before them, which only a full image is sure to have. */
function checkPartialJson(
  value: string,
  image: string,
  set: (name: string, wanted: string) => string
): Finding {
  const check = 'binlog_row_value_options'
  if (value === '' || image === 'FULL') return { state: 'ok', check, message: value || 'none' }
  return {
    state: 'warn',
    check,
    message: `${value} with binlog_row_image ${image}: JSON columns that are updated in part are absent from the events`,
    fix: set(check, "''")
  }
}

function checkGtids(mode: string, isMariadb: boolean): Finding {
  const check = 'gtid_mode'
  if (mode === 'ON') return { state: 'ok', check, message: mode }
  if (isMariadb) {
    return { state: 'ok', check, message: 'MariaDB: always on' }
  }
  return {
    state: 'warn',
    check,
    message: `${mode}: positions are file and offset, which another server does not know after a fail-over`,
    fix: 'SET GLOBAL enforce_gtid_consistency = ON, then gtid_mode = OFF_PERMISSIVE, ON_PERMISSIVE and ON in turn'
  }
}

function checkRetention(
  variables: ReadonlyMap<string, string>,
  set: (name: string, wanted: string) => string
): Finding {
  const check = 'retention'
  // MariaDB has both names for one setting, with fractions of days.
  const days = Number(variables.get('expire_logs_days') ?? 0)
  const seconds = Number(variables.get('binlog_expire_logs_seconds') ?? 0) || days * 86_400
  if (seconds === 0 || variables.get('binlog_expire_logs_auto_purge') === 'OFF') {
    return { state: 'ok', check, message: 'logs are kept until they are purged by hand' }
  }
  const message = `logs are kept for ${formatDuration(seconds * 1000)}`
  if (seconds >= RETENTION_SECONDS) return { state: 'ok', check, message }
  return {
    state: 'warn',
    check,
    message: `${message}: a pipeline that stands still for longer has to begin anew`,
    fix: variables.has('binlog_expire_logs_seconds')
      ? set('binlog_expire_logs_seconds', String(RETENTION_SECONDS))
      : set('expire_logs_days', String(RETENTION_SECONDS / 86_400))
  }
}

async function checkClock(connection: MysqlConnection): Promise<Finding> {
  const check = 'clock'
  const asked = Date.now()
  const server = Number(await connection.value('SELECT UNIX_TIMESTAMP(SYSDATE(6))')) * 1000
  const difference = server - (asked + Date.now()) / 2
  const text = formatDuration(Math.round(Math.abs(difference)))
  if (Math.abs(difference) <= CLOCK_MS) return { state: 'ok', check, message: `within ${CLOCK_MS} ms` }
  return {
    state: 'warn',
    check,
    message: `the server's is ${text} ${difference > 0 ? 'ahead of' : 'behind'} this machine's: lag is told wrong by as much`,
    fix: 'NTP on both machines'
  }
}

async function checkKeys(connection: MysqlConnection, tables: Tables): Promise<Finding> {
  const check = 'primary keys'
  const databases = [...new Set(tables.map(({ database }) => database))]
  if (databases.length === 0) return { state: 'warn', check, message: 'there is no table to read' }
  const rows = await connection.query(
    `SELECT DISTINCT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.STATISTICS ` +
      `WHERE INDEX_NAME = 'PRIMARY' AND TABLE_SCHEMA IN (${databases.map(sqlString).join(',')})`
  )
  const withKey = new Set(rows.map(row => sqlName(row.db as string, row.name as string)))
  const without = tables
    .map(({ database, name }) => sqlName(database, name))
    .filter(table => !withKey.has(table))
  if (without.length === 0) return { state: 'ok', check, message: `all ${tables.length} tables have one` }
  return {
    state: 'warn',
    check,
    message: `missing in ${shortList(without)}: a row cannot be told from another`,
    fix: without
      .map(table => `ALTER TABLE ${table} ADD PRIMARY KEY (…)`)
      .slice(0, MOST_NAMES)
      .join('; ')
  }
}

function shortList(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES
  return names.slice(0, MOST_NAMES).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}
