/**
 * A process of its own that starts a server, outlives its own starter, and ends the server when the starter is gone,
 * however that died: the channel between the two is closed by the kernel then. It runs in a session of its own, so that
 * Ctrl-C in a terminal does not reach the server before its users have ended. Should the guardian itself be killed, the
 * kernel kills the server (see `tiedToParent`).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { tiedToParent } from './tools.ts'

/** What the starter asks for. */
export type GuardianRequest =
  | { readonly do: 'start'; readonly command: readonly string[]; readonly cwd: string }
  | { readonly do: 'signal'; readonly signal: NodeJS.Signals }
  /** Live on when the starter ends, until SIGTERM or the end of the server. */
  | { readonly do: 'detach' }

/** What the guardian tells. */
export type GuardianNotice =
  | { readonly event: 'started'; readonly pid: number }
  | { readonly event: 'failed'; readonly reason: string }
  | { readonly event: 'ended'; readonly status: string }

export interface GuardianOptions {
  /** Files and folders to remove when all is over. */
  readonly remove: readonly string[]
  /** Whether the server's data is worth an orderly end when the starter has died. */
  readonly keepsData: boolean
  /** What the server takes for a SIGTERM. */
  readonly stopSignal: NodeJS.Signals
}

/** How long a server may take to end in order, in ms. A Java server that writes its class archive needs several seconds. */
export const stopPatience = 60_000

if (import.meta.main) main(JSON.parse(process.argv[2] ?? '') as GuardianOptions)

function main(options: GuardianOptions): void {
  let server: ChildProcess | undefined
  let detached = false

  const send = (signal: NodeJS.Signals): void => {
    server?.kill(signal === 'SIGTERM' ? options.stopSignal : signal)
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (server !== undefined && isRunning(server)) {
      send(signal)
      const killer = setTimeout(() => server?.kill('SIGKILL'), stopPatience)
      while (isRunning(server)) await delay(20)
      clearTimeout(killer)
    }
    for (const path of options.remove) rmSync(path, { recursive: true, force: true })
    process.exit(0)
  }

  function start(command: readonly string[], cwd: string): void {
    const [program, ...args] = tiedToParent(command)
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
    server = child
    child.once('error', error => tell({ event: 'failed', reason: error.message }))
    child.once('exit', (code, signal) => {
      tell({ event: 'ended', status: signal ?? `exit status ${code}` })
      if (detached) void end('SIGTERM')
    })
    if (child.pid !== undefined) tell({ event: 'started', pid: child.pid })
  }

  process.on('message', (request: GuardianRequest) => {
    if (request.do === 'start') start(request.command, request.cwd)
    else if (request.do === 'signal') send(request.signal)
    else detached = true
  })
  process.once('disconnect', () => {
    if (!detached) void end(options.keepsData ? 'SIGTERM' : 'SIGKILL')
  })
  process.once('SIGTERM', () => void end('SIGTERM'))
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

function tell(notice: GuardianNotice): void {
  if (process.connected) process.send?.(notice)
}
