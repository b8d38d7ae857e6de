import { Decimal } from '../values/decimal.ts'
import type { Int } from '../values/integer.ts'
import { formatDouble } from '../values/text.ts'
import { formatTimestamp } from '../values/time.ts'
import { JsonDecimal } from './json-path.ts'

/** JSON text as Flink's JSON functions write it (Jackson's): characters, not bytes. */

type Text = (member: unknown) => string

/** A decimal text as Java's BigDecimal prints it: `1.50`, `1.10E+3`, `1E-7`. */
export function bigDecimalText(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const scale = fraction.length - Number(exponent)
  const digits = (whole + fraction).replace(/^0+(?=.)/, '')
  const minus = /[1-9]/.test(digits) ? sign : ''
  const adjusted = digits.length - 1 - scale
  if (scale < 0 || adjusted < -6) {
    const mantissa = digits.length === 1 ? digits : `${digits[0]}.${digits.slice(1)}`
    return `${minus}${mantissa}E${adjusted < 0 ? '' : '+'}${adjusted}`
  }
  const padded = digits.padStart(scale + 1, '0')
  return scale === 0 ? minus + padded : `${minus}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

export const jsonTextDouble = (value: number): string =>
  Number.isFinite(value) ? bigDecimalText(formatDouble(value)) : `"${value}"`

/** ISO 8601 with the fraction digits that are not zero. */
export function trimmedTimestamp(value: Int, precision: number, zone: string): string {
  const text = formatTimestamp(value, precision, 'T')
  return (precision === 0 ? text : text.replace(/\.?0+$/, '')) + zone
}

export const jsonTextArray = (array: unknown[], text: Text): string => `[${array.map(text).join(',')}]`

export const jsonTextMap = (map: Map<unknown, unknown>, text: Text): string =>
  objectText([...map].map(([key, value]) => [String(key), text(value)]))

export const jsonTextRow = (row: unknown[], names: string[], texts: Text[]): string =>
  objectText(names.map((name, i) => [name, String(texts[i]?.(row[i]))]))

/** An object of members with their JSON texts: sorted by name, the last of one name, as Flink writes all objects. */
export function objectText(members: [name: string, text: string][]): string {
  const sorted = [...new Map(members)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${sorted.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
}

/** What JSON was parsed to; a DECIMAL is a number. */
export function jsonTextDynamic(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return typeof value === 'bigint' ? String(value) : JSON.stringify(value)
  if (Array.isArray(value)) return jsonTextArray(value, jsonTextDynamic)
  if (value instanceof Decimal || value instanceof JsonDecimal) return value.toString()
  return objectText(Object.entries(value).map(([name, member]) => [name, jsonTextDynamic(member)]))
}
