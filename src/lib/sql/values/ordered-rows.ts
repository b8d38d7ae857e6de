import { keep, keyOf } from './keep.ts'

/**
 * Values in the order in which they came, of which any can be taken back: the first of several equal ones goes, as in
 * Flink. Adding and taking back cost constant time on average. Plain data, for snapshots.
 *
 * `values` has undefined where one was taken back, nothing but that before `head`; `places` has the places of each value,
 * the first of `values` being number `base`.
 */
export type OrderedRows = {
  values: unknown[]
  head: number
  live: number
  base: number
  places: Map<unknown, number[]>
}

export const newOrderedRows = (): OrderedRows => ({
  values: [],
  head: 0,
  live: 0,
  base: 0,
  places: new Map()
})

export function appendRow(rows: OrderedRows, value: unknown): void {
  const kept = keep(value)
  const key = keyOf(kept)
  const place = rows.base + rows.values.push(kept) - 1
  const places = rows.places.get(key)
  if (places === undefined) rows.places.set(key, [place])
  else places.push(place)
  rows.live++
}

/** @returns whether the value was there */
export function removeRow(rows: OrderedRows, value: unknown): boolean {
  const { values, places } = rows
  const key = keyOf(keep(value))
  const own = places.get(key)
  const place = own?.shift()
  if (own === undefined || place === undefined) return false
  if (own.length === 0) places.delete(key)
  values[place - rows.base] = undefined
  rows.live--
  while (values.length > 0 && values.at(-1) === undefined) values.pop()
  while (rows.head < values.length && values[rows.head] === undefined) rows.head++
  if (rows.head > values.length) rows.head = values.length
  if (values.length > 64 && values.length > 2 * rows.live) compact(rows)
  return true
}

function compact(rows: OrderedRows): void {
  const values = [...liveRows(rows)]
  const places = new Map<unknown, number[]>()
  for (const [i, value] of values.entries()) {
    const key = keyOf(value)
    const own = places.get(key)
    if (own === undefined) places.set(key, [i])
    else own.push(i)
  }
  Object.assign(rows, { values, head: 0, base: 0, places })
}

export function* liveRows(rows: OrderedRows): Generator<unknown> {
  const { values, head } = rows
  for (let i = head; i < values.length; i++) if (values[i] !== undefined) yield values[i]
}

export const firstRow = (rows: OrderedRows): unknown => rows.values[rows.head] ?? null
export const lastRow = (rows: OrderedRows): unknown => rows.values.at(-1) ?? null
