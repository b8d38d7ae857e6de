import { Backoff, type Log, messageOf } from '../cli/index.ts'
import { isLost, MysqlConnection } from './connection.ts'
import { Failover, type Followed } from './failover.ts'
import type { LogPosition } from './position.ts'
import {
  checkAvailable,
  inspectServer,
  LogPurgedError,
  readServer,
  type ServerInfo,
  UnknownGtidsError
} from './server.ts'
import type { MysqlTarget } from './url.ts'

export interface LinkOptions {
  /** Servers to go on with when the first is lost. */
  readonly failover: readonly MysqlTarget[]
  readonly retryFor: number | undefined
  /** Whether the server has to log changes. */
  readonly isFollowed: boolean
}

/** The server that is read, and a connection to ask it on; another one after a fail-over. */
export class ServerLink {
  readonly failover: Failover | undefined
  #target: MysqlTarget
  #server: ServerInfo
  #connection: MysqlConnection
  readonly #retryFor: number | undefined
  readonly #log: Log
  readonly #stop: AbortSignal

  private constructor(
    {
      failover,
      server,
      connection
    }: { failover: Failover | undefined; server: ServerInfo; connection: MysqlConnection },
    retryFor: number | undefined,
    log: Log,
    stop: AbortSignal
  ) {
    this.failover = failover
    this.#target = connection.target
    this.#server = server
    this.#connection = connection
    this.#retryFor = retryFor
    this.#log = log
    this.#stop = stop
  }

  /** Connects and checks that the server can be followed. @throws ToolError SERVER, USAGE */
  static async open(
    target: MysqlTarget,
    options: LinkOptions,
    log: Log,
    stop: AbortSignal
  ): Promise<ServerLink> {
    const { retryFor } = options
    const backoff = new Backoff(retryFor, stop)
    const failover =
      options.failover.length === 0 ? undefined : new Failover([target, ...options.failover], log, stop)
    const connection = await (failover?.open(backoff) ?? MysqlConnection.open(target, backoff))
    const server = await (options.isFollowed ? inspectServer : readServer)(connection)
    return new ServerLink({ failover, server, connection }, retryFor, log, stop)
  }

  get target(): MysqlTarget {
    return this.#target
  }

  get server(): ServerInfo {
    return this.#server
  }

  /** The connection as it is now: for what must not be asked on another one, such as a lock. */
  get connection(): MysqlConnection {
    return this.#connection
  }

  /** Asks through the connection of the start, or a new one where that was lost since: the server may have restarted. */
  async ask<T>(question: (connection: MysqlConnection) => Promise<T>): Promise<T> {
    const backoff = new Backoff(this.#retryFor, this.#stop)
    backoff.succeeded()
    for (let isNew = false; ; isNew = true) {
      try {
        return await question(this.#connection)
      } catch (error) {
        if (!isLost(error) || (isNew && !(await backoff.wait()))) throw error
        this.#connection.destroy()
        this.#connection = await MysqlConnection.open(this.#target, backoff)
      }
    }
  }

  /** Goes over to another server. */
  moveTo({ target, server, connection }: Followed): void {
    this.#connection.destroy()
    this.#target = target
    this.#server = server
    this.#connection = connection
  }

  /** A run that resumes goes on with the first server that it can go on with: the one before may have been replaced. */
  async choose(position: LogPosition): Promise<void> {
    if (this.failover === undefined) return
    try {
      await this.ask(connection => checkAvailable(connection, this.#server, position))
    } catch (error) {
      if (!(error instanceof UnknownGtidsError || error instanceof LogPurgedError)) throw error
      const other = await this.failover.other(this.#target, position)
      if (other === null) throw error
      this.#log.warn(`${messageOf(error)}; goes on with ${other.target.display}`)
      this.moveTo(other)
    }
  }

  close(): void {
    this.#connection.destroy()
  }
}
