import { averageType } from './aggregates-sum.ts'
import type { BinaryOperator, CallExpression, Expression } from './ast.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import { DOUBLE, isInteger, isNumeric, type SqlType } from './types.ts'

/**
 * The expression by which Flink computes AVG of whole numbers, STDDEV and VAR with OVER: of SUM and COUNT, whose types
 * overflow before those of the aggregates in groups do. Undefined for other calls.
 * Source: Calcite's AggregateReduceFunctionsRule, which Flink applies to windows only.
 */
export function rewrittenCall(call: CallExpression, binder: ExpressionBinder): Expression | undefined {
  const name = call.name.name.toUpperCase()
  const [argument, other] = call.args
  if (call.user !== undefined) return undefined
  const moment = /^(STDDEV|VAR)(?:IANCE)?(_POP|_SAMP)?$/.exec(name)
  if (argument === undefined || other !== undefined || (name !== 'AVG' && moment === null)) return undefined
  const given = binder.bind(argument).type
  if (!isNumeric(given) && given.kind !== 'DYNAMIC') return undefined
  const type = given.kind === 'DYNAMIC' ? DOUBLE : averageType(given)
  const write = new Writer(call)
  if (name === 'AVG') {
    if (!isInteger(given)) return undefined
    return write.cast(write.binary('/', write.over('SUM', argument), write.over('COUNT', argument)), type)
  }
  const x = write.cast(argument, type)
  const [sum, count] = [write.over('SUM', x), write.over('COUNT', x)]
  const rows = write.cast(count, type)
  const spread = write.binary(
    '-',
    write.over('SUM', write.binary('*', x, x)),
    write.binary('/', write.binary('*', sum, sum), rows)
  )
  const variance = write.binary('/', spread, moment?.[2] === '_POP' ? rows : write.lessOne(count))
  return write.cast(moment?.[1] === 'STDDEV' ? write.root(variance) : variance, type)
}

/** Makes expressions that stand where a call does. */
class Writer {
  private readonly call: CallExpression
  private readonly span: { start: number; end: number }

  constructor(call: CallExpression) {
    this.call = call
    this.span = { start: call.start, end: call.end }
  }

  over(name: string, argument: Expression): CallExpression {
    return { ...this.call, name: { ...this.call.name, name }, args: [argument] }
  }

  binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
    return { kind: 'binary', operator, left, right, ...this.span }
  }

  cast(operand: Expression, type: SqlType): Expression {
    return { kind: 'cast', operand, type, safe: false, ...this.span }
  }

  /** NULL for one row. */
  lessOne(count: Expression): Expression {
    const one = this.number('1')
    const otherwise = this.binary('-', count, one)
    const result: Expression = { kind: 'null', ...this.span }
    return { kind: 'case', whens: [{ when: this.binary('=', count, one), result }], otherwise, ...this.span }
  }

  root(value: Expression): Expression {
    const power = { ...this.call.name, name: 'POWER' }
    return {
      kind: 'call',
      name: power,
      args: [value, this.number('0.5')],
      star: false,
      distinct: false,
      ...this.span
    }
  }

  private number(text: string): Expression {
    return { kind: 'number', text, ...this.span }
  }
}
