import { commonFlags, kafkaOutputFlags, outputFlags, serverFlags, stateFlags } from '../../lib/cli/index.ts'

/** The flags of cdc-tail itself. */
export const flags = {
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
