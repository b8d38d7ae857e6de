/**
 * A whole number of any size: a number while it is a safe integer, else a bigint. One value has one form, so that
 * `===`, `<` and Map keys work on mixed operands and the common case costs what numbers cost.
 */
export type Int = number | bigint

const minSafe = BigInt(Number.MIN_SAFE_INTEGER)
const maxSafe = BigInt(Number.MAX_SAFE_INTEGER)

/** The one form of a bigint. */
export const toInt = (value: bigint): Int => (value >= minSafe && value <= maxSafe ? Number(value) : value)

export function add(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return toInt(BigInt(a) + BigInt(b))
}

export function subtract(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return toInt(BigInt(a) - BigInt(b))
}

export function multiply(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    if (Number.isSafeInteger(product)) return product + 0
  }
  return toInt(BigInt(a) * BigInt(b))
}

/** Towards zero; the divisor is not 0. */
export function divide(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number') return Math.trunc(a / b) + 0
  return toInt(BigInt(a) / BigInt(b))
}

/** The remainder with the dividend's sign; the divisor is not 0. */
export function remainder(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0
  return toInt(BigInt(a) % BigInt(b))
}

/** The nearest whole number to a / b, halves away from zero; the divisor is not 0. */
export function divideRounded(a: Int, b: Int): Int {
  const dividend = BigInt(a)
  const divisor = BigInt(b)
  const quotient = dividend / divisor
  const rest = dividend % divisor
  const twice = rest < 0n ? -2n * rest : 2n * rest
  if (twice < (divisor < 0n ? -divisor : divisor)) return toInt(quotient)
  return toInt(quotient + (dividend < 0n === divisor < 0n ? 1n : -1n))
}

export const negate = (a: Int): Int => (typeof a === 'number' ? 0 - a : toInt(-a))
export const absolute = (a: Int): Int => (a < 0 ? negate(a) : a)

/** Those that are exact as doubles: `**` takes many times as long as to look one up. */
const powers = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)

/** 10^exponent, which is not negative. */
export function powerOfTen(exponent: number): Int {
  return powers[exponent] ?? 10n ** BigInt(exponent)
}

/** Cuts to `bits` as Java's integer types overflow. */
export function wrap(value: Int, bits: 8 | 16 | 32 | 64): Int {
  if (bits === 64) return typeof value === 'number' ? value : toInt(BigInt.asIntN(64, value))
  if (typeof value === 'bigint') return Number(BigInt.asIntN(bits, value))
  if (bits === 32) return value | 0
  return bits === 16 ? (value << 16) >> 16 : (value << 24) >> 24
}

/** An integer text, digits with an optional sign, of any length. */
export function parseInteger(text: string): Int {
  return text.length <= 15 ? Number(text) + 0 : toInt(BigInt(text[0] === '+' ? text.slice(1) : text))
}

/** A double to a whole number towards zero, as Java casts to long: NaN is 0, out of range is the nearest bound. */
export function fromDouble(value: number): Int {
  const whole = Math.trunc(value) + 0
  if (Number.isSafeInteger(whole)) return whole
  if (Number.isNaN(whole)) return 0
  if (whole >= 2 ** 63) return 2n ** 63n - 1n
  if (whole < -(2 ** 63)) return -(2n ** 63n)
  return toInt(BigInt(whole))
}

/** A double to INT or BIGINT as Java casts: towards zero, out of range to the nearest bound. */
export function doubleToInteger(value: number, bits: number): Int {
  if (bits === 64) return fromDouble(value)
  return Number.isNaN(value) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(value))) + 0
}

/** BIGINT arithmetic wraps at 64 bits. */
export const addBigint = (a: Int, b: Int): Int => wrap(add(a, b), 64)
export const subtractBigint = (a: Int, b: Int): Int => wrap(subtract(a, b), 64)
export const multiplyBigint = (a: Int, b: Int): Int => wrap(multiply(a, b), 64)
