import { type Bound, castName, type Emit, literal, strict } from './bound.ts'
import type { Span } from './errors.ts'
import {
  asDecimal,
  isApproximate,
  isInteger,
  isNumeric,
  isTimestamp,
  type SqlType,
  STRING,
  sameType
} from './types.ts'
import { fits, parseDecimal, rescale } from './values/decimal.ts'
import { wrap } from './values/integer.ts'
import { parseDate, parseTime, parseTimestamp } from './values/time.ts'

export const integerBits: Record<string, 8 | 16 | 32 | 64> = { TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 }

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

type Conversion = { emit: (value: string) => string; mayBeNull?: boolean }

const same: Conversion = { emit: value => value }
const call =
  (name: string, ...rest: (number | string)[]): ((value: string) => string) =>
  value =>
    `rt.${name}(${[value, ...rest.map(argument => JSON.stringify(argument))].join(', ')})`

function conversionTo(to: SqlType, from: SqlType): Conversion | undefined {
  switch (to.kind) {
    case 'STRING':
      return toText(from, to.length)
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
      return toDynamic(from)
    case 'ARRAY':
    case 'MAP':
    case 'ROW':
      return toNested(to, from)
    case 'BYTES':
      if (from.kind === 'STRING') return { emit: call('toBase64') }
      return from.kind === 'DYNAMIC' ? { emit: call('dynamicText') } : undefined
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

function toNested(to: SqlType & { kind: 'ARRAY' | 'MAP' | 'ROW' }, from: SqlType): Conversion | undefined {
  const parts: [SqlType, SqlType][] = []
  const source = from.kind === 'DYNAMIC' ? from : undefined
  if (to.kind === 'ARRAY') {
    if (from.kind === 'ARRAY' || source) parts.push([source ?? (from as typeof to).element, to.element])
  } else if (to.kind === 'MAP') {
    if (from.kind === 'MAP' || source) {
      const { key, value } = source ? { key: STRING, value: source } : (from as typeof to)
      parts.push([key, to.key], [value, to.value])
    }
  } else if (source) {
    for (const { type } of to.fields) parts.push([source, type])
  } else if (from.kind === 'ROW' && from.fields.length === to.fields.length) {
    for (const [i, { type }] of to.fields.entries()) parts.push([from.fields[i]?.type ?? type, type])
  }
  const functions = parts.map(([a, b]) => memberFunction(a, b))
  if (functions.length === 0 || functions.includes(undefined)) return undefined
  const members = functions.map(f => `(${f})`)
  if (to.kind === 'ARRAY') return { emit: v => `rt.toArray(${v}, ${members[0]})` }
  if (to.kind === 'MAP') return { emit: v => `rt.toMap(${v}, ${members.join(', ')})` }
  const names = JSON.stringify(to.fields.map(field => field.name))
  return { emit: v => `rt.toRow(${v}, ${names}, [${members.join(', ')}])` }
}

/** JavaScript that reads a nested value of `type` from what the JSON holds, null for null. */
export function fromJson(type: SqlType, json: string): string {
  return `rt.whenPresent(${json}, ${memberFunction({ kind: 'DYNAMIC' }, type)})`
}

function toText(from: SqlType, length: number | undefined): Conversion | undefined {
  const plain = plainText(from)
  if (plain === undefined || length === undefined) return plain
  return { ...plain, emit: value => `rt.cutText(${plain.emit(value)}, ${length})` }
}

function plainText(from: SqlType): Conversion | undefined {
  switch (from.kind) {
    case 'STRING':
      return same
    case 'DECIMAL':
      return { emit: call('formatDecimal', from.scale) }
    case 'FLOAT':
      return { emit: call('formatFloat') }
    case 'DOUBLE':
      return { emit: call('formatDouble') }
    case 'BOOLEAN':
      return { emit: value => `(${value} ? 'TRUE' : 'FALSE')` }
    case 'DATE':
      return { emit: call('formatDate') }
    case 'TIME':
      return { emit: call('formatTime', from.precision) }
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return { emit: call('formatTimestamp', from.precision, ' ') }
    case 'DYNAMIC':
      return { emit: call('dynamicText') }
    case 'BYTES':
      return { emit: call('fromBase64') }
    case 'INTERVAL_DAY':
      return { emit: call('dayIntervalText') }
    case 'INTERVAL_MONTH':
      return { emit: call('monthIntervalText') }
    case 'ARRAY': {
      const element = memberFunction(from.element, STRING)
      return element === undefined ? undefined : { emit: v => `rt.arrayText(${v}, ${element})` }
    }
    case 'MAP': {
      const [key, value] = [memberFunction(from.key, STRING), memberFunction(from.value, STRING)]
      return key !== undefined && value !== undefined
        ? { emit: v => `rt.mapText(${v}, ${key}, ${value})` }
        : undefined
    }
    case 'MULTISET': {
      const element = memberFunction(from.element, STRING)
      return element === undefined ? undefined : { emit: v => `rt.mapText(${v}, ${element}, String)` }
    }
    case 'ROW': {
      const fields = from.fields.map(field => memberFunction(field.type, STRING))
      return fields.includes(undefined)
        ? undefined
        : { emit: v => `rt.rowText(${v}, [${fields.map(f => `(${f})`).join(', ')}])` }
    }
    default:
      return isInteger(from) ? { emit: value => `String(${value})` } : undefined
  }
}

function toInteger(from: SqlType, bits: 8 | 16 | 32 | 64): Conversion | undefined {
  if (isInteger(from)) {
    return (integerBits[from.kind] ?? 64) <= bits ? same : { emit: call('wrap', bits) }
  }
  switch (from.kind) {
    case 'DECIMAL':
      return { emit: value => `rt.wrap(rt.wholePart(${value}, ${from.scale}), ${bits})` }
    case 'FLOAT':
    case 'DOUBLE':
      return bits >= 32
        ? { emit: call('doubleToInteger', bits) }
        : { emit: v => `rt.wrap(rt.doubleToInteger(${v}, 32), ${bits})` }
    case 'BOOLEAN':
      return { emit: value => `(${value} ? 1 : 0)` }
    case 'STRING':
      return { emit: call('textToInteger', bits) }
    case 'DYNAMIC':
      return { emit: value => `rt.wrap(rt.dynamicInteger(${value}), ${bits})` }
    default:
      return undefined
  }
}

function toDecimal(from: SqlType, precision: number, scale: number): Conversion | undefined {
  if (isInteger(from) || from.kind === 'DECIMAL') {
    const source = asDecimal(from)
    const emit = (value: string): string => rescaled(value, source.scale, scale)
    const widens = scale >= source.scale && precision - scale >= source.precision - source.scale
    if (widens) return { emit }
    return { emit: value => `rt.decimalOrNull(${emit(value)}, ${precision})`, mayBeNull: true }
  }
  switch (from.kind) {
    case 'FLOAT':
    case 'DOUBLE':
      return { emit: call('doubleToDecimal', precision, scale), mayBeNull: true }
    case 'BOOLEAN':
      return { emit: value => `(${value} ? ${powerOfTenCode(scale)} : 0)` }
    case 'STRING':
      return { emit: call('textToDecimal', precision, scale), mayBeNull: true }
    case 'DYNAMIC':
      return { emit: call('dynamicToDecimal', precision, scale), mayBeNull: true }
    default:
      return undefined
  }
}

/** JavaScript of a function that gives a value as the text of CAST, null for null. */
export const textCode = (type: SqlType): string => `(${memberFunction(type, STRING)})`

const powerOfTenCode = (exponent: number): string =>
  exponent <= 15 ? String(10 ** exponent) : `${10n ** BigInt(exponent)}n`

/** JavaScript that brings an unscaled value from one scale to another. */
export function rescaled(value: string, from: number, to: number): string {
  return from === to ? value : `rt.rescale(${value}, ${from}, ${to})`
}

function toDouble(from: SqlType, single: boolean): Conversion | undefined {
  const round: Emit = ([value]) => (single ? `Math.fround(${value})` : (value as string))
  const wrapped = (emit: (value: string) => string): Conversion => ({ emit: value => round([emit(value)]) })
  if (isInteger(from)) return wrapped(value => `Number(${value})`)
  switch (from.kind) {
    case 'DECIMAL':
      return wrapped(call('decimalToDouble', from.scale))
    case 'FLOAT':
    case 'DOUBLE':
      return wrapped(value => value)
    case 'STRING':
      return wrapped(call('textToDouble'))
    case 'DYNAMIC':
      return wrapped(call('dynamicToDouble'))
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

function toDynamic(from: SqlType, to: SqlType = { kind: 'DYNAMIC' }): Conversion | undefined {
  if (isInteger(from) || isApproximate(from)) return same
  switch (from.kind) {
    case 'STRING':
    case 'BOOLEAN':
    case 'BYTES':
      return same
    case 'ARRAY':
      return { emit: v => `rt.toArray(${v}, ${memberFunction(from.element, to)})` }
    case 'MAP':
      return {
        emit: v => `rt.toObject(${v}, ${memberFunction(from.key, STRING)}, ${memberFunction(from.value, to)})`
      }
    case 'MULTISET':
      return { emit: v => `rt.toObject(${v}, ${memberFunction(from.element, STRING)}, e => e)` }
    case 'ROW': {
      const names = JSON.stringify(from.fields.map(field => field.name))
      const fields = from.fields.map(field => `(${memberFunction(field.type, to)})`)
      return { emit: v => `rt.rowToObject(${v}, ${names}, [${fields.join(', ')}])` }
    }
    case 'DECIMAL':
      return { emit: value => `new rt.Decimal(${value}, ${from.scale})` }
    case 'TIMESTAMP':
      return { emit: call('isoTimestamp', from.precision, '') }
    case 'TIMESTAMP_LTZ':
      return { emit: call('isoTimestamp', from.precision, 'Z') }
    case 'DATE':
      return { emit: call('formatDate') }
    case 'TIME':
      return { emit: call('formatTime', from.precision) }
    default:
      return undefined
  }
}

/** A literal converted once, at compile time; undefined when it is not one of the simple cases. */
function castLiteral(expression: Extract<Bound, { kind: 'literal' }>, type: SqlType): Bound | undefined {
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
