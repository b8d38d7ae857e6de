import { type Bound, literal, strict } from '../bound.ts'
import { cast } from '../cast.ts'
import { compare } from '../comparison.ts'
import { BOOLEAN, commonType, type SqlType, STRING, sameType, typeName } from '../types.ts'
import { argument, type Call, type ScalarFunction } from './define.ts'

/** All expressions as values of the one type that holds them; `fail` names the first that does not go with the others. */
export function unify(expressions: Bound[], fail: (reason: string, at: Bound) => never): Bound[] {
  let type: SqlType = { kind: 'NULL' }
  for (const expression of expressions) {
    const common = commonType(type, expression.type)
    if (common === undefined) {
      return fail(
        `${typeName(expression.type)} does not go together with ${typeName(type)}: use CAST`,
        expression
      )
    }
    type = common
  }
  return expressions.map(
    e =>
      (sameType(e.type, type) ? e : cast(e, type)) ??
      fail(`${typeName(e.type)} cannot become ${typeName(type)}`, e)
  )
}

const unified = (call: Call, expressions: Bound[]): Bound[] =>
  unify(expressions, (reason, at) => call.fail(reason, at))

const coalesce: ScalarFunction = {
  least: 1,
  most: 255,
  bind(call) {
    const operands = unified(call, call.args)
    const type = (operands[0] as Bound).type
    const nullable = operands.every(operand => operand.nullable)
    return { kind: 'coalesce', operands, type, nullable, start: call.start, end: call.end }
  }
}

const nullIf: ScalarFunction = {
  least: 2,
  most: 2,
  bind(call) {
    const [left, right] = call.args as [Bound, Bound]
    const when = compare('=', left, right, call) ?? call.fail('NULLIF takes two values that can be compared')
    const { start, end } = call
    const result = literal(null, left.type, call)
    return {
      kind: 'case',
      whens: [{ when, result }],
      otherwise: left,
      type: left.type,
      nullable: true,
      start,
      end
    }
  }
}

const ifThenElse: ScalarFunction = {
  least: 3,
  most: 3,
  bind(call) {
    const when = argument(call, 0, BOOLEAN)
    const [result, otherwise] = unified(call, call.args.slice(1)) as [Bound, Bound]
    const nullable = result.nullable || otherwise.nullable
    const { start, end } = call
    return { kind: 'case', whens: [{ when, result }], otherwise, type: result.type, nullable, start, end }
  }
}

/** GREATEST and LEAST: NULL when an argument is. */
function extreme(operator: '>' | '<'): ScalarFunction {
  return {
    least: 1,
    most: 255,
    bind(call) {
      const operands = unified(call, call.args)
      const { type } = operands[0] as Bound
      const order =
        type.kind === 'STRING'
          ? 'rt.compareText(a, b)'
          : type.kind === 'DYNAMIC'
            ? 'rt.compareDynamic(a, b)'
            : undefined
      const better = order === undefined ? `a ${operator} b` : `${order} ${operator} 0`
      const emit = (values: string[]): string =>
        `[${values.join(', ')}].reduce((b, a) => (${better} ? a : b))`
      return strict(call.name, type, operands, emit, call)
    }
  }
}

/** TYPEOF(x): the type as SQL, with NOT NULL where NULL cannot come. */
const typeOf: ScalarFunction = {
  least: 1,
  most: 2,
  bind(call) {
    const [{ type, nullable }] = call.args as [Bound]
    return literal(`${typeName(type)}${nullable ? '' : ' NOT NULL'}`, STRING, call)
  }
}

export const conditionalFunctions: Record<string, ScalarFunction> = {
  COALESCE: coalesce,
  IFNULL: { ...coalesce, least: 2, most: 2 },
  NULLIF: nullIf,
  IF: ifThenElse,
  GREATEST: extreme('>'),
  LEAST: extreme('<'),
  TYPEOF: typeOf
}
