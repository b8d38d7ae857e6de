import {
  type CommandSpec,
  formatDuration,
  type Invocation,
  kafkaSecurityText,
  type Log,
  runTool,
  ToolError
} from '../lib/cli/index.ts'
import { describeFigures } from '../lib/mysql/index.ts'
import {
  FileOutput,
  isKafka,
  type KafkaOutput,
  type KafkaOutputFlags,
  MarkWriter,
  OutputWriter,
  openOutputPort,
  readMembers,
  readTimeline,
  StateDirectory
} from '../lib/stream/index.ts'
import { doctor, type doctorFlags, doctorSpec } from './cdc-tail/doctor.ts'
import { flags } from './cdc-tail/flags.ts'
import { forget, type forgetFlags, forgetSpec } from './cdc-tail/forget.ts'
import { requestSnapshot, type snapshotFlags, snapshotSpec } from './cdc-tail/snapshot.ts'
import { type Flags, sourceOf } from './cdc-tail/source.ts'

export const spec = {
  name: 'cdc-tail',
  summary: 'stream the changes of a MySQL or MariaDB server',
  synopsis: [
    'mysql://USER[:PASSWORD]@HOST[:PORT][/DATABASE] [FLAG...]',
    'file:BINLOG [FLAG...]',
    'mysql://…|postgres://…|sqlite:PATH --poll MODE [FLAG...]',
    'doctor URL [--tables NAME,...]',
    'snapshot --signal --state DIR TABLE,...',
    'forget TOOL --state DIR'
  ],
  description: [
    "cdc-tail logs in to a server as a replica does and writes each changed row as one line of JSON, in Debezium's envelope: before, after, source, op. At the first start the rows that are already there come first, as of one moment, and the changes after that moment follow.",
    'Between transactions it writes marks, at which the tools of a pipeline save their state. Started again with the same --state it goes on after the oldest mark that all of them have acknowledged.',
    'The server needs log_bin and binlog_format=ROW. The user needs REPLICATION SLAVE, REPLICATION CLIENT, SELECT on the tables and, for the snapshot, RELOAD or LOCK TABLES.',
    'A snapshot that is cut off goes on where the last mark tells that it was: rows that had been given are brought up to date from the log, the rest is read as of a new moment. A row that is gone by then may be told as read and deleted. A table without a primary key, or with one that is masked, is given whole between two marks. Tables of engines without transactions are locked against writing while they are read.',
    'Rows have the columns that their table had when they were written. With binlog_row_metadata=FULL the log names them; else a history of the tables begins with what they are at the start, follows the statements in the log (CREATE, ALTER, RENAME, DROP) and is kept in --state. Where --start lies in the past, tables are taken to have had the columns of today until the log creates them anew. So are, with a warning, tables that a statement changed that is not understood; rows that cannot be of such a table end the run.',
    'Changes of an XA transaction are written when it is committed, with the place of the commit; until then they are kept below --state, and dropped when it is rolled back. One that was prepared before the log is read from, and is committed later, is told in a warning: what it changed only a new snapshot has.',
    'A column that the log leaves out of a row (binlog_row_image=MINIMAL or NOBLOB) is absent from the event, never null, and source has partial: true; an update of the primary key then stays one event. JSON documents that are updated in part (binlog_row_value_options=PARTIAL_JSON) are written whole; where the log has no document before the update, the column is absent.',
    'A compressed transaction of 16 MiB and more lies in a file below --state, else in the folder for temporary files (TMPDIR), while it is read.',
    'A binlog file is read without its server: all of its transactions, or those from --start FILE:POS to --stop-at FILE:POS. It must have been written with binlog_row_metadata=FULL, which makes the log name its columns, or have the CREATE TABLE in it.'
  ],
  operands: [
    {
      name: 'URL',
      required: true,
      help: 'mysql://user:${PASSWORD}@host:3306/database; parameters ssl-mode, ssl-ca, ssl-cert, ssl-key, socket. Or file:PATH of a binlog file. With --poll also postgres://user:${PASSWORD}@host:5432/database (parameters sslmode, sslrootcert, sslcert, sslkey, host), sqlite:PATH'
    }
  ],
  flags,
  sections: [
    {
      title: 'POLLING',
      text: [
        "With --poll the tables are asked for new rows every --poll-every, as Kafka Connect's JDBC source does: for a MySQL whose log may not be read, for PostgreSQL and for SQLite. The user needs SELECT on the tables and nothing else; no locks are taken and nothing is written. A poll takes the columns that a table has when it begins. The state directory, marks, masks, --columns, --where (of all rows that are read), --op and --flat are as with a log; --snapshot never and schema-only begin with what is new, only ends after what is there, --stop-at now ends after one poll.",
        'Rows that are there at the start are r. incrementing: a row with a higher number is c; updates are not seen. timestamp: each row whose time of change is later is u, with before null, since what it was is not known; with timestamp+incrementing a row is c when its number is higher than any before, with several timestamp columns when the first of them is NULL. es-sink takes such updates; enrich does as events, not as a changelog, which needs before. bulk reads whole tables and keeps their rows in memory: what differs from the poll before is c, u or d, with before. Values are as with a log; what JSON has no form for is a string as the database prints it, bytes are base64.',
        'Deleted rows are seen by bulk only. So are changes that leave the time as it is, unless they come within --poll-overlap; of several changes between two polls the last is told.',
        "A row may be committed later than others with a higher number or a later time. So the last stretch is read again with each poll, --poll-overlap long, and what was told is known by its content: a row is lost only if its transaction stays open longer than that after it took the number or the time. The database's clock counts. Times that others write must not be behind it by more than the overlap, and rows with times to come wait until then; on a replica its lag has to fit in, too. At the start of incrementing, and after a pause, the 100,000 newest rows are read again. A PostgreSQL sequence with CACHE, or SQLite without AUTOINCREMENT, may give lower numbers later on.",
        'Tables should have an index that begins with the columns they are polled by. Those of a table without a primary key are read in one go, which has to be done again when it is broken off.'
      ]
    },
    {
      title: 'KAFKA',
      text: [
        '--out kafka://BROKER[:PORT][,BROKER...][/TOPIC] writes topics as Debezium does: the value is the event, the key the primary key of its row as a JSON object ({"id":7}), a deletion is followed by a record without a value (a tombstone, but for --no-tombstones). TOPIC is a template, by default {source.name}.{source.db}.{source.table}; a topic that is not there is made. Keys are placed as Java\'s producer does (murmur2). Rows of tables without a key have none. With --emit-ddl statements go to the topic NAME of --server-name, with --transactions their lines to NAME.transaction.',
        'Records are written to all replicas (acks=all) and no record twice, however often it has to be sent (idempotence). While the brokers are away cdc-tail waits, see --retry-for. A record that is larger than max.message.bytes of its topic ends the run.',
        'Without --state records can be read as soon as they are written, and a run that is killed is not gone on with. With --state they are written in transactions that marks end (--mark-every, 1 s): those who read committed records (isolation.level=read_committed) see each change exactly once, however often the run is killed and started again; others also see what a killed run had not committed, and that again. Marks themselves are not written. The number of the last is an offset of the consumer group that is called as the transactional id, millrace.cdc-tail.NAME; transactional-id=ID in the URL gives another one, which two pipelines for one NAME need. A second run under one id shuts the first out.',
        'The brokers abort a transaction that is left open for 10 s; transaction-timeout=1m in the URL changes that, up to their own transaction.max.timeout.ms. A transaction of the source, or a table without a key in a snapshot, that takes longer than two thirds of it is committed in parts, with a warning: a kill before its end lets the parts come again. So does another tool in --state whose marks are older.',
        kafkaSecurityText
      ]
    }
  ],
  subcommands: [doctorSpec, snapshotSpec, forgetSpec],
  examples: [
    {
      text: 'watch two tables in the terminal',
      code: 'cdc-tail mysql://cdc@db/dream --tables payments,coupons'
    },
    {
      text: 'what changed since the last run, from cron',
      code: 'cdc-tail mysql://cdc@db/dream --state run --stop-at now --out changes.ndjson'
    },
    {
      text: 'what a log file has on one table, no server needed',
      code: 'cdc-tail file:binlog.000003 --tables dream.payments'
    },
    {
      text: 'a topic for each table, in the place of Debezium',
      code: 'cdc-tail mysql://cdc@db/dream --state run --out kafka://broker:9092 --compression zstd'
    },
    {
      text: 'new and updated rows of a PostgreSQL, asked for every second',
      code: 'cdc-tail postgres://cdc@db/dream --poll timestamp --poll-timestamp updated_at --poll-every 1s --tables payments'
    }
  ]
} as const satisfies CommandSpec

