import { Decimal } from './decimal.ts'
import { detach } from './text.ts'

/** A value that outlives its block and can be written to a snapshot. */
export function keep(value: unknown): unknown {
  if (typeof value === 'string') return detach(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Decimal) return value.toString()
  if (Array.isArray(value)) return value.map(keep)
  return value instanceof Map ? new Map([...value].map(([k, v]) => [keep(k), keep(v)])) : value
}

/** The value as a Map key: equal for equal values of one type. */
export function keyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return value instanceof Decimal ? value.toString() : JSON.stringify(value, plain)
}

const plain = (_: string, value: unknown): unknown =>
  typeof value === 'bigint'
    ? `\0${value}`
    : value instanceof Map
      ? [...value].map(([k, v]) => [keyOf(k), v]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
      : value

/** Whether two values of one type are the same, in whatever form they are kept. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (a instanceof Decimal || b instanceof Decimal) return String(a) === String(b)
  return typeof a === 'object' && typeof b === 'object' && keyOf(a) === keyOf(b)
}
