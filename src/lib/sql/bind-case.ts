import type { Expression } from './ast.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import { type Bound, literal } from './bound.ts'
import { unify } from './functions/conditional.ts'
import { NULL } from './types.ts'

/** CASE, with an operand or with conditions. */
export function bindCase(binder: ExpressionBinder, expression: Extract<Expression, { kind: 'case' }>): Bound {
  const operand = expression.operand === undefined ? undefined : binder.bind(expression.operand)
  const conditions = expression.whens.map(({ when }) =>
    operand === undefined ? binder.bindCondition(when) : binder.compare('=', operand, binder.bind(when), when)
  )
  const results = expression.whens.map(({ result }) => binder.bind(result))
  const otherwise =
    expression.otherwise === undefined ? literal(null, NULL, expression) : binder.bind(expression.otherwise)
  const unified = unify([...results, otherwise], (reason, at) => {
    throw binder.error('type', reason, at)
  })
  const last = unified.at(-1) as Bound
  const whens = conditions.map((when, i) => ({ when, result: unified[i] as Bound }))
  const nullable = unified.some(result => result.nullable)
  return {
    kind: 'case',
    whens,
    otherwise: last,
    type: last.type,
    nullable,
    start: expression.start,
    end: expression.end
  }
}
