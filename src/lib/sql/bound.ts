import type { Span } from './errors.ts'
import { type SqlType, typeName } from './types.ts'
import type { Int } from './values/integer.ts'

/** A window table function applied to a relation. Lengths in ms. */
export type Window = {
  kind: 'TUMBLE' | 'HOP' | 'CUMULATE' | 'SESSION'
  /** SESSION: the gap. */
  size: number
  /** HOP: slide; CUMULATE: step; otherwise the size. */
  step: number
  offset: number
  /** Event time in ms. */
  time: Bound
  /** SESSION: what the rows of a session have in common. */
  keys: Bound[]
}

export type WindowBound = 'start' | 'end' | 'time'

/** What an expression is to the windows of its rows; windows are the same when their texts are. */
export type WindowProperty = { bound: WindowBound; windows: string }

/**
 * JavaScript for an operation on operands whose JavaScript is given. For strict nodes these are names of values that
 * are not null; for others any expressions, each to be used once.
 */
export type Emit = (operands: string[]) => string

export type LiteralValue = Int | string | boolean | null

/**
 * An expression with names resolved and types known, over the columns of one input row. `nullable` is false only where
 * NULL cannot come.
 */
export type Bound = Span & {
  type: SqlType
  nullable: boolean
  /** It is an event time by which the watermark of its rows is reckoned. */
  rowtime?: true
  /** It is a bound of the window that a row is in. */
  windowed?: WindowProperty
} & (
    | { kind: 'column'; index: number; name: string }
    | { kind: 'literal'; value: LiteralValue }
    /** A named operation; `strict` ones are NULL when an operand is and are not evaluated then. */
    | { kind: 'apply'; name: string; operands: Bound[]; emit: Emit; strict: boolean }
    | { kind: 'and' | 'or'; left: Bound; right: Bound }
    | { kind: 'not'; operand: Bound }
    | { kind: 'isNull'; operand: Bound }
    | { kind: 'isBoolean'; operand: Bound; value: boolean }
    | { kind: 'case'; whens: { when: Bound; result: Bound }[]; otherwise: Bound }
    | { kind: 'coalesce'; operands: Bound[] }
    /** NULL in place of a RowError (TRY_CAST). */
    | { kind: 'attempt'; operand: Bound }
    /** A bound of the window that the row is in. */
    | { kind: 'windowBound'; window: Window; bound: WindowBound }
  )

/** A column of another node that holds the value. */
export function columnOfValue(value: Bound, index: number, name: string): BoundColumn {
  const { type, nullable, rowtime, windowed, start, end } = value
  return {
    kind: 'column',
    index,
    name,
    type,
    nullable,
    ...(rowtime === undefined ? {} : { rowtime }),
    ...(windowed === undefined ? {} : { windowed }),
    start,
    end
  }
}

/** The expressions that an expression is computed from, one level down. */
export function operandsOf(expression: Bound): Bound[] {
  switch (expression.kind) {
    case 'column':
    case 'literal':
    case 'windowBound':
      return []
    case 'apply':
    case 'coalesce':
      return expression.operands
    case 'and':
    case 'or':
      return [expression.left, expression.right]
    case 'case':
      return [...expression.whens.flatMap(w => [w.when, w.result]), expression.otherwise]
    default:
      return [expression.operand]
  }
}

export type BoundColumn = Bound & { kind: 'column' }

/**
 * The expression with others in place of its columns: over the rows of another node.
 * @param replaceBound what stands in place of a bound of a window, if not the same bound reckoned from another time
 */
export function withColumns(
  expression: Bound,
  replace: (column: BoundColumn) => Bound,
  replaceBound: (bound: Bound & { kind: 'windowBound' }) => Bound | undefined = () => undefined
): Bound {
  const inner = (operand: Bound): Bound => withColumns(operand, replace, replaceBound)
  switch (expression.kind) {
    case 'column':
      return replace(expression)
    case 'literal':
      return expression
    case 'windowBound':
      return (
        replaceBound(expression) ?? {
          ...expression,
          window: { ...expression.window, time: inner(expression.window.time) }
        }
      )
    case 'apply':
    case 'coalesce':
      return { ...expression, operands: expression.operands.map(inner) }
    case 'and':
    case 'or':
      return { ...expression, left: inner(expression.left), right: inner(expression.right) }
    case 'case': {
      const whens = expression.whens.map(w => ({ when: inner(w.when), result: inner(w.result) }))
      return { ...expression, whens, otherwise: inner(expression.otherwise) }
    }
    default:
      return { ...expression, operand: inner(expression.operand) }
  }
}

