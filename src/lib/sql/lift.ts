import { type Bound, describe } from './bound.ts'
import type { Calc, SortKey } from './plan.ts'
import type { Relation, Side } from './relation.ts'

/** The rows of a relation as the input of a node, to which values are added as names are resolved. */
export const calcOf = ({ input, condition }: Relation): Calc => ({
  kind: 'calc',
  input,
  condition,
  values: []
})

/** The index of a value among those of a calc, which gets it if it has not got it yet. */
export function calcValue(calc: Calc, value: Bound): number {
  const index = calc.values.findIndex(other => describe(other) === describe(value))
  return index < 0 ? calc.values.push(value) - 1 : index
}

/** The tables in which names are looked up in a node over a relation; `lift` gives an expression over the node's rows. */
export function sidesOf(relation: Relation, lift: (value: Bound) => Bound): Side[] {
  if (relation.sides === undefined || relation.fields.length > 0)
    return [{ relation, lift, hidden: new Set() }]
  return relation.sides.map(inner => ({ ...inner, lift: value => lift(inner.lift(value)) }))
}

/** What rows are sorted by, as values of a calc. */
export const sortKeys = (
  calc: Calc,
  order: readonly { value: Bound; descending: boolean; nullsFirst: boolean }[]
): SortKey[] =>
  order.map(({ value, descending, nullsFirst }) => ({
    index: calcValue(calc, value),
    descending,
    nullsFirst
  }))
