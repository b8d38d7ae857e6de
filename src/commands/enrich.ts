import { dirname, join } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import {
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
import { compile, Lookups, type Query, type QueryOptions, QueryStage, StateMemory } from '../lib/sql/index.ts'
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
import { explainFlink, flinkFlags, runOnFlink } from './enrich/flink.ts'
import { showState, tellWhy } from './enrich/look.ts'
import { manual } from './enrich/manual.ts'
import { serversIn } from './enrich/servers.ts'
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
  'state-memory': {
    kind: 'bytes',
    help: 'how much of the state is in memory; the rest goes to disk',
    doc: 'A quarter of what V8 lets its heap grow to unless given (node --max-old-space-size; see STATE). The size is an estimate of what the values and their keys take; the process takes some 300 MB besides.'
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
    doc: 'Of the newest snapshot, a line of JSON for each operator that keeps something: keys, how many of them are on disk, rows, its watermark, bytes. With --name of that query; the pipeline may be running.'
  },
  ...inputFlags,
  out: { ...outputFlags.out, help: kafkaOutHelp, doc: `${outputFlags.out.doc} For topics see KAFKA.` },
  ...repartitionFlags,
  ...kafkaOutputFlags,
  key: {
    kind: 'string',
    arg: 'COLUMN,...|TEMPLATE',
    help: 'key of records in topics: columns of the row (a,b), or a template',
    doc: 'Unless given, the columns of PRIMARY KEY of the table in INSERT INTO, if it has one. Columns give an object as of Debezium, {"id":7}, and a deletion a tombstone; a template, as {contest_id}@{window_end}, its text.'
  },
  'no-tombstones': {
    kind: 'boolean',
    help: 'do not follow a deletion with a record without a value, in a topic'
  },
  ...stateFlags,
  ...serverFlags,
  ...commonFlags
} as const

/** What of the state is not in memory, in the tool's state directory. */
const STORE = 'state.db'

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
    ...manual
  ]
} as const satisfies CommandSpec

export async function main(): Promise<void> {
  await runTool<typeof flags>(spec, enrich)
}

async function enrich({ flags, log, stop, ready }: Invocation<typeof spec.flags>): Promise<number> {
  if (flags.inspect !== undefined) return showState(flags.inspect, flags.name)
  const stateMemory = flags.stateMemory ?? getHeapStatistics().heap_size_limit / 4
  if (stateMemory === 0)
    throw usageError('--state-memory 0: takes a size from 1', 'left out, it is a quarter of the heap')
  const { name, text } = sqlOf(flags.file, flags.execute)
  const folder = flags.file === undefined ? '.' : dirname(flags.file)
  if (flags.explain === 'flink') {
    process.stdout.write(explainFlink({ flags }, name, text))
    return 0
  }
  if (flags.engine === 'flink') return await runOnFlink({ flags, log, stop, ready }, name, text)
  const warn = (message: string): void => log.warn(message)
  const connect = await serversIn(text, flags.retryFor, stop, warn)
  const lookups = new Lookups({ folder, warn, ...(connect && { connect }) })
  const make = (options: Pick<QueryOptions, 'reject' | 'late' | 'warn' | 'memory'>): Query =>
    tellingPlaces(name, () =>
      compile(text, {
        ...options,
        folder,
        input: flags.in,
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
  if (flags.explain !== undefined || query.program.isExplained) {
    process.stdout.write(`${plan}\n`)
    return 0
  }
  await lookups.open()
  const kafka = { ...flags, clientId: 'enrich', stop, warn }
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
  const idleness = { timeout: flags.idleTimeout, isMarkTime: flags.markTime }
  if (flags.why !== undefined) return tellWhy(query, flags.why, lookups, idleness, input, stop)
  const badLines = new BadLines('enrich', input, await openDeadLetters(flags.deadLetter, kafka))
  const state =
    flags.state === undefined ? null : await StateDirectory.open(flags.state, 'enrich', flags.name)
  const append = state !== null
  const output = await openOutputPort(
    flags.out,
    { append },
    { ...outputs, key: flags.key ?? query.program.outputKey }
  )
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
  if (states !== null && flags.stateMemory !== undefined)
    throw usageError(
      '--state-memory: a state in a topic is in memory as a whole',
      'give --state, or leave it out'
    )
  const memory =
    states === null ? new StateMemory(stateMemory, state && join(state.path, STORE)) : new StateMemory()
  const stage = new QueryStage(options => make({ ...options, memory }), {
    writer,
    badLines,
    state,
    memory,
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
  memory.close()
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