/** The columns that an expression reads. */
export function columnsOf(expression: Bound): BoundColumn[] {
  if (expression.kind === 'column') return [expression]
  if (expression.kind === 'windowBound') return columnsOf(expression.window.time)
  return operandsOf(expression).flatMap(columnsOf)
}

/** The conditions that all have to hold for this one to. */
export function conjunctsOf(condition: Bound): Bound[] {
  const conjuncts: Bound[] = []
  let rest = condition
  for (; rest.kind === 'and'; rest = rest.left) conjuncts.push(...conjunctsOf(rest.right).reverse())
  conjuncts.push(rest)
  return conjuncts.reverse()
}

/** Both conditions; either may be absent. */
export function and(left: Bound | undefined, right: Bound): Bound {
  if (left === undefined) return right
  const { start, end } = right
  return { kind: 'and', left, right, type: right.type, nullable: left.nullable || right.nullable, start, end }
}

/** The expression as text: for plans, and equal exactly when two expressions over the same row are the same. */
export function describe(expression: Bound): string {
  switch (expression.kind) {
    case 'column':
      return expression.name
    case 'literal':
      return typeof expression.value === 'string'
        ? `'${expression.value.replaceAll("'", "''")}'`
        : String(expression.value).toUpperCase()
    case 'apply': {
      const operands = expression.operands.map(describe)
      if (/^[^\w\s]+$/.test(expression.name) && operands.length === 2) {
        return `(${operands[0]} ${expression.name} ${operands[1]})`
      }
      if (expression.name.startsWith(castPrefix))
        return `CAST(${operands[0]} AS ${expression.name.slice(castPrefix.length)})`
      return `${expression.name}(${operands.join(', ')})`
    }
    case 'and':
    case 'or':
      return `(${describe(expression.left)} ${expression.kind.toUpperCase()} ${describe(expression.right)})`
    case 'not':
      return `NOT ${describe(expression.operand)}`
    case 'isNull':
      return `(${describe(expression.operand)} IS NULL)`
    case 'isBoolean':
      return `(${describe(expression.operand)} IS ${String(expression.value).toUpperCase()})`
    case 'case': {
      const whens = expression.whens.map(w => `WHEN ${describe(w.when)} THEN ${describe(w.result)}`)
      return `CASE ${whens.join(' ')} ELSE ${describe(expression.otherwise)} END`
    }
    case 'coalesce':
      return `COALESCE(${expression.operands.map(describe).join(', ')})`
    case 'attempt':
      return `TRY(${describe(expression.operand)})`
    case 'windowBound':
      return `window_${expression.bound}(${describeWindow(expression.window)})`
  }
}

export function describeWindow(window: Window): string {
  const keys = window.keys.length === 0 ? '' : ` BY ${window.keys.map(describe).join(', ')}`
  return `${windowsText(window)} OF ${describe(window.time)}${keys}`
}

/** Which windows they are, whatever the rows in them. */
export function windowsText({ kind, size, step, offset }: Window): string {
  const lengths = kind === 'HOP' || kind === 'CUMULATE' ? `${step} ms, ${size} ms` : `${size} ms`
  return `${kind}(${lengths}${offset === 0 ? '' : `, offset ${offset} ms`})`
}

/** An operation that is NULL when an operand is; `nullable` says that it may be NULL besides. */
export function strict(
  name: string,
  type: SqlType,
  operands: Bound[],
  emit: Emit,
  span: Span,
  nullable = false
): Bound {
  const { start, end } = span
  const canBeNull = nullable || operands.some(operand => operand.nullable)
  return { kind: 'apply', name, type, operands, emit, strict: true, nullable: canBeNull, start, end }
}

/** Several values as one, an array that is never NULL. */
export const packed = (operands: Bound[], { start, end }: Span): Bound => ({
  kind: 'apply',
  name: 'ROW',
  type: { kind: 'ROW', fields: operands.map(({ type }, i) => ({ name: `EXPR$${i}`, type })) },
  operands,
  emit: values => `[${values.join(', ')}]`,
  strict: false,
  nullable: false,
  start,
  end
})

export const literal = (value: LiteralValue, type: SqlType, { start, end }: Span): Bound => ({
  kind: 'literal',
  value,
  type,
  nullable: value === null,
  start,
  end
})

const castPrefix = 'CAST AS '

/** The name of a cast: shown as `CAST(x AS type)`. */
export const castName = (type: SqlType): string => castPrefix + typeName(type)

/** Whether an expression is a CAST of another. */
export const isCast = (value: Bound): value is Bound & { kind: 'apply' } =>
  value.kind === 'apply' && value.name.startsWith(castPrefix)
