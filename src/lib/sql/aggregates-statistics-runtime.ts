import { RowError } from './errors.ts'
import { doubleToInteger, type Int, wrap } from './values/integer.ts'
import { atRank, countSorted, newSortedCounts, rowsOf, type SortedCounts } from './values/sorted-counts.ts'

/** Bodies of the statistical aggregates. */

/** Welford's running mean and sum of squared differences from it. Source: Welford (1962); Flink's WelfordM2AggFunction. */
export type Moments = { n: number; mean: number; m2: number }

export const newMoments = (): Moments => ({ n: 0, mean: 0, m2: 0 })

export function addToMoments(moments: Moments, value: number): void {
  moments.n++
  const delta = value - moments.mean
  moments.mean += delta / moments.n
  moments.m2 += delta * (value - moments.mean)
}

export function takeFromMoments(moments: Moments, value: number): void {
  moments.n--
  if (moments.n === 0) {
    moments.mean = 0
    moments.m2 = 0
    return
  }
  const delta = value - moments.mean
  moments.mean -= delta / moments.n
  moments.m2 -= delta * (value - moments.mean)
}

export function variance({ n, m2 }: Moments, sample: boolean): number | null {
  const divisor = sample ? n - 1 : n
  return divisor <= 0 ? null : m2 / divisor
}

export function deviation(moments: Moments, sample: boolean): number | null {
  const value = variance(moments, sample)
  return value === null ? null : value ** 0.5
}

/** A double to a whole number as Java casts: by way of INT for the smaller types. */
export const doubleToWrapped = (value: number, bits: 8 | 16 | 32 | 64): Int =>
  wrap(doubleToInteger(value, Math.max(32, bits)), bits)

/** The percentages are those of the first row. */
export type Percentiles = { at: number | number[] | null; values: SortedCounts }

export const newPercentiles = (): Percentiles => ({ at: null, values: newSortedCounts() })

export const compareValues = (a: Int | boolean, b: Int | boolean): number =>
  a < b ? -1 : a > b ? 1 : a === b ? 0 : Number(Number.isNaN(a)) - Number(Number.isNaN(b))

/** @param row value, percentage or percentages, how often the value counts (once when there is no such member) */
export function addToPercentiles(state: Percentiles, row: readonly unknown[], sign: 1 | -1): void {
  const [value, at, frequency = 1] = row as [number | null, number | number[] | null, (Int | null)?]
  state.at ??= at
  const times = frequency === null ? 0 : Number(frequency)
  if (value === null || times <= 0) return
  countSorted(state.values, value, sign * times, compareValues)
}

export function percentiles({ at, values }: Percentiles): number | (number | null)[] | null {
  const total = rowsOf(values)
  if (total <= 0 || at === null) return null
  return Array.isArray(at)
    ? at.map(each => percentileAt(values, total, each))
    : percentileAt(values, total, at)
}

function percentileAt(values: SortedCounts, total: number, percentage: number): number {
  if (!(percentage >= 0 && percentage <= 1)) throw new RowError(`percentage ${percentage} is not from 0 to 1`)
  // Counted from 1, which decides the last digits.
  const position = (total - 1) * percentage + 1
  const below = Math.floor(position)
  const above = Math.ceil(position)
  const low = atRank(values, below - 1) as number
  if (below === above) return low
  const high = atRank(values, above - 1) as number
  return low === high ? low : (above - position) * low + (position - below) * high
}
