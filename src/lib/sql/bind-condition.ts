import type { Expression } from './ast.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import type { Bound } from './bound.ts'
import { BOOLEAN } from './types.ts'

/** Conditions that are made of others: IS, IS DISTINCT FROM, BETWEEN, IN a list. */

export function bindIs(binder: ExpressionBinder, expression: Extract<Expression, { kind: 'is' }>): Bound {
  const { test, negated, start, end } = expression
  const inner = test === 'NULL' ? binder.bind(expression.operand) : binder.bindCondition(expression.operand)
  const base = { type: BOOLEAN, nullable: false, start, end }
  const result: Bound =
    test === 'NULL' || test === 'UNKNOWN'
      ? { kind: 'isNull', operand: inner, ...base }
      : { kind: 'isBoolean', operand: inner, value: test === 'TRUE', ...base }
  return negated ? { kind: 'not', operand: result, ...base } : result
}

/** `a IS NOT DISTINCT FROM b`: equality in which NULL equals NULL. */
export function bindDistinct(
  binder: ExpressionBinder,
  expression: Extract<Expression, { kind: 'distinctFrom' }>
): Bound {
  const left = binder.bind(expression.left)
  const right = binder.bind(expression.right)
  const { start, end } = expression
  const base = { type: BOOLEAN, nullable: false, start, end }
  const isNull = (operand: Bound): Bound => ({ kind: 'isNull', operand, ...base })
  const bothNull: Bound = { kind: 'and', left: isNull(left), right: isNull(right), ...base }
  const equal: Bound = {
    kind: 'isBoolean',
    operand: binder.compare('=', left, right, expression),
    value: true,
    ...base
  }
  const same: Bound = { kind: 'or', left: bothNull, right: equal, ...base }
  return expression.negated ? same : { kind: 'not', operand: same, ...base }
}

export function bindBetween(
  binder: ExpressionBinder,
  expression: Extract<Expression, { kind: 'between' }>
): Bound {
  const operand = binder.bind(expression.operand)
  const [low, high] = [binder.bind(expression.low), binder.bind(expression.high)]
  const { start, end } = expression
  const join = (kind: 'and' | 'or', left: Bound, right: Bound): Bound => {
    const nullable = left.nullable || right.nullable
    return { kind, left, right, type: BOOLEAN, nullable, start, end }
  }
  const within = (from: Bound, to: Bound): Bound => {
    const left = binder.compare('>=', operand, from, expression)
    return join('and', left, binder.compare('<=', operand, to, expression))
  }
  const inside = expression.symmetric ? join('or', within(low, high), within(high, low)) : within(low, high)
  const { nullable } = inside
  return expression.negated ? { kind: 'not', operand: inside, type: BOOLEAN, nullable, start, end } : inside
}

export function bindIn(binder: ExpressionBinder, expression: Extract<Expression, { kind: 'in' }>): Bound {
  const operand = binder.bind(expression.operand)
  const { start, end } = expression
  const tests = expression.list.map(item => binder.compare('=', operand, binder.bind(item), item))
  const any = tests.reduce((left, right) => {
    const nullable = left.nullable || right.nullable
    return { kind: 'or', left, right, type: BOOLEAN, nullable, start, end }
  })
  if (!expression.negated) return any
  return { kind: 'not', operand: any, type: BOOLEAN, nullable: any.nullable, start, end }
}
