import { skipValue } from './fields.ts'

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
  let at = startsLikeControl(block, from) ? from : nextCandidate(block, from)
  while (at >= 0 && !isControl(block, at)) at = nextCandidate(block, at)
  return at
}

function startsLikeControl(block: Buffer, at: number): boolean {
  return block[at] === PREFIX[0] && block[at + 1] === PREFIX[1] && block[at + 2] === PREFIX[2]
}

function nextCandidate(block: Buffer, from: number): number {
  const at = block.indexOf(LINE_PREFIX, from)
  return at < 0 ? -1 : at + 1
}

/** Whether the line at `start` is `{"@name":{…}}` and nothing more. */
function isControl(block: Buffer, start: number): boolean {
  const keyEnd = block.indexOf(34, start + PREFIX.length)
  if (block[keyEnd + 1] !== 58 || block[keyEnd + 2] !== 123) return false
  const newline = block.indexOf(10, start)
  const valueEnd = skipValue(block, keyEnd + 2, newline < 0 ? block.length : newline)
  return valueEnd > 0 && block[valueEnd] === 125 && (block[valueEnd + 1] === 10 || block[valueEnd + 1] === 13)
}

/** Reads a control line; one that is not well-formed counts as `other`, and is passed on as it is. */
export function parseControl(line: Buffer): Control {
  let value: unknown
  try {
    value = JSON.parse(line.toString())
  } catch {
    return { kind: 'other' }
  }
  const object = value as { '@mark'?: unknown; '@resume'?: unknown }
  const mark = asMark(object['@mark'])
  if (mark !== undefined) return { kind: 'mark', mark }
  const resume = asMark(object['@resume'])
  if (resume !== undefined) return { kind: 'resume', mark: resume }
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