export async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  if (argv[0] === 'forget') {
    await runTool<typeof forgetFlags>({ ...forgetSpec, name: 'cdc-tail forget' }, forget, argv.slice(1))
  } else if (argv[0] === 'snapshot') {
    await runTool<typeof snapshotFlags>(
      { ...snapshotSpec, name: 'cdc-tail snapshot' },
      requestSnapshot,
      argv.slice(1)
    )
  } else if (argv[0] === 'doctor') {
    await runTool<typeof doctorFlags>({ ...doctorSpec, name: 'cdc-tail doctor' }, doctor, argv.slice(1))
  } else await runTool<typeof spec.flags>(spec, tail, argv)
}

async function tail({ flags, operands, log, stop, ready }: Invocation<typeof spec.flags>): Promise<number> {
  const source = await sourceOf(operands[0] as string, flags, log)
  const root = flags.state ?? null
  const output = await openOutputPort(
    flags.out,
    { append: root !== null },
    kafkaFlags(flags, source.name, log, stop)
  )
  const writer = new OutputWriter(output)
  const isResumed = root !== null && (await readTimeline(root)) !== null
  if (!(await untilStopped(source.connect(stop, isResumed), stop, log))) return 0
  const state = root === null ? null : await StateDirectory.open(root, 'cdc-tail', flags.name)
  const isFile = output instanceof FileOutput && flags.out !== '-'
  if (isFile || isKafka(flags.out)) await state?.register()
  if (isKafka(flags.out) && state !== null) await (output as KafkaOutput).transactional(state)
  const marks = await MarkWriter.open(root, state, writer, flags.markEvery, flags.snapshot === 'only')
  if (isFile && state !== null) await output.continueAt(state.positionAt(marks.resume.n))
  const written = state?.acknowledged?.mark?.n ?? 0
  if (isKafka(flags.out) && marks.resume.n < written) {
    log.warn(
      `${root}: another tool needs what comes after mark ${marks.resume.n}: records up to mark ${written} are written again`
    )
  }
  if (marks.isUnacknowledged) {
    log.warn(`${root}: no tool has acknowledged a mark there, so this run begins from nothing again`)
  }
  if (marks.resume.n > 0) log.info(`resumes after mark ${marks.resume.n}, ${JSON.stringify(marks.resume.at)}`)

  const { progress } = source
  const figures = 'snapshot' in progress ? progress.snapshot : () => null
  await ready([
    { name: 'events_total', help: 'Rows written', kind: 'counter', read: progress.rows },
    { name: 'transactions_total', help: 'Transactions read', kind: 'counter', read: progress.transactions },
    {
      name: 'lag_seconds',
      help: 'Age of the newest event',
      kind: 'gauge',
      read: () => progress.lagMs() / 1000
    },
    {
      name: 'snapshot_rows',
      help: 'Rows of the running snapshot that have been written',
      kind: 'gauge',
      read: () => figures()?.given ?? 0
    },
    {
      name: 'snapshot_rows_estimated',
      help: 'Rows that the running snapshot has, by the estimate of the server',
      kind: 'gauge',
      read: () => figures()?.estimate ?? 0
    },
    {
      name: 'snapshot_tables_left',
      help: 'Tables that the running snapshot has not read to the end',
      kind: 'gauge',
      read: () => {
        const { tables, tablesDone } = figures() ?? { tables: 0, tablesDone: 0 }
        return tables - tablesDone
      }
    }
  ])
  const snapshot = (): string | null => {
    const now = figures()
    return now === null ? null : `snapshot: ${describeFigures(now)}`
  }
  log.progress(
    () =>
      snapshot() ??
      `${progress.rows()} events, ${formatDuration(progress.lagMs())} behind, at ${progress.place()}`
  )
  log.plainProgress(SNAPSHOT_TOLD_MS, snapshot)
  if (root !== null) setTimeout(() => warnOfMissing(root, log), MISSING_AFTER_MS).unref()

  await marks.begin()
  await untilStopped(source.run({ writer, marks, state, stop }), stop, log)
  await writer.drain()
  await output.close()
  source.close()
  state?.close()
  return 0
}

