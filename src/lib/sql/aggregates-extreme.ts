import type { AggregateCall, AggregateCode, AggregateDefinition } from './aggregates.ts'
import type { Bound } from './bound.ts'
import { cast } from './cast.ts'
import { BIGINT, isNested, type SqlType } from './types.ts'

/** MIN and MAX. */

const extreme: AggregateDefinition = {
  least: 1,
  most: 1,
  ignoresDistinct: true,
  bind(call) {
    const given = call.args[0] as Bound
    const argument = given.type.kind === 'NULL' ? (cast(given, BIGINT) as Bound) : given
    if (isNested(argument.type) || argument.type.kind === 'BYTES')
      call.fail(`${call.name} takes values that have an order`, argument)
    return { argument, type: argument.type }
  },
  code: extremeCode
}

/** JavaScript of a function that orders two values of a type, as for Array.sort; undeclared ones have no total order. */
export function comparatorCode(type: SqlType): string {
  if (type.kind === 'STRING') return 'rt.compareText'
  return type.kind === 'DYNAMIC' ? 'rt.compareDynamic' : 'rt.compareValues'
}

function extremeCode(call: AggregateCall, index: number, retracts: boolean): AggregateCode {
  const property = `acc.m${index}`
  const { type } = call
  const isMin = call.function === 'MIN'
  if (!retracts) {
    const sign = isMin ? '<' : '>'
    const better = (a: string, b: string): string =>
      type.kind === 'DYNAMIC'
        ? `rt.compareAny(${a}, ${b}) ${sign} 0`
        : type.kind === 'STRING'
          ? `rt.compareText(${a}, ${b}) ${sign} 0`
          : `${a} ${sign} ${b}`
    const add = (value: string): string =>
      `if (${property} === null || ${better(value, property)}) ${property} = rt.keep(${value})`
    return { fields: { [`m${index}`]: 'null' }, add, retract: () => '', result: property }
  }
  if (type.kind === 'DYNAMIC') {
    return {
      fields: { [`m${index}`]: 'rt.newDynamicValues()' },
      add: value => `rt.countDynamic(${property}, ${value}, 1)`,
      retract: value => `rt.countDynamic(${property}, ${value}, -1)`,
      result: `rt.${isMin ? 'smallestDynamic' : 'greatestDynamic'}(${property})`
    }
  }
  const step = (rows: 1 | -1, value: string): string =>
    `rt.countSorted(${property}, ${value}, ${rows}, ${comparatorCode(type)})`
  return {
    fields: { [`m${index}`]: 'rt.newSortedCounts()' },
    add: value => step(1, value),
    retract: value => step(-1, value),
    result: `rt.${isMin ? 'smallest' : 'greatest'}(${property})`
  }
}

export const extremes: Record<string, AggregateDefinition> = { MIN: extreme, MAX: extreme }
