import { type Bound, columnsOf, describe, literal } from './bound.ts'
import { unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { inputsOf, type Node, type Plan, type Rank, timesOf } from './plan.ts'
import { NULL } from './types.ts'

/**
 * What is known of ranks once the whole query is: whether they end, whether their places are asked for, and which of the
 * values that could be are not. Throws SqlError for places that cannot be told.
 */
export function settleRanks({ input, condition, projections }: Plan, text: string): void {
  settle([condition, ...projections.map(projection => projection.value)], input, text)
}

function settle(above: (Bound | undefined)[], node: Node, text: string): void {
  if (node.kind === 'rank') {
    checkRank(node, text)
    const read = new Set(above.flatMap(value => (value ? columnsOf(value).map(({ index }) => index) : [])))
    node.isNumbered = read.has(0)
    prune(node, read)
  }
  for (const below of inputsOf(node)) settle(expressionsOf(node), below, text)
}

function checkRank({ from, to, order, input, start, end }: Rank, text: string): void {
  const at = { start, end }
  if (to < 1 || from > to) throw new SqlError('type', 'no ROW_NUMBER is within its bounds', text, at)
  if (to < Number.POSITIVE_INFINITY) return
  const by = order.map(({ index }) => describe(input.values[index] as Bound)).join(', ')
  const reason = unsupported(
    `ROW_NUMBER in order of ${by} without a condition that ends it, such as WHERE rn <= 10`
  )
  throw new SqlError('unsupported', reason, text, at)
}

/** What nobody reads is not kept, and does not make rows differ. */
function prune({ input, partition, order }: Rank, read: ReadonlySet<number>): void {
  const kept = new Set([...read, ...partition, ...order.map(key => key.index)])
  for (const [i, value] of input.values.entries())
    if (!kept.has(i)) input.values[i] = literal(null, NULL, value)
}

/** The expressions of a node over the rows of its input; those of nodes with several inputs are in the calcs below them. */
function expressionsOf(node: Node): (Bound | undefined)[] {
  switch (node.kind) {
    case 'calc':
      return [node.condition, ...node.values]
    case 'group':
    case 'aggregate': {
      const calls = node.calls.flatMap(call => [call.argument, call.filter])
      const time = node.kind === 'aggregate' ? timesOf(node.window) : []
      return [node.condition, ...node.keys, ...calls, ...time]
    }
    default:
      return []
  }
}
