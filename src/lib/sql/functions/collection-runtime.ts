import { RowError } from '../errors.ts'
import { keyOf } from '../values/keep.ts'
import { regex } from './regex-runtime.ts'

/** Bodies of the functions of ARRAY and MAP. Elements are equal when their keys are, NULL to NULL too. */

type Elements = unknown[] | null
type Order = (a: never, b: never) => number

export const arrayAppend = (array: Elements, value: unknown): Elements => array && [...array, value]
export const arrayPrepend = (array: Elements, value: unknown): Elements => array && [value, ...array]

export function arrayRemove(array: Elements, value: unknown): Elements {
  const key = keyOf(value)
  return array?.filter(element => keyOf(element) !== key) ?? null
}

export function arrayContains(array: Elements, value: unknown): boolean | null {
  const key = keyOf(value)
  return array?.some(element => keyOf(element) === key) ?? null
}

/** From 1, 0 when it is not there. */
export function arrayPosition(array: Elements, value: unknown): number | null {
  if (array === null || value === null) return null
  const key = keyOf(value)
  return array.findIndex(element => keyOf(element) === key) + 1
}

export function arrayDistinct(array: unknown[]): unknown[] {
  const seen = new Set<unknown>()
  return array.filter(element => {
    const { size } = seen
    return seen.add(keyOf(element)).size > size
  })
}

export const arrayReverse = (array: unknown[]): unknown[] => array.toReversed()
export const arrayConcat = (...arrays: unknown[][]): unknown[] => arrays.flat()
export const arrayUnion = (a: unknown[], b: unknown[]): unknown[] => arrayDistinct([...a, ...b])

export function arrayExcept(a: unknown[], b: unknown[]): unknown[] {
  const keys = new Set(b.map(keyOf))
  return arrayDistinct(a.filter(element => !keys.has(keyOf(element))))
}

export function arrayIntersect(a: unknown[], b: unknown[]): unknown[] {
  const keys = new Set(b.map(keyOf))
  return arrayDistinct(a.filter(element => keys.has(keyOf(element))))
}

/** The greatest (`sign` 1) or smallest (-1) element that is not NULL. */
export function arrayExtreme(array: unknown[], order: Order, sign: number): unknown {
  let best: unknown = null
  for (const element of array) {
    if (element === null) continue
    if (best === null || order(element as never, best as never) * sign > 0) best = element
  }
  return best
}

export function arraySort(
  array: unknown[],
  order: Order,
  ascending: boolean,
  nullsFirst: boolean
): unknown[] {
  const sign = ascending ? 1 : -1
  return array.toSorted((a, b) => {
    if (a === null || b === null) return (Number(a !== null) - Number(b !== null)) * (nullsFirst ? 1 : -1)
    return order(a as never, b as never) * sign
  })
}

/** From place `start` to `end`, both included, from 1; negative ones count from the end. */
export function arraySlice(array: unknown[], start: number, end = array.length): unknown[] {
  const place = (offset: number): number => (offset < 0 ? array.length + offset + 1 : Math.max(1, offset))
  return array.slice(Math.max(place(start), 1) - 1, Math.max(0, place(end)))
}

export function arrayJoin(array: (string | null)[], separator: string, forNull?: string): string {
  const texts =
    forNull === undefined ? array.filter(text => text !== null) : array.map(text => text ?? forNull)
  return texts.join(separator)
}

export function cardinality(value: unknown): number {
  if (Array.isArray(value)) return value.length
  if (value instanceof Map) return value.size
  if (typeof value === 'object' && value !== null) return Object.keys(value).length
  throw new RowError('CARDINALITY takes an ARRAY or MAP')
}

export function onlyElement(array: unknown[]): unknown {
  if (array.length > 1) throw new RowError(`ELEMENT takes an ARRAY of one element, found ${array.length}`)
  return array[0] ?? null
}

export const mapKeys = (map: Map<unknown, unknown>): unknown[] => [...map.keys()]
export const mapValues = (map: Map<unknown, unknown>): unknown[] => [...map.values()]
export const mapEntries = (map: Map<unknown, unknown>): unknown[] => [...map.entries()]

export function mapFromArrays(keys: unknown[], values: unknown[]): Map<unknown, unknown> {
  if (keys.length !== values.length)
    throw new RowError(
      `MAP_FROM_ARRAYS takes as many keys as values, found ${keys.length} and ${values.length}`
    )
  return new Map(keys.map((key, i) => [key, values[i]]))
}

export const mapUnion = (...maps: Map<unknown, unknown>[]): Map<unknown, unknown> =>
  new Map(maps.flatMap(map => [...map]))

export const splitText = (text: string, separator: string): string[] =>
  text === '' ? [] : separator === '' ? [...text] : text.split(separator)

/** The separators are regular expressions. */
export function textToMap(text: string, between: string, inside: string): Map<string, string | null> {
  const map = new Map<string, string | null>()
  if (text === '') return map
  for (const pair of regex(between).split(text)) {
    const [key = '', ...rest] = regex(inside).split(pair, 2)
    map.set(key, rest[0] ?? null)
  }
  return map
}

export const elt = (n: number | null, texts: (string | null)[]): string | null =>
  n === null || n < 1 ? null : (texts[n - 1] ?? null)
