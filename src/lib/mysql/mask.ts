import { createHash } from 'node:crypto'
import { usageError } from '../cli/index.ts'
import type { ByteWriter } from '../stream/index.ts'

/** What becomes of a column: `drop`, a mask over its values, or nothing (undefined). */
export type Treatment = 'drop' | Mask | undefined

/** Puts another value in the place of the text of one. */
export interface Mask {
  /** The value is not looked at. */
  readonly isConstant: boolean
  /** Characters of the longest text that comes out. */
  readonly length: number
  readonly apply: (text: string) => string
}

const REDACTED: Mask = { isConstant: true, length: 3, apply: () => '***' }

/**
 * `hash`: hex SHA-256 of the salt and the value's text in UTF-8, `redact`: `***`, `truncate:N`: the first N characters.
 * @throws ToolError USAGE
 */
export function parseMask(text: string, salt: string): Mask {
  if (text === 'redact') return REDACTED
  if (text === 'hash') {
    return {
      isConstant: false,
      length: 64,
      apply: value => createHash('sha256').update(salt).update(value).digest('hex')
    }
  }
  const length = /^truncate:(\d{1,9})$/.exec(text)?.[1]
  if (length === undefined) {
    throw usageError(`--mask: '${text}' is not hash, redact or truncate:N`)
  }
  return { isConstant: false, length: Number(length), apply: value => truncate(value, Number(length)) }
}

/** Characters are counted as code points: none is cut in two. */
function truncate(text: string, length: number): string {
  // No character has more than two units, so what lies behind them is not looked at.
  return text.length <= length ? text : [...text.slice(0, length * 2)].slice(0, length).join('')
}

/**
 * Masks the JSON value that stands in the writer from `start` to its end. The text of a string is its content, that of
 * any other value its JSON: snapshot and log write the same JSON for the same value, so they give the same text.
 */
export function maskValue(w: ByteWriter, start: number, mask: Mask): void {
  const json = w.buffer.toString('utf8', start, w.length)
  const text = json.startsWith('"') ? (JSON.parse(json) as string) : json
  w.length = start
  w.text(JSON.stringify(mask.apply(text)))
}
