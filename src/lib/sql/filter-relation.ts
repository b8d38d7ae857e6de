import { addFilterAbove } from './bind-join.ts'
import { and, type Bound, conjunctsOf } from './bound.ts'
import { boundRank } from './rank-range.ts'
import type { Relation } from './relation.ts'
import { readsBound } from './window-relation.ts'

/** Takes only the rows of a relation for which a condition holds. */
export function filterRelation(relation: Relation, condition: Bound): void {
  const { input, window } = relation
  for (const part of conjunctsOf(condition)) {
    const isOfWindows = window !== undefined && readsBound(part, window)
    if (!isOfWindows && input.kind === 'join' && addFilterAbove(input, part)) continue
    if (!isOfWindows && input.kind === 'rank' && boundRank(input, part)) continue
    relation.condition = and(relation.condition, part)
  }
}
