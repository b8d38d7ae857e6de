import { RowError } from '../errors.ts'
import type { Pieces } from './block-text.ts'
import { type Decimal, fits, parseDecimal, rescale, wholePart } from './decimal.ts'
import { show } from './dynamic.ts'
import { type Int, wrap } from './integer.ts'
import { content, isNull, minusByte, quoteByte } from './load-text.ts'

/** Digits in place when there are at most 15 of them; undefined when the value has another form. */
export function smallInteger(bytes: Buffer, start: number, end: number): number | undefined {
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
  // A power of two would cost more than all the rest.
  const limit = bits === 32 ? 0x80000000 : bits === 16 ? 0x8000 : 0x80
  if (value !== null && (value >= limit || value < -limit)) {
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
