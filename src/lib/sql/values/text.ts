import { RowError } from '../errors.ts'

/** Orders strings as Flink does, by their UTF-8 bytes, which is the order of code points. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    // Surrogates stand for code points above all other units, whose own values may be greater.
    const xHigh = x >= 0xd800 && x <= 0xdfff
    const yHigh = y >= 0xd800 && y <= 0xdfff
    return xHigh === yHigh ? x - y : xHigh ? 1 : -1
  }
  return a.length - b.length
}

/** SQL LIKE: `%` any characters, `_` one; in linear memory and without backtracking beyond the last `%`. */
export function like(text: string, pattern: LikePattern): boolean {
  const { parts } = pattern
  let t = 0
  let p = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    const part = parts[p]
    if (part === -1) {
      star = p++
      resume = t
    } else if (part === -2 || part === text.charCodeAt(t)) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else {
      return false
    }
  }
  while (parts[p] === -1) p++
  return p === parts.length
}

const likePatterns = new Map<string, LikePattern>()

/** LIKE with a pattern that is known only now. */
export function likeText(text: string, pattern: string, escapeCharacter?: string): boolean {
  const key = `${escapeCharacter ?? ''}\0${pattern}`
  let compiled = likePatterns.get(key)
  if (compiled === undefined) {
    compiled = likePattern(pattern, escapeCharacter)
    if (compiled === undefined) throw new RowError(`the escape character escapes nothing in "${pattern}"`)
    if (likePatterns.size >= 256) likePatterns.clear()
    likePatterns.set(key, compiled)
  }
  return like(text, compiled)
}

/** `%` in a LikePattern. */
export const anyCharacters = -1

/** Character codes, -1 for `%`, -2 for `_`. */
export type LikePattern = { parts: number[] }

/** Undefined when the escape character stands at the end or before a plain character. */
export function likePattern(pattern: string, escapeCharacter: string | undefined): LikePattern | undefined {
  const parts: number[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]
    if (character === escapeCharacter) {
      const next = pattern[++i]
      if (next !== '%' && next !== '_' && next !== escapeCharacter) return undefined
      parts.push(pattern.charCodeAt(i))
    } else if (character === '%') {
      if (parts.at(-1) !== -1) parts.push(-1)
    } else {
      parts.push(character === '_' ? -2 : pattern.charCodeAt(i))
    }
  }
  return { parts }
}

const simple = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** A string as JSON text in UTF-8, one character a byte: the form in which blocks are read and results collected. */
export function quote(text: string): string {
  return simple.test(text) ? `"${text}"` : binary(JSON.stringify(text))
}

/** Text as UTF-8 with one character a byte. */
export const binary = (text: string): string => Buffer.from(text).toString('latin1')

/** A copy that does not keep the block alive which the string was cut from, to the last lone surrogate. */
export function detach(text: string): string {
  if (text.length < 13) return text
  const encoding = oneByte.test(text) ? 'latin1' : 'utf16le'
  return Buffer.from(text, encoding).toString(encoding)
}

const oneByte = /^[\0-\xff]*$/

/** A double as Java prints it: `1.0`, `1.0E10`, `NaN`. */
export function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const size = Math.abs(value)
  if (size >= 1e-3 && size < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value)
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`
}

/** A FLOAT's shortest decimal, as a double: what Java prints, 0.1 and not 0.10000000149011612. */
export function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}

export const formatFloat = (value: number): string =>
  formatDouble(Number.isFinite(value) ? shortestFloat(value) : value)

export const jsonFloat = (value: number | null): string =>
  jsonDouble(value === null || !Number.isFinite(value) ? value : shortestFloat(value))

/** A double as JSON: whole ones keep a `.0`, so that a reader that guesses types takes none of them for a BIGINT. */
export function jsonDouble(value: number | null): string {
  if (value === null) return 'null'
  if (!Number.isFinite(value)) return `"${value}"`
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value)
}
