import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'

const BIN = join(resolve(import.meta.dirname, '../../bin'), 'cdc-tail.js')

const running = new Set<ChildProcess>()

/** Ends what a failed test has left running. */
export function killRunningTails(): void {
  for (const child of running) child.kill('SIGKILL')
}
process.on('exit', killRunningTails)

export interface ChangeEvent {
  readonly before: Record<string, unknown> | null
  readonly after: Record<string, unknown> | null
  readonly source: {
    readonly db: string
    readonly table: string
    readonly file: string
    readonly pos: number
    readonly snapshot: string
  }
  readonly op: 'c' | 'u' | 'd' | 'r' | 't'
}

export interface TailResult {
  /** Exit code; null when a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A running cdc-tail, the built one, whose output gathers here. */
export class RunningTail {
  readonly #child: ChildProcess
  readonly #stdout: Buffer[] = []
  readonly #stderr: Buffer[] = []
  readonly ended: Promise<TailResult>

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [BIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env }
    })
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#stdout.push(chunk))
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#stderr.push(chunk))
    running.add(this.#child)
    this.#child.on('exit', () => running.delete(this.#child))
    this.ended = once(this.#child, 'close').then(([status]) => ({
      status: status as number | null,
      stdout: this.stdout,
      stderr: this.stderr
    }))
  }

  get stdout(): string {
    return Buffer.concat(this.#stdout).toString()
  }

  get stderr(): string {
    return Buffer.concat(this.#stderr).toString()
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Waits until the output so far fulfils a condition; fails when the tool ends or three minutes pass before. */
  async until(what: string, condition: (tail: this) => boolean): Promise<void> {
    const deadline = Date.now() + 180_000
    for (;;) {
      const begun = Date.now()
      if (condition(this)) return
      if (this.hasEnded || begun > deadline) {
        this.#child.kill('SIGKILL')
        throw new Error(`${what}: did not happen\n${this.stdout.slice(-2000)}\n${this.stderr.slice(-2000)}`)
      }
      // Looking through much output takes time from what makes it.
      await sleep(10 + 4 * (Date.now() - begun))
    }
  }

  /** Waits until a text is in the output, and reads no more from there on: the tool then has to wait with the rest. */
  async pauseAt(text: string): Promise<void> {
    const { stdout } = this.#child
    await new Promise<void>((resolve, reject) => {
      const fail = (): void => reject(new Error(`'${text}' did not come\n${this.stderr.slice(-2000)}`))
      const timer = setTimeout(fail, 180_000)
      let end = ''
      const look = (chunk: Buffer): void => {
        const seen = end + chunk.toString('latin1')
        end = seen.slice(-text.length)
        if (!seen.includes(text)) return
        stdout?.pause()
        stdout?.off('data', look)
        clearTimeout(timer)
        resolve()
      }
      stdout?.on('data', look)
      this.#child.once('exit', fail)
    })
  }

  /** Sends a signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<TailResult> {
    this.#child.kill(signal)
    return await this.ended
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Reads no more of its output, which it then has to wait with. */
  pause(): void {
    this.#child.stdout?.pause()
  }

  resume(): void {
    this.#child.stdout?.resume()
  }
}

/** Where the server's log ends now, as `--start` takes it. */
export async function logEnd(connection: Connection): Promise<string> {
  const [[row]] = (await connection
    .query('SHOW BINARY LOG STATUS')
    .catch(() => connection.query('SHOW MASTER STATUS'))) as unknown as [[{ File: string; Position: number }]]
  return `${row.File}:${row.Position}`
}

/** Runs cdc-tail to its end. */
export function tail(...args: string[]): Promise<TailResult> {
  return new RunningTail(args).ended
}

/** The lines that have their end already. */
function wholeLines(ndjson: string): string[] {
  return ndjson.slice(0, ndjson.lastIndexOf('\n') + 1).split('\n')
}

/** The data lines, control lines left out. */
export function dataLines(ndjson: string): string[] {
  return wholeLines(ndjson).filter(line => line !== '' && !line.startsWith('{"@'))
}

/** The change events among the lines. */
export function events(ndjson: string): ChangeEvent[] {
  return dataLines(ndjson).map(line => JSON.parse(line) as ChangeEvent)
}

/** The marks among the lines, in order. */
export function marks(ndjson: string): { n: number; at: Record<string, unknown> }[] {
  return wholeLines(ndjson)
    .filter(line => line.startsWith('{"@mark"'))
    .map(line => (JSON.parse(line) as { '@mark': { n: number; at: Record<string, unknown> } })['@mark'])
}

/** Whether the snapshot is over: its own marks say how far it is. */
export function follows(ndjson: string): boolean {
  return marks(ndjson).some(({ at }) => at.snapshot === undefined)
}

/** The bytes of the row image `after` in a line. */
export function afterText(line: string): string {
  const start = line.indexOf('"after":') + 8
  return line.slice(start, line.lastIndexOf(',"source":{"version":'))
}

/** Op and images of an event, without place and times. */
export function brief(event: ChangeEvent): string {
  return `${event.op} ${JSON.stringify(event.before)} ${JSON.stringify(event.after)}`
}
