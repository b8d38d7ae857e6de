import { RowError } from './errors.ts'
import { Decimal, divideDecimals, parseDecimal, rescale } from './values/decimal.ts'
import { asNumber, type Dynamic, type DynamicNumber } from './values/dynamic.ts'
import { add, divide, type Int, subtract } from './values/integer.ts'
import { keep, keyOf } from './values/keep.ts'

/** Bodies of the aggregates. Accumulators are plain data, so that they can be written as a snapshot. */

/**
 * The sum of undeclared values: whole numbers and DECIMALs exactly in `exact` × 10^-`scale`, doubles apart. The counts
 * tell which type the sum has, also after values were taken back.
 */
export type DynamicSum = {
  exact: Int
  scale: number
  double: number
  integers: number
  decimals: number
  doubles: number
}

export const newDynamicSum = (): DynamicSum => ({
  exact: 0,
  scale: 0,
  double: 0,
  integers: 0,
  decimals: 0,
  doubles: 0
})

export function addToSum(sum: DynamicSum, value: Dynamic, sign: 1 | -1): void {
  const number = asNumber(value)
  if (typeof number === 'number' && !Number.isInteger(number)) {
    sum.double += sign * number
    sum.doubles += sign
    return
  }
  const combine = sign > 0 ? add : subtract
  if (!(number instanceof Decimal)) {
    sum.integers += sign
    sum.exact = combine(sum.exact, sum.scale === 0 ? number : rescale(number, 0, sum.scale))
    return
  }
  sum.decimals += sign
  if (number.scale > sum.scale) {
    sum.exact = rescale(sum.exact, sum.scale, number.scale)
    sum.scale = number.scale
  }
  sum.exact = combine(sum.exact, rescale(number.unscaled, number.scale, sum.scale))
}

export const numberOrNull = (value: Dynamic): DynamicNumber | null =>
  value === null ? null : asNumber(value)

const rowsOf = (sum: DynamicSum): number => sum.integers + sum.decimals + sum.doubles

export function dynamicSum(sum: DynamicSum): Dynamic {
  if (rowsOf(sum) === 0) return null
  const exact = new Decimal(sum.exact, sum.scale)
  if (sum.doubles > 0) return sum.double + Number(exact.toString())
  return sum.decimals > 0 ? exact : rescale(sum.exact, sum.scale, 0)
}

/** BIGINT cut towards zero, DECIMAL with at least 6 fraction digits, DOUBLE, as Flink's AVG of each type. */
export function dynamicAverage(sum: DynamicSum): Dynamic {
  const rows = rowsOf(sum)
  if (rows === 0) return null
  if (sum.doubles > 0) return Number(dynamicSum(sum)) / rows
  if (sum.decimals === 0) return divide(rescale(sum.exact, sum.scale, 0), rows)
  const scale = Math.max(6, sum.scale)
  return new Decimal(divideDecimals(sum.exact, sum.scale, rows, 0, scale), scale)
}

export const averageDecimal = (sum: Int, scale: number, count: number, resultScale: number): Int =>
  divideDecimals(sum, scale, count, 0, resultScale)

/** Counts one more row with the value; returns the new count. */
export function countUp(counts: Map<unknown, number>, value: unknown): number {
  const key = keyOf(value)
  const count = (counts.get(key) ?? 0) + 1
  counts.set(count === 1 ? keep(key) : key, count)
  return count
}

/** Counts one row less; returns the new count. A row that was never counted (its window is older) is below zero. */
export function countDown(counts: Map<unknown, number>, value: unknown): number {
  const key = keyOf(value)
  const count = (counts.get(key) ?? 0) - 1
  if (count === 0) counts.delete(key)
  else counts.set(count === -1 ? keep(key) : key, count)
  return count
}

/** Throws what a row without event time gets. */
export function requireTime(time: number | null, column: string): number {
  if (time === null) throw new RowError(`${column} is NULL, but it is the event time`)
  return time
}

/** The values of GROUP BY as one Map key: values of different kinds differ, NULL is a group of its own. */
export function groupKey(...values: unknown[]): string {
  let key = ''
  for (const value of values) {
    const kind =
      value === null ? 'n' : typeof value === 'string' ? 's' : typeof value === 'boolean' ? 'b' : 'v'
    const text = String(keyOf(value))
    key += `${kind}${text.length}:${text}`
  }
  return key
}

/** A value of which one side of a join's equality is undeclared: equal for equal numbers, however they are written. */
export function joinKey(value: unknown): unknown {
  if (typeof value !== 'string' && !(value instanceof Decimal)) {
    return typeof value === 'object' && value !== null ? dynamicKey(value) : value
  }
  const text = String(value)
  if (!/^-?[\d.]/.test(text)) return text
  const decimal = parseDecimal(text)
  if (decimal === undefined) return text
  const whole = rescale(decimal.unscaled, decimal.scale, 0)
  if (rescale(whole, 0, decimal.scale) === decimal.unscaled) return whole
  return `\0${text.replace(/0+$/, '')}`
}

/** A single undeclared value as a Map key. */
export const dynamicKey = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? `\0${keyOf(value)}` : value
