import { RowError } from '../errors.ts'
import { Decimal, decimalToDouble, divideDecimals, parseDecimal, rescale, wholePart } from './decimal.ts'
import { add, divide, type Int, multiply, remainder, subtract } from './integer.ts'
import { binary, compareText, quote } from './text.ts'
import { parseTimestamp } from './time.ts'

/**
 * Values of columns nobody declared: what the JSON held. A whole number is a BIGINT, another number a DOUBLE, a string
 * is read as a DECIMAL where a number is needed.
 */
export type Dynamic = null | boolean | string | Int | Decimal | object

/** BIGINT (a whole number or bigint), DOUBLE (any other number) or Decimal. */
export type DynamicNumber = Int | Decimal

export function asNumber(value: Dynamic): DynamicNumber {
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof Decimal) return value
  if (typeof value === 'string') {
    const decimal = parseDecimal(value)
    if (decimal !== undefined) return decimal
  }
  throw new RowError(`${show(value)} is not a number`)
}

/** What an error message shows of a value. */
export function show(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

const isDouble = (value: DynamicNumber): value is number =>
  typeof value === 'number' && !Number.isInteger(value)

export function asDouble(value: DynamicNumber): number {
  return value instanceof Decimal ? decimalToDouble(value.unscaled, value.scale) : Number(value)
}

const scaleOf = (value: DynamicNumber): number => (value instanceof Decimal ? value.scale : 0)

/** The value times 10^scale, scale not below its own. */
const unscaledAt = (value: Int | Decimal, scale: number): Int =>
  value instanceof Decimal ? rescale(value.unscaled, value.scale, scale) : rescale(value, 0, scale)

function combine(
  a: DynamicNumber,
  b: DynamicNumber,
  exact: (a: Int, b: Int) => Int,
  double: (a: number, b: number) => number
): DynamicNumber {
  if (isDouble(a) || isDouble(b)) return double(asDouble(a), asDouble(b))
  if (!(a instanceof Decimal) && !(b instanceof Decimal)) return exact(a, b)
  const scale = Math.max(scaleOf(a), scaleOf(b))
  return new Decimal(exact(unscaledAt(a, scale), unscaledAt(b, scale)), scale)
}

export const dynamicAdd = (a: Dynamic, b: Dynamic): DynamicNumber =>
  combine(asNumber(a), asNumber(b), add, (x, y) => x + y)

export const dynamicSubtract = (a: Dynamic, b: Dynamic): DynamicNumber =>
  combine(asNumber(a), asNumber(b), subtract, (x, y) => x - y)

export function dynamicMultiply(a: Dynamic, b: Dynamic): DynamicNumber {
  const x = asNumber(a)
  const y = asNumber(b)
  if (isDouble(x) || isDouble(y)) return asDouble(x) * asDouble(y)
  if (!(x instanceof Decimal) && !(y instanceof Decimal)) return multiply(x, y)
  const scale = scaleOf(x) + scaleOf(y)
  return new Decimal(multiply(unscaledAt(x, scaleOf(x)), unscaledAt(y, scaleOf(y))), scale)
}

/** Whole numbers divide as BIGINT does, towards zero; a DECIMAL quotient has at least 6 fraction digits. */
export function dynamicDivide(a: Dynamic, b: Dynamic): DynamicNumber {
  const x = asNumber(a)
  const y = asNumber(b)
  if (isDouble(x) || isDouble(y)) return asDouble(x) / asDouble(y)
  if ((y instanceof Decimal ? y.unscaled : y) === 0) throw new RowError('division by zero')
  if (!(x instanceof Decimal) && !(y instanceof Decimal)) return divide(x, y)
  const scale = Math.max(6, scaleOf(x), scaleOf(y))
  return new Decimal(
    divideDecimals(unscaledAt(x, scaleOf(x)), scaleOf(x), unscaledAt(y, scaleOf(y)), scaleOf(y), scale),
    scale
  )
}

export function dynamicRemainder(a: Dynamic, b: Dynamic): DynamicNumber {
  const y = asNumber(b)
  if ((y instanceof Decimal ? y.unscaled : y) === 0) throw new RowError('division by zero')
  return combine(asNumber(a), y, remainder, (x, z) => x % z)
}

export const dynamicNegate = (a: Dynamic): DynamicNumber => dynamicSubtract(0, a)

/** Below 0, 0 or above 0, as for Array.sort. */
export function compareNumbers(a: DynamicNumber, b: DynamicNumber): number {
  if (!(a instanceof Decimal) && !(b instanceof Decimal)) return a < b ? -1 : a > b ? 1 : 0
  if (isDouble(a) || isDouble(b)) return asDouble(a) - asDouble(b)
  const scale = Math.max(scaleOf(a), scaleOf(b))
  const x = unscaledAt(a, scale)
  const y = unscaledAt(b, scale)
  return x < y ? -1 : x > y ? 1 : 0
}

/** Compares a value with a number. */
export const compareAsNumber = (a: Dynamic, b: Dynamic): number => compareNumbers(asNumber(a), asNumber(b))

/**
 * Orders two undeclared values: numbers, and two strings that both are numbers, by size; other strings as text. A
 * number and a string compare as numbers.
 */
export function compareDynamic(a: Dynamic, b: Dynamic): number {
  if (typeof a === 'string' && typeof b === 'string') {
    const x = parseDecimal(a)
    const y = x === undefined ? undefined : parseDecimal(b)
    return x !== undefined && y !== undefined ? compareNumbers(x, y) : compareText(a, b)
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  return compareAsNumber(a, b)
}

/**
 * A total order of undeclared values, which also holds between values of different kinds: BOOLEANs, what is a number,
 * other texts, the rest.
 */
export function orderDynamic(a: Dynamic, b: Dynamic): number {
  const x = sortable(a)
  const y = sortable(b)
  const kind = kindOf(x)
  const difference = kind - kindOf(y)
  if (difference !== 0) return difference
  if (kind === 0) return Number(x) - Number(y)
  if (kind === 1) return compareNumbers(x as DynamicNumber, y as DynamicNumber)
  return compareText(dynamicText(x), dynamicText(y))
}

const sortable = (value: Dynamic): Dynamic =>
  typeof value === 'string' ? (parseDecimal(value) ?? value) : value

function kindOf(value: Dynamic): number {
  if (typeof value === 'boolean') return 0
  if (typeof value === 'string') return 2
  return typeof value === 'object' && !(value instanceof Decimal) ? 3 : 1
}

/** Orders an undeclared value and a text that is a time (`micros` since the epoch): as times when the value is one too. */
export function compareWithTime(value: Dynamic, text: string, micros: Int): number {
  const time = typeof value === 'string' ? parseTimestamp(value, 6) : undefined
  if (time !== undefined && time !== null) return time < micros ? -1 : time > micros ? 1 : 0
  return compareText(dynamicText(value), text)
}

/** Equality of two undeclared values: strings by their characters, everything else as compareDynamic. */
export function equalDynamic(a: Dynamic, b: Dynamic): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b
  if (typeof a === 'boolean' || typeof b === 'boolean') return a === b
  return compareAsNumber(a, b) === 0
}

export function dynamicText(value: Dynamic): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && !(value instanceof Decimal)) return jsonText(value)
  return String(value)
}

export function dynamicBoolean(value: Dynamic): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'number') return value !== 0
  if (value === 'true' || value === 'TRUE') return true
  if (value === 'false' || value === 'FALSE') return false
  throw new RowError(`${show(value)} is not a BOOLEAN`)
}

/** The value as a whole number towards zero. */
export function dynamicInteger(value: Dynamic): Int {
  const number = asNumber(value)
  if (number instanceof Decimal) return wholePart(number.unscaled, number.scale)
  return isDouble(number) ? Math.trunc(number) : number
}

/** An undeclared or nested value as JSON text, UTF-8 with one character a byte. */
export function jsonDynamic(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  if (value instanceof Decimal) return `"${value}"`
  return value === null ? 'null' : binary(jsonText(value))
}

/** JSON.rawJSON: a number that JavaScript's numbers do not hold is written with all its digits. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? rawJSON(String(member)) : member))
