import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../servers/ports.ts'
import { run } from '../servers/tools.ts'

/** The program that installs Debezium in a Kafka Connect worker and runs it; it stands beside the checkout. */
const program =
  process.env.MILLRACE_DEBEZIUM ?? resolve(import.meta.dirname, '../../../../shared/peers/debezium')

/** Why Debezium cannot run here, or null. */
export function debeziumMissing(): string | null {
  return existsSync(program)
    ? null
    : 'Debezium is not beside the checkout (MILLRACE_DEBEZIUM names its starter)'
}

export interface DebeziumOptions {
  /** Of Kafka, `127.0.0.1:9092`. */
  readonly bootstrap: string
  /** mysql://user:password@host:port */
  readonly mysql: string
  /** `database.table` each. */
  readonly tables: readonly string[]
  /** Options of the connector that replace the starter's. */
  readonly config: Readonly<Record<string, string>>
}

/** A connector that follows a server; disposing of it ends the worker and removes its files. */
export class Debezium implements AsyncDisposable {
  /** The process of the worker. */
  pid = 0
  readonly #dir: string
  readonly #prefix: string
  readonly #port: number

  private constructor(dir: string, prefix: string, port: number) {
    this.#dir = dir
    this.#prefix = prefix
    this.#port = port
  }

  /** Resolves when connector and task run, which the snapshot may still do. */
  static async start({ bootstrap, mysql, tables, config }: DebeziumOptions): Promise<Debezium> {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-debezium-'))
    // Topics of an earlier run on the same broker are not taken for this one's.
    const prefix = `dbz${process.pid}_${dir.slice(-6)}`
    const env = { ...process.env, DEBEZIUM_CONFIG: JSON.stringify(config) }
    const [port = 0] = await freePorts(1)
    const debezium = new Debezium(dir, prefix, port)
    try {
      const started = await run(
        [program, 'start', dir, bootstrap, String(port), mysql, tables.join(','), prefix],
        { env }
      )
      debezium.pid = Number(/pid=(\d+)/.exec(started)?.[1])
    } catch (error) {
      await debezium[Symbol.asyncDispose]()
      throw error
    }
    return debezium
  }

  /** The topic of a table, `database.table`. */
  topic(table: string): string {
    return `${this.#prefix}.${table}`
  }

  /** Ends the connector, but not the worker, which stays warm. */
  async stopConnector(): Promise<void> {
    await this.#ask('PUT', 'stop')
    for (;;) {
      const status = (await this.#ask('GET', 'status')) as { connector: { state: string }; tasks: unknown[] }
      if (status.connector.state === 'STOPPED' && status.tasks.length === 0) return
      await sleep(50)
    }
  }

  /** Lets a stopped connector begin with a snapshot again. */
  async forgetOffsets(): Promise<void> {
    await this.#ask('DELETE', 'offsets')
  }

  /** Starts a stopped connector where it was. */
  async resumeConnector(): Promise<void> {
    await this.#ask('PUT', 'resume')
  }

  async #ask(method: string, path: string): Promise<unknown> {
    const url = `http://127.0.0.1:${this.#port}/connectors/${this.#prefix}/${path}`
    const response = await fetch(url, { method })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run([program, 'stop', this.#dir])
    await rm(this.#dir, { recursive: true, force: true })
  }
}
