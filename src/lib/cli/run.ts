import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { formatCompletion, type Shell } from './completion.ts'
import { errnoOf, exitCodeOf, messageOf, ToolError } from './errors.ts'
import type { CommandSpec, FlagSet, FlagValues } from './flags.ts'
import { formatHelp } from './help.ts'
import { Log } from './log.ts'
import { type Metric, serveMetrics } from './metrics.ts'
import { parseArguments } from './parse.ts'
import { tellRetries } from './retry.ts'
import { ServiceNotifier } from './systemd.ts'

/** What a tool's action is given. */
export interface Invocation<S extends FlagSet> {
  readonly flags: FlagValues<S>
  readonly operands: readonly string[]
  readonly log: Log
  /** Aborted by SIGTERM or SIGINT: finish the batch, write the last mark, return. A second signal ends at once. */
  readonly stop: AbortSignal
  /** Says that the tool is up (systemd), and serves `metrics` when `--metrics` was given. */
  ready(metrics?: readonly Metric[]): Promise<void>
}

/** Does the tool's work and gives its exit code. */
export type Action<S extends FlagSet> = (call: Invocation<S>) => Promise<number>

/**
 * Runs a tool: arguments, help, signals, errors and exit codes. Never returns to the caller with the process
 * alive: it sets the exit code and ends the process once the action is done.
 */
export async function runTool<S extends FlagSet>(
  spec: CommandSpec<S>,
  action: Action<S>,
  argv: readonly string[] = process.argv.slice(2)
): Promise<void> {
  let log = new Log({ tool: toolName(spec), json: false, quiet: false })
  const service = new ServiceNotifier()
  const closers: (() => void)[] = []
  let isReady = false
  let stopped: AbortSignal | null = null
  endQuietlyOnBrokenPipe(() => log)
  try {
    if (printed(spec, argv)) return
    const { flags, operands } = parseArguments(spec, argv)
    const common = flags as { log?: string; quiet?: boolean; metrics?: string }
    log = new Log({ tool: toolName(spec), json: common.log === 'json', quiet: common.quiet === true })
    const messages = log
    tellRetries(message => messages.warn(message))
    const ready = async (metrics: readonly Metric[] = []): Promise<void> => {
      if (common.metrics !== undefined) {
        const served = await serveMetrics(toolName(spec), common.metrics, metrics)
        closers.push(served.close)
        log.info(`metrics at ${served.url}`)
      }
      service.ready()
      isReady = true
    }
    const stop = stopSignal(log, () => isReady)
    stopped = stop
    process.exitCode = await action({ flags, operands, log, stop, ready })
    await printedOut()
  } catch (error) {
    // Whoever was waited for when the signal came has nothing of ours.
    const hasNotBegun = stopped?.aborted === true && !isReady && isServerError(error)
    if (isOutputClosed(error) || hasNotBegun) process.exitCode = 0
    else {
      report(error, log)
      process.exitCode = exitCodeOf(error)
    }
  }
  service.stopping()
  for (const close of closers) close()
  log.close()
  // Sockets and timers that a failure left open must not keep the process.
  process.exit()
}

/** That what was printed could not be written, as on a full disk, is told a turn later: until then the process stays. */
async function printedOut(): Promise<void> {
  const { stdout } = process
  if (stdout.writable) await new Promise<void>(resolve => stdout.write('', () => setImmediate(resolve)))
  else await new Promise<void>(resolve => setImmediate(resolve))
}

function toolName(spec: CommandSpec): string {
  return spec.name.split(' ')[0] as string
}

/** The flags that print something and need nothing else to be right. */
function printed(spec: CommandSpec, argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const flags = end < 0 ? argv : argv.slice(0, end)
  if (flags.includes('--help') || flags.includes('-h')) {
    process.stdout.write(formatHelp(spec))
    return true
  }
  if (flags.includes('--version') || flags.includes('-V')) {
    process.stdout.write(`${toolName(spec)} ${packageVersion()}\n`)
    return true
  }
  const at = flags.findIndex(flag => flag === '--completion' || flag.startsWith('--completion='))
  const shell = at < 0 ? undefined : (flags[at]?.split('=')[1] ?? flags[at + 1])
  if (shell === 'bash' || shell === 'zsh' || shell === 'fish') {
    process.stdout.write(formatCompletion(spec, shell satisfies Shell))
    return true
  }
  return false
}

/** The version in package.json, which lies above the sources and above the bundles. */
export function packageVersion(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  const file = join(folder, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** How long a tool may take to finish its batch after a signal, e.g. when its reader does not read. */
const STOP_LIMIT_MS = 10_000
/** The same for one that has not begun, e.g. waits for its server: it has nothing to finish. */
const START_LIMIT_MS = 1000

function stopSignal(log: Log, isReady: () => boolean): AbortSignal {
  const controller = new AbortController()
  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2]
  ] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(128 + number)
      controller.abort()
      if (!isReady()) {
        setTimeout(() => {
          if (isReady()) return
          log.close()
          process.exit(0)
        }, START_LIMIT_MS).unref()
      }
      setTimeout(() => {
        log.error(
          `still busy ${STOP_LIMIT_MS / 1000} s after ${signal}: gives up; what is not acknowledged comes again`
        )
        process.exit(1)
      }, STOP_LIMIT_MS).unref()
    })
  }
  return controller.signal
}

/** `| head`: the reader has what it wants, so the tool is done. */
function endQuietlyOnBrokenPipe(log: () => Log): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    log().close()
    if (error.code === 'EPIPE') process.exit(0)
    log().error(`cannot write to stdout: ${error.message}`)
    process.exit(1)
  })
  process.stderr.on('error', () => {
    // Messages have nowhere to go; the data still has.
  })
}

function isServerError(error: unknown): boolean {
  return error instanceof ToolError && error.code === 'SERVER'
}

/** Whether our reader is gone; a server that closed its connection gives the same errno. */
function isOutputClosed(error: unknown): boolean {
  if (errnoOf(error) !== 'EPIPE') return false
  // Node's file system, which writes to named pipes, words it differently from its sockets.
  return process.stdout.errored !== null || messageOf(error).startsWith('EPIPE:')
}

function report(error: unknown, log: Log): void {
  if (error instanceof ToolError) {
    const hint = error.hint === undefined ? '' : `\n  ${error.hint}`
    log.error(error.message + hint, { code: error.code })
    return
  }
  const errno = errnoOf(error)
  if (errno !== undefined && /^E[A-Z0-9]+$/.test(errno)) {
    log.error(messageOf(error), { code: errno })
    return
  }
  log.error(`internal error: ${error instanceof Error ? error.stack : String(error)}`)
}
