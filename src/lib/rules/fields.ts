/**
 * Fields by dotted name, in the two ways that ElastAlert meets them: a query sees every value a path leads to (arrays are
 * many values, as in Elasticsearch), a text or a query_key sees the one value of `lookup_es_key`.
 */

import type { Timestamp } from './event.ts'
import type { FieldFinder } from './field-finder.ts'

export type JsonObject = { [name: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a rule sees of a line: its document, and around the row of a change event the envelope. */
export interface Fields {
  readonly row: JsonObject
  readonly envelope: JsonObject | undefined
  /** Of an event that need not be parsed for its fields. */
  readonly quick?: QuickFields | undefined
}

/** A part of some bytes, which are there only for a while. */
export interface Span {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** An event as JSON: what `eventOf` can make it of again. */
export function eventJson(event: Fields): Span {
  if (event.quick !== undefined) return event.quick
  const bytes = Buffer.from(JSON.stringify(event.envelope ?? event.row))
  return { bytes, start: 0, end: bytes.length }
}

/** Finds in the bytes of a line, which are the event's JSON, what functions of the same meaning find in a parsed one. */
export interface QuickFields extends Span {
  /** As `lookup`. */
  lookup(name: string): unknown
  find(finder: FieldFinder): unknown
  /** As `compileField`; undefined when the line must be parsed for it. */
  some(name: string, test: (value: unknown) => boolean): boolean | undefined
  /** As `timeOf`. */
  time(timestamp: Timestamp): number | undefined
}

const KEYWORD = '.keyword'

function pathHas(value: unknown, path: string[], from: number): boolean {
  if (from === path.length) return value !== undefined
  if (Array.isArray(value)) return value.some(v => pathHas(v, path, from))
  if (!isObject(value)) return false
  let key = ''
  for (let i = from; i < path.length; i++) {
    key = i === from ? path[i]! : `${key}.${path[i]}`
    if (Object.hasOwn(value, key) && pathHas(value[key], path, i + 1)) return true
  }
  return false
}

function pathSome(value: unknown, path: string[], from: number, test: (v: unknown) => boolean): boolean {
  if (Array.isArray(value)) return value.some(v => pathSome(v, path, from, test))
  if (from === path.length) return value !== null && value !== undefined && test(value)
  if (!isObject(value)) return false
  let key = ''
  for (let i = from; i < path.length; i++) {
    key = i === from ? path[i]! : `${key}.${path[i]}`
    if (Object.hasOwn(value, key) && pathSome(value[key], path, i + 1, test)) return true
  }
  return false
}

export type SomeValue = (fields: Fields, test: (value: unknown) => boolean) => boolean

/**
 * A search through the values of a field: true when the test holds for one of them; nulls are no values. The row comes
 * first, the envelope where the row has no such field, and `name.keyword` is `name` where neither has it.
 */
export function compileField(name: string): SomeValue {
  const known = compiled.get(name) ?? compile(name)
  compiled.set(name, known)
  return known
}

/** Names are those of rules. */
const compiled = new Map<string, SomeValue>()

function compile(name: string): SomeValue {
  if (isPattern(name)) return compilePattern(name)
  const path = name.split('.')
  const base = name.endsWith(KEYWORD) ? compileField(name.slice(0, -KEYWORD.length)) : undefined
  const only = path.length === 1 ? name : undefined
  return (fields, test) => {
    const quick = fields.quick?.some(name, test)
    if (quick !== undefined) return quick
    if (only !== undefined && Object.hasOwn(fields.row, only)) {
      const value = fields.row[only]
      if (typeof value !== 'object') return value !== undefined && test(value)
      return pathSome(value, path, 1, test)
    }
    if (pathHas(fields.row, path, 0)) return pathSome(fields.row, path, 0, test)
    if (fields.envelope !== undefined && pathHas(fields.envelope, path, 0)) {
      return pathSome(fields.envelope, path, 0, test)
    }
    return base?.(fields, test) ?? false
  }
}

/** Whether a name stands for all fields that it fits: `payment.*`. */
export function isPattern(name: string): boolean {
  return name.includes('*')
}

function compilePattern(name: string): SomeValue {
  const fits = new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's')
  return (fields, test) => {
    const walk = (value: unknown, path: string): boolean => {
      if (Array.isArray(value)) return value.some(v => walk(v, path))
      if (isObject(value))
        return Object.entries(value).some(([key, v]) => walk(v, path === '' ? key : `${path}.${key}`))
      return (
        value !== null &&
        value !== undefined &&
        (fits.test(path) || fits.test(`${path}${KEYWORD}`)) &&
        test(value)
      )
    }
    return walk(fields.row, '') || (fields.envelope !== undefined && walk(fields.envelope, ''))
  }
}

/** The objects that a path leads to, each in a document of its own. */
export function nestedOf(fields: Fields, path: string): Fields[] {
  const found: Fields[] = []
  compileField(path)(fields, value => {
    if (isObject(value)) {
      const row = path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
      found.push({ row: row as JsonObject, envelope: undefined })
    }
    return false
  })
  return found
}

/** Every value in the document, for queries that name no field; objects and arrays are walked, nulls are no values. */
export function anyValue(fields: Fields, test: (value: unknown) => boolean): boolean {
  const walk = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(walk)
    if (isObject(value)) return Object.values(value).some(walk)
    return value !== null && test(value)
  }
  // what a document of an index is called by is no part of it
  return Object.entries(fields.row).some(
    ([name, value]) => name !== '_id' && name !== '_index' && walk(value)
  )
}

const INDEX = /^(.+?)\[(\d)\](.*)$/

/**
 * @param isExact a path does not go on behind a text, a number or a list; else what lies there is what it leads to
 */
function find(object: unknown, parts: string[], isExact: boolean): unknown {
  if (!isObject(object)) return undefined
  for (let n = parts.length; n > 0; n--) {
    let root = parts.slice(0, n).join('.')
    let rest = parts.slice(n)
    const m = INDEX.exec(root)
    if (m !== null) {
      root = m[1]!
      if (m[3] !== '') rest = [...m[3]!.replace(/^\./, '').split('.'), ...rest]
    }
    if (!Object.hasOwn(object, root)) continue
    const whole = object[root]
    const value = m === null ? whole : Array.isArray(whole) ? whole[+m[2]!] : undefined
    if (rest.length === 0) return value
    if (isObject(value)) return find(value, rest, isExact)
    return isExact && !(rest.length === 1 && rest[0] === 'keyword') ? undefined : whole
  }
  return undefined
}

/**
 * The value of a dotted name as ElastAlert's `lookup_es_key` finds it: the longest key first, `list[0]` for an element. A path
 * ends at a text, a number or a list that it meets (`name.keyword` is `name`, `items.id` all of a list of items), unless the
 * envelope of a change event has the whole of it. Undefined when there is none.
 */
export function lookup(fields: Fields, name: string): unknown {
  const { quick } = fields
  if (quick !== undefined) return quick.lookup(name)
  const { row, envelope } = fields
  if (!name.includes('[')) {
    // asked for each event: most names are keys as they stand
    if (Object.hasOwn(row, name)) return row[name]
    if (!name.includes('.'))
      return envelope !== undefined && Object.hasOwn(envelope, name) ? envelope[name] : undefined
  }
  const parts = name.split('.')
  if (envelope === undefined) return find(row, parts, false)
  let found = find(row, parts, true)
  if (found === undefined) found = find(envelope, parts, true)
  return found === undefined ? find(row, parts, false) : found
}

/**
 * The values of a field as an index has them: those of an array, and of a list of objects those within; none for null.
 * @param value what `lookup` finds
 */
export function valuesOf(fields: Fields, name: string, value = lookup(fields, name)): unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return [value]
  if (!value.some(v => typeof v === 'object')) return value
  const values: unknown[] = []
  compileField(name)(fields, v => {
    values.push(v)
    return false
  })
  return values
}
