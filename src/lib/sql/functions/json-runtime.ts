import { RowError } from '../errors.ts'
import { Decimal } from '../values/decimal.ts'
import { show } from '../values/dynamic.ts'
import type { Int } from '../values/integer.ts'
import { integerInJson } from '../values/nested.ts'
import { follow, JsonDecimal, type Path } from './json-path.ts'
import { bigDecimalText, jsonTextDynamic, objectText } from './json-text-runtime.ts'

/** Bodies of the functions of SQL/JSON. */

const undefinedJson = Symbol('no JSON')
/** What was parsed last: a row's JSON is mostly looked into several times. */
let lastText = ''
let lastValue: unknown = undefinedJson

/** Texts that may have numbers whose digits JavaScript's numbers do not keep: 1.50, 1e2, whole ones of any size. */
const specialNumber = /\d{16}|\d\.\d|\d[eE]/

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

const exactNumbers: Reviver = (_, value, { source }) => {
  if (typeof value !== 'number' || source === undefined) return value
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source)
  return new JsonDecimal(bigDecimalText(source))
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

const isScalar = (value: unknown): boolean => typeof value !== 'object' || value instanceof JsonDecimal

/** What the path leads to, or why there is nothing: an error, also where a strict path finds nothing or null. */
function look(
  json: unknown,
  path: Path
): { found: unknown } | { reason: string; isError: boolean; isNull: boolean } {
  const value = parsed(json)
  if (value === undefinedJson) return { reason: `${show(json)} is not JSON`, isError: true, isNull: false }
  const { values, isDefinite, missing } = follow(value, path)
  const found = isDefinite ? values[0] : values
  if (!missing && found !== null && found !== undefined) return { found }
  const reason = `the path leads to nothing in ${show(json)}`
  return { reason, isError: !path.lax, isNull: !missing }
}

export function jsonValueAt<T>(
  json: unknown,
  path: Path,
  convert: (value: never) => T,
  onEmpty: Fallback<T>,
  onError: Fallback<T>
): T | null {
  if (json === null) return null
  const result = look(json, path)
  if ('reason' in result) return (result.isError ? onError : onEmpty)(result.reason)
  const { found } = result
  if (!isScalar(found)) return onError(`the path leads to no single value in ${show(json)}`)
  try {
    return convert((found instanceof JsonDecimal ? found.text : found) as never)
  } catch (error) {
    if (!(error instanceof RowError)) throw error
    return onError(error.message)
  }
}

/** A whole number of JSON, also in a string; not the whole part of another number. */
export function wholeNumberInJson(value: unknown, bits: 8 | 16 | 32 | 64): Int {
  const text = String(value)
  if (!/^[+-]?\d+$/.test(text)) throw new RowError(`${show(value)} is no whole number`)
  return integerInJson(text, bits)
}

export function booleanInJson(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new RowError(`${show(value)} is no BOOLEAN`)
}

export function jsonQueryAt(
  json: unknown,
  path: Path,
  wrapper: 'WITHOUT' | 'CONDITIONAL' | 'UNCONDITIONAL',
  asTexts: boolean,
  onEmpty: Fallback<unknown>,
  onError: Fallback<unknown>
): unknown {
  if (json === null) return null
  const result = look(json, path)
  if ('reason' in result) return (result.isError ? onError : onEmpty)(result.reason)
  const { found } = result
  const isWrapped = wrapper === 'UNCONDITIONAL' || (wrapper === 'CONDITIONAL' && isScalar(found))
  const value = isWrapped ? [found] : found
  if (isScalar(value)) return onError(`the path leads to no object or array in ${show(json)}`)
  if (!asTexts) return jsonTextDynamic(value)
  if (!Array.isArray(value)) return onError(`the path leads to no array in ${show(json)}`)
  return value.map(each => (each === null ? null : isScalar(each) ? String(each) : jsonTextDynamic(each)))
}

export function jsonExistsAt(json: unknown, path: Path, onError: Fallback<boolean>): boolean | null {
  if (json === null) return null
  const result = look(json, path)
  if ('found' in result) return true
  // A member that is null is none, but no error.
  return result.isError && !result.isNull ? onError(result.reason) : false
}

export function isJson(text: string | null, kind: string): boolean {
  if (text === null) return false
  const value = parsed(text)
  if (value === undefinedJson) return false
  const found = Array.isArray(value) ? 'ARRAY' : value !== null && !isScalar(value) ? 'OBJECT' : 'SCALAR'
  return kind === 'VALUE' || kind === found
}

/**
 * JSON_OBJECT, by key, as Flink writes it.
 * @param members keys and their JSON texts in turn
 */
export function jsonObjectText(members: (string | null)[], absent: boolean): string {
  const parts: [string, string][] = []
  for (let i = 0; i < members.length; i += 2) {
    const [key, value] = [members[i] ?? null, members[i + 1] ?? null]
    if (key === null) throw new RowError('a key of JSON_OBJECT is NULL')
    if (value !== null || !absent) parts.push([key, value ?? 'null'])
  }
  return objectText(parts)
}

export const jsonArrayText = (elements: (string | null)[], absent: boolean): string =>
  `[${(absent ? elements.filter(element => element !== null) : elements.map(each => each ?? 'null')).join(',')}]`

export function checkedJson(text: string): string {
  const value = parsed(text)
  if (value === undefinedJson) throw new RowError(`${show(text)} is not JSON`)
  return jsonTextDynamic(value)
}

/** The string in a JSON string; a text that is none as it is. */
export function jsonUnquote(text: string): string {
  if (!/^".*"$/s.test(text)) return text
  const value = parsed(text)
  return typeof value === 'string' ? value : text
}

/** As Flink escapes it: everything but ASCII, and the slash. */
export const jsonQuote = (text: string): string =>
  JSON.stringify(text)
    .replaceAll('/', '\\/')
    .replace(/[^\x20-\x7e]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
