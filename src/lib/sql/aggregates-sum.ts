import type { AggregateCall, AggregateCode, AggregateDefinition } from './aggregates.ts'
import { type Bound, literal } from './bound.ts'
import { cast } from './cast.ts'
import type { Call } from './functions/define.ts'
import { BIGINT, DYNAMIC, isApproximate, isInteger, isNumeric, maxPrecision, type SqlType } from './types.ts'

/** COUNT, SUM and AVG. */

const count: AggregateDefinition = {
  least: 1,
  most: 1,
  bind: call => ({ argument: call.args[0] ?? literal(true, { kind: 'BOOLEAN' }, call), type: BIGINT }),
  code({ argument, filter, distinct }, index) {
    // Where every row counts: the accumulator counts its rows anyway.
    const isEvery = argument === undefined || (argument.kind === 'literal' && argument.value !== null)
    if (isEvery && filter === undefined && !distinct)
      return { fields: {}, add: () => '', retract: () => '', result: 'acc.n' }
    const counter = `acc.c${index}`
    return {
      fields: { [`c${index}`]: '0' },
      add: () => `${counter}++`,
      retract: () => `${counter}--`,
      result: counter
    }
  }
}

/** The argument as a number: NULL is a BIGINT. */
export function numericArgument(call: Call): Bound {
  const argument = call.args[0] as Bound
  if (argument.type.kind === 'NULL') return cast(argument, BIGINT) as Bound
  if (isNumeric(argument.type) || argument.type.kind === 'DYNAMIC') return argument
  return call.fail(`${call.name} takes a number`, argument)
}

/** An undeclared value is read as a number as soon as its row comes. */
export const takeNumber = (value: string, { type }: Bound): string =>
  type.kind === 'DYNAMIC' ? `rt.numberOrNull(${value})` : value

/** Source: Flink's LogicalTypeMerging.findSumAggType. */
function sumType(argument: SqlType): SqlType {
  if (argument.kind !== 'DECIMAL') return argument
  return { kind: 'DECIMAL', precision: maxPrecision, scale: argument.scale }
}

/** Source: Flink's LogicalTypeMerging.findAvgAggType. */
export function averageType(argument: SqlType): SqlType {
  if (argument.kind !== 'DECIMAL') return argument
  return { kind: 'DECIMAL', precision: maxPrecision, scale: Math.max(6, argument.scale) }
}

const sumOf = (type: (argument: SqlType) => SqlType): AggregateDefinition => ({
  least: 1,
  most: 1,
  bind(call) {
    const argument = numericArgument(call)
    return { argument, type: argument.type.kind === 'DYNAMIC' ? DYNAMIC : type(argument.type) }
  },
  take: takeNumber,
  code: sumCode
})

function sumCode(call: AggregateCall, index: number): AggregateCode {
  const sum = `acc.s${index}`
  const rows = `acc.c${index}`
  const argument = (call.argument as Bound).type
  if (argument.kind === 'DYNAMIC') {
    return {
      fields: { [`s${index}`]: 'rt.newDynamicSum()' },
      add: value => `rt.addToSum(${sum}, ${value}, 1)`,
      retract: value => `rt.addToSum(${sum}, ${value}, -1)`,
      result: call.function === 'SUM' ? `rt.dynamicSum(${sum})` : `rt.dynamicAverage(${sum})`
    }
  }
  const double = isApproximate(argument)
  const step = (operation: 'add' | 'subtract', value: string): string => {
    const next = double
      ? `${sum} ${operation === 'add' ? '+' : '-'} ${value}`
      : `rt.${operation}(${sum}, ${value})`
    return `${sum} = ${next}; ${rows}${operation === 'add' ? '++' : '--'}`
  }
  return {
    fields: { [`s${index}`]: '0', [`c${index}`]: '0' },
    add: value => step('add', value),
    retract: value => step('subtract', value),
    result: `(${rows} === 0 ? null : ${sumResult(call, sum, rows)})`
  }
}

function sumResult(call: AggregateCall, sum: string, rows: string): string {
  const { type } = call
  const argument = (call.argument as Bound).type
  if (call.function === 'SUM') {
    if (isInteger(type))
      return `rt.wrap(${sum}, ${{ TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 }[type.kind]})`
    return type.kind === 'DECIMAL' ? `rt.decimalOrNull(${sum}, ${maxPrecision})` : sum
  }
  if (isInteger(type)) return `rt.divide(rt.wrap(${sum}, 64), ${rows})`
  if (type.kind !== 'DECIMAL' || argument.kind !== 'DECIMAL') return `${sum} / ${rows}`
  return `rt.averageDecimal(${sum}, ${argument.scale}, ${rows}, ${type.scale})`
}

export const sums: Record<string, AggregateDefinition> = {
  COUNT: count,
  SUM: sumOf(sumType),
  AVG: sumOf(averageType)
}
