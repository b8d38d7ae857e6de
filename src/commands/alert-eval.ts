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
  type Log,
  messageOf,
  outputFlags,
  repartitionFlags,
  runTool,
  serverFlags,
  stateFlags,
  suggest,
  ToolError,
  usageError
} from '../lib/cli/index.ts'
import {
  AlertStage,
  adaptElastAlertConfig,
  Backtest,
  formatProblem,
  keyColumns,
  type Label,
  loadRules,
  type Problem,
  type Rule,
  readLabels,
  SilenceFile,
  WallClock
} from '../lib/rules/index.ts'
import {
  BadLines,
  commitTogether,
  isKafka,
  OutputWriter,
  openDeadLetters,
  openOutputPort,
  openRepartitioned,
  runStage,
  StateDirectory,
  transactionalIdOf
} from '../lib/stream/index.ts'
import { documentFlags, documentTexts, openFrom } from './alert-eval/documents.ts'
import { openNotifier, type RunNotifier } from './alert-eval/notifier.ts'
import { reloadOnChange } from './alert-eval/reload.ts'
import { silence, type silenceFlags, silenceSpec, silencesFile } from './alert-eval/silence.ts'

const flags = {
  rules: {
    kind: 'strings',
    short: 'r',
    arg: 'DIR|FILE',
    complete: 'file',
    help: 'ElastAlert 2 rule file, or folder of them',
    doc: 'Repeatable. A folder gives every .yaml and .yml file in it and below.'
  },
  check: {
    kind: 'boolean',
    help: 'only check the rules, read nothing',
    doc: 'Errors and warnings are printed as file:line:column, and what options that only steer queries mean here. The status is 2 when there is an error or a misspelt option.'
  },
  test: {
    kind: 'strings',
    arg: 'DIR|FILE',
    complete: 'file',
    help: 'try rules on a capture: nobody is told',
    doc: 'In the place of --rules. Alerts are written as a run over the same events would write them, byte for byte, and a timeline of them to stderr. See BACKTEST.'
  },
  labels: {
    kind: 'string',
    arg: 'FILE',
    complete: 'file',
    help: 'with --test: when there should have been alerts',
    doc: 'Precision, recall and delay are printed too. See BACKTEST.'
  },
  explain: {
    kind: 'boolean',
    help: 'say why rules have fired or not',
    doc: 'At the end, and on SIGUSR2, stderr has for each rule and each of its keys: how many events came, which parts of the filter let how many not through, how many matches there were and what became of them (alerted, silenced, held back by realert, until when), and how its window stands. Every line is parsed for it, which takes its time. Of a rule, the twenty keys with most matches are printed. What is told is of this run alone.'
  },
  'run-every': {
    kind: 'duration',
    default: 60_000,
    help: 'evaluation interval of rules that time decides',
    doc: 'In event time; a rule may have a run_every of its own. What an event decides waits for nothing.'
  },
  'buffer-time': {
    kind: 'duration',
    default: 15 * 60_000,
    help: 'how far back aggregations look',
    doc: 'For metric_aggregation, spike_aggregation and percentage_match; a rule may have a buffer_time of its own.'
  },
  silences: {
    kind: 'string',
    arg: 'FILE',
    complete: 'file',
    help: 'silences, instead of those in --state',
    doc: 'For a replay with the silences of a run, and for members of a group that have no --state.'
  },
  'dry-run': {
    kind: 'boolean',
    help: 'notify nobody, only say who would be',
    doc: 'Alerts are written as always; what each alerter would have sent is told on stderr, without secrets.'
  },
  'deliver-for': {
    kind: 'duration',
    default: 3_600_000,
    help: 'how long a notification is tried',
    doc: 'A receiver that cannot be reached, answers with 5xx, 408 or 429 or takes too long is tried again, after 0.1 to 30 s. Another 4xx is final.'
  },
  undelivered: {
    kind: 'string',
    arg: 'FILE',
    complete: 'file',
    help: 'append notifications that were given up to FILE',
    doc: 'A line of JSON each: receiver, reason, id, subject, text, match.'
  },
  clock: {
    kind: 'choice',
    choices: ['event', 'wall'],
    default: 'event',
    help: 'whose time it is where events tell none',
    doc: "wall is for plain logs as they are written: an event without timestamp_field happens when it is read, and while none come, time passes by the machine's clock, one second behind it, so that a flatline is found in a log that has gone silent. What is raised then depends on when it is read: a replay of a capture is by event time."
  },
  'fail-on-alert': { kind: 'boolean', help: 'end with status 4 when there was an alert' },
  ...inputFlags,
  'stop-at': {
    ...inputFlags['stop-at'],
    help: 'end behind what topics or an index have at the start; files and pipes end by themselves'
  },
  ...documentFlags,
  out: { ...outputFlags.out, help: kafkaOutHelp, doc: `${outputFlags.out.doc} For topics see KAFKA.` },
  ...repartitionFlags,
  ...kafkaOutputFlags,
  key: {
    kind: 'string',
    arg: 'COLUMN,...|TEMPLATE',
    default: 'rule,key',
    help: 'key of alerts in topics: fields of the alert (a,b), or a template',
    doc: 'Columns give an object as of Debezium, {"id":7}, and a deletion a tombstone; a template, as {contest_id}@{window_end}, its text.'
  },
  ...stateFlags,
  ...serverFlags,
  ...commonFlags,
  config: {
    ...commonFlags.config,
    doc: "Keys are the long names of flags. ElastAlert's own config.yaml is understood too: rules_folder, run_every and buffer_time are taken from it."
  }
} as const

