import type { Bound } from './bound.ts'
import type { Join } from './plan.ts'

/** `left's time - right's time` is at least `lower` and at most `upper` ms; the times are indexes of values. */
export type TimeBound = { left: number; right: number; lower: number | undefined; upper: number | undefined }

/** What a condition says about the distance of the event times of both sides; undefined when it is about something else. */
export function timeBound(join: Join, condition: Bound): TimeBound | undefined {
  if (condition.kind !== 'apply') return undefined
  const [first, second] = condition.operands.map(operand => moment(join, operand))
  if (first === undefined || second === undefined || first.side === second.side) return undefined
  const [left, right] = first.side === 'left' ? [first, second] : [second, first]
  const operator = first.side === 'left' ? condition.name : mirrored[condition.name]
  // left + a OP right + b, so left - right OP b - a
  const distance = right.offset - left.offset
  const at = { left: left.value, right: right.value }
  switch (operator) {
    case '>=':
      return { ...at, lower: distance, upper: undefined }
    case '>':
      return { ...at, lower: distance + 1, upper: undefined }
    case '<=':
      return { ...at, lower: undefined, upper: distance }
    case '<':
      return { ...at, lower: undefined, upper: distance - 1 }
    case '=':
      return { ...at, lower: distance, upper: distance }
    default:
      return undefined
  }
}

const mirrored: Record<string, string> = { '>=': '<=', '>': '<', '<=': '>=', '<': '>', '=': '=' }

/** The interval that all bounds leave, if they bound it on both sides. */
export function intervalOf(
  bounds: TimeBound[]
): { left: number; right: number; lower: number; upper: number } | undefined {
  const [first] = bounds
  if (first === undefined) return undefined
  const { left, right } = first
  if (bounds.some(bound => bound.left !== left || bound.right !== right)) return undefined
  const lower = Math.max(...bounds.map(bound => bound.lower ?? Number.NEGATIVE_INFINITY))
  const upper = Math.min(...bounds.map(bound => bound.upper ?? Number.POSITIVE_INFINITY))
  return Number.isFinite(lower) && Number.isFinite(upper) ? { left, right, lower, upper } : undefined
}

/** An event time of one side, and the ms that are added to it. */
type Moment = { side: 'left' | 'right'; value: number; offset: number }

function moment(join: Join, expression: Bound): Moment | undefined {
  if (expression.kind === 'column') {
    const column = join.columns[expression.index]
    if (expression.rowtime !== true || column === undefined) return undefined
    return { side: column.side, value: column.index, offset: 0 }
  }
  if (expression.kind !== 'apply' || (expression.name !== '+' && expression.name !== '-')) return undefined
  const [time, interval] = expression.operands
  const inner = time === undefined ? undefined : moment(join, time)
  if (inner === undefined || interval?.kind !== 'literal' || interval.type.kind !== 'INTERVAL_DAY')
    return undefined
  const milliseconds = Number(interval.value)
  return { ...inner, offset: inner.offset + (expression.name === '+' ? milliseconds : -milliseconds) }
}
