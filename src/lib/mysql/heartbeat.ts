import { setTimeout as sleep } from 'node:timers/promises'
import { Backoff, type Log, messageOf, ToolError, usageError } from '../cli/index.ts'
import { MysqlConnection } from './connection.ts'
import { sqlName, sqlString } from './schema.ts'
import type { MysqlTarget } from './url.ts'

export interface HeartbeatOptions {
  /** `table` or `database.table`. */
  readonly table: string
  /** The row's: a table may serve several pipelines. */
  readonly name: string
  readonly everyMs: number
}

/**
 * Writes the time into a row of a table, so that the log goes on where nothing else is written: positions move, and
 * old logs are not needed. If the table is among those read, each beat is an event whose age is the delay of the
 * whole pipeline.
 */
export class Heartbeat {
  /** The server that is read: another one after a fail-over. */
  #target: () => MysqlTarget
  readonly #statement: string
  readonly #table: string
  readonly #everyMs: number
  readonly #log: Log

  /** @throws ToolError USAGE */
  constructor(target: MysqlTarget, { table, name, everyMs }: HeartbeatOptions, log: Log) {
    const dot = table.indexOf('.')
    const database = dot < 0 ? target.database : table.slice(0, dot)
    if (database === '') {
      throw usageError(`--heartbeat-table ${table}: in which database?`, `write database.${table}`)
    }
    this.#target = () => target
    this.#table = sqlName(database, table.slice(dot + 1))
    this.#statement =
      `INSERT INTO ${this.#table} (name, ts) VALUES (${sqlString(name)}, CURRENT_TIMESTAMP(3)) ` +
      'ON DUPLICATE KEY UPDATE ts = CURRENT_TIMESTAMP(3)'
    this.#everyMs = everyMs
    this.#log = log
  }

  /**
   * Beats once, to see that it can, then on and on until `stop`, through failures: whether the server has been away for
   * too long is decided by the reader of the log.
   * @param target the server to write to at each time
   * @throws ToolError SERVER when the first beat fails
   */
  async start(stop: AbortSignal, target = this.#target): Promise<void> {
    this.#target = target
    try {
      await this.#beat(stop)
    } catch (error) {
      throw new ToolError('SERVER', `--heartbeat-table: ${messageOf(error)}`, {
        cause: error,
        hint: `CREATE TABLE ${this.#table} (name VARCHAR(190) PRIMARY KEY, ts TIMESTAMP(3) NOT NULL); the user needs INSERT and UPDATE on it`
      })
    }
    void this.#goOn(stop)
  }

  async #goOn(stop: AbortSignal): Promise<void> {
    let isFailing = false
    while (await pause(this.#everyMs, stop)) {
      try {
        await this.#beat(stop)
        isFailing = false
      } catch (error) {
        if (!isFailing && !stop.aborted) this.#log.warn(`--heartbeat-table: ${messageOf(error)}`)
        isFailing = true
      }
    }
  }

  /** On a connection of its own each time: beats are far apart. */
  async #beat(stop: AbortSignal): Promise<void> {
    const connection = await MysqlConnection.open(this.#target(), new Backoff(undefined, stop))
    try {
      await connection.query(this.#statement)
    } finally {
      connection.destroy()
    }
  }
}

/** False when it is over. Waiting keeps no process alive. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal, ref: false })
    return true
  } catch {
    return false
  }
}
