import type { AggregateDefinition } from './aggregates.ts'
import { type Bound, literal, packed } from './bound.ts'
import { cast } from './cast.ts'
import { literalCode } from './codegen.ts'
import { BIGINT, isInteger, typeName } from './types.ts'

/** Functions of a row's place in its window, as aggregates over the rows up to it. */

export const rowNumber: AggregateDefinition = {
  least: 0,
  most: 0,
  bind: call => ({ argument: literal(true, { kind: 'BOOLEAN' }, call), type: BIGINT }),
  code: () => ({ fields: {}, add: () => '', retract: () => '', result: 'acc.n' })
}

/**
 * LAG(value [, offset [, default]]): the value of the row so many rows back. Of rows of one time Flink gives all what it
 * gives the last.
 */
const lag: AggregateDefinition = {
  least: 1,
  most: 3,
  bind(call) {
    const [value, offset, otherwise] = call.args as [Bound, Bound?, Bound?]
    const rows = offset === undefined ? 1 : offset.kind === 'literal' ? offset.value : undefined
    if (typeof rows !== 'number' || rows < 0 || (offset !== undefined && !isInteger(offset.type)))
      return call.fail('LAG takes a number of rows as its second argument', offset)
    const other = otherwise === undefined ? undefined : cast(otherwise, value.type)
    if (otherwise !== undefined && other?.kind !== 'literal')
      return call.fail(`LAG takes a literal ${typeName(value.type)} as its third argument`, otherwise)
    const lag = { offset: rows, otherwise: other?.kind === 'literal' ? other.value : null }
    return { argument: packed([value], call), type: value.type, options: { lag } }
  },
  code({ options: { lag } }, index) {
    const rows = `acc.v${index}`
    const { offset = 1, otherwise = null } = lag ?? {}
    return {
      fields: { [`v${index}`]: '[]' },
      add: value => `if (${rows}.push(rt.keep(${value}[0])) > ${offset + 1}) ${rows}.shift();`,
      retract: () => '',
      result: `(${rows}.length > ${offset} ? ${rows}[0] : ${literalCode(otherwise)})`
    }
  }
}

export const windowFunctions: ReadonlyMap<string, AggregateDefinition> = new Map(
  Object.entries({ ROW_NUMBER: rowNumber, LAG: lag })
)
