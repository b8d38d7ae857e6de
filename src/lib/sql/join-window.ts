import type { WindowBound } from './bound.ts'
import type { Join, JoinTime } from './plan.ts'

/**
 * A join of rows in the same windows: start and end of both sides are equal. They are no keys then, but for the start of
 * sessions, which may end together.
 */
export function windowTime(join: Join): JoinTime | undefined {
  const [starts, ends] = [equalBounds(join, 'start'), equalBounds(join, 'end')]
  const start = starts.find(key => ends.some(end => end.windows === key.windows))
  const end = ends.find(key => key.windows === start?.windows)
  if (start === undefined || end === undefined) return undefined
  const isSession = start.windows.startsWith('SESSION')
  join.keys = join.keys.filter(key => key !== end.key && (isSession || key !== start.key))
  return { kind: 'window', left: end.key.left, right: end.key.right }
}

/** The keys that are a bound of the same windows on both sides. */
function equalBounds(join: Join, bound: WindowBound): { key: Join['keys'][number]; windows: string }[] {
  return join.keys.flatMap(key => {
    const [left, right] = [join.left.values[key.left]?.windowed, join.right.values[key.right]?.windowed]
    const isSame = left?.bound === bound && right?.bound === bound && left.windows === right.windows
    return isSame ? [{ key, windows: left.windows }] : []
  })
}
