import { join } from 'node:path'
import {
  Backoff,
  type CommandSpec,
  commonFlags,
  formatDuration,
  type Invocation,
  kafkaOutputFlags,
  kafkaSecurityText,
  type Log,
  outputFlags,
  packageVersion,
  runTool,
  serverFlags,
  stateFlags,
  ToolError,
  usageError
} from '../lib/cli/index.ts'
import {
  BinlogFileTail,
  ColumnRules,
  describeFigures,
  examine,
  MysqlTail,
  OutboxTables,
  parseMysqlUrl,
  parseOps,
  parsePositionOption,
  parseSource,
  RequestFolder,
  SchemaWriter,
  type Shape,
  SnapshotConditions,
  TableFilter
} from '../lib/mysql/index.ts'
import type { PollTail } from '../lib/poll/index.ts'
import {
  FileOutput,
  forgetMember,
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

const flags = {
  tables: {
    kind: 'list',
    arg: 'NAME,...',
    help: 'tables to read: name, db.name, db.*',
    doc: "A name without a database is in the URL's. Without this flag: all tables of the URL's database, or of all databases but the system's."
  },
  'exclude-tables': {
    kind: 'list',
    arg: 'NAME,...',
    help: 'of those, the ones not to read: name, db.name, log_*'
  },
  columns: {
    kind: 'list',
    arg: 'COLUMN,...',
    help: 'write only these columns of the tables they name',
    doc: "table.column, db.table.column, or column for any table; * stands for any characters. A table without a database is in the URL's. Tables that no pattern names keep all their columns. The primary key is always written."
  },
  'exclude-columns': {
    kind: 'list',
    arg: 'COLUMN,...',
    help: 'leave these columns out, but for the primary key'
  },
  mask: {
    kind: 'strings',
    arg: 'COLUMN=MASK',
    help: "write something else in the place of a column's values: hash, redact, truncate:N",
    doc: 'hash: the hex SHA-256 of the text in UTF-8, with the content of the environment variable MILLRACE_MASK_SALT before it. redact: ***. truncate:N: the first N characters. The text of a value is what stands in the events without the flag. NULL stays null. Repeatable; the first that matches counts.'
  },
  where: {
    kind: 'strings',
    arg: 'TABLE=SQL',
    help: 'rows of a table that the snapshot takes, as a condition in SQL',
    doc: 'Changes are written whether they fulfil it or not. Repeatable.'
  },
  op: {
    kind: 'list',
    arg: 'OP,...',
    help: 'write only these operations: c, u, d, r, t',
    doc: 'create, update, delete, read by the snapshot (without it, none is taken), truncate. An update that changes the primary key counts as its d and c.'
  },
  flat: {
    kind: 'boolean',
    help: 'write plain rows instead of envelopes',
    doc: 'The row\'s fields as they are now (of a deleted row: as they were), then __op, __deleted ("true" or "false") and __ts_ms, as Debezium\'s ExtractNewRecordState writes them. A truncated table gives no line.'
  },
  transactions: {
    kind: 'boolean',
    help: 'write lines where transactions begin and end, and number their rows',
    doc: 'Control lines, {"@transaction":{"status":"BEGIN","id":...}} and, with the number of rows of each table, "END"; in each envelope "transaction":{"id","total_order","data_collection_order"}, as Debezium writes them with provide.transaction.metadata. Transactions that change none of the tables are left out.'
  },
  outbox: {
    kind: 'list',
    arg: 'TABLE,...',
    help: 'write rows put into these tables as messages',
    doc: 'A line is the row alone, for example {"id":7, "aggregatetype":"order", "aggregateid":"42", "type":"OrderPaid", "payload":{...}} of a table as Debezium\'s outbox event router has it. Updates and deletes of its rows are not written.'
  },
  'emit-ddl': {
    kind: 'boolean',
    help: 'write the statements that define tables, too',
    doc: "CREATE, ALTER, RENAME and DROP of the tables that are read and of databases they may be in, each between the rows from before and after it, as Debezium writes them to its schema change topic: source, ts_ms, databaseName, ddl, and as tableChanges the tables as they are then; without columns' defaults and comments, and RENAME of several tables as one line. A statement that is not understood has no tableChanges. Such a line has no op; es-sink and enrich pass over it."
  },
  'emit-schema': {
    kind: 'boolean',
    help: "write a table's key and columns before its rows",
    doc: 'A control line before the first row of each table in a run (with --snapshot schema-only of all tables at the start), and again before the next row when its definition has changed: {"@schema":{"db":"dream", "table":"payments", "key":["id"], "columns":[{"name":"id", "type":"bigint unsigned"},...]}}, of the columns that are written. The key is the primary one, else the first unique one without NULL. es-sink takes ids and mappings from it; enrich and alert-eval, whose rows are others, do not pass it on.'
  },
  'debezium-types': {
    kind: 'boolean',
    help: "encode values as Debezium's MySQL connector does by default",
    doc: "DECIMAL: base64 of the unscaled value, big-endian. BIGINT: a number, UNSIGNED ones from 2^63 on negative. BIT(1): true or false, longer ones base64, little-endian. DATE: days since the epoch; DATETIME: milliseconds since then or, with 4 digits of a fraction and more, microseconds; TIME: microseconds; years 0 to 99 are taken for 1970 to 2069. Zero and impossible dates: null, in a column that is NOT NULL 0; the zero TIMESTAMP in the log: 1970-01-01T00:00:00Z. JSON: a string, in the log without spaces, in a snapshot as the server prints it; a TIMESTAMP has there no zeros at the end of its fraction. Geometries: {wkb,srid}, of POINT columns {x,y,wkb,srid}. The envelope has all fields of Debezium's, in its order. Other tools of millrace read the encodings as what they are, strings and numbers. Checked against Debezium 3.3, of which these do not follow it: NULL stays null where Kafka's JSON converter puts the column's default; a zero date in a NOT NULL column is 0 where its stream puts the column's default; YEAR 0000 is 0 (there 1900, in the snapshot 2000); FLOAT(M,D) is not widened to a double; TIME is exact in the snapshot and in JSON, ENUM labels with commas have no backslashes, and text in swe7, euckr, koi8u and greek is the server's; days that the calendar left out in October 1582 keep their place in the snapshot; source.snapshot is \"true\" for every row of a snapshot, which has source.server_id; in compressed transactions source.pos is the transaction's and source.row counts on; with --transactions a truncated table is in a transaction of its own; VECTOR columns can be in a snapshot."
  },
  snapshot: {
    kind: 'choice',
    choices: ['initial', 'when-needed', 'schema-only', 'never', 'only'],
    default: 'initial',
    help: 'whether the rows that are there come first',
    doc: 'initial: at the first start. when-needed: also when the log from where a run was left is purged; rows that were deleted in between are then not told. schema-only, never: only changes, from now on or from --start. only: the rows, and no changes.'
  },
  'snapshot-parallel': {
    kind: 'integer',
    default: 2,
    help: 'tables that the snapshot reads at a time',
    doc: 'Each has a connection of its own; all see the same moment. Blocks of their rows take turns in the output. Tables without a primary key are read one after another.'
  },
  'signal-table': {
    kind: 'string',
    arg: 'TABLE',
    help: 'take requests for snapshots of tables from rows of this one',
    doc: "As with Debezium: columns id, type and data; a row ('1', 'execute-snapshot', '{\"data-collections\":[\"dream.coupons\"]}') asks for the rows of a table while the log is followed, stop-snapshot ends it. See cdc-tail snapshot."
  },
  start: {
    kind: 'string',
    arg: 'POSITION',
    help: 'where to begin without a snapshot',
    doc: 'earliest, latest, FILE:POS (binlog.000003:154), a GTID set, GTIDs of MariaDB (0-1-100,1-2-5), or time:2026-11-24T10:00:00Z: the first transaction committed at or after that time, to the millisecond where the log tells (MySQL 8.0), else to the second. A resumed run begins where it was left, whatever this says.'
  },
  'stop-at': {
    kind: 'string',
    arg: 'POSITION',
    help: 'where to end: now, FILE:POS, a GTID set',
    doc: 'now: after everything that was committed when the tool started.'
  },
  failover: {
    kind: 'list',
    arg: 'URL,...',
    help: 'servers to go on with when the first is lost, tried in turn',
    doc: 'They replicate with GTIDs (MySQL: gtid_mode=ON and log_replica_updates; MariaDB: log_slave_updates). The first is taken that has all that was read and still has the log of what comes then; one that has yet to apply it is waited for. A transaction that was read and that no server has any more ends the run. A snapshot waits for the server that it began on. The numbers of log files go on over all servers by source.epoch, which is added to them.'
  },
  'mark-every': { kind: 'duration', default: 1000, help: 'time between marks' },
  'heartbeat-table': {
    kind: 'string',
    arg: 'TABLE',
    help: 'write the time into a row of this table, so that an idle log goes on',
    doc: "The server's log then moves even when nothing else is written, and with it the position that a pipeline resumes from. Columns: name (the key; the server name of --server-name) and ts. Among the tables that are read, its updates are events like others."
  },
  'heartbeat-every': { kind: 'duration', default: 10_000, help: 'time between heartbeats' },
  'server-name': {
    kind: 'string',
    arg: 'NAME',
    help: 'source.name of the events',
    doc: "Default: the URL's database, else its host."
  },
  'server-id': {
    kind: 'integer',
    help: 'replica id, unlike any other in the topology',
    doc: 'Default: random.'
  },
  poll: {
    kind: 'choice',
    arg: 'MODE',
    choices: ['incrementing', 'timestamp', 'timestamp+incrementing', 'bulk'],
    help: 'ask for new rows again and again: incrementing, timestamp, timestamp+incrementing or bulk',
    doc: 'For what cannot be read from a log, see POLLING. incrementing: rows with a higher number than before. timestamp: rows with a later time of change. timestamp+incrementing: both. bulk: the whole table, compared with what it was.'
  },
  'poll-every': {
    kind: 'duration',
    default: 5000,
    help: 'from the beginning of a poll to that of the next'
  },
  'poll-incrementing': {
    kind: 'string',
    arg: 'COLUMN',
    help: 'the column that counts up',
    doc: 'Default: the one that the database numbers, else a primary key of one column.'
  },
  'poll-timestamp': {
    kind: 'list',
    arg: 'COLUMN,...',
    help: 'the column with the time of the last change; of several the first that is not NULL',
    doc: 'Default: the one with ON UPDATE CURRENT_TIMESTAMP. Of several, a row whose first is NULL counts as never updated.'
  },
  'poll-overlap': {
    kind: 'duration',
    default: 60_000,
    help: 'how long after its time or number was taken a row may be committed and still be seen'
  },
  'poll-zone': {
    kind: 'string',
    arg: 'ZONE',
    help: 'in which times without a zone are kept: UTC, +05:30, Asia/Kolkata',
    doc: "Of DATETIME (MySQL) and timestamp (PostgreSQL). Default: the server's zone. SQLite's are UTC."
  },
  'poll-query': {
    kind: 'string',
    arg: 'SQL',
    help: 'poll the rows of a query; --tables gives the name for source.table'
  },
  out: {
    ...outputFlags.out,
    help: 'where events go: -, a file (.gz, .zst), kafka://BROKER[,BROKER...][/TOPIC]',
    doc: `${outputFlags.out.doc} For topics see KAFKA.`
  },
  ...kafkaOutputFlags,
  'no-tombstones': {
    kind: 'boolean',
    help: 'do not follow a deletion with a record without a value, in a topic'
  },
  ...stateFlags,
  ...serverFlags,
  ...commonFlags
} as const

const forgetFlags = { state: stateFlags.state, ...commonFlags } as const

const forgetSpec = {
  name: 'forget',
  summary: 'take a tool out of a pipeline that no longer has it',
  synopsis: ['TOOL --state DIR'],
  description: [
    'Every tool that acknowledges marks (es-sink, alert-eval, a file as output) registers in the state directory when it starts, and the pipeline resumes no later than what the slowest of them has acknowledged. One that has left is taken out with this command.'
  ],
  operands: [
    { name: 'TOOL', required: true, help: 'as its folder in DIR is called: es-sink, es-sink.archive' }
  ],
  flags: forgetFlags,
  examples: []
} as const satisfies CommandSpec

const snapshotFlags = {
  signal: {
    kind: 'boolean',
    help: 'ask the pipeline of --state for it (needed: nothing else is done so far)'
  },
  where: { kind: 'string', arg: 'SQL', help: 'only rows that fulfil a condition' },
  stop: { kind: 'boolean', help: 'end what was asked for, of these tables or of all' },
  state: stateFlags.state,
  name: stateFlags.name,
  ...commonFlags
} as const

const snapshotSpec = {
  name: 'snapshot',
  summary: 'ask a pipeline for the rows of tables while it follows the log',
  synopsis: ['--signal --state DIR TABLE,... [--where SQL]', '--signal --stop --state DIR [TABLE,...]'],
  description: [
    'The run that uses the state directory, or the next one, reads the rows of the tables in chunks between transactions, without a lock, and writes them as op r with snapshot "incremental". Rows that change meanwhile are told from the log. Marks tell how far it is, so it goes on where it was after a crash.',
    'A table that --tables did not name is followed from then on, by later runs as well: each of its rows comes once, and changes of it after that. One that was followed already is told anew. Tables need a primary key; new ones binlog_row_image=FULL. A server without GTIDs that is no MariaDB takes a short lock on the table for each chunk.'
  ],
  operands: [
    { name: 'TABLE,...', required: false, help: "db.table, or a table of the database in the pipeline's URL" }
  ],
  flags: snapshotFlags,
  examples: []
} as const satisfies CommandSpec

const doctorFlags = {
  tables: flags.tables,
  'exclude-tables': flags['exclude-tables'],
  json: { kind: 'boolean', help: 'print the findings as JSON lines' },
  ...serverFlags,
  ...commonFlags
} as const

const doctorSpec = {
  name: 'doctor',
  summary: 'tell whether a server can be read, and what to change',
  synopsis: ['URL [--tables NAME,...]'],
  description: [
    'Prints a line for each thing that a run depends on: ok, warn or fail, what was found, and what to change, as SQL where it can be done so. Nothing on the server is changed or locked. The status is 3 when something fails.'
  ],
  operands: [{ name: 'URL', required: true, help: 'as for cdc-tail itself' }],
  flags: doctorFlags,
  examples: []
} as const satisfies CommandSpec

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
    await runTool<typeof snapshotFlags>({ ...snapshotSpec, name: 'cdc-tail snapshot' }, signal, argv.slice(1))
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
  if (isKafka(flags.out) && state !== null) await continueTopics(output as KafkaOutput, state)
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

/** A mark whose records are committed counts as acknowledged, though the run before ended before it could write so. */
async function continueTopics(output: KafkaOutput, state: StateDirectory): Promise<void> {
  const committed = await output.transactional(state)
  if (committed !== null && committed.n > (state.acknowledged?.mark?.n ?? 0))
    await state.acknowledge(committed)
}

export type Flags = Invocation<typeof spec.flags>['flags']
type Source = BinlogFileTail | MysqlTail | PollTail

/** What is read, by URL and flags. */
async function sourceOf(url: string, flags: Flags, log: Log): Promise<Source> {
  if (flags.poll !== undefined || /^(postgres|postgresql|sqlite):/.test(url)) {
    // Loaded here: most runs read a log.
    const { pollSource } = await import('./cdc-tail/poll.ts')
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

async function doctor({ flags, operands, stop }: Invocation<typeof doctorFlags>): Promise<number> {
  const target = parseMysqlUrl(operands[0] as string)
  const tables = new TableFilter(flags.tables, target.database, flags.excludeTables)
  const findings = await examine(target, tables, new Backoff(flags.retryFor, stop))
  for (const finding of findings) {
    const { state, check, message, fix } = finding
    const text = `${state.padEnd(4)} ${check}: ${message}${fix === undefined ? '' : `; to change it: ${fix}`}`
    process.stdout.write(`${flags.json ? JSON.stringify(finding) : text}\n`)
  }
  return findings.some(({ state }) => state === 'fail') ? 3 : 0
}

async function forget({ flags, operands, log }: Invocation<typeof forgetFlags>): Promise<number> {
  if (flags.state === undefined) throw usageError('--state is missing: the state directory of the pipeline')
  await forgetMember(flags.state, operands[0] as string)
  log.info(`${operands[0]} is forgotten`)
  return 0
}

async function signal({ flags, operands, log }: Invocation<typeof snapshotFlags>): Promise<number> {
  if (!flags.signal) throw usageError('--signal is missing: a pipeline is asked, by its --state directory')
  if (flags.state === undefined) throw usageError('--state is missing: the state directory of the pipeline')
  const names = operands.flatMap(operand => operand.split(',')).filter(name => name !== '')
  if (names.length === 0 && !flags.stop) throw usageError('TABLE is missing: of which tables?')
  const source = join(flags.state, flags.name === undefined ? 'cdc-tail' : `cdc-tail.${flags.name}`)
  await new RequestFolder(source).put({
    kind: flags.stop ? 'stop' : 'execute',
    tables: names.map(name => ({ name, where: flags.where ?? '' }))
  })
  const what = names.length === 0 ? 'all snapshots' : names.join(', ')
  log.info(
    `${what}: asked for in ${source}; the run that uses it, or the next, ${flags.stop ? 'stops' : 'takes'} it`
  )
  return 0
}
