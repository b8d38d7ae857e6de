import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Pool } from 'undici'
import { type Backoff, errnoOf, messageOf, redactUrl, ToolError, usageError } from '../cli/index.ts'
import { Access, type AccessOptions } from './access.ts'

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
}

const compressed = promisify(gzip)
/** Most of what can be saved is, for a third of the CPU time. */
const LEVEL = 1

const TIMEOUT_MS = 120_000

interface Node {
  /** Its URL as given. */
  readonly text: string
  readonly url: URL
  /** The path before that of requests. */
  readonly prefix: string
  readonly pool: Pool
}

/**
 * HTTP to Elasticsearch or OpenSearch, with keep-alive connections. Elastic's own client refuses OpenSearch and costs
 * several times the CPU of a prepared body, so requests go through undici.
 */
export class ElasticConnection {
  /** The node in use, for messages; without its password. */
  get name(): string {
    return redactUrl((this.#nodes[this.#current] as Node).text)
  }
  readonly #nodes: readonly Node[]
  readonly #access: Access
  readonly #compress: boolean
  #current = 0

  /**
   * @param urls nodes of one cluster; the next is taken when one does not answer
   * @throws ToolError USAGE
   */
  constructor(urls: readonly string[], connections: number, options: ConnectionOptions = {}) {
    this.#access = new Access(options)
    this.#compress = options.compress === true
    const timeout = options.requestTimeout ?? TIMEOUT_MS
    const connect = this.#access.connector()
    const timeouts = { headersTimeout: timeout, bodyTimeout: timeout }
    this.#nodes = urls.map(text => {
      const url = parseNode(text)
      const pool = new Pool(url.origin, { connections, connect, ...timeouts })
      return { text, url, prefix: url.pathname.replace(/\/$/, ''), pool }
    })
  }

  /** One request; a status that is not 2xx is the caller's to judge. @throws the network's error */
  async request(method: 'GET' | 'POST' | 'PUT', path: string, content?: Buffer | string): Promise<Response> {
    const current = this.#current
    const { pool, url, prefix } = this.#nodes[current] as Node
    const headers: Record<string, string> = content === undefined ? {} : { 'content-type': contentType(path) }
    let body = content ?? null
    if (this.#compress && body !== null) {
      body = await compressed(body, { level: LEVEL })
      headers['content-encoding'] = 'gzip'
    }
    const request = { method, path: prefix + path, body, headers }
    try {
      const response = await pool.request({ ...request, headers: this.#access.headers(url, request) })
      return { status: response.statusCode, body: await response.body.text() }
    } catch (error) {
      if (this.#current === current) this.#current = (current + 1) % this.#nodes.length
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
          backoff.succeeded()
          return readInfo(response.body, this.name)
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

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map(({ pool }) => pool.destroy()))
  }
}

/** Bulk requests are lines, all others one object. */
function contentType(path: string): string {
  return path.startsWith('/_bulk') ? 'application/x-ndjson' : 'application/json'
}

function parseNode(url: string): URL {
  let parsed: URL
  try {
    parsed = new URL(url.includes('://') ? url : `http://${url}`)
  } catch {
    throw usageError(`'${redactUrl(url)}' is not a URL`, 'write http://host:9200')
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw usageError(`${redactUrl(url)}: the scheme is http or https`)
  }
  return parsed
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
