import { isAppendOnly } from './append-only.ts'
import { type Bound, describe } from './bound.ts'
import { type Environment, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { eventTimeOf } from './event-time.ts'
import { calcValue } from './lift.ts'
import { inputsOf, type Node, type Rank, type SortKey } from './plan.ts'

/** What is known of ranks once the whole query is: which have no last place. Throws SqlError for places that cannot be told. */
export function settleRanks(node: Node, environment: Environment): void {
  if (node.kind === 'rank') settle(node, environment)
  for (const input of inputsOf(node)) settleRanks(input, environment)
}

function settle(rank: Rank, environment: Environment): void {
  const { text } = environment
  const { from, to, order, input, start, end } = rank
  const at = { start, end }
  const what = rank.isLimit ? 'LIMIT 0 leaves no row' : 'no ROW_NUMBER is within its bounds'
  if (to < 1 || from > to) throw new SqlError('type', what, text, at)
  if (rank.arrival !== undefined) {
    const reason = !isAppendOnly(input)
      ? 'ROW_NUMBER in order of PROCTIME() over rows that change'
      : rank.arrival === 'last' && (from !== 1 || to !== 1)
        ? 'ROW_NUMBER in order of PROCTIME() DESC but for the first row'
        : undefined
    if (reason !== undefined) throw new SqlError('unsupported', unsupported(reason), text, at)
    rank.isEndless = from === 1 && to === Number.POSITIVE_INFINITY
    if (rank.isEndless) return
  }
  if (to < Number.POSITIVE_INFINITY) return
  const [first, second] = order as [SortKey, SortKey?]
  if (from === 1 && second === undefined && !first.descending && isAppendOnly(input)) {
    const time = eventTimeOf(input.input, input.values[first.index] as Bound, environment)
    if (time !== undefined) {
      first.index = calcValue(input, { ...time, rowtime: true })
      rank.isEndless = true
      return
    }
  }
  const by = order.map(({ index }) => describe(input.values[index] as Bound)).join(', ')
  const reason = unsupported(
    `ROW_NUMBER in order of ${by} without a condition that ends it, such as WHERE rn <= 10`
  )
  throw new SqlError('unsupported', reason, text, at)
}
