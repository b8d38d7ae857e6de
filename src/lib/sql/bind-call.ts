import { aggregateNames } from './aggregates.ts'
import type { CallExpression } from './ast.ts'
import { isAggregateCall, isGroupingCall } from './ast-walk.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import type { Bound } from './bound.ts'
import { didYouMean, type SqlError } from './errors.ts'
import type { Call } from './functions/define.ts'
import { nondeterministicFunctions, scalarFunctions } from './functions/index.ts'
import { truncateTime } from './functions/temporal.ts'
import { proctime } from './proctime.ts'

/** The call of a function. */
export function bindCall(binder: ExpressionBinder, expression: CallExpression): Bound {
  const name = expression.name.name.toUpperCase()
  if (expression.over !== undefined)
    throw binder.error('type', 'OVER stands in the SELECT list or in QUALIFY', expression.over)
  if (isAggregateCall(expression)) {
    throw binder.error('type', `the aggregate ${name} cannot stand here`, expression)
  }
  if (name === 'PROCTIME' && expression.args.length === 0) return proctime(expression)
  const { user } = expression
  const definition =
    user === undefined ? scalarFunctions.get(name) : 'scalar' in user ? user.scalar : undefined
  if (definition === undefined) throw unknownFunction(binder, expression, name)
  if (expression.star || expression.distinct || expression.filter !== undefined) {
    throw binder.error('syntax', `${name} is no aggregate: it takes no *, DISTINCT or FILTER`, expression)
  }
  const args = expression.args.map(argument => binder.bind(argument))
  if (args.length < definition.least || args.length > definition.most) {
    const count =
      definition.least === definition.most
        ? `${definition.least}`
        : `${definition.least} to ${definition.most}`
    throw binder.error('type', `${name} takes ${count} arguments, found ${args.length}`, expression)
  }
  const call = callOf(binder, expression, name, args)
  const truncates = expression.unit !== undefined && /^(FLOOR|CEIL|CEILING)$/.test(name)
  return truncates ? truncateTime(call) : definition.bind(call)
}

/** A call as its function sees it. */
export function callOf(
  binder: ExpressionBinder,
  expression: CallExpression,
  name: string,
  args: Bound[]
): Call {
  return {
    name,
    args,
    unit: expression.unit,
    options: expression.options,
    start: expression.start,
    end: expression.end,
    fail: (reason, at = expression) => {
      throw binder.error('type', reason, at)
    }
  }
}

function unknownFunction(binder: ExpressionBinder, expression: CallExpression, name: string): SqlError {
  if (nondeterministicFunctions.has(name)) {
    const reason = `${name} depends on the clock or on chance, so a replay would give other results: not in the subset`
    return binder.error('unsupported', reason, expression.name)
  }
  if (isGroupingCall(expression))
    return binder.error('type', `${name} stands in a SELECT or HAVING beside GROUP BY`, expression)
  const near = didYouMean(name, [...scalarFunctions.keys(), ...aggregateNames])
  return binder.error('name', `no function ${name}${near}`, expression.name)
}
