import { inputsOf, type Node, type Rank } from './plan.ts'

/** Whether rows are only ever added, or changed and taken back too. Known before any row is seen. */
export function isAppendOnly(node: Node): boolean {
  switch (node.kind) {
    case 'scan':
      return node.source.kind === 'json'
    case 'aggregate':
      return true
    case 'group':
    case 'setOperation':
      return false
    case 'join':
      if (node.time?.kind === 'interval' || node.time?.kind === 'window') return true
      if (node.time?.kind === 'version' || node.time?.kind === 'lookup') return isAppendOnly(node.left)
      return (
        (node.type === 'inner' || node.kept === 'paired') &&
        isAppendOnly(node.left) &&
        isAppendOnly(node.right)
      )
    case 'rank':
      if (node.arrival === 'first') return isAppendOnly(node.input)
      if (node.isLimit) return node.order.length === 0 && isAppendOnly(node.input)
      return node.isEndless || windowEndOf(node) !== undefined || isFirstByTime(node)
    case 'over':
    case 'sort':
      return true
    default:
      return inputsOf(node).every(isAppendOnly)
  }
}

/**
 * The index of the ends of windows among the values of a rank whose partitions are those of windows: its rows come out
 * when these close.
 */
export function windowEndOf({ input, partition }: Rank): number | undefined {
  const bounds = partition.map(index => ({ index, windowed: input.values[index]?.windowed }))
  const starts = bounds.filter(({ windowed }) => windowed?.bound === 'start')
  const end = bounds.find(
    ({ windowed }) =>
      windowed?.bound === 'end' && starts.some(start => start.windowed?.windows === windowed.windows)
  )
  return end?.index
}

/** Whether a rank is the first row by event time, which is known once the watermark has passed it. */
export const isFirstByTime = (rank: Rank): boolean => isTopByTime(rank) && rank.order[0]?.descending === false

/** Whether a rank is the last row by event time so far: of several at that time the one that came last. */
export const isLastByTime = (rank: Rank): boolean => isTopByTime(rank) && rank.order[0]?.descending === true

function isTopByTime({ input, order, from, to, isLimit }: Rank): boolean {
  const [first, second] = order
  if (isLimit) return false
  const byTime = first !== undefined && input.values[first.index]?.rowtime === true
  return byTime && second === undefined && from === 1 && to === 1 && isAppendOnly(input)
}
