import { ToolError } from '../../cli/index.ts'
import type { ElasticConnection, ServerInfo } from '../connection.ts'
import { answered, pathOf, Unavailable } from './answers.ts'
import type { TimeField } from './field.ts'
import { type Hit, readPage } from './page.ts'

/** An index is kept as it was for so long after the last question. */
const KEEP_ALIVE = '5m'
/** What a page should have, and what it may have, bytes. */
const PAGE = 4 * 1024 * 1024
const LARGEST_PAGE = 64 * 1024 * 1024
const FIRST_SIZE = 100
/** What the servers allow at most (index.max_result_window). */
const MOST = 10_000

/** Times to read, both included, milliseconds; without `from`, from the first. */
export interface Range {
  readonly from: number | undefined
  readonly to: number
}

/**
 * The documents of an index as of one moment, in the order of a time: pages of a search go on from the last document of
 * the page before, and none is missed or seen twice, whatever is written meanwhile.
 * Source: Elasticsearch's "Paginate search results", OpenSearch's "Point in Time".
 */
export class PointInTime {
  readonly #connection: ElasticConnection
  readonly #distribution: ServerInfo['distribution']
  readonly #index: string
  readonly #field: TimeField
  #id: string
  /** Documents of the next page: as many as are about as large as a page should be. */
  #size = FIRST_SIZE

  private constructor(
    connection: ElasticConnection,
    distribution: ServerInfo['distribution'],
    index: string,
    field: TimeField,
    id: string
  ) {
    this.#connection = connection
    this.#distribution = distribution
    this.#index = index
    this.#field = field
    this.#id = id
  }

  /** @throws ToolError SERVER, Unavailable, the network's error */
  static async open(
    connection: ElasticConnection,
    distribution: ServerInfo['distribution'],
    index: string,
    field: TimeField
  ): Promise<PointInTime> {
    const api = distribution === 'opensearch' ? '_search/point_in_time' : '_pit'
    const path = `/${pathOf(index)}/${api}?keep_alive=${KEEP_ALIVE}`
    const body = answered(connection.name, index, await connection.request('POST', path))
    const { id, pit_id = id } = JSON.parse(body) as { id?: string; pit_id?: string }
    if (pit_id === undefined) throw new Unavailable(`no point in time of ${index}: ${body.slice(0, 80)}`)
    return new PointInTime(connection, distribution, index, field, pit_id)
  }

  /**
   * The documents of a range, page by page.
   * @param withSource false for their names and times alone
   * @throws as `open`; ToolError INPUT
   */
  async *pages(range: Range, withSource: boolean): AsyncGenerator<readonly Hit[], void, void> {
    let after: string | null = null
    let size = withSource ? this.#size : MOST
    for (;;) {
      const { status, body } = await this.#connection.read(
        'POST',
        '/_search?allow_partial_search_results=false',
        this.#request(range, withSource, size, after),
        LARGEST_PAGE
      )
      if (body === null) {
        if (size === 1) throw new ToolError('INPUT', `a document of ${this.#index} has more than 64 MiB`)
        size = Math.ceil(size / 4)
        continue
      }
      if (status !== 200) answered(this.#connection.name, this.#index, { status, body: body.toString() })
      const page = readPage(body)
      if (page === null) throw new Unavailable(`no answer to a search: ${body.toString('utf8', 0, 80)}`)
      if (page.isPartial) throw new Unavailable('not all shards have answered')
      this.#id = page.pit ?? this.#id
      const { hits } = page
      const last = hits.at(-1)
      if (last === undefined) return
      yield hits
      if (hits.length < size) return
      after = last.sort
      if (withSource) this.#size = size = Math.min(nextSize(size, body.length / hits.length), MOST)
    }
  }

  #request({ from, to }: Range, withSource: boolean, size: number, after: string | null): string {
    const { name, scale, isMixed } = this.#field
    const bound = (ms: number): number => (scale === null ? ms : ms / scale)
    const format = scale === null ? { format: 'epoch_millis' } : {}
    const range = { ...(from === undefined ? {} : { gte: bound(from) }), lte: bound(to), ...format }
    const request = JSON.stringify({
      size,
      query: { bool: { filter: [{ range: { [name]: range } }] } },
      sort: [
        {
          [name]: { order: 'asc', unmapped_type: 'date', ...(isMixed ? { numeric_type: 'date_nanos' } : {}) }
        },
        { _shard_doc: 'asc' }
      ],
      pit: { id: this.#id, keep_alive: KEEP_ALIVE },
      track_total_hits: false,
      ...(withSource ? {} : { _source: false })
    })
    // as it was given: its numbers may have more digits than ours
    return after === null ? request : `${request.slice(0, -1)},"search_after":${after}}`
  }

  /** When a document was, in milliseconds. */
  timeOf({ sortTime }: Hit): number {
    // of a date that tells nanoseconds apart they are its number
    return sortTime * (this.#field.scale ?? (sortTime > 1e15 ? 1e-6 : 1))
  }

  /** Lets the server forget it. It does so by itself if it does not hear of that. */
  async close(): Promise<void> {
    const [path, body] =
      this.#distribution === 'opensearch'
        ? ['/_search/point_in_time', { pit_id: [this.#id] }]
        : ['/_pit', { id: this.#id }]
    await this.#connection.request('DELETE', path, JSON.stringify(body)).catch(() => {})
  }
}

/** Larger by little at a time: the next documents may be others. */
function nextSize(size: number, bytesOfOne: number): number {
  return Math.max(1, Math.min(size * 4, Math.floor(PAGE / bytesOfOne)))
}
