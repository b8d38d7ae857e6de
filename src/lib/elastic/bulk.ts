import { type Backoff, type Log, ToolError } from '../cli/index.ts'
import type { Batch, Origin } from './batch.ts'
import { completeBatch, readDocuments } from './complete.ts'
import { type ElasticConnection, errorReason, networkReason, refused, unreachable } from './connection.ts'

/** What a bulk request came to, in documents. */
export interface Outcome {
  /** Written or deleted. */
  written: number
  /** The index already had this version or a later one: counted as done. */
  stale: number
}

export interface Failure {
  readonly origin: Origin
  /** `mapper_parsing_exception: failed to parse field …` */
  readonly reason: string
  readonly index: string | undefined
  readonly id: string | undefined
}

type Answer = Awaited<ReturnType<typeof readDocuments>>

interface ItemError {
  readonly type?: string
  readonly reason?: string
  readonly caused_by?: { readonly type?: string; readonly reason?: string }
}

interface Item {
  /** index, create or delete. */
  readonly verb?: string
  readonly status?: number
  readonly error?: ItemError
}

interface BulkResponse {
  readonly errors: boolean
  readonly items?: readonly Record<string, Item>[]
}

/** Of the items only what tells their outcome: parsing whole answers costs more than building the request. */
const PATH = '/_bulk?filter_path=errors,items.*.status,items.*.error'
/** How the answer to a batch begins in which nothing failed; its items need not be read then. */
const NO_ERRORS = '{"errors":false'
const TELL_AFTER_MS = 2000

/**
 * Sends batches until every operation is done or has failed for good. What the server cannot take now (429, 503, a
 * lost connection, a block on the index) is sent again, alone and in its order, for as long as the back-off allows.
 */
export class BulkSender {
  readonly #connection: ElasticConnection
  readonly #backoff: () => Backoff
  readonly #log: Log
  readonly #refresh: string
  #told = false
  #toldMissing = false

  constructor(connection: ElasticConnection, backoff: () => Backoff, log: Log, refresh: string | undefined) {
    this.#connection = connection
    this.#backoff = backoff
    this.#log = log
    this.#refresh = refresh === undefined ? '' : `&refresh=${refresh === 'wait' ? 'wait_for' : refresh}`
  }

  /**
   * @param fail is told each operation that the server refuses for good
   * @throws ToolError SERVER when the server refuses everything, or stays away past the limit
   */
  async send(batch: Batch, fail: (failure: Failure) => void): Promise<Outcome> {
    const outcome: Outcome = { written: 0, stale: 0 }
    const backoff = this.#backoff()
    let left = batch.partials.length === 0 ? batch : await this.#complete(batch, backoff)
    while (left.count > 0) {
      const attempt = await this.#attempt(left)
      if (attempt.kind === 'split') {
        const half = Math.ceil(left.count / 2)
        const indexes = Array.from({ length: left.count }, (_, i) => i)
        for (const part of [indexes.slice(0, half), indexes.slice(half)]) {
          const sent = await this.send(left.pick(part), fail)
          outcome.written += sent.written
          outcome.stale += sent.stale
        }
        return outcome
      }
      if (attempt.kind === 'response') {
        const again = settle(left, attempt.items, outcome, fail)
        if (again.indexes.length === 0) break
        if (again.indexes.length < left.count) left = left.pick(again.indexes)
        await this.#waitFor(backoff, again.reason)
      } else {
        await this.#waitFor(backoff, attempt.reason)
      }
    }
    this.#recovered()
    return outcome
  }

  /** Asks the index for the documents that partial operations change. */
  async #complete(batch: Batch, backoff: Backoff): Promise<Batch> {
    for (;;) {
      let answer: Answer
      try {
        answer = await readDocuments(this.#connection, batch)
      } catch (error) {
        if (error instanceof ToolError) throw error
        answer = { unavailable: networkReason(error) }
      }
      if (!('unavailable' in answer)) {
        const completed = completeBatch(batch, answer)
        if (completed.missing > 0) this.#tellMissing()
        return completed.batch
      }
      await this.#waitFor(backoff, answer.unavailable)
    }
  }

