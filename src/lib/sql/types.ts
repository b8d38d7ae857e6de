/**
 * The types of Flink SQL and how values of each are held at run time (NULL is always `null`):
 *
 * | type | run time value |
 * |---|---|
 * | TINYINT … BIGINT | an `Int`: a number while it is a safe integer, else a bigint |
 * | DECIMAL(p, s) | an `Int`, the value times 10^s |
 * | FLOAT, DOUBLE | a number |
 * | STRING (CHAR and VARCHAR too) | a string |
 * | BOOLEAN | a boolean |
 * | DATE | days since 1970-01-01 |
 * | TIME(p) | milliseconds since midnight |
 * | TIMESTAMP(p), TIMESTAMP_LTZ(p) | an `Int`, units of 10^-p s since 1970-01-01 (UTC for LTZ) |
 * | INTERVAL | milliseconds, or months |
 * | BYTES | base64 text |
 * | ARRAY | an array of such values; ROW the same, in the order of its fields |
 * | MAP | a Map; MULTISET one from each value to how often it is there |
 * | DYNAMIC | what the JSON value is: string, boolean, Int or double, Decimal, object, array |
 *
 * DYNAMIC is ours: the type of a column nobody declared. A string becomes a DECIMAL, TIMESTAMP(3) or other type where
 * the place asks for one.
 */
export type SqlType =
  | { kind: 'BOOLEAN' | 'FLOAT' | 'DOUBLE' | 'DATE' | 'NULL' | 'DYNAMIC' }
  | { kind: 'TINYINT' | 'SMALLINT' | 'INT' | 'BIGINT' }
  | { kind: 'INTERVAL_DAY' | 'INTERVAL_MONTH' }
  | { kind: 'DECIMAL'; precision: number; scale: number }
  /** VARCHAR and VARBINARY with a length, which only CAST enforces; CHAR and BINARY are fixed. */
  | { kind: 'STRING' | 'BYTES'; length?: number; isFixed?: boolean }
  | { kind: 'TIME' | 'TIMESTAMP' | 'TIMESTAMP_LTZ'; precision: number }
  | { kind: 'ROW'; fields: { name: string; type: SqlType }[] }
  | { kind: 'ARRAY'; element: SqlType }
  | { kind: 'MAP'; key: SqlType; value: SqlType }
  | { kind: 'MULTISET'; element: SqlType }

export type DecimalType = Extract<SqlType, { kind: 'DECIMAL' }>
export type IntegerKind = 'TINYINT' | 'SMALLINT' | 'INT' | 'BIGINT'

export const BOOLEAN: SqlType = { kind: 'BOOLEAN' }
export const INT: SqlType = { kind: 'INT' }
export const BIGINT: SqlType = { kind: 'BIGINT' }
export const DOUBLE: SqlType = { kind: 'DOUBLE' }
export const STRING: SqlType = { kind: 'STRING' }
export const DATE: SqlType = { kind: 'DATE' }
export const DYNAMIC: SqlType = { kind: 'DYNAMIC' }
export const BYTES: SqlType = { kind: 'BYTES' }
export const NULL: SqlType = { kind: 'NULL' }
export const TIMESTAMP_3: SqlType = { kind: 'TIMESTAMP', precision: 3 }

export const maxPrecision = 38

const integerRank: Record<string, number> = { TINYINT: 1, SMALLINT: 2, INT: 3, BIGINT: 4 }
const integerDigits: Record<string, number> = { TINYINT: 3, SMALLINT: 5, INT: 10, BIGINT: 19 }

export const isInteger = (type: SqlType): type is { kind: IntegerKind } => type.kind in integerRank
export const isApproximate = (type: SqlType): boolean => type.kind === 'FLOAT' || type.kind === 'DOUBLE'
export const isNumeric = (type: SqlType): boolean =>
  isInteger(type) || isApproximate(type) || type.kind === 'DECIMAL'
export const isTimestamp = (
  type: SqlType
): type is { kind: 'TIMESTAMP' | 'TIMESTAMP_LTZ'; precision: number } =>
  type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ'
export const isTemporal = (type: SqlType): boolean =>
  isTimestamp(type) || type.kind === 'DATE' || type.kind === 'TIME'

/** The type as SQL text. */
export function typeName(type: SqlType): string {
  switch (type.kind) {
    case 'DECIMAL':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'TIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return `${type.kind}(${type.precision})`
    case 'ROW':
      return `ROW<${type.fields.map(f => `${f.name} ${typeName(f.type)}`).join(', ')}>`
    case 'ARRAY':
      return `ARRAY<${typeName(type.element)}>`
    case 'MAP':
      return `MAP<${typeName(type.key)}, ${typeName(type.value)}>`
    case 'MULTISET':
      return `MULTISET<${typeName(type.element)}>`
    case 'STRING':
      if (type.length === undefined) return 'STRING'
      return `${type.isFixed === true ? 'CHAR' : 'VARCHAR'}(${type.length})`
    case 'BYTES':
      if (type.length === undefined) return 'BYTES'
      return `${type.isFixed === true ? 'BINARY' : 'VARBINARY'}(${type.length})`
    case 'INTERVAL_DAY':
      return 'INTERVAL DAY TO SECOND'
    case 'INTERVAL_MONTH':
      return 'INTERVAL YEAR TO MONTH'
    case 'DYNAMIC':
      return 'undeclared'
    default:
      return type.kind
  }
}

