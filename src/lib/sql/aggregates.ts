import { distinctCode } from './aggregates-distinct.ts'
import { extremes } from './aggregates-extreme.ts'
import { jsonAggregates } from './aggregates-json.ts'
import { lists } from './aggregates-list.ts'
import { statistics } from './aggregates-statistics.ts'
import { sums } from './aggregates-sum.ts'
import type { Bound, LiteralValue } from './bound.ts'
import type { Call } from './functions/define.ts'
import type { SqlType } from './types.ts'

/** One aggregate call of a query. */
export type AggregateCall = {
  function: string
  definition: AggregateDefinition
  /** What is aggregated: one value, several as a ROW where there are more or NULL counts. Undefined for COUNT(*). */
  argument: Bound | undefined
  distinct: boolean
  filter: Bound | undefined
  type: SqlType
  /** The call as text. */
  name: string
  /** What stands in the call besides what is aggregated. */
  options: AggregateOptions
}

export type AggregateOptions = {
  /** LISTAGG */
  separator?: string
  /** Whether rows with NULL are passed over. */
  ignoreNulls?: boolean
  /** LAG: how many rows back, and what stands for a row that is not there. */
  lag?: { offset: number; otherwise: LiteralValue }
}

/**
 * JavaScript of one aggregate over an accumulator object. `fields` are the accumulator's properties with their first
 * values; `add` and `retract` take the argument's JavaScript, which is not null (for COUNT(*): `''`); `result` is an
 * expression that gives what later rows do not change. `acc` names the accumulator.
 */
export type AggregateCode = {
  fields: Record<string, string>
  add(value: string): string
  retract(value: string): string
  result: string
}

/** What a call aggregates and what comes out. */
export type BoundAggregate = { argument: Bound; type: SqlType; options?: AggregateOptions }

/** An aggregate function. */
export type AggregateDefinition = {
  least: number
  most: number
  /** Whether DISTINCT makes no difference. */
  ignoresDistinct?: boolean
  bind(call: Call): BoundAggregate
  /**
   * JavaScript of the argument (perhaps null) as it is taken from a row, where that may fail: the row is refused then,
   * before it has changed anything.
   */
  take?(value: string, argument: Bound): string
  /**
   * What a result cannot be computed of is an error in `result`, never in `add` or `retract`.
   * @param index makes the property names unique
   * @param retracts whether rows may be taken back
   */
  code(call: AggregateCall, index: number, retracts: boolean): AggregateCode
}

export const aggregates: ReadonlyMap<string, AggregateDefinition> = new Map(
  Object.entries({ ...sums, ...extremes, ...statistics, ...lists, ...jsonAggregates })
)

export const aggregateNames: ReadonlySet<string> = new Set(aggregates.keys())

/** Functions of windows of rows: named in the error instead of "no such function". */
export const otherAggregates: ReadonlySet<string> = new Set([
  'RANK',
  'DENSE_RANK',
  'ROW_NUMBER',
  'LAG',
  'LEAD',
  'NTILE',
  'CUME_DIST',
  'PERCENT_RANK'
])

/** See AggregateDefinition.code. */
export function aggregateCode(call: AggregateCall, index: number, retracts: boolean): AggregateCode {
  const code = call.definition.code(call, index, retracts)
  return call.distinct ? distinctCode(code, index) : code
}
