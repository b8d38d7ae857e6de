import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { lastLines, run, tiedToParent } from '../servers/tools.ts'

/** The program that installs ElastAlert 2 in an environment of its own and runs it; it stands beside the checkout. */
export const program =
  process.env.MILLRACE_ELASTALERT ?? resolve(import.meta.dirname, '../../../../shared/peers/elastalert')

/** Why ElastAlert cannot run here, or null. */
export function elastAlertMissing(): string | null {
  return existsSync(program)
    ? null
    : 'ElastAlert is not beside the checkout (MILLRACE_ELASTALERT names its starter)'
}

export interface ElastAlertOptions {
  /** Of Elasticsearch, http://127.0.0.1:9200. */
  readonly url: string
  /** A folder of rule files. */
  readonly rules: string
  /** Seconds. The runs of a rule are so long apart, and up to 5 s more by chance. */
  readonly runEvery: number
  /** Seconds. */
  readonly bufferTime: number
  /** For `$NAME` in rule files. */
  readonly env?: Readonly<Record<string, string>>
}

/** ElastAlert 2 as it is run in production, on an Elasticsearch; disposing of it ends it and removes its files. */
export class ElastAlert implements AsyncDisposable {
  readonly #dir: string
  readonly #child: ChildProcess
  /** How many runs each rule has made. */
  readonly #runs = new Map<string, number>()
  #log = ''
  #isStarted = false

  private constructor(dir: string, child: ChildProcess) {
    this.#dir = dir
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue
      createInterface({ input: stream }).on('line', line => this.#read(line))
    }
  }

  /** Resolves when it has looked for terms that are known and begins with the runs of its rules. */
  static async start({ url, rules, runEvery, bufferTime, env }: ElastAlertOptions): Promise<ElastAlert> {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-elastalert-'))
    const { hostname, port } = new URL(url)
    await writeFile(
      join(dir, 'config.yaml'),
      JSON.stringify({
        rules_folder: rules,
        run_every: { seconds: runEvery },
        buffer_time: { seconds: bufferTime },
        es_host: hostname,
        es_port: Number(port),
        writeback_index: 'elastalert_status',
        alert_time_limit: { days: 2 }
      })
    )
    const options = { env: { ...process.env, ...env } }
    try {
      await run([program, 'create-index', dir], options)
    } catch (error) {
      await rm(dir, { recursive: true })
      throw error
    }
    const [command, ...args] = tiedToParent([program, 'run', dir, '--verbose'])
    const elastAlert = new ElastAlert(
      dir,
      spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    )
    try {
      await elastAlert.#until(() => elastAlert.#isStarted)
    } catch (error) {
      await elastAlert[Symbol.asyncDispose]()
      throw error
    }
    return elastAlert
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Resolves at the end of the next run of each of the rules. */
  async nextRun(rules: readonly string[]): Promise<void> {
    await this.#moreRuns(rules, 1)
  }

  /** Resolves when each of the rules has made a run that began after this call. */
  async hasRun(rules: readonly string[]): Promise<void> {
    // The next one that is told of may have begun before.
    await this.#moreRuns(rules, 2)
  }

  async #moreRuns(rules: readonly string[], count: number): Promise<void> {
    const before = new Map(this.#runs)
    await this.#until(() =>
      rules.every(rule => (this.#runs.get(rule) ?? 0) >= (before.get(rule) ?? 0) + count)
    )
  }

  #read(line: string): void {
    this.#log = `${this.#log}${line}\n`.slice(-20_000)
    if (line.endsWith('Starting up')) this.#isStarted = true
    const rule = /Ran (.+) from .+ to .+: \d+ query hits/.exec(line)?.[1]
    if (rule !== undefined) this.#runs.set(rule, (this.#runs.get(rule) ?? 0) + 1)
  }

  /** @throws Error when it ends before that */
  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`ElastAlert has ended\n${lastLines(this.#log, 30)}`)
      }
      await sleep(50)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL')
      await once(this.#child, 'close')
    }
    await rm(this.#dir, { recursive: true, force: true })
  }
}
