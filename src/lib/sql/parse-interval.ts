import type { Expression, TimeUnit } from './ast.ts'
import { SqlError } from './errors.ts'
import type { TokenStream } from './token-stream.ts'

const unitNames = new Set<string>(
  'YEAR QUARTER MONTH WEEK DAY HOUR MINUTE SECOND MILLISECOND MICROSECOND NANOSECOND EPOCH DOW ISODOW DOY ISOYEAR DECADE CENTURY MILLENNIUM'.split(
    ' '
  )
)

const milliseconds: Record<string, number> = {
  WEEK: 604_800_000,
  DAY: 86_400_000,
  HOUR: 3_600_000,
  MINUTE: 60_000,
  SECOND: 1000
}
const months: Record<string, number> = { YEAR: 12, QUARTER: 3, MONTH: 1 }

/** The unit a word names, singular or plural, or undefined. */
function timeUnit(word: string): TimeUnit | undefined {
  const upper = word.toUpperCase().replace(/^SQL_TSI_/, '')
  const singular = upper.endsWith('S') ? upper.slice(0, -1) : upper
  return unitNames.has(singular) ? (singular as TimeUnit) : undefined
}

export function parseTimeUnit(tokens: TokenStream): TimeUnit {
  const token = tokens.peek()
  const unit = token.kind === 'word' ? timeUnit(token.text) : undefined
  if (unit === undefined) throw tokens.unexpected('a unit such as SECOND, MINUTE, HOUR, DAY')
  tokens.next()
  return unit
}

/** `INTERVAL '10' MINUTE`, `INTERVAL '1 02:30' DAY TO MINUTE`, `INTERVAL '1-6' YEAR TO MONTH`. */
export function parseInterval(tokens: TokenStream): Expression {
  const { start } = tokens.next()
  const outerSign = tokens.takeSymbol('-') ? -1 : 1
  const quantity = tokens.next()
  if (quantity.kind !== 'string' && quantity.kind !== 'number')
    throw tokens.unexpected("a quantity such as '10'", quantity)
  const unit = parseTimeUnit(tokens)
  skipPrecision(tokens)
  let last: TimeUnit = unit
  if (tokens.takeWords('TO')) {
    last = parseTimeUnit(tokens)
    skipPrecision(tokens)
  }
  const span = { start, end: tokens.lastEnd }
  const text = quantity.text.trim()
  const sign = outerSign * (text.startsWith('-') ? -1 : 1)
  const value = text.replace(/^[+-]/, '')
  const name = unit === last ? unit : `${unit} TO ${last}`
  const malformed = () =>
    new SqlError('syntax', `'${quantity.text}' is no INTERVAL ${name}`, tokens.text, quantity)
  if (unit in months) {
    const parts = last === unit ? [value] : value.split('-')
    if (parts.length > 2 || !parts.every(part => /^\d+$/.test(part))) throw malformed()
    const total = Number(parts[0]) * (months[unit] ?? 0) + Number(parts[1] ?? 0)
    return { kind: 'interval', months: sign * total, unit: name, ...span }
  }
  const total = dayTime(value, unit, last)
  if (total === undefined) throw malformed()
  return { kind: 'interval', milliseconds: sign * total, unit: name, ...span }
}

/** Milliseconds of a day-time quantity such as `1 02:30:15.5`, read from unit `first` down to unit `last`. */
function dayTime(value: string, first: string, last: string): number | undefined {
  const units = ['DAY', 'HOUR', 'MINUTE', 'SECOND']
  if (first === last) {
    const pattern = first === 'SECOND' ? /^\d+(?:\.\d+)?$/ : /^\d+$/
    const factor = milliseconds[first]
    return factor !== undefined && pattern.test(value) ? Math.trunc(Number(value) * factor) : undefined
  }
  const from = units.indexOf(first)
  const to = units.indexOf(last)
  const parts = value.split(/[ :]/)
  if (from < 0 || to < from || parts.length !== to - from + 1) return undefined
  let total = 0
  for (const [i, part] of parts.entries()) {
    const unit = units[from + i] as string
    if (!(unit === 'SECOND' ? /^\d+(?:\.\d+)?$/ : /^\d+$/).test(part)) return undefined
    total += Number(part) * (milliseconds[unit] ?? 0)
  }
  return Math.trunc(total)
}

function skipPrecision(tokens: TokenStream): void {
  if (!tokens.takeSymbol('(')) return
  tokens.expectInteger('a precision')
  if (tokens.takeSymbol(',')) tokens.expectInteger('a precision')
  tokens.expectSymbol(')')
}
