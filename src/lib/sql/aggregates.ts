import type { Bound } from './bound.ts'
import { cast } from './cast.ts'
import { BIGINT, DYNAMIC, isApproximate, isInteger, isNumeric, maxPrecision, type SqlType } from './types.ts'

/** One aggregate call of a query. */
export type AggregateCall = {
  function: AggregateFunction
  /** Undefined for COUNT(*). */
  argument: Bound | undefined
  distinct: boolean
  filter: Bound | undefined
  type: SqlType
  /** The call as text. */
  name: string
}

export type AggregateFunction = 'COUNT' | 'SUM' | 'AVG' | 'MIN' | 'MAX'

export const aggregateNames: ReadonlySet<string> = new Set(['COUNT', 'SUM', 'AVG', 'MIN', 'MAX'])

/** Aggregates of Flink that are not in the subset yet: named in the error instead of "no such function". */
export const otherAggregates: ReadonlySet<string> = new Set([
  'STDDEV_POP',
  'STDDEV_SAMP',
  'STDDEV',
  'VAR_POP',
  'VAR_SAMP',
  'VARIANCE',
  'COLLECT',
  'LISTAGG',
  'FIRST_VALUE',
  'LAST_VALUE',
  'ARRAY_AGG',
  'JSON_OBJECTAGG',
  'JSON_ARRAYAGG',
  'APPROX_COUNT_DISTINCT',
  'PERCENTILE',
  'RANK',
  'DENSE_RANK',
  'ROW_NUMBER',
  'LAG',
  'LEAD',
  'NTILE'
])

/**
 * The type of an aggregate's result, undefined when it does not take such values.
 * Source: Flink's LogicalTypeMerging.findSumAggType and findAvgAggType.
 */
export function aggregateType(name: AggregateFunction, argument: SqlType | undefined): SqlType | undefined {
  if (name === 'COUNT') return BIGINT
  if (argument === undefined) return undefined
  if (name === 'MIN' || name === 'MAX') {
    return ['ROW', 'ARRAY', 'MAP', 'BYTES', 'NULL'].includes(argument.kind) ? undefined : argument
  }
  if (argument.kind === 'DYNAMIC') return DYNAMIC
  if (!isNumeric(argument)) return undefined
  if (argument.kind !== 'DECIMAL') return argument
  const scale = name === 'AVG' ? Math.max(6, argument.scale) : argument.scale
  return { kind: 'DECIMAL', precision: maxPrecision, scale }
}

/**
 * JavaScript of one aggregate over an accumulator object. `fields` are the accumulator's properties with their first
 * values; `add` and `retract` take the argument's JavaScript, which is not null (for COUNT(*): `''`); `result` is an
 * expression. `acc` names the accumulator.
 */
export type AggregateCode = {
  fields: Record<string, string>
  add(value: string): string
  retract(value: string): string
  result: string
}

/**
 * @param index makes the property names unique
 * @param retracts whether rows may be taken back: MIN and MAX then keep all values with their counts
 */
export function aggregateCode(call: AggregateCall, index: number, retracts: boolean): AggregateCode {
  const count = `c${index}`
  if (call.distinct) return distinctCode(call, index, retracts)
  switch (call.function) {
    case 'COUNT':
      return {
        fields: { [count]: '0' },
        add: () => `acc.${count}++`,
        retract: () => `acc.${count}--`,
        result: `acc.${count}`
      }
    case 'SUM':
    case 'AVG':
      return sumCode(call, index)
    default:
      return extremeCode(call, index, retracts)
  }
}

function sumCode(call: AggregateCall, index: number): AggregateCode {
  const sum = `acc.s${index}`
  const count = `acc.c${index}`
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
    return `${sum} = ${next}; ${count}${operation === 'add' ? '++' : '--'}`
  }
  return {
    fields: { [`s${index}`]: '0', [`c${index}`]: '0' },
    add: value => step('add', value),
    retract: value => step('subtract', value),
    result: `(${count} === 0 ? null : ${sumResult(call, sum, count)})`
  }
}

function sumResult(call: AggregateCall, sum: string, count: string): string {
  const { type } = call
  const argument = (call.argument as Bound).type
  if (call.function === 'SUM') {
    if (isInteger(type))
      return `rt.wrap(${sum}, ${{ TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 }[type.kind]})`
    return type.kind === 'DECIMAL' ? `rt.decimalOrNull(${sum}, ${maxPrecision})` : sum
  }
  if (isInteger(type)) return `rt.divide(rt.wrap(${sum}, 64), ${count})`
  if (type.kind !== 'DECIMAL' || argument.kind !== 'DECIMAL') return `${sum} / ${count}`
  return `rt.averageDecimal(${sum}, ${argument.scale}, ${count}, ${type.scale})`
}

function extremeCode(call: AggregateCall, index: number, retracts: boolean): AggregateCode {
  const property = `acc.m${index}`
  const { type } = call
  const better = (a: string, b: string): string => {
    const sign = call.function === 'MIN' ? '<' : '>'
    if (type.kind === 'STRING') return `rt.compareText(${a}, ${b}) ${sign} 0`
    return type.kind === 'DYNAMIC' ? `rt.compareDynamic(${a}, ${b}) ${sign} 0` : `${a} ${sign} ${b}`
  }
  if (!retracts) {
    const add = (value: string): string =>
      `if (${property} === null || ${better(value, property)}) ${property} = rt.keep(${value})`
    return { fields: { [`m${index}`]: 'null' }, add, retract: () => '', result: property }
  }
  return {
    fields: { [`m${index}`]: 'new Map()' },
    add: value => `rt.countUp(${property}, ${value})`,
    retract: value => `rt.countDown(${property}, ${value})`,
    result: `rt.extreme(${property}, (a, b) => ${better('a', 'b')})`
  }
}

/** Keeps each distinct value with the number of rows that hold it. */
function distinctCode(call: AggregateCall, index: number, retracts: boolean): AggregateCode {
  const seen = `acc.d${index}`
  const inner = aggregateCode({ ...call, distinct: false }, index, retracts)
  return {
    fields: { ...inner.fields, [`d${index}`]: 'new Map()' },
    add: value => `if (rt.countUp(${seen}, ${value}) === 1) { ${inner.add(value)} }`,
    retract: value => `if (rt.countDown(${seen}, ${value}) === 0) { ${inner.retract(value)} }`,
    result: inner.result
  }
}

/** The argument as it is aggregated. */
export const aggregateArgument = (name: AggregateFunction, argument: Bound): Bound =>
  name !== 'COUNT' && argument.type.kind === 'NULL' ? (cast(argument, BIGINT) as Bound) : argument
