import { type Bound, castName, literal, strict } from './bound.ts'
import { castLiteral } from './cast-literal.ts'
import { toDynamic, toNested } from './cast-nested.ts'
import { toDecimal, toDouble, toInteger } from './cast-number.ts'
import { toBytes, toText } from './cast-text.ts'
import { type Conversion, call, integerBits, same } from './conversion.ts'
import type { Span } from './errors.ts'
import { isInteger, isNumeric, isTimestamp, type SqlType, STRING, sameType, withoutLengths } from './types.ts'

/** The expression as a value of another type, or undefined when Flink has no such cast. */
export function cast(expression: Bound, type: SqlType, span: Span = expression): Bound | undefined {
  const from = expression.type
  if (sameType(from, type)) return expression
  if (from.kind === 'NULL') return literal(null, type, span)
  if (expression.kind === 'literal') {
    const folded = castLiteral(expression, type)
    if (folded !== undefined) return folded
  }
  const conversion = conversionTo(type, from)
  if (conversion === undefined) return undefined
  const { emit, mayBeNull = false } = conversion
  return strict(castName(type), type, [expression], operands => emit(operands[0] as string), span, mayBeNull)
}

function conversionTo(to: SqlType, from: SqlType): Conversion | undefined {
  switch (to.kind) {
    case 'STRING':
      return toText(from, to, memberFunction)
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
      return toInteger(from, integerBits[to.kind] as 64)
    case 'DECIMAL':
      return toDecimal(from, to.precision, to.scale)
    case 'FLOAT':
    case 'DOUBLE':
      return toDouble(from, to.kind === 'FLOAT')
    case 'BOOLEAN':
      if (isNumeric(from)) return { emit: value => `(${value} !== 0)` }
      if (from.kind === 'STRING') return { emit: call('textToBoolean') }
      return from.kind === 'DYNAMIC' ? { emit: call('dynamicBoolean') } : undefined
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return toTimestamp(from, to.precision)
    case 'DATE':
      if (isTimestamp(from))
        return { emit: v => `Number(rt.floorDivide(${v}, ${86_400 * 10 ** from.precision}))` }
      if (from.kind === 'STRING') return { emit: call('textToDate'), mayBeNull: true }
      return from.kind === 'DYNAMIC' ? { emit: call('dynamicToDate'), mayBeNull: true } : undefined
    case 'TIME':
      if (from.kind === 'TIME') return same
      if (isTimestamp(from)) return { emit: call('timeOfDay', from.precision) }
      if (from.kind === 'STRING') return { emit: call('textToTime') }
      return from.kind === 'DYNAMIC' ? { emit: call('dynamicToTime') } : undefined
    case 'DYNAMIC':
      return toDynamic(from, memberFunction)
    case 'ARRAY':
    case 'MAP':
    case 'ROW':
      return toNested(to, from, memberFunction)
    case 'BYTES':
      return toBytes(from, to)
    default:
      return undefined
  }
}

function toTimestamp(from: SqlType, precision: number): Conversion | undefined {
  if (isTimestamp(from)) return { emit: call('rescaleTimestamp', from.precision, precision) }
  switch (from.kind) {
    case 'DATE':
      return { emit: value => `rt.multiply(${value}, ${86_400 * 10 ** precision})` }
    case 'STRING':
      return { emit: call('textToTimestamp', precision), mayBeNull: true }
    case 'DYNAMIC':
      return { emit: call('dynamicToTimestamp', precision), mayBeNull: true }
    default:
      return undefined
  }
}

/** JavaScript of a function that converts members, NULL to NULL. */
function memberFunction(from: SqlType, to: SqlType): string | undefined {
  const inside = sameType(from, to)
    ? same
    : from.kind === 'NULL'
      ? { emit: () => 'null' }
      : from.kind === 'DYNAMIC' && isInteger(to)
        ? { emit: call('integerInJson', integerBits[to.kind] as 64) }
        : conversionTo(to, from)
  return inside && `e => e === null ? null : ${inside.emit('e')}`
}

/** JavaScript that reads a nested value of `type` from what the JSON holds, null for null. */
export function fromJson(type: SqlType, json: string): string {
  return `rt.whenPresent(${json}, ${memberFunction({ kind: 'DYNAMIC' }, withoutLengths(type))})`
}

/** JavaScript of a function that gives a value as the text of CAST, null for null. */
export const textCode = (type: SqlType): string => `(${memberFunction(type, STRING)})`