/** Types of values that are made of others. */
export const isNested = (type: SqlType): boolean => ['ROW', 'ARRAY', 'MAP', 'MULTISET'].includes(type.kind)

export const sameType = (a: SqlType, b: SqlType): boolean => typeName(a) === typeName(b)

/** The same with texts and bytes of any length: what a source gives is taken as it is. */
export function withoutLengths(type: SqlType): SqlType {
  switch (type.kind) {
    case 'STRING':
    case 'BYTES':
      return { kind: type.kind }
    case 'ARRAY':
    case 'MULTISET':
      return { ...type, element: withoutLengths(type.element) }
    case 'MAP':
      return { ...type, key: withoutLengths(type.key), value: withoutLengths(type.value) }
    case 'ROW':
      return {
        ...type,
        fields: type.fields.map(field => ({ ...field, type: withoutLengths(field.type) }))
      }
    default:
      return type
  }
}

/** An exact numeric type as DECIMAL: BIGINT is DECIMAL(19, 0). */
export function asDecimal(type: SqlType): DecimalType {
  if (type.kind === 'DECIMAL') return type
  return { kind: 'DECIMAL', precision: integerDigits[type.kind] ?? maxPrecision, scale: 0 }
}

/**
 * Cuts a derived DECIMAL to 38 digits, giving up fraction digits down to 6 first.
 * Source: Flink's LogicalTypeMerging.adjustPrecisionScale, which follows SQL Server's rules.
 */
function adjustDecimal(precision: number, scale: number): DecimalType {
  if (precision <= maxPrecision) return { kind: 'DECIMAL', precision, scale }
  const kept = Math.max(maxPrecision - (precision - scale), Math.min(scale, 6))
  return { kind: 'DECIMAL', precision: maxPrecision, scale: kept }
}

/** The type of `a operator b` for two DECIMALs (Flink's LogicalTypeMerging.find…DecimalType). */
export function decimalResult(
  operator: '+' | '-' | '*' | '/' | '%',
  a: DecimalType,
  b: DecimalType
): DecimalType {
  const scale = Math.max(a.scale, b.scale)
  switch (operator) {
    case '*':
      return adjustDecimal(a.precision + b.precision + 1, a.scale + b.scale)
    case '/': {
      const fraction = Math.max(6, a.scale + b.precision + 1)
      return adjustDecimal(a.precision - a.scale + b.scale + fraction, fraction)
    }
    case '%':
      return adjustDecimal(Math.min(a.precision - a.scale, b.precision - b.scale) + scale, scale)
    default:
      return adjustDecimal(Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale)
  }
}

/** FLOAT stays FLOAT beside whole numbers; with DOUBLE or DECIMAL it becomes DOUBLE. */
export function approximateType(a: SqlType, b: SqlType): SqlType {
  const single = [a, b].every(type => type.kind === 'FLOAT' || isInteger(type))
  return single ? { kind: 'FLOAT' } : DOUBLE
}

/** The type that holds the values of both, as in CASE, COALESCE and comparisons, or undefined when there is none. */
export function commonType(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.kind === 'NULL') return b
  if (b.kind === 'NULL') return a
  if (a.kind === 'DYNAMIC' || b.kind === 'DYNAMIC') return DYNAMIC
  if (isInteger(a) && isInteger(b)) return (integerRank[a.kind] ?? 0) >= (integerRank[b.kind] ?? 0) ? a : b
  if (isNumeric(a) && isNumeric(b)) {
    if (isApproximate(a) || isApproximate(b)) return approximateType(a, b)
    const left = asDecimal(a)
    const right = asDecimal(b)
    const scale = Math.max(left.scale, right.scale)
    const whole = Math.max(left.precision - left.scale, right.precision - right.scale)
    return { kind: 'DECIMAL', precision: Math.min(maxPrecision, whole + scale), scale }
  }
  if (isTimestamp(a) && isTimestamp(b)) {
    return {
      kind: a.kind === b.kind ? a.kind : 'TIMESTAMP_LTZ',
      precision: Math.max(a.precision, b.precision)
    }
  }
  if (isTimestamp(a) && b.kind === 'DATE') return a
  if (a.kind === 'DATE' && isTimestamp(b)) return b
  if (a.kind === 'STRING' && b.kind === 'STRING') return STRING
  if (a.kind === 'BYTES' && b.kind === 'BYTES') return BYTES
  if (a.kind === 'TIME' && b.kind === 'TIME') return a
  return commonNested(a, b) ?? (sameType(a, b) ? a : undefined)
}

function commonNested(a: SqlType, b: SqlType): SqlType | undefined {
  if (a.kind === 'ARRAY' && b.kind === 'ARRAY') {
    const element = commonType(a.element, b.element)
    return element && { kind: 'ARRAY', element }
  }
  if (a.kind === 'MAP' && b.kind === 'MAP') {
    const key = commonType(a.key, b.key)
    const value = commonType(a.value, b.value)
    return key && value && { kind: 'MAP', key, value }
  }
  if (a.kind !== 'ROW' || b.kind !== 'ROW' || a.fields.length !== b.fields.length) return undefined
  const fields: { name: string; type: SqlType }[] = []
  for (const [i, { name, type }] of a.fields.entries()) {
    const common = commonType(type, b.fields[i]?.type ?? NULL)
    if (common === undefined) return undefined
    fields.push({ name, type: common })
  }
  return { kind: 'ROW', fields }
}
