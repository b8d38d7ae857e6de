import { camelCase, type Log, packageVersion, redactUrl, usageError } from '../../lib/cli/index.ts'
import {
  FlatRows,
  MysqlRowSource,
  maskValue,
  parseMysqlUrl,
  type Shape,
  TableFilter,
  type TableName
} from '../../lib/mysql/index.ts'
import {
  isPollUrl,
  type PollDatabase,
  type PollOptions,
  PollTail,
  PostgresDatabase,
  parsePollUrl,
  SqliteDatabase
} from '../../lib/poll/index.ts'
import type { Flags } from './source.ts'

/** Flags that are about the log. */
const LOG_FLAGS = [
  'start',
  'server-id',
  'failover',
  'transactions',
  'emit-ddl',
  'emit-schema',
  'debezium-types',
  'outbox',
  'signal-table',
  'heartbeat-table'
] as const

/**
 * Tables to poll, by URL and flags.
 * @param shapeIn the shape that flags ask for, where names of tables without a dot are in the database given
 * @throws ToolError USAGE
 */
export function pollSource(
  url: string,
  flags: Flags,
  shapeIn: (database: string) => Shape,
  log: Log
): PollTail {
  const { poll: mode } = flags
  if (mode === undefined) {
    throw usageError(
      `${redactUrl(url)}: only MySQL and MariaDB have a log that can be read; other databases are polled`,
      'write --poll timestamp, incrementing, timestamp+incrementing or bulk'
    )
  }
  const given: Readonly<Record<string, unknown>> = flags
  for (const flag of LOG_FLAGS) {
    const value = given[camelCase(flag)]
    if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) continue
    throw usageError(`--${flag} is about the log, which --poll does not read`)
  }
  if (mode !== 'incrementing' && mode !== 'timestamp+incrementing' && flags.pollIncrementing !== undefined) {
    throw usageError(`--poll-incrementing: --poll ${mode} has no use for it`)
  }
  if (!mode.startsWith('timestamp') && flags.pollTimestamp.length > 0) {
    throw usageError(`--poll-timestamp: --poll ${mode} has no use for it`)
  }
  if (flags.stopAt !== undefined && flags.stopAt !== 'now') {
    throw usageError(`--stop-at ${flags.stopAt}: with --poll only now is known`)
  }
  const target = isPollUrl(url) ? parsePollUrl(url) : parseMysqlUrl(url)
  /** Where names of tables without a dot are looked up. */
  const home = !('kind' in target) ? target.database : target.kind === 'sqlite' ? 'main' : 'public'
  const { columns, ops, flat, where } = shapeIn(home)
  const treatments = {
    of: (table: TableName, all: readonly { name: string }[], key: readonly number[]) =>
      columns.treatments(table.database, table.name, all, key),
    mask: maskValue
  }
  let database: PollDatabase
  if (!('kind' in target)) database = new MysqlRowSource(target, columns, flags.pollZone)
  else if (target.kind === 'sqlite') database = new SqliteDatabase(target, treatments)
  else database = new PostgresDatabase(target, treatments, flags.pollZone)
  const sql = flags.pollQuery?.replace(/[\s;]+$/, '')
  if (sql !== undefined && (flags.tables.length > 1 || /[.*]/.test(flags.tables[0] ?? ''))) {
    throw usageError('--tables: with --poll-query it is one name, for source.table')
  }
  const query = sql === undefined ? undefined : { sql, database: home, name: flags.tables[0] ?? 'query' }
  const tables = query === undefined ? new TableFilter(flags.tables, home, flags.excludeTables) : null
  const options: PollOptions = {
    version: packageVersion(),
    name: flags.serverName ?? (target.database || ('host' in target ? target.host : target.display)),
    mode,
    incrementing: flags.pollIncrementing,
    timestamps: flags.pollTimestamp,
    everyMs: flags.pollEvery,
    overlapMs: flags.pollOverlap,
    query,
    snapshot:
      flags.snapshot === 'only'
        ? 'only'
        : flags.snapshot === 'initial' || flags.snapshot === 'when-needed'
          ? 'initial'
          : 'never',
    stopAtNow: flags.stopAt === 'now',
    ops,
    retryFor: flags.retryFor,
    choose: (known, server) => {
      const chosen = tables?.choose(known, server) ?? [...known]
      where.check(chosen)
      return chosen
    },
    checkColumns: known => columns.checkAgainst(known),
    conditionOn: ({ database, name }) => where.of(database, name).replace(/^ WHERE /, '') || null,
    flat: flat ? new FlatRows() : null
  }
  return new PollTail(database, options, log)
}
