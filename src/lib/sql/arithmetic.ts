import { type Bound, literal, strict } from './bound.ts'
import { cast } from './cast.ts'
import { rescaled } from './cast-number.ts'
import type { Span } from './errors.ts'
import {
  approximateType,
  asDecimal,
  commonType,
  type DecimalType,
  DYNAMIC,
  decimalResult,
  isApproximate,
  isInteger,
  isNumeric,
  isTimestamp,
  type SqlType
} from './types.ts'
import { negate } from './values/integer.ts'

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%'

/** `left operator right` for numbers, and dates and times with intervals; undefined when the types do not go together. */
export function arithmetic(
  operator: ArithmeticOperator,
  left: Bound,
  right: Bound,
  span: Span
): Bound | undefined {
  const a = left.type
  const b = right.type
  if (isInterval(a) || isInterval(b)) return intervalArithmetic(operator, left, right, span)
  if (a.kind === 'NULL' && b.kind === 'NULL') return literal(null, a, span)
  if (a.kind === 'NULL') return arithmetic(operator, literal(null, b, left), right, span)
  if (b.kind === 'NULL') return arithmetic(operator, left, literal(null, a, right), span)
  if (a.kind === 'DYNAMIC' || b.kind === 'DYNAMIC') {
    if (!isNumberLike(a) || !isNumberLike(b)) return undefined
    const x = cast(left, DYNAMIC)
    const y = cast(right, DYNAMIC)
    if (x === undefined || y === undefined) return undefined
    return strict(operator, DYNAMIC, [x, y], ([p, q]) => `${dynamicFunctions[operator]}(${p}, ${q})`, span)
  }
  if (!isNumeric(a) || !isNumeric(b)) return undefined
  if (isApproximate(a) || isApproximate(b)) return doubleArithmetic(operator, left, right, span)
  if (isInteger(a) && isInteger(b)) return integerArithmetic(operator, left, right, span)
  return decimalArithmetic(operator, left, right, span)
}

const dynamicFunctions: Record<ArithmeticOperator, string> = {
  '+': 'rt.dynamicAdd',
  '-': 'rt.dynamicSubtract',
  '*': 'rt.dynamicMultiply',
  '/': 'rt.dynamicDivide',
  '%': 'rt.dynamicRemainder'
}

const isNumberLike = (type: SqlType): boolean => isNumeric(type) || type.kind === 'DYNAMIC'
const isInterval = (type: SqlType): boolean => type.kind === 'INTERVAL_DAY' || type.kind === 'INTERVAL_MONTH'

function integerArithmetic(
  operator: ArithmeticOperator,
  left: Bound,
  right: Bound,
  span: Span
): Bound | undefined {
  const type = commonType(left.type, right.type)
  if (type === undefined || !isInteger(type)) return undefined
  const { kind } = type
  const emit = (a: string, b: string): string => {
    if (operator === '/') return wrapped(`rt.divideInt(${a}, ${b})`, kind)
    if (operator === '%') return `rt.remainderInt(${a}, ${b})`
    if (kind === 'BIGINT') {
      const name = { '+': 'addBigint', '-': 'subtractBigint', '*': 'multiplyBigint' }[operator]
      return `rt.${name}(${a}, ${b})`
    }
    return wrapped(operator === '*' ? `Math.imul(${a}, ${b})` : `(${a} ${operator} ${b})`, kind)
  }
  return strict(operator, type, [left, right], ([a, b]) => emit(a as string, b as string), span)
}

function wrapped(value: string, kind: string): string {
  if (kind === 'INT') return `(${value} | 0)`
  return `rt.wrap(${value}, ${{ TINYINT: 8, SMALLINT: 16, BIGINT: 64 }[kind]})`
}

function doubleArithmetic(
  operator: ArithmeticOperator,
  left: Bound,
  right: Bound,
  span: Span
): Bound | undefined {
  const type = approximateType(left.type, right.type)
  const a = cast(left, type)
  const b = cast(right, type)
  if (a === undefined || b === undefined) return undefined
  const round = (value: string): string => (type.kind === 'FLOAT' ? `Math.fround(${value})` : value)
  return strict(operator, type, [a, b], ([x, y]) => round(`(${x} ${operator} ${y})`), span)
}

