import type { CallExpression, Expression, Select, WindowSpecification } from './ast.ts'
import { windowCallsOf } from './ast-walk.ts'
import { ExpressionBinder } from './bind-expression.ts'
import { bindWindow, type OverWindow, windowText } from './bind-window.ts'
import { type Bound, columnsOf, describe, literal } from './bound.ts'
import { unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { calcOf, calcValue, sidesOf } from './lift.ts'
import type { Calc, Rank, SortKey } from './plan.ts'
import type { Relation } from './relation.ts'
import { BIGINT } from './types.ts'

/** Whether a SELECT has calls with OVER. */
export const hasWindows = (select: Select): boolean =>
  select.qualify !== undefined || callsOf(select).length > 0

function callsOf(select: Select): CallExpression[] {
  const items = select.items.flatMap(item => (item.kind === 'item' ? [item.value] : []))
  return [...items, ...(select.qualify === undefined ? [] : [select.qualify])].flatMap(windowCallsOf)
}

/** The rows of a SELECT with the results of its calls with OVER, and what binds expressions over them. */
export function bindOver(
  select: Select,
  relation: Relation,
  binder: ExpressionBinder
): { relation: Relation; binder: ExpressionBinder } {
  const { text } = binder
  const calls = callsOf(select)
  const [first] = calls
  if (first === undefined) {
    const reason = 'QUALIFY takes a condition on a call with OVER'
    throw new SqlError('type', reason, text, select.qualify ?? select)
  }
  const window = commonWindow(calls, select, binder)
  const other = calls.find(call => nameOf(call) !== 'ROW_NUMBER')
  if (other !== undefined) throw binder.error('unsupported', unsupported(`${nameOf(other)} with OVER`), other)
  const calc = calcOf(relation)
  const rank = bindRank(window, first, calc, binder)
  const lift = (value: Bound): Bound => {
    if (columnsOf(value).length === 0) return value
    return { ...value, kind: 'column', index: calcValue(calc, value), name: describe(value) } as Bound
  }
  const place = (call: CallExpression): Bound => ({
    kind: 'column',
    index: 0,
    name: `${nameOf(call)}()`,
    type: BIGINT,
    nullable: false,
    start: call.start,
    end: call.end
  })
  const scope = {
    whole(expression: Expression): Bound | undefined {
      if (expression.kind === 'call' && expression.over !== undefined) return place(expression)
      const whole = windowCallsOf(expression).length > 0 ? undefined : binder.scope.whole?.(expression)
      return whole === undefined ? undefined : lift(whole)
    },
    resolve: (parts: Parameters<ExpressionBinder['scope']['resolve']>[0]) => lift(binder.scope.resolve(parts))
  }
  const over: Relation = {
    input: rank,
    condition: undefined,
    fields: [],
    alias: undefined,
    open: relation.open,
    window: undefined,
    sides: sidesOf(relation, lift)
  }
  return { relation: over, binder: new ExpressionBinder(text, scope) }
}

const nameOf = (call: CallExpression): string => call.name.name.toUpperCase()

/** QUALIFY sees the names of SELECT items, too. */
export function bindQualify({ items }: Select, condition: Expression, binder: ExpressionBinder): Bound {
  const named = new ExpressionBinder(binder.text, {
    whole(expression) {
      if (expression.kind !== 'reference' || expression.parts.length !== 1)
        return binder.scope.whole?.(expression)
      const name = expression.parts[0]?.name
      const item = items.find(i => i.kind === 'item' && i.alias?.name === name)
      return item?.kind === 'item' ? binder.bind(item.value) : undefined
    },
    resolve: binder.scope.resolve
  })
  return named.bindCondition(condition)
}

/** The window that all calls of a SELECT share: as in Flink there is one. */
function commonWindow(calls: CallExpression[], select: Select, binder: ExpressionBinder): OverWindow {
  const [first, ...others] = calls.map(call => bindWindow(call, select, binder)) as [OverWindow]
  for (const [i, other] of others.entries()) {
    if (windowText(other) === windowText(first)) continue
    const reason = unsupported('OVER windows that differ in one SELECT (nor does Flink have them)')
    throw binder.error('unsupported', reason, (calls[i + 1] as CallExpression).over as WindowSpecification)
  }
  return first
}

function bindRank(window: OverWindow, call: CallExpression, calc: Calc, binder: ExpressionBinder): Rank {
  if (call.args.length > 0 || call.star) throw binder.error('type', 'ROW_NUMBER takes no arguments', call)
  if (window.frame !== undefined)
    throw binder.error('type', 'ROW_NUMBER takes no ROWS or RANGE', window.frame)
  if (window.order.length === 0) throw binder.error('type', 'ROW_NUMBER needs ORDER BY in OVER (…)', call)
  // The place of the row.
  calc.values.push(literal(null, BIGINT, call))
  const partition = window.partition.map(value => calcValue(calc, value))
  const order = window.order.map(
    ({ value, descending, nullsFirst }): SortKey => ({
      index: calcValue(calc, value),
      descending,
      nullsFirst
    })
  )
  const { start, end } = call
  const to = Number.POSITIVE_INFINITY
  return { kind: 'rank', input: calc, partition, order, from: 1, to, isNumbered: true, start, end }
}
