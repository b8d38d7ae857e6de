import type { CallExpression, Expression, Select, WindowSpecification } from './ast.ts'
import { windowCallsOf } from './ast-walk.ts'
import { ExpressionBinder } from './bind-expression.ts'
import { bindOverAggregates } from './bind-over-aggregates.ts'
import { type BoundOver, bindWindow, type OverWindow, resultColumn, windowText } from './bind-window.ts'
import { type Bound, columnsOf, describe, literal } from './bound.ts'
import { type Environment, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { calcOf, calcValue, sidesOf, sortKeys } from './lift.ts'
import { rewrittenCall } from './over-rewrites.ts'
import type { Calc } from './plan.ts'
import { isProctime } from './proctime.ts'
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
  binder: ExpressionBinder,
  environment: Environment
): { relation: Relation; binder: ExpressionBinder } {
  const { text } = binder
  const rewritten = new Map<Expression, Expression>()
  const calls = callsOf(select).flatMap(call => {
    const expression = rewrittenCall(call, binder)
    if (expression === undefined) return [call]
    rewritten.set(call, expression)
    return windowCallsOf(expression)
  })
  if (calls.length === 0) {
    const reason = 'QUALIFY takes a condition on a call with OVER'
    throw new SqlError('type', reason, text, select.qualify ?? select)
  }
  const calc = calcOf(relation)
  const lift = (value: Bound): Bound => {
    if (columnsOf(value).length === 0) return value
    return { ...value, kind: 'column', index: calcValue(calc, value), name: describe(value) } as Bound
  }
  const window = commonWindow(calls, select, binder)
  const isRank = calls.every(call => nameOf(call) === 'ROW_NUMBER')
  const { node, results } = isRank
    ? bindRank(window, calls, calc, binder)
    : bindOverAggregates(window, calls, calc, lift, binder, environment)
  const scope = {
    whole(expression: Expression): Bound | undefined {
      const other = rewritten.get(expression)
      if (other !== undefined) return over.bind(other)
      if (expression.kind === 'call' && expression.over !== undefined) return results.get(expression)
      const whole = windowCallsOf(expression).length > 0 ? undefined : binder.scope.whole?.(expression)
      return whole === undefined ? undefined : lift(whole)
    },
    resolve: (parts: Parameters<ExpressionBinder['scope']['resolve']>[0]) => lift(binder.scope.resolve(parts))
  }
  const over = new ExpressionBinder(text, scope)
  const rows: Relation = {
    input: node,
    condition: undefined,
    fields: [],
    alias: undefined,
    open: relation.open,
    window: undefined,
    sides: sidesOf(relation, lift)
  }
  return { relation: rows, binder: over }
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

function bindRank(
  window: OverWindow,
  calls: CallExpression[],
  calc: Calc,
  binder: ExpressionBinder
): BoundOver {
  const call = calls[0] as CallExpression
  const argued = calls.find(({ args, star }) => args.length > 0 || star)
  if (argued !== undefined) throw binder.error('type', 'ROW_NUMBER takes no arguments', argued)
  if (window.frame !== undefined)
    throw binder.error('type', 'ROW_NUMBER takes no ROWS or RANGE', window.frame)
  if (window.order.length === 0) throw binder.error('type', 'ROW_NUMBER needs ORDER BY in OVER (…)', call)
  // The place of the row.
  calc.values.push(literal(null, BIGINT, call))
  const partition = window.partition.map(value => calcValue(calc, value))
  const [first, second] = window.order
  const isByArrival = first !== undefined && isProctime(first.value)
  if (isByArrival && second !== undefined)
    throw binder.error('unsupported', unsupported('OVER in order of PROCTIME() and more'), second.value)
  const order = isByArrival ? [] : sortKeys(calc, window.order)
  const { start, end } = call
  const places = { from: 1, to: Number.POSITIVE_INFINITY, isNumbered: true, isEndless: false, isLimit: false }
  const place = (each: CallExpression): Bound =>
    resultColumn(0, { name: 'ROW_NUMBER()', type: BIGINT }, false, each)
  return {
    node: {
      kind: 'rank',
      input: calc,
      partition,
      order,
      ...places,
      ...(isByArrival ? { arrival: first.descending ? ('last' as const) : ('first' as const) } : {}),
      start,
      end
    },
    results: new Map(calls.map(each => [each, place(each)]))
  }
}
