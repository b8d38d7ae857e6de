import { RowError } from '../errors.ts'
import { Decimal } from '../values/decimal.ts'
import { show } from '../values/dynamic.ts'
import { rawJson } from '../values/nested.ts'
import { formatDouble } from '../values/text.ts'
import { follow, type Path } from './json-path.ts'

/** Bodies of the functions of SQL/JSON. */

const undefinedJson = Symbol('no JSON')
/** What was parsed last: a row's JSON is mostly looked into several times. */
let lastText = ''
let lastValue: unknown = undefinedJson

/** Numbers that JavaScript would write in another way: whole ones of any size, and 1.0, which is no 1. */
const specialNumber = /\d{16}|\d\.0|\d[eE]/

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

const exactNumbers: Reviver = (_, value, { source }) => {
  if (typeof value !== 'number' || source === undefined) return value
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source)
  return Number.isInteger(value) ? Object(value) : value
}

/** The JSON of a text, a member of `undefinedJson` when it is none. An undeclared value is what it is, unless it is a text. */
function parsed(json: unknown): unknown {
  if (typeof json !== 'string') return json instanceof Decimal ? Number(json) : json
  if (json === lastText && lastValue !== undefinedJson) return lastValue
  try {
    lastValue = specialNumber.test(json)
      ? (JSON.parse as (text: string, reviver: Reviver) => unknown)(json, exactNumbers)
      : JSON.parse(json)
  } catch {
    lastValue = undefinedJson
  }
  lastText = json
  return lastValue
}

export function jsonError(reason: string): never {
  throw new RowError(reason)
}

type Fallback<T> = (reason: string) => T | null

const notJson = (json: unknown): string => `${show(json)} is not JSON`

/** Where the path does not lead: lax paths find nothing there, strict ones an error. */
export function jsonValueAt<T>(
  json: unknown,
  path: Path,
  convert: (value: never) => T,
  onEmpty: Fallback<T>,
  onError: Fallback<T>
): T | null {
  if (json === null) return null
  const value = parsed(json)
  if (value === undefinedJson) return onError(notJson(json))
  const { values, isDefinite, missing } = follow(value, path)
  if (missing && !path.lax) return onError(`the path of JSON_VALUE leads nowhere in ${show(json)}`)
  const found = isDefinite ? values[0] : values
  if (missing || found === null || found === undefined)
    return onEmpty(`JSON_VALUE found nothing in ${show(json)}`)
  if (typeof found === 'object' && !(found instanceof Number))
    return onError(`JSON_VALUE found no single value in ${show(json)}`)
  try {
    return convert((found instanceof Number ? Number(found) : found) as never)
  } catch (error) {
    if (!(error instanceof RowError)) throw error
    return onError(error.message)
  }
}

/** A scalar of JSON as Flink's STRING. */
export const scalarText = (value: unknown): string =>
  typeof value === 'number' && !Number.isSafeInteger(value) ? formatDouble(value) : String(value)

export function jsonQueryAt(
  json: unknown,
  path: Path,
  wrapper: 'WITHOUT' | 'CONDITIONAL' | 'UNCONDITIONAL',
  asTexts: boolean,
  onEmpty: Fallback<unknown>,
  onError: Fallback<unknown>
): unknown {
  if (json === null) return null
  const value = parsed(json)
  if (value === undefinedJson) return onError(notJson(json))
  const { values, isDefinite, missing } = follow(value, path)
  if (missing && !path.lax) return onError(`the path of JSON_QUERY leads nowhere in ${show(json)}`)
  const found = isDefinite ? values[0] : values
  if (missing || found === null || found === undefined)
    return onEmpty(`JSON_QUERY found nothing in ${show(json)}`)
  const isScalar = typeof found !== 'object' || found instanceof Number
  const wrapped = wrapper === 'UNCONDITIONAL' || (wrapper === 'CONDITIONAL' && isScalar) ? [found] : found
  if (typeof wrapped !== 'object' || wrapped instanceof Number)
    return onError(`JSON_QUERY found no object or array in ${show(json)}`)
  if (!asTexts) return jsonOf(wrapped)
  if (!Array.isArray(wrapped)) return onError(`JSON_QUERY found no array in ${show(json)}`)
  return wrapped.map(each =>
    each === null
      ? null
      : typeof each === 'object' && !(each instanceof Number)
        ? jsonOf(each)
        : scalarText(each)
  )
}

/** JSON as Jackson writes it: doubles as Java prints them. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return rawJson(String(each))
    if (each instanceof Number || (typeof each === 'number' && !Number.isInteger(each)))
      return rawJson(formatDouble(Number(each)))
    return each
  })
}

export function jsonExistsAt(json: unknown, path: Path, onError: Fallback<boolean>): boolean | null {
  if (json === null) return null
  const value = parsed(json)
  if (value === undefinedJson) return onError(notJson(json))
  const { values, missing } = follow(value, path)
  if (missing) return path.lax ? false : onError(`the path of JSON_EXISTS leads nowhere in ${show(json)}`)
  return values.length > 0
}

export function isJson(text: string | null, kind: string): boolean {
  if (text === null) return false
  const value = parsed(text)
  if (value === undefinedJson) return false
  const found = Array.isArray(value)
    ? 'ARRAY'
    : typeof value === 'object' && value !== null && !(value instanceof Number)
      ? 'OBJECT'
      : 'SCALAR'
  return kind === 'VALUE' || kind === found
}

/**
 * JSON_OBJECT, by key, as Flink writes it.
 * @param members keys and their JSON texts in turn
 */
export function jsonObjectText(members: (string | null)[], absent: boolean): string {
  const values = new Map<string, string | null>()
  for (let i = 0; i < members.length; i += 2) {
    const [key, value] = [members[i] ?? null, members[i + 1] ?? null]
    if (key === null) throw new RowError('a key of JSON_OBJECT is NULL')
    if (value !== null || !absent) values.set(key, value)
  }
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`
}

export const jsonArrayText = (elements: (string | null)[], absent: boolean): string =>
  `[${elements.filter(element => element !== null || !absent).join(',')}]`

export function checkedJson(text: string): string {
  const value = parsed(text)
  if (value === undefinedJson) throw new RowError(notJson(text))
  return jsonOf(value)
}

/** The string in a JSON string; a text that is none as it is. */
export function jsonUnquote(text: string): string {
  if (!/^".*"$/s.test(text)) return text
  const value = parsed(text)
  return typeof value === 'string' ? value : text
}
