import { RowError } from './errors.ts'
import { objectText } from './functions/json-text-runtime.ts'
import { compareDynamic, type Dynamic, show } from './values/dynamic.ts'
import { keep, keyOf } from './values/keep.ts'
import { appendRow, liveRows, newOrderedRows, type OrderedRows, removeRow } from './values/ordered-rows.ts'

/** Bodies of the aggregates that keep values. */

/** LISTAGG over rows that may be taken back; `text` is the result so far, null when it has to be made anew. */
export type JoinedRows = { rows: OrderedRows; text: string | null }

export const newJoinedRows = (): JoinedRows => ({ rows: newOrderedRows(), text: null })

export function appendJoined(joined: JoinedRows, value: string, separator: string): void {
  const { rows, text } = joined
  appendRow(rows, value)
  if (rows.live === 1) joined.text = keep(value) as string
  else if (text !== null) joined.text = text + separator + keep(value)
}

export function removeJoined(joined: JoinedRows, value: string): void {
  if (removeRow(joined.rows, value)) joined.text = null
}

export function joinedText(joined: JoinedRows, separator: string): string | null {
  if (joined.rows.live === 0) return null
  joined.text ??= [...liveRows(joined.rows)].join(separator)
  return joined.text
}

/** COLLECT: each value with its count; by a key of its own where values are objects. */
export type Collected = Map<unknown, [value: unknown, count: number]>

export const newCollected = (): Collected => new Map()

export function collect(collected: Collected, value: unknown, rows: 1 | -1): void {
  const key = keyOf(value)
  const entry = collected.get(key)
  if (entry === undefined) {
    const kept = keep(value)
    collected.set(keyOf(kept), [kept, rows])
  } else {
    entry[1] += rows
    if (entry[1] === 0) collected.delete(key)
  }
}

export function collected(values: Collected): Map<unknown, number> {
  const result = new Map<unknown, number>()
  for (const [value, count] of values.values()) if (count > 0) result.set(value, count)
  return result
}

/**
 * MIN (`sign` -1) or MAX (1) of undeclared values, which rows may be taken back of: all values with their counts, and the
 * best of them; undefined when that was taken back and is not looked for yet.
 */
export type DynamicExtreme = { counts: Map<unknown, number>; best: unknown }

export const newDynamicExtreme = (): DynamicExtreme => ({ counts: new Map(), best: null })

export function addToExtreme(extreme: DynamicExtreme, value: unknown, sign: number): void {
  const { counts, best } = extreme
  const kept = keep(value)
  const count = (counts.get(kept) ?? 0) + 1
  if (count === 0) counts.delete(kept)
  else counts.set(kept, count)
  if (count > 0 && best !== undefined && (best === null || isBetter(kept, best, sign))) extreme.best = kept
}

export function takeFromExtreme(extreme: DynamicExtreme, value: unknown): void {
  const { counts, best } = extreme
  const kept = keep(value)
  const count = (counts.get(kept) ?? 0) - 1
  if (count === 0) counts.delete(kept)
  else counts.set(kept, count)
  if (count === 0 && Object.is(best, kept)) extreme.best = undefined
}

export function dynamicExtreme(extreme: DynamicExtreme, sign: number): unknown {
  if (extreme.best !== undefined) return extreme.best
  let best: unknown = null
  for (const [value, count] of extreme.counts)
    if (count > 0 && (best === null || isBetter(value, best, sign))) best = value
  extreme.best = best
  return best
}

const isBetter = (a: unknown, b: unknown, sign: number): boolean =>
  compareDynamic(a as Dynamic, b as Dynamic) * sign > 0

/** JSON_OBJECTAGG: the JSON text of each key's value. */
export function addMember(members: Map<string, string>, row: readonly unknown[], ignoreNulls: boolean): void {
  const [key, value] = row as [string | null, string | null]
  if (key === null) throw new RowError('a key of JSON_OBJECTAGG is NULL')
  if (members.has(key)) throw new RowError(`${show(key)} comes twice as a key of JSON_OBJECTAGG`)
  if (value !== null || !ignoreNulls) members.set(keep(key) as string, keep(value ?? 'null') as string)
}

export function removeMember(members: Map<string, string>, row: readonly unknown[]): void {
  members.delete(row[0] as string)
}

export const membersText = (members: Map<string, string>): string => objectText([...members])
