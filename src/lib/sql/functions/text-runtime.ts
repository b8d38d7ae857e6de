import { createHash } from 'node:crypto'

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

export const hash = (algorithm: string, text: string): string =>
  createHash(algorithm).update(text).digest('hex')
