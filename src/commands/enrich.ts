import { dirname } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import {
  Backoff,
  type CommandSpec,
  commonFlags,
  type Invocation,
  inputFlags,
  kafkaInputTexts,
  kafkaOutHelp,
  kafkaOutputFlags,
  kafkaOutputTexts,
  kafkaSecurityText,
  outputFlags,
  repartitionFlags,
  runTool,
  serverFlags,
  stateFlags,
  usageError
} from '../lib/cli/index.ts'
import { lookupTarget, MysqlLookup } from '../lib/mysql/index.ts'
import { compile, Lookups, type Query, type QueryOptions, QueryStage } from '../lib/sql/index.ts'
import {
  BadLines,
  commitTogether,
  FileOutput,
  OutputWriter,
  openDeadLetters,
  openOutput,
  openOutputPort,
  openRepartitioned,
  runStage,
  StateDirectory,
  transactionalIdOf
} from '../lib/stream/index.ts'
import { explainFlink, flinkFlags, flinkSection, runOnFlink } from './enrich/flink.ts'
import { showState, tellWhy } from './enrich/look.ts'
import { sqlOf, tellingPlaces } from './enrich/sql-text.ts'

const flags = {
  file: { kind: 'string', short: 'f', arg: 'FILE', complete: 'file', help: 'read the SQL from FILE' },
  execute: { kind: 'string', short: 'e', arg: 'SQL', help: 'take the SQL from the command line' },
  late: {
    kind: 'string',
    arg: 'FILE',
    complete: 'file',
    help: 'write lines that came too late for their window to FILE',
    doc: 'As they came. The file is overwritten; with --state it is continued. Late lines are counted and the first is named, with or without it.'
  },
  'watermark-delay': {
    kind: 'duration',
    default: 0,
    help: 'how far time lags behind where no WATERMARK is declared',
    doc: 'The watermark is the newest value of the column in DESCRIPTOR less this. A declared WATERMARK stands as it is.'
  },
  changelog: {
    kind: 'boolean',
    help: 'write results as changes of Flink\'s kinds: {"op":"+I","row":{…}}',
    doc: 'Each change of a result is one or two lines: +I a row, -U and +U the row before and after, -D a row that is gone. Without it rows that are only added are written as they are, others as change events.'
  },
  emit: {
    kind: 'duration',
    word: 'every',
    default: 0,
    help: 'write changes of results at most so often',
    doc: 'What a result went through between two writings is left out: of a row that changed three times one change is written, of one that came and went none. Rows that are only added are written at once.'
  },
  'idle-timeout': {
    kind: 'duration',
    default: 60_000,
    help: 'after how long without rows a table no longer holds time back; 0: never',
    doc: "Where a query has several tables with event time, that of the query is the one that is furthest behind. A table without rows for so long, while others have some, is taken to be that far behind them. What has passed is told by ts_ms in change events and marks (gaps of more than 10 s count as 10 s, so that nothing is idle because the stage before was away), not by this machine's clock. SET 'table.exec.source.idle-timeout' in the SQL comes first; Flink leaves an idle table out altogether."
  },
  'mark-time': {
    kind: 'boolean',
    help: 'let time pass with the marks while no table has rows',
    doc: 'Event time then passes as the marks do, --idle-timeout behind: windows close and outer joins give their rows though nothing comes. Rows that the stage before could not read for longer than that are late when they come.'
  },
  final: {
    kind: 'boolean',
    help: 'close all windows at the end of input, also with --state',
    doc: 'Without --state they are closed at the end of input anyway, as by Flink at the end of a bounded source.'
  },
  explain: {
    kind: 'choice',
    choices: ['plan', 'flink'],
    alone: 'plan',
    help: 'print the plan of the query, or what would be submitted to Flink, and exit'
  },
  ...flinkFlags,
  why: {
    kind: 'string',
    arg: 'VALUE',
    help: 'tell what became of the rows that have this value, in place of the results',
    doc: 'For each row with the value in a column that the query reads a line of JSON: verdict filtered (because of which condition), late, rejected (why), results (how many it gave at once) or no result (it is kept, or changes none). Run it over a capture.'
  },
  inspect: {
    kind: 'string',
    arg: 'DIR',
    complete: 'directory',
    help: 'list what the state in DIR holds, and exit',
    doc: 'Of the newest snapshot, a line of JSON for each operator that keeps something: keys, rows, its watermark, bytes. With --name of that query; the pipeline may be running.'
  },
  ...inputFlags,
  out: { ...outputFlags.out, help: kafkaOutHelp, doc: `${outputFlags.out.doc} For topics see KAFKA.` },
  ...repartitionFlags,
  ...kafkaOutputFlags,
  key: {
    kind: 'string',
    arg: 'COLUMN,...|TEMPLATE',
    help: 'key of records in topics: columns of the row (a,b), or a template',
    doc: 'Columns give an object as of Debezium, {"id":7}, and a deletion a tombstone; a template, as {contest_id}@{window_end}, its text.'
  },
  'no-tombstones': {
    kind: 'boolean',
    help: 'do not follow a deletion with a record without a value, in a topic'
  },
  ...stateFlags,
  ...serverFlags,
  ...commonFlags
} as const

