import { skipValue } from './fields.ts'
import { asSchema, type RowSchema } from './row-schema.ts'

/**
 * Control lines: JSON objects whose only key begins with `@` and holds an object. They travel among the events, and a
 * tool passes on those that it does not know. (`{"@timestamp":"…"` begins many a log line, which is data.)
 */

/** The barrier by which a pipe of processes takes one consistent snapshot. */
export interface Mark {
  /** Grows by one or more with each mark, over all runs of a pipeline. */
  readonly n: number
  /** The source's position after the last event before the mark; only the source reads it. */
  readonly at: Readonly<Record<string, unknown>> | null
  /** When the source wrote it, milliseconds since the epoch. */
  readonly ts_ms: number
}

export type Control =
  | { readonly kind: 'mark'; readonly mark: Mark }
  | { readonly kind: 'resume'; readonly mark: Mark }
  | { readonly kind: 'schema'; readonly schema: RowSchema }
  | { readonly kind: 'other' }

/** `{"@`: what every control line begins with. */
const PREFIX = Buffer.from('{"@')
const LINE_PREFIX = Buffer.from('\n{"@')

export function formatMark(mark: Mark): Buffer {
  return Buffer.from(`${JSON.stringify({ '@mark': mark })}\n`)
}

/** The first line of a run; `n` 0 says that it begins from nothing. */
export function formatResume(mark: Mark): Buffer {
  return Buffer.from(`${JSON.stringify({ '@resume': mark })}\n`)
}

/** The offset of the next control line at or after `from`, which must be the start of a line; -1 if there is none. */
export function findControl(block: Buffer, from: number): number {
  let at = from
  if (block[from] !== PREFIX[0] || block[from + 1] !== PREFIX[1] || block[from + 2] !== PREFIX[2]) {
    at = block.indexOf(LINE_PREFIX, from) + 1
    if (at === 0) return -1
  }
  while (!isControl(block, at)) {
    at = block.indexOf(LINE_PREFIX, at) + 1
    if (at === 0) return -1
  }
  return at
}

/** Whether the line at `at`, which begins with `{"@`, is an object in an object with no other key. */
function isControl(block: Buffer, at: number): boolean {
  // as many a log line is asked about: what tells it apart stands in its first bytes
  let quote = at + PREFIX.length
  while (quote < block.length && block[quote] !== 34 && block[quote] !== 10) quote++
  const colon = skipSpaces(block, quote + 1)
  if (block[quote] !== 34 || block[colon] !== 58) return false
  const value = skipSpaces(block, colon + 1)
  if (block[value] !== PREFIX[0]) return false
  const newline = block.indexOf(10, at)
  const end = newline < 0 ? block.length : newline
  const valueEnd = skipValue(block, value, end)
  return valueEnd > 0 && block[skipSpaces(block, valueEnd)] === 125
}

function skipSpaces(block: Buffer, at: number): number {
  while (block[at] === 32) at++
  return at
}

/** Reads a control line; one of a kind that is not known counts as `other`, and is passed on as it is. */
export function parseControl(line: Buffer): Control {
  let value: unknown
  try {
    value = JSON.parse(line.toString())
  } catch {
    return { kind: 'other' }
  }
  const object = value as { '@mark'?: unknown; '@resume'?: unknown; '@schema'?: unknown }
  const mark = asMark(object['@mark'])
  if (mark !== undefined) return { kind: 'mark', mark }
  const resume = asMark(object['@resume'])
  if (resume !== undefined) return { kind: 'resume', mark: resume }
  const schema = asSchema(object['@schema'])
  if (schema !== undefined) return { kind: 'schema', schema }
  return { kind: 'other' }
}

function asMark(value: unknown): Mark | undefined {
  if (value === null || typeof value !== 'object') return undefined
  const { n, at, ts_ms } = value as Record<string, unknown>
  if (typeof n !== 'number' || !Number.isSafeInteger(n) || n < 0) return undefined
  return {
    n,
    at: at !== null && typeof at === 'object' ? (at as Record<string, unknown>) : null,
    ts_ms: typeof ts_ms === 'number' ? ts_ms : 0
  }
}
