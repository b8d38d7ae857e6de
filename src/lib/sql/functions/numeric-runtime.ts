import { Decimal, doubleToDecimal, rescale } from '../values/decimal.ts'
import {
  asNumber,
  compareNumbers,
  type Dynamic,
  type DynamicNumber,
  dynamicNegate
} from '../values/dynamic.ts'
import { divide, divideRounded, type Int, multiply, negate, powerOfTen } from '../values/integer.ts'
import { floorDivide } from '../values/time.ts'

/** Bodies of the numeric functions. */

export const floorDecimal = (unscaled: Int, scale: number): Int => floorDivide(unscaled, powerOfTen(scale))
export const ceilDecimal = (unscaled: Int, scale: number): Int =>
  negate(floorDecimal(negate(unscaled), scale))

export function floorDynamic(value: Dynamic): DynamicNumber {
  const number = asNumber(value)
  if (number instanceof Decimal) return new Decimal(floorDecimal(number.unscaled, number.scale), 0)
  return typeof number === 'number' ? Math.floor(number) : number
}

export const ceilDynamic = (value: Dynamic): DynamicNumber =>
  dynamicNegate(floorDynamic(dynamicNegate(value)))

export function absoluteDynamic(value: Dynamic): DynamicNumber {
  const number = asNumber(value)
  return compareNumbers(number, 0) < 0 ? dynamicNegate(number) : number
}

/** Rounds to a multiple of 10^zeros. */
export function roundInt(value: Int, zeros: number): Int {
  const unit = powerOfTen(zeros)
  return multiply(divideRounded(value, unit), unit)
}

/** Halves away from zero on the double's shortest decimal text, as Java's BigDecimal.valueOf(x).setScale. */
export function roundDouble(value: number, digits: number): number {
  if (!Number.isFinite(value)) return value
  const [mantissa = '0', exponent = '0'] = String(Math.abs(value)).split('e')
  const scaled = Math.round(Number(`${mantissa}e${Number(exponent) + digits}`))
  if (!Number.isSafeInteger(scaled)) return value
  const [whole = '0', power = '0'] = String(scaled).split('e')
  return Math.sign(value) * Number(`${whole}e${Number(power) - digits}`)
}

export function roundDynamic(value: Dynamic, digits: number): DynamicNumber {
  const number = asNumber(value)
  if (number instanceof Decimal) {
    if (digits >= number.scale) return number
    const unscaled = rescale(number.unscaled, number.scale, Math.max(0, digits))
    return new Decimal(digits < 0 ? roundInt(unscaled, -digits) : unscaled, Math.max(0, digits))
  }
  if (typeof number === 'number' && !Number.isInteger(number)) return roundDouble(number, digits)
  return digits < 0 ? roundInt(number, -digits) : number
}

/** The first byte of UTF-8, which Flink takes for a number with a sign. */
export const ascii = (text: string): number => (text === '' ? 0 : Buffer.from(text).readInt8(0))

export const cotangent = (value: number): number => 1 / Math.tan(value)
export const degrees = (radians: number): number => radians * (180 / Math.PI)
export const radians = (angle: number): number => angle * (Math.PI / 180)

/** LOG(x), LOG(base, x). */
export const logarithm = (a: number, b?: number): number =>
  b === undefined ? Math.log(a) : Math.log(b) / Math.log(a)

export const truncateInt = (value: Int, digits: number): Int => {
  if (digits >= 0) return value
  const unit = powerOfTen(-digits)
  return multiply(divide(value, unit), unit)
}

/** The unscaled value with `digits` fraction digits, none when they are fewer. */
export function truncateDecimal(unscaled: Int, scale: number, digits: number): Int {
  if (digits >= scale) return unscaled
  const cut = divide(unscaled, powerOfTen(scale - Math.max(0, digits)))
  return digits < 0 ? truncateInt(cut, digits) : cut
}

/** On the shortest decimal text, as Java's BigDecimal.valueOf(x).setScale. */
export function truncateDouble(value: number, digits: number): number {
  const decimal = doubleToDecimal(value)
  if (decimal === undefined || digits >= decimal.scale) return value
  return Number(
    new Decimal(truncateDecimal(decimal.unscaled, decimal.scale, digits), Math.max(0, digits)).toString()
  )
}

export function truncateDynamic(value: Dynamic, digits: number): DynamicNumber {
  const number = asNumber(value)
  if (number instanceof Decimal)
    return digits >= number.scale
      ? number
      : new Decimal(truncateDecimal(number.unscaled, number.scale, digits), Math.max(0, digits))
  return typeof number === 'number' && !Number.isInteger(number)
    ? truncateDouble(number, digits)
    : truncateInt(number, digits)
}

const unsigned = (value: Int): bigint => BigInt.asUintN(64, BigInt(value))
export const bin = (value: Int): string => unsigned(value).toString(2)
export const hexOfInteger = (value: Int): string => unsigned(value).toString(16).toUpperCase()
export const hexOfText = (text: string): string => Buffer.from(text).toString('hex').toUpperCase()