function decimalArithmetic(operator: ArithmeticOperator, left: Bound, right: Bound, span: Span): Bound {
  const a = asDecimal(left.type)
  const b = asDecimal(right.type)
  const type = decimalResult(operator, a, b)
  const scale = Math.max(a.scale, b.scale)
  const emit = (x: string, y: string): string => {
    switch (operator) {
      case '*':
        return rescaled(`rt.multiply(${x}, ${y})`, a.scale + b.scale, type.scale)
      case '/':
        return `rt.divideDecimal(${x}, ${a.scale}, ${y}, ${b.scale}, ${type.scale})`
      default: {
        const name = { '+': 'add', '-': 'subtract', '%': 'remainderInt' }[operator]
        const exact = `rt.${name}(${rescaled(x, a.scale, scale)}, ${rescaled(y, b.scale, scale)})`
        return rescaled(exact, scale, type.scale)
      }
    }
  }
  const checked = needsCheck(operator, a, b, type)
  return strict(
    operator,
    type,
    [left, right],
    ([x, y]) => {
      const value = emit(x as string, y as string)
      return checked ? `rt.decimalOrNull(${value}, ${type.precision})` : value
    },
    span,
    checked
  )
}

/** Whether the result may have more digits than its type, which makes it NULL. */
function needsCheck(
  operator: ArithmeticOperator,
  a: DecimalType,
  b: DecimalType,
  type: DecimalType
): boolean {
  if (operator === '%') return false
  const whole = { '*': a.precision - a.scale + b.precision - b.scale, '/': 39, '+': 0, '-': 0 }[operator]
  const needed = operator === '*' ? whole : Math.max(a.precision - a.scale, b.precision - b.scale) + 1
  return operator === '/' || needed > type.precision - type.scale
}

function intervalArithmetic(
  operator: ArithmeticOperator,
  left: Bound,
  right: Bound,
  span: Span
): Bound | undefined {
  if (isInterval(left.type) && !isInterval(right.type)) {
    if (operator === '*' && isNumeric(right.type)) return scaleInterval(left, right, span)
    return operator === '+' ? intervalArithmetic('+', right, left, span) : undefined
  }
  if (operator === '*' && isNumeric(left.type)) return scaleInterval(right, left, span)
  if (operator !== '+' && operator !== '-') return undefined
  if (left.type.kind === right.type.kind) {
    return strict(operator, left.type, [left, right], ([a, b]) => `(${a} ${operator} ${b})`, span)
  }
  const moment = left.type.kind === 'DYNAMIC' ? cast(left, { kind: 'TIMESTAMP', precision: 3 }) : left
  if (moment === undefined) return undefined
  const { type } = moment
  const months = right.type.kind === 'INTERVAL_MONTH'
  const sign = operator === '-' ? '-' : ''
  if (type.kind === 'DATE') {
    const emit = months
      ? ([a, b]: string[]) => `rt.addMonths(${a}, ${sign}${b})`
      : ([a, b]: string[]) => `Math.floor((${a} * 86400000 ${operator} ${b}) / 86400000)`
    return strict(operator, type, [moment, right], emit, span)
  }
  if (type.kind === 'TIME' && !months) {
    const day = 86_400_000
    const emit = ([a, b]: string[]): string => `(((${a} ${operator} ${b}) % ${day} + ${day}) % ${day})`
    return strict(operator, type, [moment, right], emit, span)
  }
  if (!isTimestamp(type)) return undefined
  const { precision } = type
  const emit = months
    ? ([a, b]: string[]) => `rt.addMonthsToTimestamp(${a}, ${sign}${b}, ${precision})`
    : ([a, b]: string[]) =>
        `rt.${operator === '+' ? 'add' : 'subtract'}(${a}, ${scaledInterval(b as string, precision)})`
  return strict(operator, type, [moment, right], emit, span)
}

/** An interval in units of a timestamp; what a coarse one cannot hold is cut. */
const scaledInterval = (milliseconds: string, precision: number): string => {
  if (precision === 3) return milliseconds
  if (precision > 3) return `rt.multiply(${milliseconds}, ${10 ** (precision - 3)})`
  return `Math.trunc(${milliseconds} / ${10 ** (3 - precision)})`
}

function scaleInterval(interval: Bound, factor: Bound, span: Span): Bound | undefined {
  if (!isInteger(factor.type)) return undefined
  return strict('*', interval.type, [interval, factor], ([a, b]) => `(${a} * Number(${b}))`, span)
}

/** `-x`; undefined when x is no number or interval. */
export function negative(operand: Bound, span: Span): Bound | undefined {
  const { type } = operand
  if (operand.kind === 'literal') {
    const { value } = operand
    if (typeof value === 'number' || typeof value === 'bigint') {
      return literal(isApproximate(type) ? -Number(value) : negate(value), type, span)
    }
    if (value === null) return literal(null, type, span)
  }
  if (type.kind === 'DYNAMIC') return strict('-', type, [operand], ([a]) => `rt.dynamicNegate(${a})`, span)
  if (isInterval(type) || isApproximate(type)) return strict('-', type, [operand], ([a]) => `(-${a})`, span)
  if (isInteger(type))
    return strict('-', type, [operand], ([a]) => wrapped(`rt.negate(${a})`, type.kind), span)
  return type.kind === 'DECIMAL' ? strict('-', type, [operand], ([a]) => `rt.negate(${a})`, span) : undefined
}
