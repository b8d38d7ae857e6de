import { RowError } from '../errors.ts'
import type { Pieces } from './block-text.ts'
import { type Decimal, fits, parseDecimal, rescale, wholePart } from './decimal.ts'
import { type Dynamic, show } from './dynamic.ts'
import { fromDouble, type Int, parseInteger, wrap } from './integer.ts'
import { quote } from './text.ts'
import { daysFromCivil, parseDate, parseEventTime, parseTime } from './time.ts'

/**
 * Values read from their place in the bytes. `text` is the whole block decoded one character a byte, so that a piece of
 * it is a cheap substring at the same offsets; `start` is -1 when the field is absent, which is NULL.
 */

const quoteByte = 34
const minusByte = 45

/** Whether the value is absent or `null`. */
const isNull = (bytes: Buffer, start: number, end: number): boolean =>
  start < 0 || (bytes[start] === 110 && isWord(bytes, start, end, nullWord))

const nullWord = Buffer.from('null')
const trueWord = Buffer.from('true')
const falseWord = Buffer.from('false')

const isWord = (bytes: Buffer, start: number, end: number, word: Buffer): boolean =>
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
const allNumbers = exactly(true)

function decode(bytes: Buffer, start: number, end: number, reviver = wholeNumbers): unknown {
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
function content(bytes: Buffer, text: Pieces, start: number, end: number): string {
  const first = bytes[start] as number
  if (first === quoteByte) return loadQuoted(bytes, text, start, end)
  return first === openBrace || first === openBracket
    ? bytes.toString('utf8', start, end)
    : text.substring(start, end)
}

export function loadString(bytes: Buffer, text: Pieces, start: number, end: number): string | null {
  return isNull(bytes, start, end) ? null : content(bytes, text, start, end)
}

/** Digits in place when there are at most 15 of them; undefined when the value has another form. */
function smallInteger(bytes: Buffer, start: number, end: number): number | undefined {
  const negative = bytes[start] === minusByte
  let i = negative ? start + 1 : start
  if (end - i > 15 || i === end) return undefined
  let value = 0
  for (; i < end; i++) {
    const digit = (bytes[i] as number) - 48
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return negative ? 0 - value : value
}

export function loadBigint(bytes: Buffer, text: Pieces, start: number, end: number): Int | null {
  if (isNull(bytes, start, end)) return null
  return smallInteger(bytes, start, end) ?? wholeNumber(content(bytes, text, start, end))
}

function wholeNumber(raw: string): Int {
  const value = raw.trim()
  const decimal = parseDecimal(value)
  if (decimal === undefined) throw new RowError(`${show(raw)} is not a whole number`)
  const whole = wholePart(decimal.unscaled, decimal.scale)
  if (wrap(whole, 64) !== whole)
    throw new RowError(`${show(raw)} is outside of BIGINT: DECIMAL(20, 0) holds it`)
  return whole
}

/** TINYINT, SMALLINT and INT: a value outside of the type is an error of the row. */
export function loadInteger(
  bytes: Buffer,
  text: Pieces,
  start: number,
  end: number,
  bits: number
): Int | null {
  const value = loadBigint(bytes, text, start, end)
  if (value !== null && (value >= 2 ** (bits - 1) || value < -(2 ** (bits - 1)))) {
    throw new RowError(`${value} is outside of the column's type`)
  }
  return value
}

export function loadDouble(bytes: Buffer, text: Pieces, start: number, end: number): number | null {
  if (isNull(bytes, start, end)) return null
  const raw = content(bytes, text, start, end)
  const value = raw.trim() === '' ? Number.NaN : Number(raw)
  if (Number.isNaN(value) && raw !== 'NaN') throw new RowError(`${show(raw)} is not a number`)
  return value
}

export function loadFloat(bytes: Buffer, text: Pieces, start: number, end: number): number | null {
  const value = loadDouble(bytes, text, start, end)
  return value === null ? null : Math.fround(value)
}

export function loadDecimal(
  bytes: Buffer,
  text: Pieces,
  start: number,
  end: number,
  precision: number,
  scale: number
): Int | null {
  if (isNull(bytes, start, end)) return null
  const small = smallDecimal(bytes, start, end, scale)
  if (small !== undefined) return fits(small, precision) ? small : null
  const raw = content(bytes, text, start, end)
  const decimal: Decimal | undefined = parseDecimal(raw)
  if (decimal === undefined) throw new RowError(`${show(raw)} is not a DECIMAL`)
  const unscaled = rescale(decimal.unscaled, decimal.scale, scale)
  return fits(unscaled, precision) ? unscaled : null
}

/** Digits with at most `scale` of them behind a point, in quotes or not, as an unscaled number; undefined for other forms. */
function smallDecimal(bytes: Buffer, start: number, end: number, scale: number): number | undefined {
  let i = start
  let last = end
  if (bytes[i] === quoteByte) {
    i++
    last--
  }
  const negative = bytes[i] === minusByte
  if (negative) i++
  if (last === i || last - i + scale > 15) return undefined
  let value = 0
  let digits = -1
  for (; i < last; i++) {
    const digit = (bytes[i] as number) - 48
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      if (digits >= 0) digits++
    } else if (digit === -2 && digits < 0 && i + 1 < last) digits = 0
    else return undefined
  }
  if (digits > scale) return undefined
  for (digits = Math.max(digits, 0); digits < scale; digits++) value *= 10
  return negative ? 0 - value : value
}

export function loadBoolean(bytes: Buffer, text: Pieces, start: number, end: number): boolean | null {
  if (isNull(bytes, start, end)) return null
  const raw = content(bytes, text, start, end).toLowerCase()
  if (raw === 'true') return true
  if (raw === 'false') return false
  throw new RowError(`${show(raw)} is not a BOOLEAN`)
}

export function loadTimestamp(
  bytes: Buffer,
  text: Pieces,
  start: number,
  end: number,
  precision: number
): Int | null {
  if (isNull(bytes, start, end)) return null
  if (precision === 3 || precision === 6) {
    const fast = isoMilliseconds(bytes, start, end)
    if (fast !== undefined && precision === 3) return fast
    // A fraction of six digits ends where a shorter one has its quote or Z.
    const micros =
      fast === undefined || end - start < 28 ? 0 : two(bytes, start + 24) * 10 + digit(bytes, start + 26)
    if (fast !== undefined && micros >= 0) return fast * 1000 + micros
  }
  const raw = content(bytes, text, start, end)
  const value = parseEventTime(raw, precision)
  if (value === undefined) throw new RowError(`${show(raw)} is not a TIMESTAMP`)
  return value
}

/** The days of the date last seen, which is nearly always the next one's too: yyyymmdd as a number, and days. */
let lastDate = 0
let lastDays = 0

/**
 * `"2026-11-24T10:00:00[.123[456]][Z]"` as milliseconds, without a string being made; undefined for every other form. The
 * event time is read for each row, so this is the hottest of all loads.
 */
function isoMilliseconds(bytes: Buffer, start: number, end: number): number | undefined {
  let length = end - start - 2
  if (bytes[end - 2] === 90) length--
  if ((length !== 19 && length !== 23 && length !== 26) || bytes[start] !== quoteByte) return undefined
  const separator = bytes[start + 11]
  if (separator !== 84 && separator !== 32) return undefined
  if (bytes[start + 5] !== minusByte || bytes[start + 8] !== minusByte) return undefined
  if (bytes[start + 14] !== 58 || bytes[start + 17] !== 58) return undefined
  const year = two(bytes, start + 1) * 100 + two(bytes, start + 3)
  const month = two(bytes, start + 6)
  const day = two(bytes, start + 9)
  const hour = two(bytes, start + 12)
  const minute = two(bytes, start + 15)
  const second = two(bytes, start + 18)
  const fraction = length === 19 ? 0 : two(bytes, start + 21) * 10 + digit(bytes, start + 23)
  const areDigits = (year | month | day | hour | minute | second | fraction) >= 0
  if (!areDigits || hour > 23 || minute > 59 || second > 59) return undefined
  const date = (year * 100 + month) * 100 + day
  if (date !== lastDate) {
    const days = date === 0 ? undefined : daysFromCivil(year, month, day)
    if (days === undefined) return undefined
    lastDate = date
    lastDays = days
  }
  return lastDays * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction
}

/** Far below zero, so that every sum with it is, too. */
const noDigit = -1_000_000

/** The digit at a place. */
function digit(bytes: Buffer, at: number): number {
  const value = (bytes[at] as number) - 48
  return value >= 0 && value <= 9 ? value : noDigit
}

const two = (bytes: Buffer, at: number): number => digit(bytes, at) * 10 + digit(bytes, at + 1)

export function loadDate(bytes: Buffer, text: Pieces, start: number, end: number): number | null {
  if (isNull(bytes, start, end)) return null
  const raw = content(bytes, text, start, end)
  const value = parseDate(raw)
  if (value === undefined) throw new RowError(`${show(raw)} is not a DATE`)
  return value
}

export function loadTime(bytes: Buffer, text: Pieces, start: number, end: number): number | null {
  if (isNull(bytes, start, end)) return null
  const raw = content(bytes, text, start, end)
  const value = parseTime(raw)
  if (value === undefined) throw new RowError(`${show(raw)} is not a TIME`)
  return value
}

/** What the JSON holds; whole numbers of any size exactly. */
export function loadDynamic(bytes: Buffer, text: Pieces, start: number, end: number): Dynamic {
  if (start < 0) return null
  const first = bytes[start] as number
  if (first === quoteByte) return loadQuoted(bytes, text, start, end)
  if (first === minusByte || (first >= 48 && first <= 57)) {
    return smallInteger(bytes, start, end) ?? loadNumber(text.substring(start, end))
  }
  return isNull(bytes, start, end) ? null : (decode(bytes, start, end) as Dynamic)
}

/** What the JSON holds, for a nested type: with all digits of what may be a DECIMAL. */
export function loadNested(bytes: Buffer, text: Pieces, start: number, end: number): Dynamic {
  if (start < 0 || isNull(bytes, start, end)) return null
  const first = bytes[start] as number
  return first === openBrace || first === openBracket
    ? (decode(bytes, start, end, allNumbers) as Dynamic)
    : loadDynamic(bytes, text, start, end)
}

function loadNumber(raw: string): Int {
  if (/^-?\d+$/.test(raw)) return parseInteger(raw)
  const value = Number(raw)
  if (Number.isNaN(value)) throw new RowError(`${show(raw)} is not JSON`)
  return Number.isInteger(value) ? fromDouble(value) : value
}

/** The JSON text of a value as it stands. */
export function loadRaw(bytes: Buffer, text: Pieces, start: number, end: number): string {
  if (start < 0) return 'null'
  checkRaw(bytes, text, start, end)
  return text.substring(start, end)
}

/** Throws RowError for a word or number that is none: it would make the output no JSON. */
export function checkRaw(bytes: Buffer, text: Pieces, start: number, end: number): void {
  const first = bytes[start] as number
  if (first === quoteByte || first === openBrace || first === openBracket) return
  // Digits are a number of JSON unless there are more after a leading zero.
  if (first > zeroByte && first <= 57 && smallInteger(bytes, start, end) !== undefined) return
  const word = first === 110 ? nullWord : first === 116 ? trueWord : falseWord
  if (isWord(bytes, start, end, word)) return
  const raw = text.substring(start, end)
  if (!jsonNumber.test(raw)) throw new RowError(`${show(raw)} is not JSON`)
}

const openBrace = 123
const openBracket = 91
const zeroByte = 48
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** A STRING column's JSON text: as it stands when it is a string. */
export const rawString = (bytes: Buffer, text: Pieces, start: number, end: number): string =>
  bytes[start] === quoteByte
    ? text.substring(start, end)
    : start < 0 || isNull(bytes, start, end)
      ? 'null'
      : quote(loadString(bytes, text, start, end) ?? '')
