import { ToolError } from '../cli/index.ts'
import { skipValue } from '../stream/index.ts'
import type { Batch } from './batch.ts'
import { type ElasticConnection, errorReason, refused } from './connection.ts'

/*
 * Elasticsearch takes either external versions or updates of single fields. So the document is read, completed here
 * and written whole under the version of its event: if another was written in between, the older is refused as stale.
 * Operations on one document come one after the other, so that none is read before the one ahead of it is written.
 */

const PATH = '/_mget?filter_path=docs.found,docs._version,docs._source,docs.error.type,docs.error.reason'

/** A document as the index has it; null where there is none. Text, for numbers that a double cannot hold. */
export interface Known {
  readonly version: bigint
  readonly document: Buffer | null
}

/**
 * Reads the documents that the partial operations of a batch are about, by index and id.
 * @returns them, or why the server cannot tell now
 * @throws ToolError SERVER when it refuses; the network's error
 */
export async function readDocuments(
  connection: ElasticConnection,
  batch: Batch
): Promise<ReadonlyMap<string, Known> | { readonly unavailable: string }> {
  const targets = new Map<string, { index: string | undefined; id: string | undefined }>()
  for (const i of batch.partials) {
    const target = batch.target(i)
    targets.set(targetKey(target), target)
  }
  const docs = [...targets.values()].map(({ index, id }) => ({ _index: index, _id: id }))
  const { status, body } = await connection.request('POST', PATH, JSON.stringify({ docs }))
  if (status === 429 || status >= 500) return { unavailable: errorReason(body) ?? `status ${status}` }
  if (status !== 200) throw refused(connection.name, { status, body })
  const bytes = Buffer.from(body)
  const items = elements(bytes, members(bytes, 0).get('docs')?.start ?? 0)
  if (items.length !== targets.size) {
    throw new ToolError('SERVER', `${connection.name} answered ${items.length} documents of ${targets.size}`)
  }
  const known = new Map<string, Known>()
  const names = [...targets.keys()]
  for (const [i, at] of items.entries()) {
    const answer = members(bytes, at)
    const text = (name: string): string | undefined => {
      const span = answer.get(name)
      return span === undefined ? undefined : bytes.toString('utf8', span.start, span.end)
    }
    const error = text('error')
    if (error !== undefined && !error.includes('index_not_found_exception')) {
      return { unavailable: errorReason(`{"error":${error}}`) ?? error }
    }
    const source = answer.get('_source')
    if (text('found') === 'true' && source === undefined) {
      throw new ToolError(
        'SERVER',
        `the documents of ${docs[i]?._index} have no _source, so they cannot be completed`,
        {
          hint: "SET GLOBAL binlog_row_image='FULL' lets the log have whole rows"
        }
      )
    }
    known.set(names[i] as string, {
      version: BigInt(text('_version') ?? -1),
      document: source === undefined ? null : bytes.subarray(source.start, source.end)
    })
  }
  return known
}

/**
 * Gives each partial operation of a batch the fields that its document has by then.
 * @returns the batch with whole documents, and how many had none in the index
 */
export function completeBatch(
  batch: Batch,
  known: ReadonlyMap<string, Known>
): { batch: Batch; missing: number } {
  const state = new Map(known)
  const partials = new Set(batch.partials)
  const documents = new Map<number, Buffer>()
  let missing = 0
  for (let i = 0; i < batch.count; i++) {
    const key = targetKey(batch.target(i))
    const now = state.get(key)
    if (now === undefined) continue
    const { action, document } = batch.parts(i)
    const version = BigInt(/"version":(\d+)\}\}\s*$/.exec(action.toString())?.[1] ?? now.version)
    let content: Buffer | null = document.length === 0 ? null : Buffer.from(document)
    if (partials.has(i)) {
      if (now.document !== null) content = merged(now.document, document)
      else if (version >= now.version) missing++
      documents.set(i, content as Buffer)
    }
    // What is older than the index has is refused there, and is not what the next one builds on.
    if (version >= now.version) state.set(key, { version, document: content })
  }
  return { batch: batch.withDocuments(documents), missing }
}

/** The members of one object, with those of another in their place or behind them. */
function merged(base: Buffer, changes: Buffer): Buffer {
  const changed = members(changes, 0)
  const parts: string[] = []
  for (const [name, { start, end }] of members(base, 0)) {
    if (!changed.has(name)) parts.push(`${JSON.stringify(name)}:${base.toString('utf8', start, end)}`)
  }
  for (const [name, { start, end }] of changed) {
    parts.push(`${JSON.stringify(name)}:${changes.toString('utf8', start, end)}`)
  }
  return Buffer.from(`{${parts.join(',')}}`)
}

interface Span {
  readonly start: number
  readonly end: number
}

/** The members of the object at `at`, with the places of their values. */
function members(bytes: Buffer, at: number): Map<string, Span> {
  const found = new Map<string, Span>()
  let next = skipBlanks(bytes, skipBlanks(bytes, at) + 1)
  while (bytes[next] === QUOTE) {
    const nameEnd = skipValue(bytes, next, bytes.length)
    const name = JSON.parse(bytes.toString('utf8', next, nameEnd)) as string
    const start = skipBlanks(bytes, skipBlanks(bytes, nameEnd) + 1)
    const end = skipValue(bytes, start, bytes.length)
    if (end < 0) break
    found.set(name, { start, end })
    next = skipBlanks(bytes, skipBlanks(bytes, end) + 1)
  }
  return found
}

/** Where the elements of the array at `at` begin. */
function elements(bytes: Buffer, at: number): number[] {
  const found: number[] = []
  let next = skipBlanks(bytes, at + 1)
  while (next < bytes.length && bytes[next] !== CLOSE_BRACKET) {
    found.push(next)
    const end = skipValue(bytes, next, bytes.length)
    if (end < 0) break
    next = skipBlanks(bytes, end)
    if (bytes[next] === COMMA) next = skipBlanks(bytes, next + 1)
  }
  return found
}

const QUOTE = 34
const COMMA = 44
const CLOSE_BRACKET = 93

function skipBlanks(bytes: Buffer, at: number): number {
  while (at < bytes.length && (bytes[at] as number) <= 32) at++
  return at
}

function targetKey({ index, id }: { index: string | undefined; id: string | undefined }): string {
  return JSON.stringify([index, id])
}
