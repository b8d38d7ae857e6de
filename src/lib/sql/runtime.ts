import { RowError } from './errors.ts'
import type { Pieces } from './values/block-text.ts'
import { divideDecimals } from './values/decimal.ts'
import { divide, type Int, remainder } from './values/integer.ts'
import { addMonths, floorDivide } from './values/time.ts'

/** What generated code calls as `rt`. */

export * from './aggregates-extreme-runtime.ts'
export * from './aggregates-list-runtime.ts'
export * from './aggregates-runtime.ts'
export * from './aggregates-statistics-runtime.ts'
export * from './functions/collection-runtime.ts'
export * from './functions/json-runtime.ts'
export * from './functions/json-text-runtime.ts'
export * from './functions/numeric-runtime.ts'
export * from './functions/regex-runtime.ts'
export * from './functions/text-runtime.ts'
export * from './functions/time-runtime.ts'
export * from './functions/url-runtime.ts'
export * from './user-function-runtime.ts'
export * from './values/convert.ts'
export { Decimal, decimalToDouble, formatDecimal, rescale, wholePart } from './values/decimal.ts'
export * from './values/distinct-sketch.ts'
export * from './values/dynamic.ts'
export {
  absolute,
  add,
  addBigint,
  divide,
  divideRounded,
  doubleToInteger,
  multiply,
  multiplyBigint,
  negate,
  subtract,
  subtractBigint,
  wrap
} from './values/integer.ts'
export { isSameValue, keep } from './values/keep.ts'
export * from './values/load-json.ts'
export * from './values/load-number.ts'
export { loadBoolean, loadString } from './values/load-text.ts'
export * from './values/load-time.ts'
export * from './values/nested.ts'
export * from './values/ordered-rows.ts'
export * from './values/sorted-counts.ts'
export * from './values/text.ts'
export {
  addMonths,
  floorDivide,
  formatDate,
  formatTime,
  formatTimestamp,
  rescaleTimestamp
} from './values/time.ts'
export * from './values/write.ts'
export * from './window.ts'

export function divideInt(a: Int, b: Int): Int {
  if (b === 0) throw new RowError('division by zero')
  return divide(a, b)
}

export function remainderInt(a: Int, b: Int): Int {
  if (b === 0) throw new RowError('division by zero')
  return remainder(a, b)
}

export function divideDecimal(a: Int, aScale: number, b: Int, bScale: number, scale: number): Int {
  if (b === 0) throw new RowError('division by zero')
  return divideDecimals(a, aScale, b, bScale, scale)
}

export function addMonthsToTimestamp(value: Int, months: number, precision: number): Int {
  const perDay = 86_400 * 10 ** precision
  const days = Number(floorDivide(value, perDay))
  const moved = addMonths(days, months)
  const shift = BigInt(moved - days) * BigInt(perDay)
  const sum = BigInt(value) + shift
  return Number.isSafeInteger(Number(sum)) ? Number(sum) : sum
}

/** A member of a JSON object, or of an array by number from 1; null when there is none. */
export function member(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null) return null
  if (typeof key === 'number') return Array.isArray(value) ? (value[key - 1] ?? null) : null
  return Object.hasOwn(value, key) ? ((value as Record<string, unknown>)[key] ?? null) : null
}

/** The result, or null when the row has an error (TRY_CAST). */
export function attempt<T>(compute: () => T): T | null {
  try {
    return compute()
  } catch (error) {
    if (error instanceof RowError) return null
    throw error
  }
}

/** The members of the JSON object at a place, without its braces. */
export const members = (text: Pieces, start: number, end: number): string =>
  text.substring(start + 1, end - 1).trim()

/** The members of a row as it came, none for one that is not there (the other side of an outer join). */
export const membersOf = (row: string | null): string => (row === null ? '' : members(row, 0, row.length))

export const joinMembers = (...parts: string[]): string => `{${parts.filter(part => part !== '').join(',')}}`
