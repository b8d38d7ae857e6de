import { keep } from './keep.ts'

/**
 * Values in order, each with the number of rows that hold it, in chunks of some hundreds: adding, taking back, the
 * extremes and the value at a rank all cost little however many there are. A row that is taken back but was never
 * counted (its window is older) stands below zero. Plain data, for snapshots.
 */
export type SortedCounts = { values: unknown[][]; counts: number[][]; totals: number[] }

export type Compare = (a: never, b: never) => number

const chunkSize = 512

export const newSortedCounts = (): SortedCounts => ({ values: [], counts: [], totals: [] })

/** Adds `rows` rows with the value, fewer than none to take them back. */
export function countSorted(sorted: SortedCounts, value: unknown, rows: number, compare: Compare): void {
  const order = compare as (a: unknown, b: unknown) => number
  const { values, counts, totals } = sorted
  const chunk = Math.min(
    lowerBound(values.length, i => order(values[i]?.at(-1), value) < 0),
    Math.max(0, values.length - 1)
  )
  const own = values[chunk]
  const ownCounts = counts[chunk]
  if (own === undefined || ownCounts === undefined) {
    values.push([keep(value)])
    counts.push([rows])
    totals.push(rows)
    return
  }
  const at = lowerBound(own.length, i => order(own[i], value) < 0)
  totals[chunk] = (totals[chunk] ?? 0) + rows
  if (at < own.length && order(own[at], value) === 0) {
    const count = (ownCounts[at] ?? 0) + rows
    ownCounts[at] = count
    if (count === 0) removeAt(sorted, chunk, at)
    return
  }
  own.splice(at, 0, keep(value))
  ownCounts.splice(at, 0, rows)
  if (own.length > chunkSize) split(sorted, chunk)
}

/** The first index below `length` for which `isBelow` does not hold. */
function lowerBound(length: number, isBelow: (index: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBelow(middle)) low = middle + 1
    else high = middle
  }
  return low
}

function removeAt({ values, counts, totals }: SortedCounts, chunk: number, at: number): void {
  values[chunk]?.splice(at, 1)
  counts[chunk]?.splice(at, 1)
  if (values[chunk]?.length !== 0) return
  values.splice(chunk, 1)
  counts.splice(chunk, 1)
  totals.splice(chunk, 1)
}

function split({ values, counts, totals }: SortedCounts, chunk: number): void {
  const upper = values[chunk]?.splice(chunkSize / 2) ?? []
  const upperCounts = counts[chunk]?.splice(chunkSize / 2) ?? []
  const total = upperCounts.reduce((sum, count) => sum + count, 0)
  values.splice(chunk + 1, 0, upper)
  counts.splice(chunk + 1, 0, upperCounts)
  totals[chunk] = (totals[chunk] ?? 0) - total
  totals.splice(chunk + 1, 0, total)
}

/** The smallest value that has rows, null when none has. */
export function smallest({ values, counts }: SortedCounts): unknown {
  for (const [chunk, own] of counts.entries()) {
    const at = own.findIndex(count => count > 0)
    if (at >= 0) return values[chunk]?.[at]
  }
  return null
}

/** The greatest value that has rows, null when none has. */
export function greatest({ values, counts }: SortedCounts): unknown {
  for (let chunk = counts.length - 1; chunk >= 0; chunk--) {
    const at = counts[chunk]?.findLastIndex(count => count > 0) ?? -1
    if (at >= 0) return values[chunk]?.[at]
  }
  return null
}

export const rowsOf = ({ totals }: SortedCounts): number => totals.reduce((sum, total) => sum + total, 0)

/** The value of the row number `rank`, from 0, in the order of the values. */
export function atRank({ values, counts, totals }: SortedCounts, rank: number): unknown {
  let before = 0
  for (const [chunk, total] of totals.entries()) {
    if (rank >= before + total) {
      before += total
      continue
    }
    for (const [at, count] of (counts[chunk] ?? []).entries()) {
      before += count
      if (rank < before) return values[chunk]?.[at]
    }
  }
  return greatest({ values, counts, totals })
}
