import { isObject } from './fields.ts'

/** False for what Python takes as false: None, False, 0, '', [], {}. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (isObject(value)) return Object.keys(value).length > 0
  return Boolean(value)
}

/** A JSON value as a text that is the same for equal values, whatever the order of their keys; null and absent are equal. */
export function identity(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(identity).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value ?? null)
  const pairs = Object.keys(value)
    .sort()
    .map(key => `${JSON.stringify(key)}:${identity(value[key])}`)
  return `{${pairs.join(',')}}`
}
