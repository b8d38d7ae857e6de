import { RowError } from '../errors.ts'
import { Decimal, wholePart } from './decimal.ts'
import { asNumber, type Dynamic, show } from './dynamic.ts'
import { type Int, wrap } from './integer.ts'
import { quote } from './text.ts'

/** ARRAY, MAP, MULTISET and ROW at run time, read from JSON and written as JSON or text. */

/** Converts a member; null for null. */
export type Member<A = unknown, B = unknown> = (value: A) => B

export const whenPresent = <T>(value: T | null, convert: (value: T) => unknown): unknown =>
  value === null ? null : convert(value)

export function toArray(value: unknown, convert: Member): unknown[] {
  if (!Array.isArray(value)) throw new RowError(`${show(value)} is not an ARRAY`)
  return value.map(element => convert(element))
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Decimal)

/** From a Map, or a JSON object. */
export function toMap(value: unknown, key: Member, member: Member): Map<unknown, unknown> {
  if (!(value instanceof Map) && !isObject(value)) throw new RowError(`${show(value)} is not a MAP`)
  const entries = value instanceof Map ? value : Object.entries(value)
  const map = new Map<unknown, unknown>()
  for (const [k, v] of entries) map.set(key(k), member(v))
  return map
}

/** From another row, by place, or from a JSON object, by name. */
export function toRow(value: unknown, names: string[], members: Member[]): unknown[] {
  if (Array.isArray(value)) return members.map((member, i) => member(value[i] ?? null))
  if (!isObject(value)) throw new RowError(`${show(value)} is not a ROW`)
  return members.map((member, i) => {
    const name = names[i] as string
    return Object.hasOwn(value, name) ? member(value[name]) : null
  })
}

export function toObject(map: Map<unknown, unknown>, key: Member, member: Member): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null)
  for (const [k, v] of map) object[String(key(k))] = member(v)
  return object
}

export function rowToObject(row: unknown[], names: string[], members: Member[]): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null)
  for (const [i, name] of names.entries()) object[name] = members[i]?.(row[i])
  return object
}

/** A whole number inside of nested JSON; one outside of its type is an error of the row, as for a column. */
export function integerInJson(value: Dynamic, bits: 8 | 16 | 32 | 64): Int {
  const number = asNumber(value)
  const whole =
    number instanceof Decimal
      ? wholePart(number.unscaled, number.scale)
      : typeof number === 'number'
        ? Math.trunc(number)
        : number
  if (wrap(whole, bits) !== whole) throw new RowError(`${show(value)} is outside of its type`)
  return whole
}

// --- text of CAST ---

const orNull = (text: unknown): unknown => (text === null ? 'NULL' : text)

export const arrayText = (array: unknown[], element: Member): string =>
  `[${array.map(e => orNull(element(e))).join(', ')}]`

export const mapText = (map: Map<unknown, unknown>, key: Member, member: Member): string =>
  `{${[...map].map(([k, v]) => `${orNull(key(k))}=${orNull(member(v))}`).join(', ')}}`

export const rowText = (row: unknown[], members: Member[]): string =>
  `(${members.map((member, i) => orNull(member(row[i]))).join(', ')})`

// --- JSON, UTF-8 with one character a byte ---

export const jsonArray = (array: unknown[] | null, element: Member<unknown, string>): string =>
  array === null ? 'null' : `[${array.map(e => element(e)).join(',')}]`

export function jsonMap(
  map: Map<unknown, unknown> | null,
  key: Member<unknown, string | null>,
  member: Member<unknown, string>
): string {
  if (map === null) return 'null'
  const members: string[] = []
  for (const [k, v] of map) members.push(`${quote(key(k) ?? 'null')}:${member(v)}`)
  return `{${members.join(',')}}`
}

/** @param names each as JSON with its colon */
export function jsonRow(row: unknown[] | null, names: string[], members: Member<unknown, string>[]): string {
  if (row === null) return 'null'
  return `{${names.map((name, i) => `${name}${members[i]?.(row[i])}`).join(',')}}`
}

// --- BYTES ---

export const toBase64 = (text: string): string => Buffer.from(text).toString('base64')
export const fromBase64 = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8')
