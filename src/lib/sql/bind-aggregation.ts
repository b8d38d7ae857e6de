import type { AggregateCall } from './aggregates.ts'
import type { CallExpression, Expression, Identifier, Select } from './ast.ts'
import { hasAggregate, isAggregateCall, partsOf } from './ast-walk.ts'
import { bindAggregate } from './bind-aggregate-call.ts'
import { ExpressionBinder, type Scope } from './bind-expression.ts'
import { bindGroupWindow, groupWindowOf } from './bind-group-window.ts'
import type { Bound } from './bound.ts'
import { sameExpression } from './catalog.ts'
import { binderFor, type Environment } from './environment.ts'
import { SqlError } from './errors.ts'
import { groupRows, isByWindow } from './group-node.ts'
import type { Relation } from './relation.ts'
import { typeName } from './types.ts'
import { settled } from './window-relation.ts'

/** A key of GROUP BY; one that a window function there stands for has no expression. */
type Key = { expression: Expression | undefined; value: Bound }

/** The groups of a SELECT with GROUP BY or aggregates, and what binds expressions over them. */
export function bindAggregation(
  select: Select,
  given: Relation,
  environment: Environment
): { relation: Relation; binder: ExpressionBinder } {
  const { text } = environment
  const groupWindow = groupWindowOf(select, text)
  const others = select.groupBy.filter(expression => expression !== groupWindow)
  let relation = groupWindow === undefined ? given : settled(given)
  let binder = binderFor(relation, text)
  const bindKeys = (): Key[] => others.map(expression => ({ expression, value: binder.bind(expression) }))
  let keys = bindKeys()
  const bound =
    groupWindow === undefined
      ? undefined
      : bindGroupWindow(
          groupWindow,
          relation,
          keys.map(key => key.value),
          environment
        )
  if (bound !== undefined) {
    relation = { ...relation, window: bound.window }
    keys.push(...bound.bounds.map(value => ({ expression: undefined, value })))
  } else if (
    !isByWindow(
      relation,
      keys.map(key => key.value),
      readInAggregates(select, binder)
    )
  ) {
    relation = settled(relation)
    binder = binderFor(relation, text)
    keys = bindKeys()
  }
  for (const { expression, value } of keys) {
    if (!['ROW', 'ARRAY', 'MAP'].includes(value.type.kind)) continue
    throw new SqlError(
      'type',
      `${typeName(value.type)} cannot be a key of GROUP BY`,
      text,
      expression ?? select
    )
  }
  const calls: AggregateCall[] = []
  const values = keys.map(key => key.value)
  const { node, columns, firstCall } = groupRows(relation, values, calls)
  const whole = (expression: Expression): Bound | undefined => {
    if (expression.kind === 'call' && expression.over === undefined && isAggregateCall(expression)) {
      const call = bindAggregate(expression, binder)
      let index = calls.findIndex(other => other.name === call.name)
      if (index < 0) index = calls.push(call) - 1
      const { start, end } = expression
      const nullable = call.function !== 'COUNT'
      return {
        kind: 'column',
        index: firstCall + index,
        name: call.name,
        type: call.type,
        nullable,
        start,
        end
      }
    }
    if (hasAggregate(expression)) return undefined
    const value =
      (expression.kind === 'call' ? bound?.boundOf(expression) : undefined) ??
      (expression.kind === 'reference' || partsOf(expression).length > 0
        ? tryBind(binder, expression, others)
        : undefined)
    const key = value === undefined ? -1 : values.findIndex(other => sameExpression(other, value))
    return key < 0 ? undefined : columns[key]
  }
  const scope: Scope = {
    whole,
    resolve(parts) {
      const name = parts.map(part => part.name).join('.')
      const span = { start: (parts[0] as Identifier).start, end: (parts.at(-1) as Identifier).end }
      throw new SqlError('name', `${name} is neither in GROUP BY nor in an aggregate`, text, span)
    }
  }
  const grouped = new ExpressionBinder(text, scope)
  for (const item of select.items) {
    if (item.kind === 'star') throw new SqlError('name', '* cannot stand beside GROUP BY', text, item)
  }
  const having = select.having === undefined ? undefined : grouped.bindCondition(select.having)
  const result: Relation = {
    input: node,
    condition: having,
    fields: [],
    alias: undefined,
    open: false,
    window: undefined
  }
  return { relation: result, binder: grouped }
}

/** The expression over the ungrouped rows; only its own mistakes are told, not those of expressions that are no key. */
function tryBind(binder: ExpressionBinder, expression: Expression, keys: Expression[]): Bound | undefined {
  if (expression.kind !== 'reference' && !keys.some(key => key.kind === expression.kind)) return undefined
  return binder.bind(expression)
}

/** All columns that the aggregates read. */
function readInAggregates(select: Select, binder: ExpressionBinder): Bound[] {
  const expressions = select.items.flatMap(item => (item.kind === 'item' ? [item.value] : []))
  if (select.having !== undefined) expressions.push(select.having)
  return expressions
    .flatMap(aggregatesIn)
    .flatMap(referencesIn)
    .map(reference => binder.bind(reference))
}

const aggregatesIn = (expression: Expression): CallExpression[] =>
  expression.kind === 'call' && isAggregateCall(expression)
    ? [expression]
    : partsOf(expression).flatMap(aggregatesIn)

const referencesIn = (expression: Expression): Expression[] =>
  expression.kind === 'reference' ? [expression] : partsOf(expression).flatMap(referencesIn)
