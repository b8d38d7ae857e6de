import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePorts } from '../servers/ports.ts'
import { run } from '../servers/tools.ts'

/** The program that installs Flink and runs it; it stands beside the checkout. */
const program = process.env.MILLRACE_FLINK ?? resolve(import.meta.dirname, '../../../../shared/peers/flink')

/** Why Flink cannot run here, or null. */
export function flinkMissing(): string | null {
  return existsSync(program) ? null : 'Flink is not beside the checkout (MILLRACE_FLINK names its starter)'
}

/** A Flink cluster of one task manager with an SQL gateway; disposing of it ends them and removes their files. */
export class Flink implements AsyncDisposable {
  /** Of the gateway, http://127.0.0.1:port */
  readonly gateway: string
  readonly #dir: string
  readonly #rest: string

  private constructor(dir: string, rest: number, port: number) {
    this.#dir = dir
    this.#rest = `http://127.0.0.1:${rest}`
    this.gateway = `http://127.0.0.1:${port}`
  }

  static async start(): Promise<Flink> {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-flink-'))
    const [rest = 0, port = 0] = await freePorts(2)
    const flink = new Flink(dir, rest, port)
    try {
      await run([program, 'gateway', 'start', dir, String(rest), String(port)])
    } catch (error) {
      await flink[Symbol.asyncDispose]()
      throw error
    }
    return flink
  }

  /** Process id of what does the work. */
  get taskManager(): number {
    return Number.parseInt(readFileSync(join(this.#dir, 'taskmanager.pid'), 'utf8'), 10)
  }

  /** How long a finished job ran, ms. */
  async runTimeOf(jobId: string): Promise<number> {
    const response = await fetch(`${this.#rest}/jobs/${jobId}`)
    const { duration } = (await response.json()) as { duration: number }
    return duration
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run([program, 'gateway', 'stop', this.#dir])
    await rm(this.#dir, { recursive: true, force: true })
  }
}
