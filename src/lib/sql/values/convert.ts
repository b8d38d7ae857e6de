import { RowError } from '../errors.ts'
import { Decimal, fits, parseDecimal, rescale, wholePart } from './decimal.ts'
import { asDouble, asNumber, type Dynamic, dynamicText, show } from './dynamic.ts'
import { type Int, toInt, wrap } from './integer.ts'
import { formatTimestamp, parseDate, parseTime, parseTimestamp } from './time.ts'

/** Conversions of CAST that need more than an operator. Text that does not fit raises RowError, as Flink's CAST fails. */

const trueTexts = new Set(['t', 'true', 'y', 'yes', '1'])
const falseTexts = new Set(['f', 'false', 'n', 'no', '0'])

export function textToBoolean(text: string): boolean {
  const lower = text.trim().toLowerCase()
  if (trueTexts.has(lower)) return true
  if (falseTexts.has(lower)) return false
  throw new RowError(`${show(text)} is not a BOOLEAN`)
}

function decimalOf(text: string): Decimal {
  const decimal = parseDecimal(text)
  if (decimal === undefined) throw new RowError(`${show(text)} is not a number`)
  return decimal
}

/** The whole part; a number outside of the type is an error, as with Flink. */
export function textToInteger(text: string, bits: 8 | 16 | 32 | 64): Int {
  const { unscaled, scale } = decimalOf(text)
  const whole = wholePart(unscaled, scale)
  if (wrap(whole, bits) !== toInt(BigInt(whole)))
    throw new RowError(`${show(text)} is too large for its type`)
  return whole
}

export function textToDecimal(text: string, precision: number, scale: number): Int | null {
  const decimal = decimalOf(text)
  return decimalOrNull(rescale(decimal.unscaled, decimal.scale, scale), precision)
}

export function textToDouble(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isNaN(value) && text.trim() !== 'NaN') throw new RowError(`${show(text)} is not a number`)
  return value
}

/** A DECIMAL with more digits than its type is NULL. */
export const decimalOrNull = (unscaled: Int, precision: number): Int | null =>
  fits(unscaled, precision) ? unscaled : null

export function doubleToDecimal(value: number, precision: number, scale: number): Int | null {
  const decimal = Number.isFinite(value) ? parseDecimal(String(value)) : undefined
  return decimal === undefined
    ? null
    : decimalOrNull(rescale(decimal.unscaled, decimal.scale, scale), precision)
}

export function dynamicToDecimal(value: Dynamic, precision: number, scale: number): Int | null {
  const number = asNumber(value)
  if (number instanceof Decimal)
    return decimalOrNull(rescale(number.unscaled, number.scale, scale), precision)
  if (typeof number === 'number' && !Number.isInteger(number))
    return doubleToDecimal(number, precision, scale)
  return decimalOrNull(rescale(number, 0, scale), precision)
}

export const dynamicToDouble = (value: Dynamic): number => asDouble(asNumber(value))

export function textToTimestamp(text: string, precision: number): Int | null {
  const value = parseTimestamp(text, precision)
  if (value === undefined) throw new RowError(`${show(text)} is not a TIMESTAMP`)
  return value
}

export function dynamicToTimestamp(value: Dynamic, precision: number): Int | null {
  if (typeof value === 'string') return textToTimestamp(value, precision)
  throw new RowError(`${show(value)} is not a TIMESTAMP; for numbers see TO_TIMESTAMP_LTZ`)
}

export function textToDate(text: string): number | null {
  const value = parseDate(text)
  if (value === undefined) throw new RowError(`${show(text)} is not a DATE`)
  return value
}

export function textToTime(text: string): number {
  const value = parseTime(text)
  if (value === undefined) throw new RowError(`${show(text)} is not a TIME`)
  return value
}

export const dynamicToDate = (value: Dynamic): number | null => textToDate(dynamicText(value))
export const dynamicToTime = (value: Dynamic): number => textToTime(dynamicText(value))

/** A timestamp as output and as an undeclared value: ISO 8601, `Z` for an instant. */
export const isoTimestamp = (value: Int, precision: number, zone: string): string =>
  `${formatTimestamp(value, precision, 'T')}${zone}`

/** Text of at most `length` characters; one of a fixed length is filled up with blanks. */
export function fitText(text: string, length: number, isFixed: boolean): string {
  const cut = text.length <= length ? text : [...text].slice(0, length).join('')
  // Characters beyond U+FFFF are two of JavaScript's.
  return isFixed ? cut.padEnd(length + cut.length - [...cut].length) : cut
}

/** The same of bytes in base64, filled up with zeros. */
export function fitBytes(base64: string, length: number, isFixed: boolean): string {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length === length || (bytes.length < length && !isFixed)) return base64
  const fitted = Buffer.alloc(length)
  bytes.copy(fitted)
  return fitted.toString('base64')
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `+1 02:03:04.005`, as Flink writes an interval of days. */
export function dayIntervalText(milliseconds: number): string {
  const size = Math.abs(milliseconds)
  const seconds = Math.floor(size / 1000)
  const clock = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  const fraction = String(size % 1000).padStart(3, '0')
  return `${milliseconds < 0 ? '-' : '+'}${Math.floor(seconds / 86_400)} ${clock}.${fraction}`
}

/** `+1-02` */
export const monthIntervalText = (months: number): string =>
  `${months < 0 ? '-' : '+'}${Math.floor(Math.abs(months) / 12)}-${two(Math.abs(months) % 12)}`
