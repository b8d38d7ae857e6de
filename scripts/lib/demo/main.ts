import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type DemoOptions, runDemo } from './demo.ts'
import { record } from './record.ts'
import { reportOf, verdict } from './report.ts'
import { Screen } from './screen.ts'
import { finalLines } from './summary.ts'

const usage = `usage: scripts/demo [--seconds N] [--rate N] [--seed N] [--report FILE]
                    [--mysql URL | --no-mysql] [--elastic URL | --no-elastic]
                    [--keep]
       scripts/demo --record FILE [--seconds N] [--rate N] [--seed N]

An evening of fantasy sports on a real MySQL, followed by millrace: rows become
documents in a real Elasticsearch, aggregates and alerts within a second. Both
servers are private, installed on first use, and gone afterwards.

--seconds N     how long it goes on; a second is a minute of the evening
                (default 60, at most 600)
--rate N        row changes a second, on average (default 2000)
--seed N        another evening; the same one for the same number (default 1)
--report FILE   write the figures as JSON
--mysql URL     use this server: mysql://user:password@host:port. The database
                millrace_demo is made anew there and stays. Needs a log of rows
                (log_bin, binlog_format=ROW) and a user who may replicate
--elastic URL   use this Elasticsearch or OpenSearch. The indices and the index
                template millrace_demo-… are made anew there and stay
--no-mysql      replay examples/evening.ndjson.gz, an evening recorded from a
                real MySQL; also done where none can be had
--no-elastic    write files in place of documents; also done without Java
--keep          keep the folder of the run: state, messages, files
--record FILE   write the evening's change events to FILE (gzip), nothing else

Status: 0, 1 when Elasticsearch does not hold what MySQL holds or something
failed, 2 for a wrong command line.
`

class UsageError extends Error {}

interface Arguments extends DemoOptions {
  readonly report: string | undefined
  readonly record: string | undefined
}

function readArguments(args: string[]): Arguments | 'help' {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args,
    options: {
      seconds: { ...text, default: '60' },
      rate: { ...text, default: '2000' },
      seed: { ...text, default: '1' },
      report: text,
      record: text,
      mysql: text,
      elastic: text,
      'no-mysql': flag,
      'no-elastic': flag,
      keep: flag,
      help: { ...flag, short: 'h' }
    }
  })
  if (values.help) return 'help'
  const withoutMysql = values['no-mysql']
  const withoutElastic = values['no-elastic']
  if (values.mysql !== undefined && withoutMysql)
    throw new UsageError('--mysql and --no-mysql exclude each other')
  if (values.elastic !== undefined && withoutElastic)
    throw new UsageError('--elastic and --no-elastic exclude each other')
  if (values.record !== undefined && withoutMysql) throw new UsageError('--record needs a MySQL')
  return {
    seconds: wholeNumber('--seconds', values.seconds, 1, 600),
    rate: wholeNumber('--rate', values.rate, 10, 100_000),
    seed: wholeNumber('--seed', values.seed, 0, 2 ** 32 - 1),
    mysql: checkedUrl('--mysql', values.mysql, ['mysql:']),
    elastic: checkedUrl('--elastic', values.elastic, ['http:', 'https:']),
    withoutMysql,
    withoutElastic,
    keep: values.keep,
    report: pathAsInvoked(values.report),
    record: pathAsInvoked(values.record)
  }
}

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`${flag} '${text}' is not a whole number from ${least} to ${most}`)
  }
  return value
}

function checkedUrl(flag: string, text: string | undefined, schemes: readonly string[]): string | undefined {
  if (text === undefined || schemes.includes(URL.parse(text)?.protocol ?? '')) return text
  throw new UsageError(`${flag} is not a URL of ${schemes.join(' or ')}//`)
}

/** Relative paths are meant from where scripts/demo was called. */
function pathAsInvoked(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(process.env.MILLRACE_INVOKED_FROM ?? '.', path)
}

async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2))
  if (args === 'help') {
    process.stdout.write(usage)
    return 0
  }
  const screen = new Screen(process.stderr)
  const stop = new AbortController()
  const interrupted = interruption(stop)
  await using stack = new AsyncDisposableStack()
  // Of what is cut short here, the stack ends what it knows; the rest ends with this process.
  return await Promise.race([run(args, screen, stack, stop.signal), interrupted])
}

async function run(
  args: Arguments,
  screen: Screen,
  stack: AsyncDisposableStack,
  stop: AbortSignal
): Promise<number> {
  if (args.record !== undefined) {
    await record(args, args.record, screen, stack, stop)
    return 0
  }
  const outcome = await runDemo(args, screen, stack, stop)
  const report = reportOf(outcome)
  const lines = [...finalLines(outcome.standing), '', ...verdict(report), ...outcome.warnings]
  process.stdout.write(`\n${lines.join('\n')}\n`)
  if (args.report !== undefined) writeFileSync(args.report, `${JSON.stringify(report, null, 2)}\n`)
  if (outcome.folder !== null) screen.say(`kept: ${outcome.folder}`)
  return report.equal ? 0 : 1
}

/** Resolves to the exit status at the first signal; a second one ends this process at once, and all else with it. */
function interruption(stop: AbortController): Promise<number> {
  return new Promise(resolve => {
    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129]
    ] as const) {
      process.on(signal, () => {
        if (stop.signal.aborted) process.exit(status)
        stop.abort()
        resolve(status)
      })
    }
  })
}

function exitStatus(error: unknown): number {
  const isUsage =
    error instanceof UsageError || String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
  process.stderr.write(
    `demo: ${(error as Error).message}\n${isUsage ? 'scripts/demo --help tells more\n' : ''}`
  )
  return isUsage ? 2 : 1
}

const status = await main().catch(exitStatus)
if (status > 128) process.stderr.write('\ndemo: interrupted\n')
// Sockets and timers of what was cut short must not keep the process.
process.exit(status)
