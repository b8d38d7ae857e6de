/** A median with the smallest and the largest of the values it was taken from. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** @throws RangeError for no values */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const last = sorted.length - 1
  if (last < 0) throw new RangeError('no values')
  const at = (index: number): number => sorted[index] as number
  return { median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2, min: at(0), max: at(last) }
}

/** The spread of `values[i] / others[i]`: both are from one round, so that what slows a machine down slows both. */
export function ratios(values: readonly number[], others: readonly number[]): Spread {
  return spread(values.map((value, i) => value / (others[i] as number)))
}

/** The least of the values that so many of a hundred do not exceed. @throws RangeError for no values */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
  if (value === undefined) throw new RangeError('no values')
  return value
}
