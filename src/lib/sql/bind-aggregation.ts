import type { AggregateCall } from './aggregates.ts'
import type { Expression, Identifier, Select } from './ast.ts'
import { hasAggregate, isAggregateName, partsOf } from './ast-walk.ts'
import { bindAggregate } from './bind-aggregate-call.ts'
import { ExpressionBinder, type Scope } from './bind-expression.ts'
import { type Bound, describe } from './bound.ts'
import { sameExpression } from './catalog.ts'
import { refuseWindowBounds, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { type Node, WINDOW_COLUMNS } from './plan.ts'
import type { Relation } from './relation.ts'
import { typeName } from './types.ts'

/** The groups of a SELECT with GROUP BY or aggregates, and what binds expressions over them. */
export function bindAggregation(
  select: Select,
  relation: Relation,
  binder: ExpressionBinder,
  text: string
): { relation: Relation; binder: ExpressionBinder } {
  const { input, window } = relation
  const groups = select.groupBy.map(expression => ({ expression, value: binder.bind(expression) }))
  const bounds = groups.map(({ value }) => (value.kind === 'windowBound' ? value.bound : undefined))
  if (window !== undefined && (!bounds.includes('start') || !bounds.includes('end'))) {
    const at = select.groupBy[0] ?? select
    throw new SqlError(
      'unsupported',
      unsupported('GROUP BY over windows without both window_start and window_end'),
      text,
      at
    )
  }
  const keys = groups.filter(({ value }) => value.kind !== 'windowBound')
  for (const { expression, value } of keys) {
    if (['ROW', 'ARRAY', 'MAP'].includes(value.type.kind)) {
      throw new SqlError('type', `${typeName(value.type)} cannot be a key of GROUP BY`, text, expression)
    }
  }
  refuseWindowBounds(
    keys.map(key => key.value),
    text
  )
  const calls: AggregateCall[] = []
  const parts = { condition: relation.condition, keys: keys.map(k => k.value), calls }
  const node: Node =
    window === undefined ? { kind: 'group', input, ...parts } : { kind: 'aggregate', input, window, ...parts }
  const firstKey = node.kind === 'aggregate' ? WINDOW_COLUMNS : 0
  const output = (index: number, value: Bound, name: string): Bound => {
    const { start, end, type, nullable } = value
    return { kind: 'column', index, name, type, nullable, start, end }
  }
  const whole = (expression: Expression): Bound | undefined => {
    if (
      expression.kind === 'call' &&
      expression.over === undefined &&
      isAggregateName(expression.name.name)
    ) {
      const call = bindAggregate(expression, binder)
      refuseWindowBounds([call.argument, call.filter], text)
      let index = calls.findIndex(other => other.name === call.name)
      if (index < 0) index = calls.push(call) - 1
      const { start, end } = expression
      const nullable = call.function !== 'COUNT'
      return {
        kind: 'column',
        index: firstKey + keys.length + index,
        name: call.name,
        type: call.type,
        nullable,
        start,
        end
      }
    }
    if (hasAggregate(expression)) return undefined
    const value =
      expression.kind === 'reference' || partsOf(expression).length > 0
        ? tryBind(
            binder,
            expression,
            keys.map(k => k.expression)
          )
        : undefined
    if (value === undefined) return undefined
    if (value.kind === 'windowBound' && bounds.includes(value.bound)) {
      const column = output(['start', 'end', 'time'].indexOf(value.bound), value, `window_${value.bound}`)
      return value.bound === 'time' ? { ...column, rowtime: true } : column
    }
    const key = keys.findIndex(k => sameExpression(k.value, value))
    return key < 0 ? undefined : output(firstKey + key, value, describe(value))
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
