import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import {
  type Connection,
  ConnectionPool,
  findCoordinatorV4,
  metadataV12,
  type SASLOptions
} from '@platformatic/kafka'
import { type Backoff, ToolError } from '../../cli/index.ts'
import { errorName, isPassing, isRefusedLogin, NotReady, reasonOf, responseOf, TryAgain } from './errors.ts'
import type { Broker } from './url.ts'
import { type Wire, wireOf } from './wire.ts'

/** One of the client's requests, of a version that brokers from 3.5 on know. */
interface Request<Arguments extends unknown[], Response> {
  readonly api: { async(connection: Connection, ...args: Arguments): Promise<Response> }
}

export interface ClusterOptions {
  readonly brokers: readonly Broker[]
  /** For messages. */
  readonly name: string
  readonly clientId: string
  readonly tls: TlsOptions | undefined
  readonly sasl: SASLOptions | undefined
  /** For each thing that is tried until it succeeds. */
  readonly backoff: () => Backoff
}

export interface Topic {
  readonly name: string
  /** Another one when the topic is deleted and made anew. */
  readonly id: string
  /** The leader of each partition; -1 where there is none now. */
  readonly leaders: readonly number[]
}

/** Any broker will do. */
export const ANY = -1
const CONNECT_TIMEOUT_MS = 5000
const REQUEST_TIMEOUT_MS = 30_000
/** A tool that is to stop finishes what it has begun: a leader that moves just then is still waited for. */
const LAST_PATIENCE_MS = 3000
const LAST_DELAY_MS = 100

/**
 * A Kafka cluster to ask: finds out who leads what, and keeps a connection to each broker. All that the client's library
 * does for us goes through here and `errors.ts`.
 */
export class Cluster {
  readonly name: string
  readonly #options: ClusterOptions
  readonly #pool: ConnectionPool
  /** For requests that brokers answer late. */
  readonly #longPool: ConnectionPool
  #brokers = new Map<number, Broker>()
  readonly #topics = new Map<string, Topic>()
  readonly #coordinators = new Map<string, number>()
  #wasReached = false
  #disturbances = 0

  constructor(options: ClusterOptions) {
    this.name = options.name
    this.#options = options
    const settings = {
      connectTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      ...(options.tls === undefined ? {} : { tls: options.tls, tlsServerName: true }),
      ...(options.sasl === undefined ? {} : { sasl: options.sasl })
    }
    this.#pool = new ConnectionPool(options.clientId, settings)
    this.#longPool = new ConnectionPool(options.clientId, settings)
  }

  /** How often a connection has begun or ended, or something had to be tried again: in between no broker was started anew. */
  get disturbances(): number {
    return this.#disturbances
  }

  /**
   * Asks a broker. An answer with error codes is an answer.
   * @throws TryAgain when there is none
   */
  ask<A extends unknown[], R>(request: Request<A, R>, node: number, ...args: A): Promise<R> {
    return this.#askOn(this.#pool, request, node, args)
  }

  /**
   * Asks what is answered when others have done their part, on a connection of its own: a broker reads nothing more of one
   * until it has answered.
   * @throws TryAgain when there is no answer
   */
  askLong<A extends unknown[], R>(request: Request<A, R>, node: number, ...args: A): Promise<R> {
    return this.#askOn(this.#longPool, request, node, args)
  }

