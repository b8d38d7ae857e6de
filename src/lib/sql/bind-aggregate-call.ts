import { type AggregateCall, aggregates } from './aggregates.ts'
import type { CallExpression } from './ast.ts'
import { hasAggregate } from './ast-walk.ts'
import { callOf } from './bind-call.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import { describe } from './bound.ts'
import { unsupported } from './environment.ts'
import { windowFunctions } from './window-functions.ts'

/** An aggregate's call with its arguments over the rows that are aggregated; throws SqlError. */
export function bindAggregate(expression: CallExpression, binder: ExpressionBinder): AggregateCall {
  const name = expression.name.name.toUpperCase()
  const { user, over } = expression
  const builtIn = aggregates.get(name) ?? (over === undefined ? undefined : windowFunctions.get(name))
  const definition = user === undefined ? builtIn : 'aggregate' in user ? user.aggregate : undefined
  if (definition === undefined)
    throw binder.error('unsupported', unsupported(`the aggregate ${name}`), expression.name)
  if (over === undefined && expression.args.some(hasAggregate))
    throw binder.error('type', 'an aggregate cannot stand in an aggregate', expression)
  const { least, most } = definition
  const count = expression.args.length
  if (expression.star ? name !== 'COUNT' : count < least || count > most) {
    const wanted =
      least === most ? (least === 1 ? 'one argument' : `${least} arguments`) : `${least} to ${most} arguments`
    throw binder.error('type', `${name} takes ${wanted}`, expression)
  }
  const args = expression.args.map(argument => binder.bind(argument))
  const call = callOf(binder, expression, name, args)
  const { argument, type, options = {} } = definition.bind(call)
  const filter = expression.filter === undefined ? undefined : binder.bindCondition(expression.filter)
  const inner = expression.star ? '*' : args.map(describe).join(', ')
  const distinct = expression.distinct && definition.ignoresDistinct !== true
  const nulls = expression.options?.nulls === undefined ? '' : ` ${expression.options.nulls} NULLS`
  const where = filter === undefined ? '' : ` FILTER (WHERE ${describe(filter)})`
  return {
    function: name,
    definition,
    argument: expression.star ? undefined : argument,
    distinct,
    filter,
    type,
    name: `${name}(${distinct ? 'DISTINCT ' : ''}${inner})${nulls}${where}`,
    options
  }
}
