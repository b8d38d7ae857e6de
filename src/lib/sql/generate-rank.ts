import { comparatorCode } from './aggregates-extreme.ts'
import type { Bound } from './bound.ts'
import { build, keyCode } from './generate.ts'
import type { Row } from './operators/operator.ts'
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
time(R) { return ${timeCode(input, order[0])}; }
}`)
}

function timeCode({ values }: Calc, key: SortKey | undefined): string {
  const type = key === undefined ? undefined : values[key.index]?.type
  if (key === undefined || type === undefined || !isTimestamp(type)) return 'NaN'
  return `Number(R[${key.index}]) * ${10 ** (3 - type.precision)}`
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