function kafkaFlags(flags: Flags, sourceName: string, log: Log, stop: AbortSignal): KafkaOutputFlags {
  const tool = flags.name === undefined ? 'cdc-tail' : `cdc-tail.${flags.name}`
  return {
    ...flags,
    clientId: tool,
    topic: '{source.name}.{source.db}.{source.table}',
    sourceName,
    tombstones: !flags.noTombstones,
    transactionalId: `millrace.${tool}.${sourceName}`,
    stop,
    warn: message => log.warn(message)
  }
}

/** How often a log that is no terminal hears of a snapshot. */
const SNAPSHOT_TOLD_MS = 10_000

/**
 * Waits for work with the server. A signal that comes while the server is away ends it as any signal does: what has been
 * written stands, and nothing of it is beyond the last mark that a later run resumes at.
 * @returns false when that happened
 */
async function untilStopped(work: Promise<void>, stop: AbortSignal, log: Log): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (!stop.aborted || !(error instanceof ToolError) || error.code !== 'SERVER') throw error
    log.warn(`stopped while the server was away: ${error.message}`)
    return false
  }
}

/** Tools of a pipeline start together; one that is not there by then is missing. */
const MISSING_AFTER_MS = 10_000

async function warnOfMissing(root: string, log: Log): Promise<void> {
  for (const { tool, running, acknowledgement } of await readMembers(root)) {
    if (running) continue
    log.warn(
      `${tool} is registered in ${root} and does not run: the pipeline goes on resuming from its mark ${acknowledgement.mark?.n ?? 0}; ` +
        `if it has left for good: cdc-tail forget ${tool} --state ${root}`
    )
  }
}
