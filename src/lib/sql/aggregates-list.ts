import type { AggregateCode, AggregateDefinition } from './aggregates.ts'
import { type Bound, packed } from './bound.ts'
import { cast } from './cast.ts'
import { STRING } from './types.ts'

/** Aggregates that keep the values of their rows: in the order in which they came, or how often each is there. */

/** FIRST_VALUE and LAST_VALUE: of the rows that are not NULL, by the order in which they came. */
const edge: AggregateDefinition = {
  least: 1,
  most: 1,
  bind(call) {
    const argument = call.args[0] as Bound
    if (argument.type.kind === 'NULL') call.fail(`${call.name} takes a value with a type: use CAST`, argument)
    return { argument, type: argument.type }
  },
  code(call, index, retracts) {
    const isFirst = call.function === 'FIRST_VALUE'
    if (retracts) return rowsCode(index, rows => `rt.${isFirst ? 'firstRow' : 'lastRow'}(${rows})`)
    const property = `acc.v${index}`
    const set = (value: string): string => `${property} = rt.keep(${value})`
    return {
      fields: { [`v${index}`]: 'null' },
      add: value => (isFirst ? `if (${property} === null) ${set(value)}` : set(value)),
      retract: () => '',
      result: property
    }
  }
}

/** All rows are kept in order, so that any can be taken back. */
function rowsCode(index: number, result: (rows: string) => string): AggregateCode {
  const rows = `acc.v${index}`
  return {
    fields: { [`v${index}`]: 'rt.newOrderedRows()' },
    add: value => `rt.appendRow(${rows}, ${value})`,
    retract: value => `rt.removeRow(${rows}, ${value})`,
    result: result(rows)
  }
}

/** LISTAGG(text [, separator]): NULL when no row has a text. */
const listagg: AggregateDefinition = {
  least: 1,
  most: 2,
  bind(call) {
    const [given, separator] = call.args as [Bound, Bound | undefined]
    if (!['STRING', 'DYNAMIC', 'NULL'].includes(given.type.kind))
      call.fail('LISTAGG takes a STRING: use CAST', given)
    if (separator !== undefined && (separator.kind !== 'literal' || typeof separator.value !== 'string'))
      call.fail('LISTAGG takes a string in quotes as its separator', separator)
    const text = separator?.kind === 'literal' ? String(separator.value) : ','
    return { argument: cast(given, STRING) as Bound, type: STRING, options: { separator: text } }
  },
  code(call, index, retracts) {
    const separator = JSON.stringify(call.options.separator)
    const property = `acc.v${index}`
    if (retracts) {
      return {
        fields: { [`v${index}`]: 'rt.newJoinedRows()' },
        add: value => `rt.appendJoined(${property}, ${value}, ${separator})`,
        retract: value => `rt.removeJoined(${property}, ${value})`,
        result: `rt.joinedText(${property}, ${separator})`
      }
    }
    return {
      fields: { [`v${index}`]: 'null' },
      add: value =>
        `${property} = ${property} === null ? rt.keep(${value}) : ${property} + ${separator} + rt.keep(${value})`,
      retract: () => '',
      result: property
    }
  }
}

/** COLLECT: how often each value is there, a MULTISET. */
const collect: AggregateDefinition = {
  least: 1,
  most: 1,
  bind(call) {
    const argument = call.args[0] as Bound
    return { argument, type: { kind: 'MULTISET', element: argument.type } }
  },
  code(_, index) {
    const counts = `acc.v${index}`
    return {
      fields: { [`v${index}`]: 'rt.newCollected()' },
      add: value => `rt.collect(${counts}, ${value}, 1)`,
      retract: value => `rt.collect(${counts}, ${value}, -1)`,
      result: `rt.collected(${counts})`
    }
  }
}

/** ARRAY_AGG: NULL without rows; NULLs are elements unless IGNORE NULLS stands there. */
const arrayAgg: AggregateDefinition = {
  least: 1,
  most: 1,
  bind(call) {
    const value = call.args[0] as Bound
    const ignoreNulls = call.options?.nulls === 'IGNORE'
    const argument = ignoreNulls ? value : packed([value], call)
    return { argument, type: { kind: 'ARRAY', element: value.type }, options: { ignoreNulls } }
  },
  code(call, index, retracts) {
    const { ignoreNulls } = call.options
    const value = (packedValue: string): string => (ignoreNulls ? packedValue : `${packedValue}[0]`)
    const code = rowsCode(index, rows => `(${rows}.live === 0 ? null : [...rt.liveRows(${rows})])`)
    if (retracts) {
      return { ...code, add: v => code.add(value(v)), retract: v => code.retract(value(v)) }
    }
    const list = `acc.v${index}`
    return {
      fields: { [`v${index}`]: '[]' },
      add: v => `${list}.push(rt.keep(${value(v)}))`,
      retract: () => '',
      result: `(${list}.length === 0 ? null : ${list}.slice())`
    }
  }
}

export const lists: Record<string, AggregateDefinition> = {
  FIRST_VALUE: edge,
  LAST_VALUE: edge,
  LISTAGG: listagg,
  COLLECT: collect,
  ARRAY_AGG: arrayAgg
}
