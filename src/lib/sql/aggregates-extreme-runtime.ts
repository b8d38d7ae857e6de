import { Decimal, parseDecimal } from './values/decimal.ts'
import { asNumber, compareNumbers, type Dynamic, dynamicText } from './values/dynamic.ts'
import { keep } from './values/keep.ts'
import {
  countSorted,
  greatest,
  newSortedCounts,
  type SortedCounts,
  smallest
} from './values/sorted-counts.ts'
import { compareText } from './values/text.ts'

/**
 * Undeclared values for MIN and MAX, of which rows may be taken back. Numbers, and strings that are numbers, are ordered by
 * size, everything else as text; among both kinds the text decides.
 */
export type DynamicValues = { numbers: SortedCounts; texts: SortedCounts }

export const newDynamicValues = (): DynamicValues => ({
  numbers: newSortedCounts(),
  texts: newSortedCounts()
})

const isNumber = (value: unknown): boolean =>
  typeof value === 'number' ||
  typeof value === 'bigint' ||
  value instanceof Decimal ||
  (typeof value === 'string' && parseDecimal(value) !== undefined)

const asText = (a: unknown, b: unknown): number =>
  compareText(dynamicText(a as Dynamic), dynamicText(b as Dynamic))

/** The order of DynamicValues between any two undeclared values, as for Array.sort. */
export function compareAny(a: Dynamic, b: Dynamic): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return isNumber(a) && isNumber(b) ? compareNumbers(asNumber(a), asNumber(b)) : asText(a, b)
}

/** 1 and '1.0' are equal, but two values. */
const bySize = (a: unknown, b: unknown): number =>
  compareNumbers(asNumber(a as Dynamic), asNumber(b as Dynamic)) || asText(a, b)

/** Adds rows with the value, fewer than none to take them back. */
export function countDynamic({ numbers, texts }: DynamicValues, value: unknown, rows: number): void {
  const kept = keep(value)
  if (isNumber(kept)) countSorted(numbers, kept, rows, bySize)
  else countSorted(texts, kept, rows, asText)
}

export function smallestDynamic({ numbers, texts }: DynamicValues): unknown {
  const [a, b] = [smallest(numbers), smallest(texts)]
  return b === null || (a !== null && asText(a, b) <= 0) ? a : b
}

export function greatestDynamic({ numbers, texts }: DynamicValues): unknown {
  const [a, b] = [greatest(numbers), greatest(texts)]
  return b === null || (a !== null && asText(a, b) > 0) ? a : b
}
