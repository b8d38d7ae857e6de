import { readFileSync } from 'node:fs'
import { database, tables } from './evening.ts'
import { examples } from './places.ts'
import { aggregates, type Document, type Documents, type Store } from './store.ts'

interface Hit {
  readonly _id: string
  readonly _source: Document
  readonly sort: readonly unknown[]
}

const pageSize = 10_000
const warmUpMs = 3000

/** The evening's indices on an Elasticsearch or OpenSearch. */
export class ElasticStore implements Store {
  readonly description: string
  readonly target: string
  readonly isFolder = false
  readonly version: string
  readonly #url: string
  readonly #headers: Record<string, string>

  private constructor(target: string, url: string, headers: Record<string, string>, version: string) {
    this.target = target
    this.version = version
    this.description = `Elasticsearch ${version}`
    this.#url = url
    this.#headers = headers
  }

  /** Connects, and makes the indices anew by their template. */
  static async create(target: string): Promise<ElasticStore> {
    const { username, password, origin, pathname } = new URL(target)
    const secret = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
    const headers = username === '' ? {} : { authorization: `Basic ${secret.toString('base64')}` }
    const url = origin + pathname.replace(/\/$/, '')
    const { version } = (await request(url, headers, 'GET', '/')) as { version: { number: string } }
    const store = new ElasticStore(target, url, headers, version.number)
    await store.#removeIndices()
    const template = readFileSync(`${examples}/index-template.json`, 'utf8')
    await store.request('PUT', `/_index_template/${database}`, template)
    // Made by the first document, an index could not be searched in its first moments.
    for (const name of [...tables, ...aggregates]) await store.request('PUT', `/${indexOf(name)}`)
    return store
  }

  /**
   * Does for a while with a scratch index what the evening will do with the others: a server that has just started runs
   * code that is not compiled yet, many times slower than a minute later.
   */
  async warmUp(): Promise<void> {
    const name = 'warm-up'
    const end = performance.now() + warmUpMs
    for (let round = 1; performance.now() < end; round++) {
      const ids = Array.from({ length: 100 }, (_, i) => String(i))
      const operations = ids.flatMap(id => [
        JSON.stringify({
          index: { _index: indexOf(name), _id: id, version: round, version_type: 'external' }
        }),
        JSON.stringify({
          id: Number(id),
          amount: '49.00',
          status: 'PENDING',
          created_at: new Date().toISOString()
        })
      ])
      await this.request('POST', '/_bulk', `${operations.join('\n')}\n`)
      await Promise.all([this.written(name, ids), this.#search(indexOf(name), { query: { match_all: {} } })])
    }
    await this.request('DELETE', `/${indexOf(name)}`)
  }

  /** Rows are read in pages by their `id`; aggregates, which have none, must fit one page. */
  async documents(name: string): Promise<Documents> {
    const documents: Documents = new Map()
    const index = indexOf(name)
    await this.request('POST', `/${index}/_refresh`)
    for (let after: readonly unknown[] | undefined; ; ) {
      const sort = [{ id: { order: 'asc', unmapped_type: 'long' } }]
      const query = { size: pageSize, sort, track_total_hits: false, search_after: after }
      const hits = await this.#search(index, query)
      for (const { _id, _source } of hits) documents.set(_id, _source)
      after = hits.at(-1)?.sort
      if (hits.length < pageSize) return documents
    }
  }

  /** Which of the ids can be read by id, as soon as they are written. */
  async written(name: string, ids: readonly string[]): Promise<string[]> {
    const path = `/${indexOf(name)}/_mget?_source=false&filter_path=docs._id,docs.found`
    const answer = (await this.request('POST', path, JSON.stringify({ ids }))) as {
      docs?: { _id: string; found?: boolean }[]
    }
    return (answer.docs ?? []).filter(doc => doc.found === true).map(doc => doc._id)
  }

  /** Which of the ids a search finds. */
  async searchable(name: string, ids: readonly string[]): Promise<string[]> {
    const query = {
      size: ids.length,
      _source: false,
      track_total_hits: false,
      query: { ids: { values: ids } }
    }
    return (await this.#search(indexOf(name), query)).map(hit => hit._id)
  }

  async request(method: string, path: string, body?: string): Promise<unknown> {
    return await request(this.#url, this.#headers, method, path, body)
  }

  async #search(index: string, query: object): Promise<Hit[]> {
    const path = `/${index}/_search`
    const answer = (await this.request('POST', path, JSON.stringify(query))) as { hits: { hits: Hit[] } }
    return answer.hits.hits
  }

  /** By their names: a server may forbid wildcards here. */
  async #removeIndices(): Promise<void> {
    const indices = Object.keys((await this.request('GET', `/${indexOf('*')}`)) as object)
    if (indices.length > 0) await this.request('DELETE', `/${indices.join()}`)
  }
}

function indexOf(name: string): string {
  return `${database}-${name}`
}

async function request(
  url: string,
  headers: Record<string, string>,
  method: string,
  path: string,
  body?: string
): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body })
  }).catch(error => {
    throw new Error(`cannot reach ${url}: ${error.cause?.message ?? error.message}`, { cause: error })
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url}${path}: ${response.status} ${text.slice(0, 500)}`)
  return JSON.parse(text)
}
