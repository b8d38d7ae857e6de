import {
  and,
  type Bound,
  columnOfValue,
  conjunctsOf,
  describe,
  operandsOf,
  type Window,
  withColumns
} from './bound.ts'
import { calcValue, sidesOf } from './lift.ts'
import { type Calc, type Projection, type Scan, WINDOW_COLUMNS, type Windows, windowNames } from './plan.ts'
import { type Relation, wholeRow } from './relation.ts'

/**
 * While a query is bound, the rows of a relation that went through a window function stand there once, with the bounds
 * as expressions, so that an aggregation can take them into its windows. Any other use wants each row in each of its windows.
 */

/** Whether a bound of the window is read anywhere in an expression. */
export const readsBound = (expression: Bound | undefined, window: Window): boolean =>
  expression !== undefined &&
  ((expression.kind === 'windowBound' && expression.window === window) ||
    operandsOf(expression).some(operand => readsBound(operand, window)))

/** The relation with each row in each of its windows. A tumbling window's bounds are expressions of the row's time. */
export function settled<R extends Relation & { projections?: Projection[] }>(relation: R): R {
  const { window } = relation
  if (window === undefined) return relation
  return window.kind === 'TUMBLE' ? { ...relation, window: undefined } : expanded(relation, window)
}

function expanded<R extends Relation & { projections?: Projection[] }>(relation: R, window: Window): R {
  const conditions = relation.condition === undefined ? [] : conjunctsOf(relation.condition)
  const before = conditions.filter(condition => !readsBound(condition, window))
  const after = conditions.filter(condition => readsBound(condition, window))
  const input: Calc = {
    kind: 'calc',
    input: relation.input,
    condition: before.reduce<Bound | undefined>(and, undefined),
    values: []
  }
  const node: Windows = {
    kind: 'windows',
    input,
    window,
    time: calcValue(input, window.time),
    keys: window.keys.map(key => calcValue(input, key))
  }
  const column = (value: Bound): Bound => {
    const index = WINDOW_COLUMNS + calcValue(input, value)
    const name = describe(value)
    return columnOfValue(value, index, windowNames.includes(name) ? `${name}#${index}` : name)
  }
  const lift = (value: Bound): Bound =>
    withColumns(value, column, bound => {
      if (bound.window !== window) return column(bound)
      const name = `window_${bound.bound}`
      return columnOfValue(bound, windowNames.indexOf(name), name)
    })
  const projections = relation.projections?.map((projection): Projection => {
    if (projection.kind === 'value') return { ...projection, value: lift(projection.value) }
    return { kind: 'row', value: lift(projection.value ?? wholeRow(relation.input as Scan)) }
  })
  const { open, fields } = relation
  return {
    ...relation,
    input: node,
    condition: after.map(lift).reduce<Bound | undefined>(and, undefined),
    window: undefined,
    // Names that are not fields of an undeclared table are looked up in it.
    fields: open ? [] : fields.map(({ name, value }) => ({ name, value: lift(value) })),
    ...(open ? { sides: sidesOf({ ...relation, window: undefined }, lift) } : {}),
    ...(projections === undefined ? {} : { projections })
  }
}
