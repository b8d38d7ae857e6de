import { Pool } from 'undici'
import { type Backoff, errnoOf, messageOf, redactUrl, ToolError, usageError } from '../cli/index.ts'

export interface Response {
  readonly status: number
  readonly body: string
}

/** What the server says of itself. */
export interface ServerInfo {
  readonly distribution: 'elasticsearch' | 'opensearch'
  readonly version: string
}

const TIMEOUT_MS = 120_000

/**
 * HTTP to Elasticsearch or OpenSearch, with keep-alive connections. Elastic's own client refuses OpenSearch and costs
 * several times the CPU of a prepared body, so requests go through undici.
 */
export class ElasticConnection {
  /** The node in use, for messages; without its password. */
  get name(): string {
    return redactUrl(this.#urls[this.#current] as string)
  }
  readonly #urls: readonly string[]
  readonly #pools: Pool[]
  readonly #headers: Record<string, string>[]
  #current = 0

  /**
   * @param urls nodes of one cluster; the next is taken when one does not answer
   * @throws ToolError USAGE
   */
  constructor(urls: readonly string[], connections: number) {
    this.#urls = urls
    const parsed = urls.map(parseNode)
    this.#pools = parsed.map(
      url => new Pool(url.origin, { connections, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS })
    )
    this.#headers = parsed.map(url => (url.username === '' ? {} : { authorization: basic(url) }))
  }

  /** One request; a status that is not 2xx is the caller's to judge. @throws the network's error */
  async request(method: 'GET' | 'POST' | 'PUT', path: string, body?: Buffer | string): Promise<Response> {
    const node = this.#current
    const pool = this.#pools[node] as Pool
    const prefix = new URL(this.#urls[node] as string).pathname.replace(/\/$/, '')
    try {
      const response = await pool.request({
        method,
        path: prefix + path,
        body: body ?? null,
        headers: {
          ...this.#headers[node],
          ...(body === undefined ? {} : { 'content-type': contentType(path) })
        }
      })
      return { status: response.statusCode, body: await response.body.text() }
    } catch (error) {
      if (this.#current === node) this.#current = (node + 1) % this.#urls.length
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
      if (!(await backoff.wait())) throw unreachable(this.name, reason)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map(pool => pool.destroy()))
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

function basic(url: URL): string {
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return `Basic ${Buffer.from(user).toString('base64')}`
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
    hint: 'user and password stand in the URL: https://user:${ES_PASSWORD}@host:9200'
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

/** `error.reason` of an Elasticsearch error body. */
export function errorReason(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: string | { type?: string; reason?: string } }
    return typeof error === 'string'
      ? error
      : error === undefined
        ? undefined
        : `${error.type}: ${error.reason}`
  } catch {
    return undefined
  }
}
