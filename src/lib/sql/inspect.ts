import { deserialize, serialize } from 'node:v8'
import type { Snapshot } from './query.ts'

/** What an operator keeps: how many of what, event time as ISO 8601, and bytes in the snapshot. */
export type OperatorFigures = { query: number; operator: string; bytes: number } & Record<
  string,
  number | string | null
>

/** What each operator of a query's snapshot holds, those nearest to the results first. */
export function inspect(snapshot: Buffer): OperatorFigures[] {
  const { operators, labels } = deserialize(snapshot) as Snapshot
  return operators.flatMap((states, query) =>
    states.map((state, i) => ({
      query: query + 1,
      operator: labels[query]?.[i] ?? '?',
      ...figuresOf(state),
      bytes: serialize(state).length
    }))
  )
}

function figuresOf(state: unknown): Record<string, number | string | null> {
  if (state instanceof Map) return { keys: state.size, ...rowsOf(state) }
  if (Array.isArray(state))
    return state.every(isNumber) ? { watermark: timeText(Math.min(...state)) } : { rows: state.length }
  const figures: Record<string, number | string | null> = {}
  if (typeof state !== 'object' || state === null) return figures
  for (const [name, value] of Object.entries(state)) {
    if (name === 'watermark' && isNumber(value)) figures.watermark = timeText(value)
    else if (name === 'watermarks' && Array.isArray(value)) figures.watermark = timeText(Math.min(...value))
    else if (value instanceof Map) {
      figures[`${name}_keys`] = value.size
      const { rows } = rowsOf(value)
      if (rows !== undefined) figures[`${name}_rows`] = rows
    } else if (Array.isArray(value)) figures[name] = value.length
  }
  return figures
}

/** The number of rows under all keys, where a key has a list of them. */
function rowsOf(map: ReadonlyMap<unknown, unknown>): { rows?: number } {
  const [first] = map.values()
  if (!Array.isArray(first) && !(first instanceof Map)) return {}
  let rows = 0
  for (const value of map.values())
    rows += Array.isArray(value) ? value.length : (value as Map<unknown, unknown>).size
  return { rows }
}

const isNumber = (value: unknown): value is number => typeof value === 'number'

/** Null where no time has passed yet, or all has. */
const timeText = (ms: number): string | null => (Number.isFinite(ms) ? new Date(ms).toISOString() : null)
