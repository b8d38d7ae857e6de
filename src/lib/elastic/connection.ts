import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { type Backoff, errnoOf, messageOf, ToolError } from '../cli/index.ts'
import { Access, type AccessOptions } from './access.ts'
import { NODES_PATH, Nodes, parseAddresses, SHUNNED_MS } from './nodes.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

export interface Response {
  readonly status: number
  readonly body: string
}

/** What the server says of itself. */
export interface ServerInfo {
  readonly distribution: 'elasticsearch' | 'opensearch'
  readonly version: string
}

export interface ConnectionOptions extends AccessOptions {
  /** How long an answer may take, milliseconds. */
  readonly requestTimeout?: number
  /** Send bodies compressed by gzip. */
  readonly compress?: boolean
  /** Ask the cluster for its nodes, and spread requests over them. */
  readonly sniff?: boolean
}

const compressed = promisify(gzip)
/** Most of what can be saved is, for a third of the CPU time. */
const LEVEL = 1

const TIMEOUT_MS = 120_000

/**
 * HTTP to Elasticsearch or OpenSearch, with keep-alive connections. Elastic's own client refuses OpenSearch and costs
 * several times the CPU of a prepared body, so requests go through undici.
 */
export class ElasticConnection {
  /** The node in use, for messages; without its password. */
  get name(): string {
    return this.#nodes.current.name
  }
  /** All that are known. */
  get nodes(): string[] {
    return this.#nodes.names
  }
  readonly #nodes: Nodes
  readonly #access: Access
  readonly #compress: boolean
  readonly #sniffs: boolean
  #sniffing = false
  #closed = false
  #timer: NodeJS.Timeout | undefined

