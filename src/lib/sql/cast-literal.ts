import { type Bound, literal } from './bound.ts'
import { integerBits } from './conversion.ts'
import { asDecimal, isInteger, type SqlType } from './types.ts'
import { fits, parseDecimal, rescale } from './values/decimal.ts'
import { wrap } from './values/integer.ts'
import { parseDate, parseTime, parseTimestamp } from './values/time.ts'

/** A literal converted once, at compile time; undefined when it is not one of the simple cases. */
export function castLiteral(
  expression: Extract<Bound, { kind: 'literal' }>,
  type: SqlType
): Bound | undefined {
  const { value, type: from } = expression
  if (value === null) return literal(null, type, expression)
  if (type.kind === 'DYNAMIC') {
    return isInteger(from) || from.kind === 'STRING' || from.kind === 'BOOLEAN'
      ? literal(value, type, expression)
      : undefined
  }
  if (isInteger(type) && isInteger(from) && typeof value !== 'string' && typeof value !== 'boolean') {
    return literal(wrap(value, integerBits[type.kind] as 64), type, expression)
  }
  if (
    type.kind === 'DECIMAL' &&
    (isInteger(from) || from.kind === 'DECIMAL') &&
    typeof value !== 'string' &&
    typeof value !== 'boolean'
  ) {
    const { scale } = asDecimal(from)
    const unscaled = rescale(value, scale, type.scale)
    return literal(fits(unscaled, type.precision) ? unscaled : null, type, expression)
  }
  if (typeof value === 'string' && from.kind === 'STRING') {
    if (type.kind === 'STRING' && type.length === undefined) return literal(value, type, expression)
    const parsed = parseLiteral(value, type)
    return parsed === undefined || parsed === null ? undefined : literal(parsed, type, expression)
  }
  return undefined
}

/** The value a string literal stands for where a date, time or number is compared with it. */
function parseLiteral(text: string, type: SqlType): number | bigint | null | undefined {
  switch (type.kind) {
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return parseTimestamp(text, type.precision)
    case 'DATE':
      return parseDate(text)
    case 'TIME':
      return parseTime(text)
    case 'DECIMAL': {
      const decimal = parseDecimal(text)
      return decimal !== undefined && decimal.scale <= type.scale
        ? rescale(decimal.unscaled, decimal.scale, type.scale)
        : undefined
    }
    default:
      return undefined
  }
}
