import { comparatorCode } from './aggregates-extreme.ts'
import type { Bound } from './bound.ts'
import { keyCode } from './generate-aggregate.ts'
import type { Row } from './operators/operator.ts'
import { build } from './place-code.ts'
import type { Calc, SortKey } from './plan.ts'
import { isTimestamp } from './types.ts'

export type RankFunctions = {
  /** The partition of a row. */
  key(R: Row): unknown
  /** The order of two rows, as for Array.sort. */
  compare(A: Row, B: Row): number
  /** The first of the values that rows are sorted by as a time in ms. */
  time(R: Row): number
}

export function generateRank(
  input: Calc,
  partition: readonly number[],
  order: readonly SortKey[]
): RankFunctions {
  const values = partition.map(index => input.values[index] as Bound)
  return build(`return {
key(R) { return ${keyCode(values, i => `R[${partition[i]}]`)}; },
compare(A, B) {
${order.map(key => compareCode(input, key)).join('')}return 0;
},
time(R) { return ${timeCode(input, order[0]?.index ?? 0)}; }
}`)
}

/** JavaScript for a value of the row `R` as a time in ms, NaN where it is none. */
export function timeCode({ values }: Calc, index: number): string {
  const type = values[index]?.type
  if (type === undefined || !isTimestamp(type)) return 'NaN'
  return type.precision === 3 ? `Number(R[${index}])` : `Number(R[${index}]) * ${10 ** (3 - type.precision)}`
}

function compareCode({ values }: Calc, { index, descending, nullsFirst }: SortKey): string {
  const type = (values[index] as Bound).type
  const compare = type.kind === 'DYNAMIC' ? 'rt.orderDynamic' : comparatorCode(type)
  const [low, high] = nullsFirst ? [-1, 1] : [1, -1]
  return `{
const a = A[${index}], b = B[${index}];
if (a === null || b === null) { if (a !== b) return a === null ? ${low} : ${high}; }
else { const order = ${compare}(a, b); if (order !== 0) return ${descending ? '-order' : 'order'}; }
}
`
}