  /**
   * @param urls nodes of one cluster; the next is taken when one does not answer
   * @throws ToolError USAGE
   */
  constructor(urls: readonly string[], connections: number, options: ConnectionOptions = {}) {
    this.#access = new Access(options)
    this.#compress = options.compress === true
    this.#sniffs = options.sniff === true
    const timeout = options.requestTimeout ?? TIMEOUT_MS
    this.#nodes = new Nodes(urls, this.#sniffs, {
      connections,
      connect: this.#access.connector(),
      headersTimeout: timeout,
      bodyTimeout: timeout
    })
  }

  /** One request; a status that is not 2xx is the caller's to judge. @throws the network's error */
  async request(method: Method, path: string, content?: Buffer | string): Promise<Response> {
    return this.#send(method, path, content, async ({ statusCode, body }) => ({
      status: statusCode,
      body: await body.text()
    }))
  }

  /**
   * One request whose answer may be large.
   * @param most bytes that are taken of it
   * @returns the body as it came; null when it has more than that, and is not read on. @throws the network's error
   */
  async read(
    method: Method,
    path: string,
    content: string,
    most: number
  ): Promise<{ readonly status: number; readonly body: Buffer | null }> {
    return this.#send(method, path, content, async ({ statusCode, body }) => {
      const chunks: Buffer[] = []
      let size = 0
      for await (const chunk of body as AsyncIterable<Buffer>) {
        size += chunk.length
        if (size > most) return { status: statusCode, body: null }
        chunks.push(chunk)
      }
      return { status: statusCode, body: Buffer.concat(chunks, size) }
    })
  }

  async #send<T>(
    method: Method,
    path: string,
    content: Buffer | string | undefined,
    take: (response: Dispatcher.ResponseData) => Promise<T>
  ): Promise<T> {
    const headers: Record<string, string> = content === undefined ? {} : { 'content-type': contentType(path) }
    let body = content ?? null
    if (this.#compress && body !== null) {
      body = await compressed(body, { level: LEVEL })
      headers['content-encoding'] = 'gzip'
    }
    const node = this.#nodes.take()
    const { pool, url, prefix } = node
    const request = { method, path: prefix + path, body, headers }
    try {
      return await take(await pool.request({ ...request, headers: this.#access.headers(url, request) }))
    } catch (error) {
      this.#nodes.failed(node)
      if (this.#sniffs) this.#sniffAgain()
      throw error
    }
  }

  /**
   * Waits until the server answers and says what it is.
   * @throws ToolError SERVER
   */
  async connect(backoff: Backoff): Promise<ServerInfo> {
    for (;;) {
      let reason: string
      try {
        const response = await this.request('GET', '/')
        if (response.status === 401 || response.status === 403) throw refused(this.name, response)
        if (response.status === 200) {
          const info = readInfo(response.body, this.name)
          if (this.#sniffs) await this.sniff()
          backoff.succeeded()
          return info
        }
        reason = `answers with status ${response.status}`
      } catch (error) {
        if (error instanceof ToolError) throw error
        reason = networkReason(error)
        if (errnoOf(error) === 'ENOTFOUND') throw unreachable(this.name, reason)
      }
      if (!(await backoff.wait(this.name, reason))) throw unreachable(this.name, reason)
    }
  }

  /** Asks the cluster for its nodes. @throws ToolError SERVER when it refuses; the network's error */
  async sniff(): Promise<void> {
    this.#sniffing = true
    try {
      const response = await this.request('GET', NODES_PATH)
      if (response.status !== 200) throw refused(this.name, response)
      this.#nodes.replace(parseAddresses(response.body, this.name))
    } finally {
      this.#sniffing = false
    }
  }

  /** Now, for the nodes that are left, and once those that failed may be back. */
  #sniffAgain(): void {
    if (this.#sniffing || this.#closed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#sniffAgain(), SHUNNED_MS * 1.1).unref()
    this.sniff().then(
      () => {
        if (this.#nodes.areSound) clearTimeout(this.#timer)
      },
      // Nobody knows the nodes now: it is asked again by the timer, and at the next failure.
      () => {}
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#nodes.close()
  }
}

/** Bulk requests are lines, all others one object. */
function contentType(path: string): string {
  return path.startsWith('/_bulk') ? 'application/x-ndjson' : 'application/json'
}

function readInfo(body: string, name: string): ServerInfo {
  try {
    const { version } = JSON.parse(body) as { version: { number: string; distribution?: string } }
    return {
      distribution: version.distribution === 'opensearch' ? 'opensearch' : 'elasticsearch',
      version: version.number
    }
  } catch (error) {
    throw new ToolError('SERVER', `${name} is not Elasticsearch or OpenSearch: ${body.slice(0, 80)}`, {
      cause: error
    })
  }
}

export function refused(name: string, response: Response): ToolError {
  const reason = errorReason(response.body) ?? response.body.slice(0, 200)
  return new ToolError('SERVER', `${name} refused: ${response.status} ${reason}`, {
    hint: 'who asks stands in the URL, https://user:${ES_PASSWORD}@host:9200, or in --api-key'
  })
}

export function unreachable(name: string, reason: string): ToolError {
  return new ToolError('SERVER', `cannot reach ${name}: ${reason}`, {
    hint: 'is the server up, and the URL right? --retry-for 5m waits longer'
  })
}

export function networkReason(error: unknown): string {
  const cause = error instanceof AggregateError ? error.errors[0] : error
  return messageOf(cause) || errnoOf(cause) || 'connection failed'
}

interface ErrorBody {
  readonly type?: string
  readonly reason?: string
  readonly caused_by?: ErrorBody
}

/** `error.reason` of an Elasticsearch error body, with that of its first cause. */
export function errorReason(body: string): string | undefined {
  let error: string | ErrorBody | undefined
  try {
    error = (JSON.parse(body) as { error?: string | ErrorBody }).error
  } catch {
    return undefined
  }
  if (typeof error === 'string' || error === undefined) return error
  let cause = error
  while (cause.caused_by !== undefined) cause = cause.caused_by
  return `${error.type}: ${error.reason}${cause === error ? '' : ` (${cause.reason})`}`
}
