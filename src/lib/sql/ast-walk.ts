import { aggregateNames, otherAggregates } from './aggregates.ts'
import type { CallExpression, Expression, WindowSpecification } from './ast.ts'

/** The expressions that an expression is made of, one level down. */
export function partsOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'field':
      return [expression.input]
    case 'index':
      return [expression.input, expression.index]
    case 'unary':
    case 'is':
    case 'cast':
      return [expression.operand]
    case 'binary':
    case 'distinctFrom':
      return [expression.left, expression.right]
    case 'between':
      return [expression.operand, expression.low, expression.high]
    case 'inQuery':
      return [expression.operand]
    case 'in':
      return [expression.operand, ...expression.list]
    case 'like':
      return [expression.operand, expression.pattern]
    case 'case':
      return [
        expression.operand,
        expression.otherwise,
        ...expression.whens.flatMap(w => [w.when, w.result])
      ].filter(part => part !== undefined)
    case 'call':
      return [
        ...expression.args,
        ...(expression.filter === undefined ? [] : [expression.filter]),
        ...(expression.over === undefined ? [] : partsOfWindow(expression.over))
      ]
    default:
      return []
  }
}

export const partsOfWindow = ({ partitionBy, orderBy }: WindowSpecification): Expression[] => [
  ...partitionBy,
  ...orderBy.map(item => item.value)
]

/** Whether a group's aggregate is called anywhere in it: one without OVER, or what tells of its grouping set. */
export const hasAggregate = (expression: Expression): boolean =>
  (expression.kind === 'call' &&
    ((expression.over === undefined && isAggregateCall(expression)) || isGroupingCall(expression))) ||
  partsOf(expression).some(hasAggregate)

const groupingFunctions: ReadonlySet<string> = new Set(['GROUPING', 'GROUPING_ID', 'GROUP_ID'])

/** Whether it asks which grouping set a group is of. */
export const isGroupingCall = ({ name, user, over }: CallExpression): boolean =>
  user === undefined && over === undefined && groupingFunctions.has(name.name.toUpperCase())

/** The calls with OVER in it, but not those that stand in another. */
export function windowCallsOf(expression: Expression): CallExpression[] {
  if (expression.kind === 'call' && expression.over !== undefined) return [expression]
  return partsOf(expression).flatMap(windowCallsOf)
}

/** Whether it is the call of an aggregate, one of CREATE FUNCTION too. */
export const isAggregateCall = ({ name, user }: CallExpression): boolean =>
  user === undefined ? isAggregateName(name.name) : 'aggregate' in user

export const isAggregateName = (name: string): boolean =>
  aggregateNames.has(name.toUpperCase()) || otherAggregates.has(name.toUpperCase())

/** Whether a column or field of that name is read anywhere in it. */
export const mentions = (expression: Expression, name: string): boolean =>
  (expression.kind === 'reference' && expression.parts.some(part => part.name === name)) ||
  partsOf(expression).some(part => mentions(part, name))
