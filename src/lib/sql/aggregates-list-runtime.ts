import { RowError } from './errors.ts'
import { objectText } from './functions/json-text-runtime.ts'
import { show } from './values/dynamic.ts'
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

/** JSON_OBJECTAGG: the JSON text of each key's value; of several while a key is there more than once. */
export type Members = Map<string, string | string[]>

/** A row of key and value, with a key. */
export function requireKey(row: readonly unknown[]): readonly unknown[] {
  if (row[0] === null) throw new RowError('a key of JSON_OBJECTAGG is NULL')
  return row
}

export function addMember(members: Members, row: readonly unknown[], ignoreNulls: boolean): void {
  const [key, value] = row as [string, string | null]
  if (value === null && ignoreNulls) return
  const known = members.get(key)
  const own = keep(value ?? 'null') as string
  if (known === undefined) members.set(keep(key) as string, own)
  else members.set(key, typeof known === 'string' ? [known, own] : [...known, own])
}

export function removeMember(members: Members, row: readonly unknown[], ignoreNulls: boolean): void {
  const [key, value] = row as [string, string | null]
  if (value === null && ignoreNulls) return
  const known = members.get(key)
  if (known === undefined || typeof known === 'string') members.delete(key)
  else {
    known.splice(known.indexOf(value ?? 'null'), 1)
    if (known.length === 1) members.set(key, known[0] as string)
  }
}

export function membersText(members: Members): string {
  const single: [string, string][] = []
  for (const [key, value] of members) {
    if (typeof value !== 'string') throw new RowError(`${show(key)} comes twice as a key of JSON_OBJECTAGG`)
    single.push([key, value])
  }
  return objectText(single)
}
