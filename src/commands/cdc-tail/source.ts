import { type FlagValues, type Log, packageVersion, usageError } from '../../lib/cli/index.ts'
import {
  BinlogFileTail,
  ColumnRules,
  MysqlTail,
  OutboxTables,
  parseMysqlUrl,
  parseOps,
  parsePositionOption,
  parseSource,
  SchemaWriter,
  type Shape,
  SnapshotConditions,
  TableFilter
} from '../../lib/mysql/index.ts'
import type { PollTail } from '../../lib/poll/index.ts'
import { isKafka } from '../../lib/stream/index.ts'
import type { flags as declared } from './flags.ts'

export type Flags = FlagValues<typeof declared>
export type Source = BinlogFileTail | MysqlTail | PollTail

/** What is read, by URL and flags. */
export async function sourceOf(url: string, flags: Flags, log: Log): Promise<Source> {
  if (flags.poll !== undefined || /^(postgres|postgresql|sqlite):/.test(url)) {
    // Loaded here: most runs read a log.
    const { pollSource } = await import('./poll.ts')
    return pollSource(url, flags, database => shapeOf(flags, database), log)
  }
  for (const [flag, value] of [
    ['--poll-incrementing', flags.pollIncrementing],
    ['--poll-timestamp', flags.pollTimestamp[0]],
    ['--poll-zone', flags.pollZone],
    ['--poll-query', flags.pollQuery]
  ] as const) {
    if (value !== undefined) throw usageError(`${flag} ${value}: only with --poll`)
  }
  const target = parseSource(url)
  const name = flags.serverName ?? (target.database || target.host)
  const options = {
    version: packageVersion(),
    name,
    tables: new TableFilter(flags.tables, target.database, flags.excludeTables),
    shape: shapeOf(flags, target.database),
    snapshot: flags.snapshot,
    start:
      flags.start === undefined
        ? undefined
        : parsePositionOption(flags.start, '--start', ['earliest', 'latest']),
    stopAt: flags.stopAt === undefined ? undefined : parsePositionOption(flags.stopAt, '--stop-at', ['now']),
    // Ids below are likely to be given by hand.
    serverId: flags.serverId ?? 100_000 + Math.floor(Math.random() * 4_000_000_000),
    retryFor: flags.retryFor,
    failover: flags.failover.map(parseMysqlUrl),
    parallel: parallelOf(flags.snapshotParallel),
    signalTable: signalTableOf(flags.signalTable, target.database),
    emitDdl: flags.emitDdl,
    heartbeat:
      flags.heartbeatTable === undefined
        ? undefined
        : { table: flags.heartbeatTable, name, everyMs: flags.heartbeatEvery }
  }
  return 'path' in target ? new BinlogFileTail(target, options, log) : new MysqlTail(target, options, log)
}

function signalTableOf(table: string | undefined, database: string): string | undefined {
  if (table === undefined || table.includes('.')) return table
  if (database === '')
    throw usageError(`--signal-table ${table}: in which database?`, `write database.${table}`)
  return `${database}.${table}`
}

function parallelOf(count: number): number {
  if (count < 1 || count > 64) throw usageError(`--snapshot-parallel ${count}: must be from 1 to 64`)
  return count
}

function shapeOf(flags: Flags, database: string): Shape {
  const { columns, excludeColumns, mask: masks, flat, debeziumTypes: debezium, transactions } = flags
  if (flat && transactions) throw usageError('--transactions: the plain rows of --flat have no place for it')
  if (flags.emitSchema && (flat || debezium)) {
    throw usageError(
      `--emit-schema with ${flat ? '--flat' : '--debezium-types'}: it tells what the rows of envelopes in the usual encodings are`
    )
  }
  if (flags.emitSchema && isKafka(flags.out))
    throw usageError('--emit-schema: control lines, as which it tells of tables, are not written to topics')
  const ops = parseOps(flags.op)
  if (flags.snapshot === 'only' && !ops.has('r'))
    throw usageError('--snapshot only writes nothing without --op r')
  const salt = process.env.MILLRACE_MASK_SALT ?? ''
  return {
    columns: new ColumnRules({ columns, excludeColumns, masks, salt, debezium }, database),
    ops,
    flat,
    debezium,
    where: new SnapshotConditions(flags.where, database),
    outbox: new OutboxTables(flags.outbox, database),
    transactions,
    schemas: flags.emitSchema ? new SchemaWriter() : undefined
  }
}
