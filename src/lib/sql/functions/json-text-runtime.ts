import { Decimal } from '../values/decimal.ts'
import type { Int } from '../values/integer.ts'
import { rawJson } from '../values/nested.ts'
import { formatDouble, shortestFloat } from '../values/text.ts'
import { formatTimestamp } from '../values/time.ts'

/** JSON text as Flink's JSON functions write it (Jackson's): characters, not bytes. */

type Text = (member: unknown) => string

/** A double as Java's BigDecimal prints its shortest text: `1.5`, `1.0E+10`. */
export function jsonTextDouble(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`
  const [mantissa = '', exponent] = formatDouble(value).split('E')
  if (exponent === undefined) return mantissa
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d)\.(\d+)$/.exec(mantissa) ?? []
  const scale = fraction.length - Number(exponent)
  const adjusted = fraction.length - scale
  if (scale < 0 || adjusted < -6) return `${mantissa}E${adjusted < 0 ? '' : '+'}${adjusted}`
  const digits = (whole + fraction).padStart(scale + 1, '0')
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

export const jsonTextFloat = (value: number): string => jsonTextDouble(shortestFloat(value))

/** ISO 8601 with the fraction digits that are not zero. */
export function trimmedTimestamp(value: Int, precision: number, zone: string): string {
  const text = formatTimestamp(value, precision, 'T')
  return (precision === 0 ? text : text.replace(/\.?0+$/, '')) + zone
}

export const jsonTextArray = (array: unknown[], text: Text): string => `[${array.map(text).join(',')}]`

export const jsonTextMap = (map: Map<unknown, unknown>, text: Text): string =>
  `{${[...map].map(([key, value]) => `${JSON.stringify(String(key))}:${text(value)}`).join(',')}}`

export const jsonTextRow = (row: unknown[], names: string[], texts: Text[]): string =>
  `{${names.map((name, i) => `${JSON.stringify(name)}:${texts[i]?.(row[i])}`).join(',')}}`

/** An undeclared value: what it was in its JSON, a DECIMAL as a number. */
export function jsonTextDynamic(value: unknown): string {
  if (value instanceof Decimal || typeof value === 'bigint') return String(value)
  return JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? rawJson(String(v)) : v))
}