export const spec = {
  name: 'alert-eval',
  summary: 'evaluate ElastAlert rules on a stream of events',
  synopsis: [
    '--rules DIR|FILE [FLAG...]',
    '--check --rules DIR|FILE',
    '--test DIR|FILE [CAPTURE]',
    'silence RULE --for TIME'
  ],
  description: [
    'alert-eval reads change events and plain rows, one JSON object a line, evaluates ElastAlert 2 rule files on them as they come, and writes each alert as a line of JSON. The alerters of a rule are notified too (see NOTIFICATIONS); those that are not supported are named in a warning.',
    "Time is the events' own: timestamp_field (@timestamp), and for change events without it the commit. So a replayed capture gives byte for byte the alerts of the live run. A rule sees the row of a change event, and the envelope around it by dotted names (source.table, op, before.status).",
    'A mark is acknowledged in --state once the alerts before it are written, their notifications noted and the half-filled windows saved.'
  ],
  operands: [{ name: 'CAPTURE', help: 'with --test: the events, instead of --in' }],
  flags,
  subcommands: [silenceSpec],
  examples: [
    {
      text: 'alerts on what happens in a database',
      code: 'cdc-tail mysql://cdc@db/dream --state run | alert-eval --rules rules/ --state run'
    },
    {
      text: "ElastAlert's rules on the index that it asks",
      code: "alert-eval --from 'es://localhost/logs-*' --rules rules/ --state run"
    },
    { text: 'check the rules in CI', code: 'alert-eval --check --rules rules/' },
    {
      text: 'what would have been raised',
      code: 'alert-eval --test rules/gateway.yaml capture.ndjson.zst --labels outages.ndjson > alerts.ndjson'
    }
  ],
  sections: [
    {
      title: 'KAFKA',
      text: [
        ...kafkaInputTexts,
        ...kafkaOutputTexts,
        'From topic to topic, as a member of a group and without --state, windows and silences are kept in a topic of their own, GROUP.alert-eval.state (GROUP.NAME.state with --name), in the transaction of the alerts and the offsets. Each partition of the input has a state and a time of its own, so that any member goes on with it where the last one left off. What the rules count together has to lie in one partition: the topic is keyed by fields of the query_key of every rule, or has one partition; another one is refused. (A rule of type any, blacklist or whitelist with realert 0 counts nothing.) Offsets that are set back by hand begin with an empty state.',
        kafkaSecurityText
      ]
    },
    { title: 'ELASTICSEARCH', text: documentTexts },
    {
      title: 'RELOADING',
      text: [
        'On SIGHUP the rules are read again, and so they are by themselves when their files, what these import, lists that they name or other files in their folders have changed and then not for a second. The new rules hold for the lines that are read next. Rules that are as they were keep their windows and silences; one that has changed goes on with what it would have after a restart; what a removed one has counted is gone. A file that cannot be read or has an error is named with line and column, and the rule that it gave before goes on; so do all rules while there is none to be found. Flags are not read again. As a member of a group, rules that would count by other fields of the query_key than those at the start are refused, since the topic may not be parted by them.',
        'In a systemd unit: ExecReload=kill -HUP $MAINPID.'
      ]
    },
    {
      title: 'RESOLVED',
      text: [
        'A rule with resolve: true, which is not an option of ElastAlert, also tells when the condition of an alert has cleared: a line with "state":"resolved", once for each key that was alerted, and a notification to its alerters, which close what they have opened or say so. Its match, subject and text are those of the last alert, since is the time of the first. Alerts are the same with and without it: while realert holds matches back nothing is raised, and what was not raised is not resolved; nobody is told of what was silenced all along. Programs see in alert_state, a field of the match, which of the two they are told.',
        'The condition of a flatline has cleared when there are enough events, that of a cardinality, metric_aggregation or percentage_match when the figure is within its bounds, or there is none any more; that of a frequency, spike or spike_aggregation when there was no match for a timeframe. resolve_after: {minutes: 5} has it clear for so long first, or without a match; rules that an event decides (any, blacklist, whitelist, change, new_term) need it. This is found every run_every of event time, at the evaluation that is the @timestamp of the notice. resolve does not go with aggregation.'
      ]
    },
    {
      title: 'BACKTEST',
      text: [
        'With --test, CAPTURE (or --in) is evaluated as in any run; no alerter is told, and no state is kept. When it has ended, stderr has a timeline with a row for each rule and key.',
        '--labels names a file of intervals, one JSON object a line: {"start": "2026-11-24T10:00:00Z", "end": "2026-11-24T10:05:00Z", "rule": "gateway down", "key": "paytm"}. Without rule or key an interval is for any. An alert is right when it was raised within an interval for its rule and key, both ends included. Precision is the share of alerts that are right, recall the share of intervals with an alert in them, delay the time from the start of such an interval to its first alert. All is event time, and an alert counts when it was raised: that of a spike is told of by its first event, which lies back. An interval should therefore reach as far behind what happened as an alert is of use. With --log json the figures are fields of the last message.'
      ]
    },
    {
      title: 'NOTIFICATIONS',
      text: [
        'Alerters: alertmanager, command, datadog, debug, discord, email, gelf, googlechat, indexer, jira, mattermost, ms_power_automate, opsgenie, pagerduty, post, post2, rocketchat, servicenow, ses, slack, sns, sqs, telegram, victorops, zabbix, with the options of ElastAlert 2.31 and the same payloads. ${NAME} in a rule file is taken from the environment, so that secrets need not stand in it. In addition, requests have the id of the alert as Idempotency-Key, and receivers that know alerts by a name are given it where the rule has none of its own: the incident or dedup key of pagerduty, the alias of opsgenie, the entity_id of victorops, the _id of indexer, FIFO topics and queues of sns and sqs, the Message-ID of email, by which they take a notification that comes twice for one. A notice that a condition has cleared (resolve) resolves, closes or ends there what was opened.',
        'jira makes a ticket for each alert, or with jira_bump_tickets comments on the one that there is, as ElastAlert asks the REST API 2 for it, in the cloud and on a server of your own, which it searches by its own request. The account file has an apikey, or a user and a password. A notice that a condition has cleared is a comment on the ticket. Jira knows no alert again by its id: a ticket whose making was under way when the process was killed can come twice. What Jira refuses beside the ticket (an assignee, a watcher, a transition) is told, and the rest is done. Summaries have no newline and at most 255 characters, descriptions and comments at most 32767.',
        'sns, sqs and ses sign with the keys of the rule, else AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; AWS_ENDPOINT_URL names another place than AWS. email takes TLS where the server offers it, and checks the certificate with smtp_ssl and before it sends a password.',
        'Each alerter of a rule has a line of its own, in which notifications wait their turn: a receiver that is slow or away delays neither the rules nor the others. What cannot be delivered within --deliver-for, or is refused, is named on stderr and goes to --undelivered. Of those that wait, 10000 are kept in memory, shared among the alerters; what comes for a receiver that fails and has that many is given up, and a flood for one that answers is read no faster than it takes them.',
        'With --state, notifications are noted in it until they are delivered, and the next run goes on with those that are left: each is sent at least once, again only if it was on its way when the process was killed. Each has an id of rule, key, time and match, the same in every run, which receivers are given that know what they have. Without --state, also from topic to topic, those that are left when the run ends are given up, and a kill loses them. At the end of the input they are waited for up to 30 s, after SIGTERM up to 10 s.'
      ]
    },
    {
      title: 'RULES',
      text: [
        'Rule types: any, blacklist, whitelist, change, frequency, spike, flatline, new_term, cardinality, metric_aggregation, spike_aggregation, percentage_match. Filters: term, terms, range (with date math; now is the time of the event), exists, prefix, wildcard, regexp, fuzzy, ids, match, match_phrase, multi_match, bool, constant_score, match_all, query_string.',
        "A stream has no mapping: term, prefix, wildcard, regexp and fuzzy compare the whole value exactly, as on a keyword, also where an index has a text that was analyzed; match, match_phrase and query strings compare words without regard to case, except on fields named ….keyword. Words are those of the standard analyzer. ids looks at _id, which documents of --from have. Regular expressions are Lucene's, without ~ & < @ and #, and fuzzy terms are compared with every word, not with the first 50. A number equals a text that spells it, since DECIMAL columns are texts. An array matches when one of its elements does.",
        'realert is 1 minute unless set, as in ElastAlert. frequency matches at the event that reaches num_events, also when that event comes late. num_hits is the number of events that made the match. Times in alert texts are in UTC unless use_local_time is set to true in the rule.',
        'With aggregation, matches wait for others (aggregation_key parts them) and go out as one alert, once a time later than its own is known: the line has the first as match, all as matches, the sum of their events as num_hits, the value of aggregation_key as key, and as @timestamp the time at which it was due. Schedules are cron expressions in UTC. What waits is part of the state; without --state it goes out at the end of the input. Summary tables (ascii, html, markdown) are drawn as in ElastAlert.',
        'top_count_keys counts the events that passed the filter, with the key of the match, in the timeframe before it (10 minutes where there is none), when it is found; ElastAlert asks its index when it sends. include leaves fields out of matches; the rules see all of them. generate_kibana_discover_url and generate_opensearch_discover_url put links into matches as ElastAlert does; they are not shortened.',
        'alert_text_jinja is rendered by nunjucks, with the filters, tests and methods of Python that it lacks; values are written and taken as true or false as in Python. What is not there is empty, and so is what is asked of it. jinja_filters names JavaScript modules (./filters.mjs, from the rule file), each exported function a filter; jinja_template_path is looked for from the working folder, as in ElastAlert.',
        'limit_execution names, as a cron expression in UTC, the minutes in which a rule is at work: what time decides is evaluated only then, and what is found outside goes out in the next of them, or is not looked at with limit_execution_coverage. timestamp_type custom is read by timestamp_format, as strptime does; expressions of Python are an error.',
        'type: ./late.mjs (or ./rules.mjs#Late) is a rule of your own, a JavaScript module from the rule file on, in place of a Python class. It exports a class with addEvent(event, time, key), which gives nothing, a match or a list of them; and perhaps garbageCollect(time), called every run_every, which may give matches too, matchText(match), snapshot() and restore(state) in JSON, and static requiredOptions. Its constructor is given the options of the rule. What addEvent throws makes the line a bad one.',
        'match_enhancements names JavaScript modules whose default export is called with the match and the options of the rule: it changes the match, returns another, or null to drop it (DropMatchException). What it throws is said in the match as enhancement_error. TimeEnhancement is there. Modules are synchronous, and read once in a process.',
        'An event decides at once; that events are missing (a spike down, flatline, min_cardinality) is found every run_every, and so are aggregations, over buffer_time. Time passes with events, also those that no filter lets through, and with marks that no events came before: a source that is still behind does not write such marks. An event that comes late takes its place where windows still hold its time, and aggregations look at it again in each evaluation over buffer_time; what a frequency, flatline or aggregation cannot count any more is told at the end, and in late_events_total. When time leaps, at most the last 10080 evaluations are made.',
        'Other than in ElastAlert: new_term knows the terms that rows of a snapshot (op r) had, and forgets one that was not seen for terms_window_size; a list (blacklist, whitelist) is compared with one field, and an array there is on no list; each change rule has a memory of its own; use_count_query and use_terms_query change nothing, so that matches are whole events; windows move with the events alone, where ElastAlert moves them by its clock when a run ends, so that a document which it finds only after that may not count (unless query_delay has it wait); of a spike over more than 1000 events the match is the oldest that is kept, at most a thousandth of the timeframe younger than the first. Aggregations give every key, not the first 50; with use_run_every_query_size each window is evaluated once; percentages may have a compound query_key; spike_aggregation adds its windows up anew each time, so that nothing is left of what has gone, and passes over a metric without a value; metric_agg_script is an error.'
      ]
    }
  ],
  adaptConfig: adaptElastAlertConfig
} as const satisfies CommandSpec

