import { isObject, type JsonObject } from './fields.ts'

const SPECIAL = /[.+?^${}()|[\]\\]/g

/**
 * Keeps of a document what some names lead to, as Elasticsearch's `_source` filtering does: `a.b` also stands for everything
 * below it, `*` for any characters, and objects that keep nothing are left out. What a document is called by stays in it.
 */
export function sourceFilter(names: readonly string[]): (document: JsonObject) => JsonObject {
  const patterns = [...names, '_id', '_index'].map(name =>
    name.replace(SPECIAL, '\\$&').replaceAll('*', '.*')
  )
  const whole = new RegExp(`^(?:${patterns.join('|')})$`, 's')
  const keep = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) {
      const kept = value.flatMap(v => (typeof v === 'object' && v !== null ? (keep(v, path) ?? []) : []))
      return kept.length === 0 ? undefined : kept
    }
    if (!isObject(value)) return undefined
    const kept = below(value, path)
    return Object.keys(kept).length === 0 ? undefined : kept
  }
  const below = (object: JsonObject, path: string): JsonObject => {
    const kept: JsonObject = {}
    for (const [key, value] of Object.entries(object)) {
      const name = path === '' ? key : `${path}.${key}`
      const found = whole.test(name) ? value : keep(value, name)
      if (found !== undefined) kept[key] = found
    }
    return kept
  }
  return document => below(document, '')
}
