import { type Bound, describe, strict } from './bound.ts'
import { cast } from './cast.ts'
import type { Span } from './errors.ts'
import {
  BOOLEAN,
  commonType,
  isNested,
  isNumeric,
  isTemporal,
  isTimestamp,
  type SqlType,
  STRING
} from './types.ts'
import { parseTimestamp } from './values/time.ts'

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>='

const javaScript: Record<ComparisonOperator, string> = {
  '=': '===',
  '<>': '!==',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>='
}

/** `left operator right`, or undefined when Flink does not compare such types. */
export function compare(
  operator: ComparisonOperator,
  left: Bound,
  right: Bound,
  span: Span
): Bound | undefined {
  const withText = compareWithLiteral(operator, left, right, span)
  if (withText !== undefined) return withText
  const pair = comparable(left, right)
  if (pair === undefined) return undefined
  const [a, b] = pair
  if (isNested(a.type) && operator !== '=' && operator !== '<>') return undefined
  const js = javaScript[operator]
  const emit = (x: string, y: string): string => {
    if (isNested(a.type)) return `${operator === '=' ? '' : '!'}rt.isSameValue(${x}, ${y})`
    if (a.type.kind === 'DYNAMIC' || b.type.kind === 'DYNAMIC') return compareUndeclared(operator, a, b, x, y)
    const ordered = operator !== '=' && operator !== '<>'
    if (a.type.kind === 'STRING' && ordered) return `(rt.compareText(${x}, ${y}) ${js} 0)`
    return `(${x} ${js} ${y})`
  }
  return strict(operator, BOOLEAN, [a, b], ([x, y]) => emit(x as string, y as string), span)
}

/** An undeclared value with a number compares as a number, with another undeclared one by what both are. */
function compareUndeclared(operator: ComparisonOperator, a: Bound, b: Bound, x: string, y: string): string {
  const js = javaScript[operator]
  if (isNumeric(a.type) || isNumeric(b.type)) return `(rt.compareAsNumber(${x}, ${y}) ${js} 0)`
  if (operator === '=') return `rt.equalDynamic(${x}, ${y})`
  if (operator === '<>') return `!rt.equalDynamic(${x}, ${y})`
  return `(rt.compareDynamic(${x}, ${y}) ${js} 0)`
}

/**
 * An undeclared value with a string in quotes: as times when the string is one, in whatever form either is written;
 * by `<` and its like as two undeclared values would be. Undefined for every other pair.
 */
function compareWithLiteral(
  operator: ComparisonOperator,
  left: Bound,
  right: Bound,
  span: Span
): Bound | undefined {
  const swapped = left.kind === 'literal'
  const [value, text] = swapped ? [right, left] : [left, right]
  if (value.type.kind !== 'DYNAMIC' || text.kind !== 'literal' || typeof text.value !== 'string')
    return undefined
  const time = /^\d{4}-\d\d-\d\d/.test(text.value) ? parseTimestamp(text.value, 6) : undefined
  const equality = operator === '=' || operator === '<>'
  if (typeof time !== 'number' && equality) return undefined
  const order =
    typeof time === 'number' ? `rt.compareWithTime(VALUE, TEXT, ${time})` : 'rt.compareDynamic(VALUE, TEXT)'
  const quoted = JSON.stringify(text.value)
  const emit = ([x]: string[]): string => {
    const compared = order.replace('VALUE', () => x as string).replace('TEXT', () => quoted)
    return swapped ? `(0 ${javaScript[operator]} ${compared})` : `(${compared} ${javaScript[operator]} 0)`
  }
  const name = swapped ? `${describe(text)} ${operator}` : `${operator} ${describe(text)}`
  return strict(name, BOOLEAN, [value], emit, span)
}

/** Both operands in the form in which they are compared. */
function comparable(left: Bound, right: Bound): [Bound, Bound] | undefined {
  const type = comparisonType(left, right)
  if (type === undefined) return undefined
  if (type === 'as they are') return [left, right]
  const a = cast(left, type)
  const b = cast(right, type)
  return a === undefined || b === undefined ? undefined : [a, b]
}

function comparisonType(left: Bound, right: Bound): SqlType | 'as they are' | undefined {
  const a = left.type
  const b = right.type
  if (a.kind === 'DYNAMIC' || b.kind === 'DYNAMIC') return undeclaredType(a.kind === 'DYNAMIC' ? b : a)
  if (isTemporal(a) && isText(right)) return a
  if (isTemporal(b) && isText(left)) return b
  // Flink compares a DATE with a TIMESTAMP only after a CAST.
  if (isTemporal(a) && isTemporal(b) && (a.kind === 'DATE') !== (b.kind === 'DATE')) return undefined
  const common = commonType(a, b)
  return common
}

const isText = (expression: Bound): boolean =>
  expression.kind === 'literal' && expression.type.kind === 'STRING'

/** The finest fractions of a second in change events: MySQL's. */
const finest = 6

/** What an undeclared value is read as beside a value of a known type. */
function undeclaredType(other: SqlType): SqlType | 'as they are' | undefined {
  if (other.kind === 'DYNAMIC' || other.kind === 'NULL') return 'as they are'
  if (isNumeric(other)) return { kind: 'DYNAMIC' }
  if (other.kind === 'STRING') return STRING
  if (other.kind === 'DATE') return { kind: 'TIMESTAMP', precision: finest }
  // The literal's precision is that of its text: cutting the value to it would make unequal times equal.
  if (isTimestamp(other)) return { kind: other.kind, precision: Math.max(finest, other.precision) }
  return other.kind === 'BOOLEAN' || isTemporal(other) || isNested(other) ? other : undefined
}