export const spec = {
  name: 'enrich',
  summary: 'run streaming SQL on events',
  synopsis: ['-f FILE [FLAG...]', '-e SQL [FLAG...]'],
  description: [
    'enrich reads change events and plain rows, one JSON object a line, runs a query in a subset of Flink SQL on them, and writes the results as they come.',
    'A table that is not declared is found by name in the events: contest_joins stands for the change events whose source.table is contest_joins, events for every line as it came, with its nested fields. A result that only gains rows is written as plain rows; one whose rows change is written as change events in the same envelope.'
  ],
  flags,
  examples: [
    {
      text: 'part of a table, with a computed column',
      code: `enrich -e "SELECT id, contest_id, amount * 2 AS twice
           FROM contest_joins WHERE status = 'JOINED'"`
    },
    {
      text: 'joins and money per contest and minute',
      code: `enrich -e "SELECT window_end, contest_id,
                  COUNT(*) AS joins, SUM(amount) AS amount
           FROM TABLE(TUMBLE(TABLE contest_joins, DESCRIPTOR(created_at),
                             INTERVAL '1' MINUTE))
           GROUP BY window_start, window_end, contest_id"`
    }
  ],
  sections: [
    {
      title: 'KAFKA',
      text: [
        ...kafkaInputTexts,
        ...kafkaOutputTexts,
        'From topic to topic, as a member of a group and without --state, a query with GROUP BY keeps its state in a topic of its own, GROUP.enrich.state (GROUP.NAME.state with --name), in the transaction of the results and the offsets. Each partition of the input has a state and a time of its own, so that any member goes on with it where the last one left off. The end of input (--stop-at now) ends time, and what comes later begins with an empty state; a signal does not. The groups of the query have to lie in one partition each: the topic is keyed by some of the columns of GROUP BY, or has one partition; another one is refused. Offsets that are set back by hand begin with an empty state.',
        kafkaSecurityText
      ]
    },
    {
      title: 'SQL',
      text: [
        'Statements: CREATE TABLE with computed columns, WATERMARK and WITH (connector stdin or stdout, format json or debezium-json; those of LOOKUPS besides), CREATE VIEW, CREATE FUNCTION, INSERT INTO, SELECT; one query a run. What is not in the subset is an error that says where.',
        'Windows: TUMBLE, HOP, CUMULATE and SESSION (with PARTITION BY) in event time. With GROUP BY window_start, window_end and further keys a result comes out when its window closes; without, each row comes out in each of its windows, with window_start, window_end and window_time, those of a session when it is over. A join whose ON has window_start and window_end of the same windows on both sides, and ROW_NUMBER with both in PARTITION BY, give their results when the window closes. GROUP BY TUMBLE(time, size), HOP(time, slide, size) and SESSION(time, gap) with TUMBLE_START and its like are taken, too. Aggregates: COUNT, SUM, AVG, MIN, MAX, STDDEV_POP, STDDEV_SAMP, VAR_POP, VAR_SAMP, PERCENTILE, FIRST_VALUE, LAST_VALUE, LISTAGG, COLLECT, ARRAY_AGG, JSON_ARRAYAGG, JSON_OBJECTAGG, APPROX_COUNT_DISTINCT, with DISTINCT and FILTER. Updates and deletes of a table take back what they replace.',
        'Ranks: ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) with a condition that ends it (WHERE rn <= 3, rn = 1, rn BETWEEN 2 AND 4, QUALIFY) gives the first rows of each key, which change as rows come, change and go; of equal ones the first that came. In the order of a declared event time rn = 1 is the first row, told once the watermark has passed it, or with DESC the last so far, of several at one time the last that came. ORDER BY … LIMIT n [OFFSET m] and LIMIT n alone do the same for the whole result; ORDER BY event time alone puts rows in order as the watermark passes them. Aggregates, LAG and ROW_NUMBER with OVER (… ORDER BY event time [ROWS | RANGE … PRECEDING]), also by the name of a WINDOW, count the rows up to each row, which comes out when the watermark passes it; a SELECT has one such window.',
        'GROUP BY without a window, or aggregates over everything, keep a result for each group, which changes with its rows: it is written as a change event each time (op c, u with the whole result before, d when its last row has gone), with the source of the event that caused it. An aggregation may stand over another, in a subquery or a view. What is kept grows with the number of groups.',
        'Columns nobody declared are typed by their values: whole numbers BIGINT, other numbers DOUBLE, strings STRING. A string is read as DECIMAL or TIMESTAMP(3) where a number or time is needed. MIN, MAX and < compare two such strings as numbers when both are numbers.',
        'IN (SELECT ...), NOT IN, EXISTS and NOT EXISTS stand between the ANDs of WHERE; without aggregates of its own the subquery may read the tables of the query around it. All rows of both are kept, whatever table.exec.state.ttl says. NOT IN follows SQL: a NULL on the right leaves no rows.',
        'CROSS JOIN UNNEST(t.c) [WITH ORDINALITY] AS u (a, b), or LEFT JOIN ... ON TRUE, gives a row for each member of an ARRAY, MAP or MULTISET. Of an undeclared array one name is the member, several are the fields of these names of its objects.',
        'An update whose row starts to pass WHERE is written as c, one whose row stops to as d. An update that leaves the selected columns as they were is written all the same, as Flink does.'
      ]
    },
    {
      title: 'LOOKUPS',
      text: [
        "A table WITH ('connector' = 'filesystem', 'path' = 'customers.csv', 'format' = 'csv') or json (one object a line) is looked up: JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.customer_id, inner or LEFT, gives each row of the left side the rows of its key as they are when it is processed; p is a column AS PROCTIME(), or PROCTIME() stands there itself. Paths are relative to the file of -f.",
        'The file is read again when it has changed. If it cannot be read then, for instance because it is just being written, a warning says so and the rows that were read before are used until it changes again; write a new file and rename it. The columns of CSV are those of a first line that names all of the table, else they stand in its order (csv.field-delimiter and csv.null-literal are taken). An empty field is NULL, a STRING only with csv.null-literal.',
        "A table WITH ('connector' = 'mysql', 'url' = 'mysql://reader:${PASSWORD}@db/shop', 'table-name' = 'customers') is one of a MySQL or MariaDB server; Flink's options of the connector jdbc are taken too ('url' = 'jdbc:mysql://db/shop', 'username', 'password', 'lookup.cache' and 'lookup.partial-cache...'), so that one file runs on both. What a block of input lines needs is read at once, with the columns that the query reads. With 'lookup.cache' = 'PARTIAL' rows, and that there are none, are kept up to 'lookup.partial-cache.max-rows' keys and for 'lookup.partial-cache.expire-after-write'. Which rows a text has is the server's word, with the collation of its column; numbers and times are equal when their values are. A server that is away is waited for as --retry-for says.",
        'ON needs an equality with a column of the table, or with a constant; other conditions may stand beside it. Where rows of the left side change or go, what each was joined with is kept, and exactly that is taken back: a result never stays behind because the table has changed meanwhile. An update of a left row looks its new values up.'
      ]
    },
    flinkSection,
    {
      title: 'FUNCTIONS',
      text: [
        "Functions are Flink's of strings, numbers, times, conditions, JSON, arrays and maps, hashes and regular expressions, but for those that depend on the clock or on chance.",
        "CREATE FUNCTION distance AS 'geo.js' LANGUAGE JAVASCRIPT takes one from a JavaScript module, its path relative to the file of -f: the export of that name, or the default export. It is called with values as they stand in output (DECIMAL and times as strings), not with NULL, which gives NULL, unless it has acceptsNull = true. What it returns is what an undeclared column would be, or of the type that returns = 'DOUBLE' names; both may be properties of the function or exports of the module. What it throws is an error of the line.",
        'An exported object with create(), add(state, ...values) and result(state) is an aggregate; add may return another state, and states are plain data (they go to --state). With retract(state, ...values) it takes back rows that go; without it all rows are kept and it begins anew with those that are left.'
      ]
    },
    {
      title: 'DIFFERENCES FROM FLINK',
      text: [
        'A table without rows holds time back for --idle-timeout, in Flink for ever unless table.exec.source.idle-timeout is set. Window joins and ranks in windows take changes as long as their window is open; Flink refuses tables that change there.',
        'The watermark moves with each row, as in Flink with pipeline.auto-watermark-interval 0. A TIMESTAMP is written with all the digits of its type. A DECIMAL that does not fit its type is NULL.',
        'Numbers and quoted times compare with undeclared strings; Flink needs a declaration for that. A DOUBLE whose text is a whole number looks like a BIGINT as long as it is not declared: use CAST(x AS DOUBLE) before dividing or averaging it.',
        'A string in quotes is a STRING, not a CHAR(n), so that nothing is padded or cut. LN, EXP, COSH and their like may differ in the last digit, and so may variances of doubles in windows, which Flink puts together from parts.',
        'Regular expressions are those of RE2, which takes time linear in the text: lookaround, back references, possessive quantifiers and classes in classes are refused; . stops at a newline alone, $ matches at the very end alone. Paths of JSON have names, [n], [*] and .., no filters or functions.',
        'APPROX_COUNT_DISTINCT runs on streams here: exact up to 2,048 values and for rows that may go, else within about 0.4 %. An element or key that is not there is NULL, also where Flink knows that none is and gives -1. TO_TIMESTAMP takes ISO forms; TO_DATE of another form than its pattern is NULL. JSON_VALUE RETURNING a type that the value does not have goes by ON ERROR where Flink fails, and returns any simple type.'
      ]
    },
    {
      title: 'TIME',
      text: [
        'The watermark moves on with each row. A window closes when the watermark reaches its last millisecond; rows that come for a closed window are late: they do not count, and go to --late.',
        'All times are UTC.'
      ]
    }
  ]
} as const satisfies CommandSpec

