import { RowError } from '../errors.ts'
import { show } from '../values/dynamic.ts'
import type { Int } from '../values/integer.ts'
import { fromBase64 } from '../values/nested.ts'

/** Bodies of the string functions. Positions count from 1, in characters as Flink counts them (code points). */

const isPlain = (text: string): boolean => !/[\ud800-\udfff]/.test(text)

export const charLength = (text: string): number => (isPlain(text) ? text.length : [...text].length)

/** SUBSTRING(text FROM start FOR length): a start below 1 counts from the end, as Flink does; 0 is 1. */
export function substring(text: string, start: number, length: number): string | null {
  if (length < 0) return null
  const units: string | string[] = isPlain(text) ? text : [...text]
  const from = start > 0 ? start - 1 : start < 0 ? units.length + start : 0
  if (from < 0 || from >= units.length) return ''
  const part = units.slice(from, from + length)
  return typeof part === 'string' ? part : part.join('')
}

/** Removes any of the given characters from the sides; `sides` is 1 for left, 2 for right, 3 for both. */
export function trim(text: string, characters: string, sides: number): string {
  let start = 0
  let end = text.length
  if (sides & 1) while (start < end && characters.includes(text[start] as string)) start++
  if (sides & 2) while (end > start && characters.includes(text[end - 1] as string)) end--
  return text.slice(start, end)
}

/** An empty search text is found before every character and at the end, as in Java. */
export const replaceAll = (text: string, search: string, replacement: string): string =>
  text.replaceAll(search, () => replacement)

export const concatWs = (separator: string | null, ...parts: (string | null)[]): string | null =>
  separator === null ? null : parts.filter(part => part !== null).join(separator)

/** Words are runs of ASCII letters and digits, as in Flink: the letter after an `é` begins a word. */
export const initcap = (text: string): string =>
  text.replace(/[A-Za-z0-9]+/g, word => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())

export function pad(text: string, length: number, filler: string, left: boolean): string | null {
  if (length < 0) return null
  if (length <= text.length) return text.slice(0, length)
  if (filler === '') return null
  return left ? text.padStart(length, filler) : text.padEnd(length, filler)
}

export const repeat = (text: string, count: number): string => (count > 0 ? text.repeat(count) : '')

export const reverse = (text: string): string => [...text].reverse().join('')

/** The part at `index` from 0, null when there is none. */
export function splitIndex(text: string, separator: string, index: number): string | null {
  if (index < 0 || text === '') return null
  return text.split(separator)[index] ?? null
}

/** node:crypto, which few queries need and takes a while to load. */
let crypto: typeof import('node:crypto') | undefined

export function hash(algorithm: string, text: string): string {
  crypto ??= process.getBuiltinModule('node:crypto')
  return crypto.createHash(algorithm).update(text).digest('hex')
}

const units = (text: string): string | string[] => (isPlain(text) ? text : [...text])
const joined = (part: string | string[]): string => (typeof part === 'string' ? part : part.join(''))

export const left = (text: string, length: number): string =>
  length <= 0 ? '' : joined(units(text).slice(0, length))

export function right(text: string, length: number): string {
  const all = units(text)
  return length <= 0 ? '' : length >= all.length ? text : joined(all.slice(-length))
}

/** LOCATE(part, text [, from]): the place of the first part from `from` on, 0 when there is none. */
export function locate(part: string, text: string, from: number): number {
  const first = Math.max(from, 1) - 1
  if (isPlain(text)) return first > text.length ? 0 : text.indexOf(part, first) + 1
  const start = [...text].slice(0, first).join('').length
  const place = text.indexOf(part, start)
  return place < 0 ? 0 : charLength(text.slice(0, place)) + 1
}

/** INSTR(text, part [, from [, n]]): the place of the n-th part; from the end on when `from` is negative. */
export function instr(text: string, part: string, from: number, n: number): number {
  if (from === 0 || n < 1) return 0
  let place = from > 0 ? from - 2 : text.length + from + 1
  for (let i = 0; i < n; i++) {
    if (from < 0 && place <= 0) return 0
    place = from > 0 ? text.indexOf(part, place + 1) : text.lastIndexOf(part, place - 1)
    if (place < 0) return 0
  }
  return place + 1
}

/** OVERLAY(text PLACING part FROM start [FOR length]); outside of the text nothing is replaced. */
export function overlay(text: string, part: string, start: number, length?: number): string {
  const own = length ?? part.length
  if (start <= 0 || start > text.length) return text
  const rest = own > 0 ? text.slice(start - 1 + own) : ''
  return text.slice(0, start - 1) + part + rest
}

/** Characters of `from` become those of `to` at the same place, or go when there is none. */
export function translate(text: string, from: string, to: string): string {
  const targets = [...to]
  const table = new Map([...from].map((c, i): [string, string] => [c, targets[i] ?? '']).reverse())
  return [...text].map(c => table.get(c) ?? c).join('')
}

export function chr(code: Int): string {
  if (code < 0) return ''
  return String.fromCharCode(Number(BigInt(code) % 256n))
}

export function sha2(text: string, bits: number): string | null {
  if (![224, 256, 384, 512].includes(bits)) throw new RowError(`SHA2 has no ${bits} bits`)
  return hash(`sha${bits}`, text)
}

export function fromBase64Text(base64: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw new RowError(`${show(base64)} is not Base64`)
  return fromBase64(base64)
}

/** Of an odd number of digits the first is taken for 0, as in Flink. */
export function unhex(text: string): string | null {
  const even = text.length % 2 === 0 ? text : `00${text.slice(1)}`
  return /^[0-9a-fA-F]*$/.test(even) ? Buffer.from(even, 'hex').toString('base64') : null
}

/** Java's String.format with `%s`, `%d` and `%%`; null for another format. */
export function printf(format: string | null, values: (string | null)[]): string | null {
  if (format === null) return null
  let at = 0
  let isOwn = true
  const text = format.replace(/%(-)?(0)?(\d+)?([a-zA-Z%])?/g, (_, minus, zero, width, letter) => {
    if (letter === '%') return '%'
    if (letter !== 's' && letter !== 'd') isOwn = false
    if (at >= values.length) isOwn = false
    const value = String(values[at++] ?? 'null')
    const size = Number(width ?? 0)
    return minus ? value.padEnd(size) : value.padStart(size, zero ? '0' : ' ')
  })
  return isOwn ? text : null
}

export const isAlpha = (text: string): boolean => /^\p{L}+$/u.test(text)
export const isDigit = (text: string): boolean => /^\p{Nd}+$/u.test(text)
export const isDecimal = (text: string): boolean => /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)
