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
  /** Told of each other server. */
  moved: ((server: ServerInfo) => void) | undefined
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

  /**
   * Asks through the connection of the start, or a new one where that was lost since: the server may have restarted.
   * @param retryFor how long the server may be away, ms; as --retry-for says, unless given
   */
  async ask<T>(
    question: (connection: MysqlConnection) => Promise<T>,
    retryFor: number | undefined = this.#retryFor
  ): Promise<T> {
    const backoff = new Backoff(retryFor, this.#stop)
    if (retryFor !== 0) backoff.succeeded()
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

  /** Asks the server, or where it is lost one that can go on from a position in its place. */
  async askAt<T>(position: LogPosition, question: (connection: MysqlConnection) => Promise<T>): Promise<T> {
    if (this.failover === undefined) return this.ask(question)
    const backoff = new Backoff(this.#retryFor, this.#stop)
    backoff.succeeded()
    for (;;) {
      try {
        return await this.ask(question, 0)
      } catch (error) {
        const { failingFor } = backoff
        if (!isLost(error) || !(await backoff.wait())) throw error
        await this.replace(position, failingFor)
      }
    }
  }

  /**
   * Looks, after the server was lost, whether it is there again, and if not, goes over to one that is.
   * @param position what has been read up to
   * @param failingFor how long it has been failing, ms
   */
  async replace(position: LogPosition, failingFor: number): Promise<void> {
    if (this.failover === undefined) return
    try {
      const connection = await MysqlConnection.open(this.#target, new Backoff(0, this.#stop))
      this.#connection.destroy()
      this.#connection = connection
      this.failover.succeeded()
    } catch (error) {
      if (!isLost(error)) throw error
      const other = await this.failover.next(this.#target, position, null, failingFor)
      if (other === null) return
      this.#log.warn(`${this.#target.display} does not come back: goes on with ${other.target.display}`)
      this.moveTo(other)
    }
  }

  /** Goes over to another server. */
  moveTo({ target, server, connection }: Followed): void {
    this.#connection.destroy()
    this.#target = target
    this.#server = server
    this.#connection = connection
    this.moved?.(server)
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
