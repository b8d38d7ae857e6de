import { deserialize, serialize } from 'node:v8'
import type { Snapshot } from './query.ts'
import type { MapState } from './state/state-map.ts'

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

type Figures = Record<string, number | string | null>

function figuresOf(state: unknown): Figures {
  if (isMapState(state)) return { ...keysOf([state]) }
  if (Array.isArray(state))
    return state.every(isNumber) ? { watermark: timeText(Math.min(...state)) } : { rows: state.length }
  const figures: Figures = {}
  if (typeof state !== 'object' || state === null) return figures
  for (const [name, value] of Object.entries(state)) {
    if (name === 'watermark' && isNumber(value)) figures.watermark = timeText(value)
    else if (name === 'now' && isNumber(value)) figures.now = timeText(value)
    else if (name === 'watermarks' && Array.isArray(value)) figures.watermark = timeText(Math.min(...value))
    else if (isMapState(value)) Object.assign(figures, prefixed(name, keysOf([value])))
    else if (Array.isArray(value)) {
      figures[name] = value.length
      const maps = value.flatMap(item => Object.values(item as object)).filter(isMapState)
      if (maps.length > 0) Object.assign(figures, prefixed(name, keysOf(maps)))
    }
  }
  return figures
}

const prefixed = (name: string, figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).map(([key, value]) => [`${name}_${key}`, value]))

/** How many keys there are, how many of them are on disk, and the rows under those that are not, where keys have lists. */
function keysOf(maps: readonly MapState[]): Figures {
  let [keys, onDisk] = [0, 0]
  let rows: number | undefined
  for (const map of maps) {
    if ('spilled' in map) {
      keys += map.size
      onDisk += map.size
      continue
    }
    keys += map.entries.size
    for (const value of map.entries.values()) {
      if (Array.isArray(value) || value instanceof Map)
        rows = (rows ?? 0) + (Array.isArray(value) ? value.length : value.size)
      else if (isKeptRow(value)) rows = (rows ?? 0) + 1
      else break
    }
  }
  return { keys, ...(rows === undefined ? {} : { rows }), ...(onDisk === 0 ? {} : { on_disk: onDisk }) }
}

const isKeptRow = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'row' in value && 'matches' in value

function isMapState(value: unknown): value is MapState {
  if (typeof value !== 'object' || value === null) return false
  return 'spilled' in value || ('entries' in value && value.entries instanceof Map)
}

const isNumber = (value: unknown): value is number => typeof value === 'number'

/** Null where no time has passed yet, or all has. */
const timeText = (ms: number): string | null => (Number.isFinite(ms) ? new Date(ms).toISOString() : null)