  async #askOn<A extends unknown[], R>(
    pool: ConnectionPool,
    request: Request<A, R>,
    node: number,
    args: A
  ): Promise<R> {
    const connection = await this.#connect(pool, node)
    try {
      return await request.api.async(connection, ...args)
    } catch (error) {
      const response = responseOf(error)
      if (response !== undefined && response !== null) return response as R
      throw this.#lost(error)
    }
  }

  /** For requests whose bytes are made by hand. @throws TryAgain */
  async connection(node: number): Promise<Wire> {
    return this.#wire(await this.#connect(this.#pool, node))
  }

  #wire(connection: Connection): Wire {
    return wireOf(connection, this.#options.clientId, () => {
      this.#disturbances++
    })
  }

  async #connect(pool: ConnectionPool, node: number): Promise<Connection> {
    const known =
      node === ANY ? [...this.#brokers.values()] : [this.#brokers.get(node)].filter(b => b !== undefined)
    const candidates = node === ANY ? [...known, ...this.#options.brokers] : known
    let failure: unknown = new TryAgain(`broker ${node} is not there`)
    for (const broker of candidates) {
      try {
        const connection = await pool.get(broker)
        this.#wire(connection)
        return connection
      } catch (error) {
        failure = error
      }
    }
    throw this.#lost(failure)
  }

  #lost(error: unknown): unknown {
    if (isRefusedLogin(error)) {
      return new ToolError('SERVER', `${this.name}: ${reasonOf(error)}`, { cause: error })
    }
    return error instanceof TryAgain ? error : new TryAgain(reasonOf(error), { cause: error })
  }

  /** @throws ToolError SERVER for a code that no later attempt will change, NotReady for others */
  check(code: number, what: string, message?: string | null): void {
    if (code === 0) return
    const text = `${what}: ${errorName(code)}${message == null || message === '' ? '' : `: ${message}`}`
    if (isPassing(code)) throw new NotReady(text)
    throw new ToolError('SERVER', `${this.name}: ${text}`)
  }

  /**
   * Tries until it succeeds, or the back-off gives up.
   * @throws ToolError SERVER
   */
  async persist<T>(attempt: () => Promise<T>): Promise<T> {
    const backoff = this.#options.backoff()
    if (this.#wasReached) backoff.succeeded()
    let patienceEnd: number | undefined
    for (;;) {
      try {
        const result = await attempt()
        backoff.succeeded()
        this.#wasReached = true
        return result
      } catch (error) {
        if (!(error instanceof TryAgain)) throw error
        this.#disturbances++
        // A cluster that has just started makes its own topics first, and may take longer for it than a start waits.
        if (error instanceof NotReady && !this.#wasReached) {
          this.#wasReached = true
          backoff.succeeded()
        }
        this.#topics.clear()
        this.#coordinators.clear()
        if (await backoff.wait(this.name, error.message)) continue
        if (backoff.isStopped && this.#wasReached) patienceEnd ??= Date.now() + LAST_PATIENCE_MS
        if (Date.now() < (patienceEnd ?? 0)) await sleep(LAST_DELAY_MS)
        else {
          throw new ToolError('SERVER', `${this.name}: ${error.message}`, { cause: error })
        }
      }
    }
  }

  /** A topic as it is known; null when it does not exist. @throws TryAgain */
  async topic(name: string): Promise<Topic | null> {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const { brokers, topics } = await this.ask(metadataV12, ANY, [name], false, false)
    this.#know(brokers)
    const found = topics.find(topic => topic.name === name)
    if (found === undefined || errorName(found.errorCode) === 'UNKNOWN_TOPIC_OR_PARTITION') return null
    this.check(found.errorCode, `topic ${name}`)
    const leaders: number[] = []
    for (const { partitionIndex, leaderId } of found.partitions) leaders[partitionIndex] = leaderId
    const topic = { name, id: found.topicId, leaders }
    // One that is being created, or whose leader is away, is asked for again.
    if (leaders.length > 0 && !leaders.includes(-1)) this.#topics.set(name, topic)
    return topic
  }

  /** All topics but the internal ones. @throws TryAgain */
  async topicNames(): Promise<string[]> {
    const { brokers, topics } = await this.ask(metadataV12, ANY, null, false, false)
    this.#know(brokers)
    return topics.flatMap(({ name, isInternal }) => (name == null || isInternal ? [] : [name])).sort()
  }

  #know(brokers: readonly { nodeId: number; host: string; port: number }[]): void {
    this.#brokers = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
  }

  /** The broker that keeps a group's offsets, or the transactions of an id. @throws TryAgain */
  async coordinator(kind: 'group' | 'transaction', key: string): Promise<number> {
    const known = this.#coordinators.get(`${kind} ${key}`)
    if (known !== undefined) return known
    const { coordinators } = await this.ask(findCoordinatorV4, ANY, kind === 'group' ? 0 : 1, [key])
    const [found] = coordinators
    if (found === undefined) throw new TryAgain(`no coordinator of ${kind} ${key}`)
    this.check(found.errorCode, `coordinator of ${kind} ${key}`, found.errorMessage)
    this.#brokers.set(found.nodeId, { host: found.host, port: found.port })
    this.#coordinators.set(`${kind} ${key}`, found.nodeId)
    return found.nodeId
  }

  /** What was known of the cluster is asked for anew. */
  forget(): void {
    this.#topics.clear()
    this.#coordinators.clear()
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#longPool.close()])
  }
}
