import { RowError } from '../errors.ts'
import type { Pieces } from './block-text.ts'
import { parseDecimal } from './decimal.ts'
import { show } from './dynamic.ts'
import { parseInteger } from './integer.ts'

/**
 * Values read from their place in the bytes. `text` is the whole block decoded one character a byte, so that a piece of
 * it is a cheap substring at the same offsets; `start` is -1 when the field is absent, which is NULL.
 */

export const quoteByte = 34
export const minusByte = 45
export const openBrace = 123
export const openBracket = 91

/** Whether the value is absent or `null`. */
export const isNull = (bytes: Buffer, start: number, end: number): boolean =>
  start < 0 || (bytes[start] === 110 && isWord(bytes, start, end, nullWord))

export const nullWord = Buffer.from('null')
export const trueWord = Buffer.from('true')
export const falseWord = Buffer.from('false')

export const isWord = (bytes: Buffer, start: number, end: number, word: Buffer): boolean =>
  end - start === word.length && bytes.compare(word, 0, word.length, start, end) === 0

/** Short strings that were read last, by a hash of their bytes: most columns of text have few values. */
const known: string[] = new Array(1024).fill('')
/** Longer ones would be cut from a block, and keep it in memory. */
const longestKnown = 12

/** A string's characters; `start` is at the opening quote, `end` behind the closing one. */
export function loadQuoted(bytes: Buffer, text: Pieces, start: number, end: number): string {
  let hash = 0
  for (let i = start + 1; i < end - 1; i++) {
    const byte = bytes[i] as number
    if (byte === 92 || byte > 127 || byte < 32) return decode(bytes, start, end) as string
    hash = (hash * 31 + byte) | 0
  }
  if (end - start - 2 > longestKnown) return text.substring(start + 1, end - 1)
  const slot = (hash ^ (hash >>> 12)) & 1023
  const last = known[slot] as string
  if (isText(last, bytes, start + 1, end - 1)) return last
  const read = text.substring(start + 1, end - 1)
  known[slot] = read
  return read
}

function isText(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false
  return true
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

/** Numbers whose digits JavaScript's do not keep: whole ones of any size, and others for members of type DECIMAL. */
const exactly =
  (isDecimal: boolean): Reviver =>
  (_, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value
    if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : parseInteger(source)
    return isDecimal && source.replace(/\D/g, '').length > 15 ? (parseDecimal(source) ?? value) : value
  }
/** A number of more than 15 digits has as many in one piece, or half of them before or behind its point. */
const mayBeLong = /\d{16}|\.\d{8}|\d{8}\./
const wholeNumbers = exactly(false)
export const allNumbers = exactly(true)

export function decode(bytes: Buffer, start: number, end: number, reviver = wholeNumbers): unknown {
  const json = bytes.toString('utf8', start, end)
  try {
    return mayBeLong.test(json)
      ? (JSON.parse as (text: string, reviver: Reviver) => unknown)(json, reviver)
      : JSON.parse(json)
  } catch (error) {
    throw new RowError(`${show(json)} is not JSON: ${(error as Error).message}`)
  }
}

/** The characters of a string, or the JSON text of anything else. */
export function content(bytes: Buffer, text: Pieces, start: number, end: number): string {
  const first = bytes[start] as number
  if (first === quoteByte) return loadQuoted(bytes, text, start, end)
  return first === openBrace || first === openBracket
    ? bytes.toString('utf8', start, end)
    : text.substring(start, end)
}

export function loadString(bytes: Buffer, text: Pieces, start: number, end: number): string | null {
  return isNull(bytes, start, end) ? null : content(bytes, text, start, end)
}

export function loadBoolean(bytes: Buffer, text: Pieces, start: number, end: number): boolean | null {
  if (isNull(bytes, start, end)) return null
  const raw = content(bytes, text, start, end).toLowerCase()
  if (raw === 'true') return true
  if (raw === 'false') return false
  throw new RowError(`${show(raw)} is not a BOOLEAN`)
}
