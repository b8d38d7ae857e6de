import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LogPosition } from './database.ts'
import { LinesSoFar } from './files.ts'
import { GuardedCommand } from './guarded.ts'
import { examples } from './places.ts'
import type { RunFolder } from './run-folder.ts'
import { aggregates, type Store } from './store.ts'
import { acknowledgedBy, type Follower, startTail } from './tail.ts'

/** One line of alerts.ndjson. */
export interface Alert {
  readonly '@timestamp': string
  readonly rule: string
  readonly key: string
  readonly subject: string
  readonly text: string
  readonly num_hits: number
}

/** The last line of latency.ndjson; times are milliseconds. */
export interface ProbeFigures {
  /** Without the rows of the first snapshot. */
  readonly events: number
  readonly stages: { readonly source?: { readonly p50: number; readonly p99: number; readonly max: number } }
}

/** How long the processes of a pipeline may take to end after one of them has failed, in ms. */
const aftermathMs = 2000

/** The pipeline of examples/evening/pipeline.sh, reading from a named pipe. */
export class Pipeline implements Follower, AsyncDisposable {
  /** The named pipe that change events are written to. */
  readonly input: string
  readonly #folder: RunFolder
  readonly #acknowledging: readonly string[]
  readonly #branches: GuardedCommand
  #source: GuardedCommand | undefined
  #finishing = false
  readonly #failed = Promise.withResolvers<never>()

  constructor(folder: RunFolder, store: Store) {
    this.#folder = folder
    this.input = join(folder.path, 'changes')
    execFileSync('mkfifo', [this.input])
    const sinks = ['rows', ...aggregates].map(name => `es-sink.${name}`)
    this.#acknowledging = store.isFolder ? ['alert-eval'] : ['alert-eval', ...sinks]
    // A URL may hold a password: it is handed over by the environment.
    const target = store.isFolder ? store.target : '${MILLRACE_DEMO_ELASTIC}'
    this.#branches = new GuardedCommand(
      'pipeline.sh',
      [join(examples, 'pipeline.sh'), target, folder.state],
      {
        env: { ...folder.env, MILLRACE_DEMO_ELASTIC: store.target },
        stdin: this.input,
        stderr: folder.log
      }
    )
    this.#watch(this.#branches)
    // Thrown where it is waited for.
    this.#failed.promise.catch(() => {})
  }

  /** Rejects when a process ends while it is still needed. */
  get failed(): Promise<never> {
    return this.#failed.promise
  }

  follow(mysqlUrl: string): void {
    this.#source = startTail(this.#folder, mysqlUrl, { stdout: this.input })
    this.#watch(this.#source)
  }

  async reaches(goal: LogPosition): Promise<void> {
    await acknowledgedBy(this.#acknowledging, this.#folder.state, goal)
  }

  /** Rejects with the failure of the pipeline, if that is what made its source fail, else with the error given. */
  async reasonFor(error: unknown): Promise<never> {
    await Promise.race([this.failed, delay(aftermathMs)])
    throw error
  }

  async #watch(command: GuardedCommand): Promise<void> {
    const status = await command.ended()
    // A recorded evening ends by itself, and then the branches do.
    if (this.#finishing || (status === 0 && this.#source === undefined)) return
    // When a branch has failed, cdc-tail has nobody left to write to.
    if (command === this.#source) await Promise.race([this.#branches.ended(), delay(aftermathMs)])
    this.#failed.reject(this.#failure(`${command.name} ended early (${status})`))
  }

  /** Ends cdc-tail, if it was started, and waits until the others have worked off what it wrote. */
  async finish(): Promise<void> {
    this.#finishing = true
    this.#source?.terminate()
    for (const command of [this.#source, this.#branches]) {
      const status = await command?.ended()
      if (command !== undefined && status !== 0) {
        throw this.#failure(`${command.name} ended with status ${status}`)
      }
    }
  }

  alerts(): Alert[] {
    return this.#lines('alerts.ndjson').map(line => JSON.parse(line) as Alert)
  }

  /** The figures of the latency probe for the whole run; after `finish`. */
  figures(): ProbeFigures {
    const last = this.#lines('latency.ndjson').at(-1)
    if (last === undefined) throw this.#failure('latency-probe wrote no figures')
    return JSON.parse(last) as ProbeFigures
  }

  #lines(name: string): string[] {
    return new LinesSoFar(join(this.#folder.state, name)).next()
  }

  #failure(what: string): Error {
    return new Error([`the pipeline failed: ${what}`, ...this.#folder.messages().slice(-20)].join('\n  '))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finishing = true
    await Promise.all([this.#source?.kill(), this.#branches.kill()])
  }
}
