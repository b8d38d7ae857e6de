import { isObject } from './fields.ts'

/** A whole number that is a float to Python, which writes it with its fraction. */
export class PythonFloat extends Number {
  override toString(): string {
    const text = super.toString()
    return /^-?\d+$/.test(text) ? `${text}.0` : text
  }
}

/** Python's `round`: halves go to the even neighbour. */
export function pythonRound(value: number, digits: number): number {
  const scaled = value * 10 ** digits
  if (Math.abs(scaled % 1) === 0.5) return (2 * Math.round(scaled / 2)) / 10 ** digits
  return digits >= 0 && digits <= 100 ? Number(value.toFixed(digits)) : Math.round(scaled) / 10 ** digits
}

/** False for what Python takes as false: None, False, 0, '', [], {}. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof PythonFloat) return value.valueOf() !== 0
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
