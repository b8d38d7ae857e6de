import type { Bound } from './bound.ts'
import type { Rank } from './plan.ts'

const mirrored: Record<string, string> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/** Narrows a rank to the places for which a condition over its rows holds, if that is a bound of the place alone. */
export function boundRank(rank: Rank, condition: Bound): boolean {
  if (condition.kind !== 'apply' || mirrored[condition.name] === undefined) return false
  const [left, right] = condition.operands as [Bound, Bound]
  const isSwapped = isPlace(right)
  const [place, limit] = isSwapped ? [right, left] : [left, right]
  if (!isPlace(place) || limit.kind !== 'literal' || typeof limit.value !== 'number') return false
  const { value } = limit
  switch (isSwapped ? mirrored[condition.name] : condition.name) {
    case '=':
      rank.from = Math.max(rank.from, value)
      rank.to = Math.min(rank.to, value)
      break
    case '<':
      rank.to = Math.min(rank.to, value - 1)
      break
    case '<=':
      rank.to = Math.min(rank.to, value)
      break
    case '>':
      rank.from = Math.max(rank.from, value + 1)
      break
    default:
      rank.from = Math.max(rank.from, value)
  }
  return true
}

const isPlace = (value: Bound): boolean =>
  value.kind === 'column' && value.index === 0 && value.type.kind === 'BIGINT'
