import { type CommandSpec, type Invocation, runTool, ToolError, usageError } from '../lib/cli/index.ts'
import { AlertStage, adaptElastAlertConfig, Backtest, keyColumns, WallClock } from '../lib/rules/index.ts'
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
import { openFrom } from './alert-eval/documents.ts'
import { flags } from './alert-eval/flags.ts'
import { checkedRules, count, labelsOf, silencesOf, withCapture } from './alert-eval/given.ts'
import { sections } from './alert-eval/manual.ts'
import { openNotifier, type RunNotifier } from './alert-eval/notifier.ts'
import { reloadOnChange } from './alert-eval/reload.ts'
import { silence, type silenceFlags, silenceSpec } from './alert-eval/silence.ts'

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
  sections,
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
