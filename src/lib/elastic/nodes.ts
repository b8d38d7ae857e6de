import { Pool } from 'undici'
import { redactUrl, ToolError, usageError } from '../cli/index.ts'

/** How long a node that did not answer is left alone. */
export const SHUNNED_MS = 10_000

/** A server of the cluster. */
export interface Node {
  /** Its URL as given, or as the cluster tells it; without its password. */
  readonly name: string
  readonly url: URL
  /** The path before that of requests. */
  readonly prefix: string
  readonly pool: Pool
}

/** The nodes of one cluster: those given, or those that the cluster itself has named. */
export class Nodes {
  readonly #given: readonly URL[]
  readonly #options: Pool.Options
  readonly #spread: boolean
  readonly #pools = new Map<string, Pool>()
  /** When nodes last did not answer, by their hosts, milliseconds of `performance.now()`. */
  readonly #failedAt = new Map<string, number>()
  /** Whether none that the cluster has is left out. */
  areSound = true
  #nodes: readonly Node[]
  #current = 0

  /**
   * @param spread give requests to all nodes in turns; else to one for as long as it answers
   * @throws ToolError USAGE
   */
  constructor(urls: readonly string[], spread: boolean, options: Pool.Options) {
    this.#options = options
    this.#spread = spread
    this.#given = urls.map(parseNode)
    this.#nodes = this.#given.map(url => this.#node(url))
  }

  /** The node in use. */
  get current(): Node {
    return this.#nodes[this.#current % this.#nodes.length] as Node
  }

  get names(): string[] {
    return this.#nodes.map(({ name }) => name)
  }

  /** The node for a request. */
  take(): Node {
    if (this.#spread) this.#current = (this.#current + 1) % this.#nodes.length
    return this.current
  }

  /** A node does not answer: the others are asked; where there are none, those that were given. */
  failed(node: Node): void {
    if (!this.#spread) {
      if (this.current === node) this.#current = (this.#current + 1) % this.#nodes.length
      return
    }
    this.#failedAt.set(node.url.host, performance.now())
    const left = this.#nodes.filter(other => other !== node)
    if (left.length > 0) this.#nodes = left
    else if (this.#nodes.includes(node)) this.#nodes = this.#given.map(url => this.#node(url))
  }

  /**
   * From here on the cluster has the nodes at these addresses. What was given of the URL holds for them too. One that
   * has just failed is left out if there are others: the cluster may not have noticed yet.
   */
  replace(addresses: readonly string[]): void {
    const [model] = this.#given as [URL]
    const known = new Map(this.#nodes.map(node => [node.url.host, node]))
    const all = addresses.map(address => {
      const url = new URL(model)
      url.host = address
      return known.get(url.host) ?? this.#node(url)
    })
    const since = performance.now() - SHUNNED_MS
    const sound = all.filter(({ url }) => (this.#failedAt.get(url.host) ?? Number.NEGATIVE_INFINITY) < since)
    this.#nodes = sound.length > 0 ? sound : all
    this.areSound = sound.length === all.length
    const kept = new Set([...this.#nodes.map(({ url }) => url.origin), ...this.#given.map(url => url.origin)])
    for (const [origin, pool] of this.#pools) {
      if (kept.has(origin)) continue
      this.#pools.delete(origin)
      // Requests that are under way end first.
      pool.close().catch(() => {})
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(pool => pool.destroy()))
  }

  #node(url: URL): Node {
    let pool = this.#pools.get(url.origin)
    if (pool === undefined) {
      pool = new Pool(url.origin, this.#options)
      this.#pools.set(url.origin, pool)
    }
    return {
      name: redactUrl(url.href.replace(/\/$/, '')),
      url,
      prefix: url.pathname.replace(/\/$/, ''),
      pool
    }
  }
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

/** For `parseAddresses`. */
export const NODES_PATH = '/_nodes/http?filter_path=nodes.*.http.publish_address,nodes.*.roles'

const MASTERS = ['master', 'cluster_manager', 'voting_only', 'remote_cluster_client']

/**
 * The addresses at which nodes take requests: `10.0.0.7:9200`, or `es-1.example/10.0.0.7:9200`, of which the name is
 * what a certificate tells. Nodes that only manage the cluster are left out.
 * @throws ToolError SERVER
 */
export function parseAddresses(body: string, name: string): string[] {
  interface Described {
    readonly http?: { readonly publish_address?: string }
    readonly roles?: readonly string[]
  }
  let nodes: Record<string, Described> = {}
  try {
    nodes = (JSON.parse(body) as { nodes?: Record<string, Described> }).nodes ?? {}
  } catch {
    // Said below.
  }
  const addresses = Object.values(nodes).flatMap(({ http, roles = [] }) => {
    const address = http?.publish_address
    if (address === undefined || (roles.length > 0 && roles.every(role => MASTERS.includes(role)))) return []
    const [host = '', numbers] = address.split('/')
    return numbers === undefined ? [host] : [`${host}:${numbers.slice(numbers.lastIndexOf(':') + 1)}`]
  })
  if (addresses.length > 0) return addresses
  throw new ToolError('SERVER', `${name} does not tell the nodes of its cluster: ${body.slice(0, 80)}`, {
    hint: 'without --sniff the nodes of the URL are used'
  })
}