export async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  if (argv[0] === 'silence') {
    await runTool<typeof silenceFlags>({ ...silenceSpec, name: 'alert-eval silence' }, silence, argv.slice(1))
  } else await runTool<typeof flags>(spec, alertEval, argv)
}

async function alertEval({
  flags: given,
  operands,
  log,
  stop,
  ready
}: Invocation<typeof spec.flags>): Promise<number> {
  const flags = withCapture(given, operands)
  if (flags.rules.length === 0) throw usageError('--rules is missing: a rule file, or a folder of them')
  const rules = checkedRules(flags.rules, flags.check, log)
  if (flags.check) return 0
  if (flags.runEvery === 0) throw usageError('--run-every is longer than nothing')
  if (flags.bufferTime === 0) throw usageError('--buffer-time is longer than nothing')
  const isTest = flags.test.length > 0
  const backtest = isTest ? new Backtest(rules, labelsOf(rules, flags.labels, log)) : null
  if (flags.dryRun && flags.state !== undefined) {
    throw usageError('--dry-run acknowledges nothing, so it goes without --state')
  }
  const kafka = { ...flags, clientId: 'alert-eval', stop, warn: (message: string) => log.warn(message) }
  const outputs = { ...kafka, transactionalId: transactionalIdOf('alert-eval', flags.out, flags) }
  const columns = keyColumns(rules)
  const name = flags.name ?? 'alert-eval'
  const documents = await openFrom({ flags, rules, stop, log })
  const { input, written } =
    documents !== null
      ? { input: documents, written: Promise.resolve() }
      : await openRepartitioned(
          flags.in,
          { by: flags.repartitionBy, groups: columns, name },
          { maxLine: flags.maxLine },
          outputs
        )
  const badLines = new BadLines('alert-eval', input, await openDeadLetters(flags.deadLetter, kafka))
  const state =
    flags.state === undefined ? null : await StateDirectory.open(flags.state, 'alert-eval', flags.name)
  await state?.register()
  const output = await openOutputPort(flags.out, { append: state !== null }, outputs)
  const writer = new OutputWriter(output)
  const states = await commitTogether(
    input,
    output,
    state,
    columns === null ? null : { columns: flags.repartitionBy.length > 0 ? null : columns, name }
  )
  const timing = {
    runEvery: flags.runEvery * 1000,
    bufferTime: flags.bufferTime * 1000,
    arrival: flags.clock === 'wall' ? () => Date.now() * 1000 : undefined
  }
  const notifier: RunNotifier = backtest ?? (await openNotifier(rules, { ...flags, state, stop, log }))
  const stage = new AlertStage(
    rules,
    writer,
    notifier,
    badLines,
    state,
    states,
    timing,
    silencesOf(flags, log),
    flags.explain
  )
  await ready([
    { name: 'alerts_total', help: 'Alerts raised', kind: 'counter', read: () => stage.alerts },
    {
      name: 'alerts_resolved_total',
      help: 'Conditions that have cleared',
      kind: 'counter',
      read: () => stage.resolved
    },
    { name: 'alerts_silenced_total', help: 'Alerts silenced', kind: 'counter', read: () => stage.silenced },
    {
      name: 'late_events_total',
      help: 'Events that came too late to count, once for each rule',
      kind: 'counter',
      read: () => [...stage.late().values()].reduce((sum, n) => sum + n, 0)
    },
    ...(notifier.metrics ?? [])
  ])
  const stopReloads = isTest
    ? () => {}
    : reloadOnChange({
        paths: flags.rules,
        rules,
        keepsColumns: isKafka(flags.in) && state === null,
        replace: next => stage.replaceRules(next),
        log
      })
  const explain = (): void => {
    for (const text of stage.explain()) log.info(text)
  }
  if (flags.explain) process.on('SIGUSR2', explain)
  const wall = flags.clock === 'wall' ? new WallClock(stage) : null
  log.progress(() => count(stage.alerts, 'alert'))
  try {
    // a file holds alerts alone; marks are for the next stage of a pipe
    await Promise.all([
      runStage(input, flags.out === '-' ? writer : null, backtest?.watching(stage) ?? wall ?? stage, stop),
      written
    ])
  } finally {
    stopReloads()
    wall?.stop()
    await stage.settled()
  }
  explain()
  for (const [rule, n] of stage.late())
    log.warn(`rule "${rule}": ${count(n, 'event')} came too late to count: its window had passed`)
  await badLines.close()
  await writer.output.close()
  await notifier.close?.()
  state?.close()
  if (backtest !== null) {
    const { text, fields } = backtest.report()
    log.info(text, fields)
  } else log.info(`${count(stage.alerts, 'alert')} from ${count(rules.length, 'rule')}`)
  if (flags.failOnAlert && stage.alerts > 0) {
    throw new ToolError(
      'THRESHOLD',
      `${count(stage.alerts, 'alert')} ${stage.alerts === 1 ? 'was' : 'were'} raised (--fail-on-alert)`
    )
  }
  return 0
}

