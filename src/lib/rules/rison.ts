import { isObject } from './fields.ts'
import { pythonStr } from './python-format.ts'

/** Characters of a text that stands without quotes; the first is no digit and no hyphen. Source: rison, with prison's `%` and `+`. */
const PLAIN = /^[^-0-9\u0000-\u0024\u0026-\u002a,:-@[-^`{-}][^\u0000-\u0024\u0026-\u002a,:-@[-^`{-}]*(?:\n|$)/

/**
 * A JSON value in Rison, the form in which Kibana and OpenSearch Dashboards keep their state in URLs: keys in their order,
 * texts in quotes where they need them.
 */
export function rison(value: unknown): string {
  if (Array.isArray(value)) return `!(${value.map(rison).join(',')})`
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map(key => `${text(key)}:${rison(value[key])}`)
    return `(${members.join(',')})`
  }
  if (value === null || value === undefined) return '!n'
  if (typeof value === 'boolean') return value ? '!t' : '!f'
  return typeof value === 'string' ? text(value) : pythonStr(value).replaceAll('+', '')
}

function text(value: string): string {
  return PLAIN.test(value) ? value : `'${value.replace(/['!]/g, '!$&')}'`
}
