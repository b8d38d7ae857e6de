import { pythonStr } from '../python-format.ts'
import type { Metric } from '../rule.ts'
import type { Tally } from './slots.ts'

/** What a metric is added up to. */
export type MetricSum = number[] | Set<string>

/** How a metric is added up, and its value; undefined where there is nothing to have one. */
export interface MetricTally extends Tally<MetricSum> {
  value(sum: MetricSum): number | undefined
}

/** The numbers among values: texts count where they spell one, since DECIMAL columns are texts. */
function numbersOf(values: unknown[]): number[] {
  const numbers: number[] = []
  for (const value of values) {
    const n = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value)
    if (typeof value !== 'object' && !Number.isNaN(n)) numbers.push(n)
  }
  return numbers
}

/** Percentile by linear interpolation between the two nearest ranks. */
function percentile(values: number[], p: number): number | undefined {
  if (values.length === 0) return undefined
  const sorted = Float64Array.from(values).sort()
  const at = (p / 100) * (sorted.length - 1)
  const low = sorted[Math.floor(at)]!
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at))
}

/** Sums are [sum, count, min, max] of the numbers; all of the numbers for percentiles, the distinct values for cardinality. */
export function tallyOf(metric: Metric): MetricTally {
  const { type } = metric
  if (type === 'cardinality') {
    return {
      empty: () => new Set<string>(),
      add: (sum, values) => {
        for (const value of values) (sum as Set<string>).add(pythonStr(value))
        return sum
      },
      join: (a, b) => new Set([...(a as Set<string>), ...(b as Set<string>)]),
      value: sum => (sum as Set<string>).size
    }
  }
  if (type === 'percentiles') {
    return {
      empty: () => [],
      add: (sum, values) => {
        for (const n of numbersOf(values)) (sum as number[]).push(n)
        return sum
      },
      join: (a, b) => (a as number[]).concat(b as number[]),
      value: sum => percentile(sum as number[], metric.percentile)
    }
  }
  return {
    empty: () => [0, 0, null, null] as unknown as number[],
    add: (sum, values) => {
      const numbers = numbersOf(values)
      const all = sum as number[]
      all[0]! += numbers.reduce((a, b) => a + b, 0)
      all[1]! += type === 'value_count' ? values.length : numbers.length
      for (const n of numbers) extend(all, n, n)
      return all
    },
    join: (a, b) => {
      const [sum = 0, count = 0, ...range] = a as number[]
      const [more = 0, counted = 0, min, max] = b as number[]
      const all = [sum + more, count + counted, ...range]
      if (min !== null) extend(all, min!, max!)
      return all
    },
    value: sum => {
      const [total = 0, count = 0, min, max] = sum as number[]
      if (type === 'sum') return total
      if (type === 'value_count') return count
      if (count === 0) return undefined
      return type === 'avg' ? total / count : type === 'min' ? min : max
    }
  }
}

/** Least and greatest are null, as JSON can hold, until there is a number. */
function extend(sum: (number | null)[], min: number, max: number): void {
  sum[2] = sum[2] === null ? min : Math.min(sum[2]!, min)
  sum[3] = sum[3] === null ? max : Math.max(sum[3]!, max)
}