  async #attempt(
    batch: Batch
  ): Promise<
    | { kind: 'response'; items: readonly Item[] | null }
    | { kind: 'unavailable'; reason: string }
    | { kind: 'split' }
  > {
    let status: number
    let body: string
    try {
      const response = await this.#connection.request('POST', PATH + this.#refresh, batch.body.written())
      status = response.status
      body = response.body
    } catch (error) {
      return { kind: 'unavailable', reason: networkReason(error) }
    }
    if (status === 200) {
      if (body.startsWith(NO_ERRORS)) return { kind: 'response', items: null }
      const response = JSON.parse(body) as BulkResponse
      if (!response.errors) return { kind: 'response', items: null }
      return { kind: 'response', items: (response.items ?? []).map(itemOf) }
    }
    if (status === 413 && batch.count > 1) return { kind: 'split' }
    if (status === 429 || status >= 500) {
      return { kind: 'unavailable', reason: errorReason(body) ?? `status ${status}` }
    }
    throw refused(this.#connection.name, { status, body })
  }

  async #waitFor(backoff: Backoff, reason: string): Promise<void> {
    const going = await backoff.wait()
    if (!going) throw unreachable(this.#connection.name, reason)
    if (!this.#told && backoff.failingFor > TELL_AFTER_MS) {
      this.#told = true
      this.#log.warn(`${this.#connection.name} takes nothing for now, trying on: ${reason}`)
    }
  }

  #tellMissing(): void {
    if (this.#toldMissing) return
    this.#toldMissing = true
    this.#log.warn(
      'rows were updated that are not in the index, and the log has only some of their columns: their documents lack the others'
    )
  }

  #recovered(): void {
    if (this.#told) this.#log.info(`${this.#connection.name} takes documents again`)
    this.#told = false
  }
}

function itemOf(answer: Record<string, Item>): Item {
  const [entry] = Object.entries(answer)
  return entry === undefined ? {} : { ...entry[1], verb: entry[0] }
}

/** Sorts the items of a response: done, failed for good, or to be sent again. */
function settle(
  batch: Batch,
  items: readonly Item[] | null,
  outcome: Outcome,
  fail: (failure: Failure) => void
): { indexes: number[]; reason: string } {
  const indexes: number[] = []
  let reason = ''
  if (items === null) {
    outcome.written += batch.count
    return { indexes, reason }
  }
  if (items.length !== batch.count) {
    throw new ToolError('SERVER', `the server answered ${items.length} items to ${batch.count} operations`)
  }
  /** Documents of operations that are to be sent again: what was done after them must be done after them again. */
  const behind = new Set<string>()
  items.forEach((item, i) => {
    const status = item.status ?? 0
    // 404: a delete of what is not there.
    const isDone = (status >= 200 && status < 300) || (status === 404 && item.verb === 'delete')
    if (isTemporary(status, item)) {
      indexes.push(i)
      reason = describe(item)
      if (batch.isOrdered(i)) behind.add(documentOf(batch, i))
    } else if (isDone && behind.size > 0 && batch.isOrdered(i) && behind.has(documentOf(batch, i))) {
      indexes.push(i)
    } else if (isDone) outcome.written++
    else if (status === 409) outcome.stale++
    else fail({ origin: batch.origin(i), reason: describe(item), ...batch.target(i) })
  })
  return { indexes, reason }
}

function documentOf(batch: Batch, i: number): string {
  return JSON.stringify(batch.target(i))
}

/**
 * A block (read-only index, flood-stage disk) is lifted by an operator: it stops progress, not the document. An index
 * that was deleted under a request is made again by the next, unless the server is told not to.
 * An update is in conflict as long as others write its document: it has no version of its own that could be stale.
 */
function isTemporary(status: number, { error, verb }: Item): boolean {
  if (error?.type === 'index_not_found_exception') return error.reason?.includes('auto_create_index') !== true
  if (status === 409 && verb === 'update') return true
  return status === 429 || status >= 500 || error?.type === 'cluster_block_exception'
}

function describe(item: Item): string {
  const { error } = item
  if (error === undefined) return `status ${item.status}`
  const cause = error.caused_by?.reason === undefined ? '' : ` (${error.caused_by.reason})`
  return `${error.type}: ${error.reason}${cause}`
}