type Flags = Invocation<typeof spec.flags>['flags']

/** The flags, with those of a test put into the places that any run takes them from. */
function withCapture(flags: Flags, [capture]: readonly string[]): Flags {
  if (flags.test.length === 0) {
    if (capture !== undefined) throw usageError(`unexpected argument '${capture}': a capture needs --test`)
    if (flags.labels !== undefined) throw usageError('--labels needs --test')
    return flags
  }
  if (flags.rules.length > 0) throw usageError('--test and --rules both name rules: leave --rules out')
  if (flags.clock === 'wall') throw usageError('--test is by event time: leave --clock out')
  if (flags.state !== undefined) throw usageError('--test keeps no state: leave --state out')
  if (capture !== undefined && (flags.in !== '-' || flags.from !== undefined)) {
    throw usageError('CAPTURE and --in or --from both name the events')
  }
  return { ...flags, rules: flags.test, in: capture ?? flags.in }
}

function silencesOf(flags: Parameters<typeof silencesFile>[0], log: Log): SilenceFile | null {
  const file = silencesFile(flags)
  if (file === undefined) return null
  return new SilenceFile(file, error => log.error(`${messageOf(error)}; the silences before it go on`))
}

/** What should have been raised; null where that is not known. A rule in it that is not there is named in a warning. */
function labelsOf(rules: readonly Rule[], file: string | undefined, log: Log): Label[] | null {
  if (file === undefined) return null
  const labels = readLabels(file)
  const names = rules.map(({ name }) => name)
  for (const name of new Set(labels.map(({ rule }) => rule))) {
    if (name === undefined || names.includes(name)) continue
    const near = suggest(name, names)
    log.warn(`${file}: no rule is named ${name}${near === undefined ? '' : `: did you mean ${near}?`}`)
  }
  return labels
}

/** The rules, without errors; warnings are said. With `check`, a misspelt option is an error too. */
function checkedRules(paths: string[], check: boolean, log: Log): Rule[] {
  const { rules, problems } = loadRules(paths)
  const isError = (p: Problem): boolean => p.severity === 'error' || (check && p.misspelt === true)
  for (const problem of problems) {
    if (problem.severity === 'note') {
      // what a rule asks of queries is to be known to who checks it, not to each run
      if (check) log.info(formatProblem(problem))
    } else if (!isError(problem)) log.warn(formatProblem(problem))
  }
  const errors = problems.filter(isError)
  if (errors.length > 0) throw usageError(errors.map(formatProblem).join('\n  '))
  if (rules.length === 0)
    throw usageError(
      `no rules in ${paths.join(', ')}`,
      'a rule file ends in .yaml or .yml and has is_enabled true'
    )
  if (check) log.info(`no errors in ${count(rules.length, 'rule')}`)
  return rules
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
