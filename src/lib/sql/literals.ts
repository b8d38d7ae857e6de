import { type Bound, literal } from './bound.ts'
import type { Span } from './errors.ts'
import { BIGINT, DATE, DOUBLE, INT, maxPrecision, type SqlType } from './types.ts'
import { parseDecimal } from './values/decimal.ts'
import { type Int, parseInteger, wrap } from './values/integer.ts'
import { parseDate, parseTime, parseTimestamp } from './values/time.ts'

/**
 * INT or BIGINT by size, DECIMAL with a point or beyond BIGINT, DOUBLE with an exponent, as Flink types literals;
 * undefined with more than 38 digits.
 */
export function numberLiteral(text: string, span: Span): Bound | undefined {
  if (/[eE]/.test(text)) return literal(Number(text), DOUBLE, span)
  if (!text.includes('.')) {
    const value: Int = parseInteger(text)
    if (wrap(value, 32) === value) return literal(value, INT, span)
    if (wrap(value, 64) === value) return literal(value, BIGINT, span)
  }
  const decimal = parseDecimal(text)
  if (decimal === undefined) return undefined
  // Zeros in front count, as in Flink.
  const precision = text.replace(/[-.]/g, '').length
  if (precision > maxPrecision) return undefined
  return literal(decimal.unscaled, { kind: 'DECIMAL', precision, scale: decimal.scale }, span)
}

/** `TIMESTAMP '…'` and its like, with as many fraction digits as are written; undefined when the text is no such time. */
export function temporalLiteral(
  kind: 'DATE' | 'TIME' | 'TIMESTAMP',
  text: string,
  span: Span
): Bound | undefined {
  const fraction = /\.(\d{1,9})/.exec(text)?.[1]?.length ?? 0
  const type: SqlType = kind === 'DATE' ? DATE : { kind, precision: fraction }
  const parse = { DATE: parseDate, TIME: parseTime, TIMESTAMP: (t: string) => parseTimestamp(t, fraction) }[
    kind
  ]
  const value = parse(text)
  return value === undefined || value === null ? undefined : literal(value, type, span)
}
