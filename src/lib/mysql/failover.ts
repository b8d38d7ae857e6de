import { Backoff, type Log, messageOf, ToolError } from '../cli/index.ts'
import { isLost, MysqlConnection } from './connection.ts'
import { GtidSet } from './gtid-set.ts'
import { MariadbGtids } from './mariadb-gtids.ts'
import { includesGtids, type LogPosition, parseGtids } from './position.ts'
import { checkAvailable, inspectServer, type ServerInfo, UnknownGtidsError } from './server.ts'
import type { MysqlTarget } from './url.ts'

/** A server that the log can be read from, with a connection to ask it. */
export interface Followed {
  readonly target: MysqlTarget
  readonly server: ServerInfo
  readonly connection: MysqlConnection
}

/** Attempts on a server that was lost before others are looked at. */
const TRIES = 3
/** When all others refuse for good, the one that was lost gets this long to come back. */
const PATIENCE_MS = 10_000

/** The servers of a replication topology, of which one is read; another when that is lost. */
export class Failover {
  readonly #targets: readonly MysqlTarget[]
  readonly #log: Log
  readonly #stop: AbortSignal
  #failures = 0
  #told = ''

  constructor(targets: readonly MysqlTarget[], log: Log, stop: AbortSignal) {
    this.#targets = targets
    this.#log = log
    this.#stop = stop
  }

  /** The server answers. */
  succeeded(): void {
    this.#failures = 0
    this.#told = ''
  }

  /** A server's first connection: one of them has to answer within the back-off's limit. @throws ToolError SERVER */
  async open(backoff: Backoff): Promise<MysqlConnection> {
    for (;;) {
      let failure: unknown
      for (const target of this.#targets) {
        try {
          const connection = await MysqlConnection.open(target, once(this.#stop))
          backoff.succeeded()
          return connection
        } catch (error) {
          if (!isLost(error)) throw error
          failure ??= error
        }
      }
      if (!(await backoff.wait())) throw failure
    }
  }

  /**
   * After a failed attempt on the current server: looks for another that has all that was read, and has the log of what
   * comes then.
   * @param begun the GTID of a transaction of which some rows have been written
   * @param failingFor how long the current server has been failing, milliseconds
   * @returns null when there is none so far
   * @throws ToolError SERVER when none can ever go on
   */
  async next(
    current: MysqlTarget,
    position: LogPosition,
    begun: string | null,
    failingFor: number
  ): Promise<Followed | null> {
    if (++this.#failures < TRIES) return null
    const start = this.#targets.indexOf(current)
    const others = this.#targets
      .map((_, i) => this.#targets[(start + i) % this.#targets.length] as MysqlTarget)
      .slice(1)
    const refusals: ToolError[] = []
    for (const target of others) {
      const answer = await this.#examine(target, position, begun)
      if (!(answer instanceof ToolError)) return answer
      if (isLost(answer)) continue
      if (answer instanceof BehindError) this.#tell(answer.message)
      else refusals.push(answer)
    }
    const [refusal] = refusals
    if (refusal === undefined) return null
    this.#tell(refusal.message)
    if (refusals.length === others.length && failingFor > PATIENCE_MS) throw refusal
    return null
  }

  /** Another server than one that answers but does not have what is needed; null when there is none. */
  async other(current: MysqlTarget, position: LogPosition): Promise<Followed | null> {
    for (const target of this.#targets) {
      if (target === current) continue
      const answer = await this.#examine(target, position, null)
      if (!(answer instanceof ToolError)) return answer
    }
    return null
  }

  async #examine(
    target: MysqlTarget,
    position: LogPosition,
    begun: string | null
  ): Promise<Followed | ToolError> {
    let connection: MysqlConnection | undefined
    try {
      connection = await MysqlConnection.open(target, once(this.#stop))
      const server = await inspectServer(connection)
      if (!server.hasGtids) {
        throw new ToolError(
          'SERVER',
          `${target.display}: gtid_mode is not ON, so the place to go on from is not known there`
        )
      }
      try {
        await checkAvailable(connection, server, position)
        if (begun !== null) await checkHas(connection, server, begun)
      } catch (error) {
        if (error instanceof UnknownGtidsError && (await mayCatchUp(connection))) {
          throw new BehindError(
            'SERVER',
            `${target.display} is a replica that has yet to apply what was read: waits for it`
          )
        }
        throw error
      }
      return { target, server, connection }
    } catch (error) {
      connection?.destroy()
      if (error instanceof ToolError) return error
      return new ToolError('SERVER', `${target.display}: ${messageOf(error)}`, { cause: error })
    }
  }

  /** Says a thing once. */
  #tell(message: string): void {
    if (message === this.#told) return
    this.#told = message
    this.#log.warn(message)
  }
}

class BehindError extends ToolError {}

function once(stop: AbortSignal): Backoff {
  return new Backoff(0, stop)
}

/** @throws UnknownGtidsError when the server has not executed a transaction */
async function checkHas(connection: MysqlConnection, server: ServerInfo, gtid: string): Promise<void> {
  const variable = server.isMariadb ? 'gtid_binlog_pos' : 'gtid_executed'
  const executed = (await connection.value(`SELECT @@GLOBAL.${variable}`)) ?? ''
  const has = includesGtids(
    server.isMariadb ? MariadbGtids.parse(executed) : GtidSet.parse(executed),
    parseGtids(gtid)
  )
  if (has) return
  throw new UnknownGtidsError(
    'SERVER',
    `${connection.target.display}: the server never executed ${gtid}, of which rows have been written already`,
    {
      hint: 'the transaction was lost with the server that failed; start again from a snapshot, with a new --state directory'
    }
  )
}

/** Whether it is a replica. A user who may not ask (MariaDB: REPLICA MONITOR) is told no. */
async function mayCatchUp(connection: MysqlConnection): Promise<boolean> {
  for (const statement of ['SHOW REPLICA STATUS', 'SHOW SLAVE STATUS']) {
    try {
      return (await connection.query(statement)).length > 0
    } catch (error) {
      // The first is not known to old servers.
      if (isLost(error)) throw error
    }
  }
  return false
}