/** A large state makes V8 wait for as much garbage again: it is to collect when there is a fifth of it. */
function collectSooner(): void {
  setFlagsFromString('--heap-growing-percent=20')
}

export async function main(): Promise<void> {
  await runTool<typeof flags>(spec, enrich)
}

async function enrich({ flags, log, stop, ready }: Invocation<typeof spec.flags>): Promise<number> {
  if (flags.inspect !== undefined) return showState(flags.inspect, flags.name)
  const { name, text } = sqlOf(flags.file, flags.execute)
  const folder = flags.file === undefined ? '.' : dirname(flags.file)
  if (flags.explain === 'flink') {
    process.stdout.write(explainFlink({ flags }, name, text))
    return 0
  }
  if (flags.engine === 'flink') return await runOnFlink({ flags, log, stop, ready }, name, text)
  const lookups = new Lookups({
    folder,
    warn: message => log.warn(message),
    connect({ url, user, password, table, ...query }) {
      const target = lookupTarget(url, user, password, `table ${table}`)
      const backoff = new Backoff(flags.retryFor, stop)
      return new MysqlLookup(target, { table, ...query }, backoff, message => log.warn(message))
    }
  })
  const make = (options: Pick<QueryOptions, 'reject' | 'late' | 'warn'>): Query =>
    tellingPlaces(name, () =>
      compile(text, {
        ...options,
        folder,
        lookups,
        watermarkDelay: flags.watermarkDelay,
        idleTimeout: flags.idleTimeout,
        isMarkTime: flags.markTime,
        changelog: flags.changelog,
        emitEvery: flags.emit
      })
    )
  // A mistake in the query is told before anything is opened.
  const query = make({ reject() {} })
  const { plan, groupColumns } = query
  if (flags.explain !== undefined) {
    process.stdout.write(`${plan}\n`)
    return 0
  }
  if (query.keepsRows) collectSooner()
  await lookups.open()
  const kafka = { ...flags, clientId: 'enrich', stop, warn: (message: string) => log.warn(message) }
  const outputs = {
    ...kafka,
    tombstones: !flags.noTombstones,
    transactionalId: transactionalIdOf('enrich', flags.out, flags)
  }
  const shared = flags.name ?? 'enrich'
  const { input, written } = await openRepartitioned(
    flags.in,
    { by: flags.repartitionBy, groups: groupColumns, name: shared },
    { maxLine: flags.maxLine, holdsMemory: true },
    outputs
  )
  if (flags.why !== undefined) return tellWhy(query, flags.why, lookups, input, stop)
  const badLines = new BadLines('enrich', input, await openDeadLetters(flags.deadLetter, kafka))
  const state =
    flags.state === undefined ? null : await StateDirectory.open(flags.state, 'enrich', flags.name)
  const append = state !== null
  const output = await openOutputPort(flags.out, { append }, outputs)
  const writer = new OutputWriter(output)
  const late = flags.late === undefined ? null : openLate(flags.late, append)
  if (flags.out !== '-') await state?.register()
  const states = await commitTogether(
    input,
    output,
    state,
    groupColumns === null
      ? null
      : { columns: flags.repartitionBy.length > 0 ? null : groupColumns, name: shared }
  )
  const warn = (message: string): void => log.warn(message)
  const stage = new QueryStage(make, {
    writer,
    badLines,
    state,
    states,
    late,
    final: flags.final,
    emitEvery: flags.emit,
    input: input.name,
    warn
  })
  await ready([
    {
      name: 'late_lines_total',
      help: 'Lines with a row too late for its window',
      kind: 'counter',
      read: () => stage.late
    }
  ])
  // A file holds results alone; marks are for the next stage of a pipe.
  await Promise.all([runStage(input, flags.out === '-' ? writer : null, stage, stop), written])
  await badLines.close()
  await late?.close()
  await writer.output.close()
  state?.close()
  lookups.close()
  if (stage.late > 0) log.warn(`${stage.late} late lines${late === null ? '' : `, kept in ${late.name}`}`)
  if (badLines.count > 0)
    log.warn(`${badLines.count} lines could not be processed, kept in ${badLines.keptIn}`)
  return 0
}

function openLate(path: string, append: boolean): FileOutput {
  const output = openOutput(path, { append })
  if (output instanceof FileOutput && path !== '-') return output
  throw usageError(`--late ${path}: takes the path of a plain file`)
}
