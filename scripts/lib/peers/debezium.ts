import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
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
  readonly #dir: string
  readonly #prefix: string

  private constructor(dir: string, prefix: string) {
    this.#dir = dir
    this.#prefix = prefix
  }

  /** Resolves when connector and task run, which the snapshot may still do. */
  static async start({ bootstrap, mysql, tables, config }: DebeziumOptions): Promise<Debezium> {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-debezium-'))
    // Topics of an earlier run on the same broker are not taken for this one's.
    const prefix = `dbz${process.pid}_${dir.slice(-6)}`
    const env = { ...process.env, DEBEZIUM_CONFIG: JSON.stringify(config) }
    const port = String(await freePort())
    const debezium = new Debezium(dir, prefix)
    try {
      await run([program, 'start', dir, bootstrap, port, mysql, tables.join(','), prefix], { env })
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

  /** CPU time of the worker since its start. @throws Error when it does not run, or the connector has failed */
  async cpuSeconds(): Promise<number> {
    const status = await run([program, 'status', this.#dir])
    const seconds = /connector=RUNNING task=RUNNING .*cpu_s=([\d.]+)/.exec(status)?.[1]
    if (seconds === undefined) throw new Error(`Debezium does not run: ${status}`)
    return Number(seconds)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run([program, 'stop', this.#dir])
    await rm(this.#dir, { recursive: true, force: true })
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error('no free port'))
      })
    })
  })
}
