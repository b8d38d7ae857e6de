import { absolute, divideRounded, type Int, multiply, parseInteger, powerOfTen, toInt } from './integer.ts'

/** A decimal number that carries its own scale, for columns nobody declared: `unscaled` × 10^-`scale`. */
export class Decimal {
  readonly unscaled: Int
  readonly scale: number

  constructor(unscaled: Int, scale: number) {
    this.unscaled = unscaled
    this.scale = scale
  }

  toString(): string {
    return formatDecimal(this.unscaled, this.scale)
  }

  toJSON(): string {
    return this.toString()
  }
}

const decimalPattern = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?\s*$/

/** The number in a text such as `49.00`, `-1.5e3`, exactly; undefined when it is none. */
export function parseDecimal(text: string): Decimal | undefined {
  return parsePlain(text) ?? parseAny(text)
}

/** The common case without a pattern: at most 15 digits, perhaps a point between them. */
function parsePlain(text: string): Decimal | undefined {
  const { length } = text
  const negative = text.charCodeAt(0) === 45
  let unscaled = 0
  let point = -1
  let at = negative ? 1 : 0
  if (length === at || length > 15) return undefined
  for (; at < length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit >= 0 && digit <= 9) unscaled = unscaled * 10 + digit
    else if (digit === -2 && point < 0 && at + 1 < length) point = at
    else return undefined
  }
  return new Decimal(negative ? 0 - unscaled : unscaled, point < 0 ? 0 : length - point - 1)
}

function parseAny(text: string): Decimal | undefined {
  const match = decimalPattern.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = whole + fraction
  if (digits === '' || digits.length > 400) return undefined
  const unscaled = parseInteger(sign === '-' ? `-${digits}` : digits)
  const scale = fraction.length - Number(exponent)
  if (scale >= 0) return new Decimal(unscaled, scale)
  return new Decimal(multiply(unscaled, powerOfTen(-scale)), 0)
}

/** Brings an unscaled value from one scale to another, halves away from zero when digits go. */
export function rescale(unscaled: Int, from: number, to: number): Int {
  if (to === from) return unscaled
  if (to > from) return multiply(unscaled, powerOfTen(to - from))
  return divideRounded(unscaled, powerOfTen(from - to))
}

/** Whether the value has at most `precision` digits; Flink makes a DECIMAL that has more NULL. */
export function fits(unscaled: Int, precision: number): boolean {
  if (precision > 15 && typeof unscaled === 'number') return true
  return absolute(unscaled) < powerOfTen(precision)
}

/** `a / b` with `scale` fraction digits, halves away from zero; the divisor is not 0. */
export function divideDecimals(a: Int, aScale: number, b: Int, bScale: number, scale: number): Int {
  const shift = scale - aScale + bScale
  if (shift >= 0) return divideRounded(multiply(a, powerOfTen(shift)), b)
  return divideRounded(a, multiply(b, powerOfTen(-shift)))
}

/** `-1234` at scale 2 is `-12.34`. */
export function formatDecimal(unscaled: Int, scale: number): string {
  if (scale <= 0) return String(unscaled)
  if (typeof unscaled === 'number' && scale < 16 && unscaled >= 0) {
    const unit = 10 ** scale
    const whole = Math.floor(unscaled / unit)
    const fraction = String(unscaled - whole * unit)
    return `${whole}.${fraction.length < scale ? fraction.padStart(scale, '0') : fraction}`
  }
  const negative = unscaled < 0
  const digits = String(absolute(unscaled)).padStart(scale + 1, '0')
  return `${negative ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

export const decimalToDouble = (unscaled: Int, scale: number): number =>
  typeof unscaled === 'number' && scale <= 22
    ? unscaled / 10 ** scale
    : Number(formatDecimal(unscaled, scale))

/** A double as the decimal that its shortest text shows, as Java's BigDecimal.valueOf; undefined unless finite. */
export function doubleToDecimal(value: number): Decimal | undefined {
  return Number.isFinite(value) ? parseDecimal(String(value)) : undefined
}

/** The whole part, towards zero. */
export const wholePart = (unscaled: Int, scale: number): Int =>
  scale === 0 ? unscaled : toInt(BigInt(unscaled) / BigInt(powerOfTen(scale)))
