import type { JsonObject } from '../fields.ts'
import { percentField, pythonFormat } from '../python-format.ts'
import type { Rule } from '../rule.ts'
import type { Key, Report } from './rule-type.ts'

/** True when a figure lies beyond one of its bounds. */
export function crosses(
  value: number,
  { max, min }: { max: number | undefined; min: number | undefined }
): boolean {
  return (max !== undefined && value > max) || (min !== undefined && value < min)
}

/** `max 5`, `min 1`, `min 1, max 5` */
export function boundsText({ max, min }: { max: number | undefined; min: number | undefined }): string {
  return [min === undefined ? '' : `min ${min}`, max === undefined ? '' : `max ${max}`]
    .filter(t => t !== '')
    .join(', ')
}

const PERCENT = /%([-+ 0#]*)(\d*(?:\.\d+)?)([dfFeEgGs%])/g

/** A number in a format of the rule: `{:.2f}` or `%.2f`. */
export function formatNumber(format: string, value: number): string {
  if (format.startsWith('{')) return pythonFormat(format, [value])
  return format.replace(PERCENT, (_, flags: string, size: string, code: string) => {
    if (code === '%') return '%'
    return percentField(flags, size, code, value)
  })
}

/** Adds the key to a match that no event is behind: a dotted name becomes objects, a compound key all its fields. */
export function addKey(row: JsonObject, rule: Rule, values: unknown[], key: Key): void {
  const { queryKey } = rule
  if (queryKey === undefined) return
  const { fields, name } = queryKey
  if (fields.length > 1) {
    for (const [i, field] of fields.entries()) row[field] = values[i]
    row[name] = key
    return
  }
  const [first, ...rest] = name.split('.')
  row[first!] = rest.reduceRight<unknown>((inner, part) => ({ [part]: inner }), key)
}

export function reportEvaluation(
  report: Report,
  found: { key: Key; micros: number; numHits: number; row: JsonObject }
): void {
  report.match({ ...found, envelope: undefined })
}
