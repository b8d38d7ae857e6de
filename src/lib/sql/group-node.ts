import type { AggregateCall } from './aggregates.ts'
import { type Bound, type BoundColumn, columnOfValue, describe, type WindowBound } from './bound.ts'
import { type Aggregate, type Group, WINDOW_COLUMNS, windowNames } from './plan.ts'
import type { Relation } from './relation.ts'
import { readsBound } from './window-relation.ts'

/** Rows in groups: the node, the column that each key is in, and the index of the first aggregate. */
export type Grouping = { node: Aggregate | Group; columns: BoundColumn[]; firstCall: number }

/**
 * Whether the rows can be taken into the windows of the relation's window function as they are: the groups are those of
 * windows, and of a row in several windows nothing else asks which one it is in.
 * @param keys of GROUP BY
 * @param others all else that is read of the rows
 */
export function isByWindow(relation: Relation, keys: Bound[], others: (Bound | undefined)[]): boolean {
  const { window } = relation
  if (window === undefined) return false
  const [bounds, rest] = split(keys, key => key.kind === 'windowBound' && key.window === window)
  const has = (bound: WindowBound): boolean => bounds.some(key => key.windowed?.bound === bound)
  if (!has('start') || !has('end')) return false
  if (window.kind === 'TUMBLE') return true
  if ([...rest, ...others, relation.condition].some(value => readsBound(value, window))) return false
  return window.kind !== 'SESSION' || isSame(window.keys, rest)
}

/**
 * Groups the rows of a relation by keys: in windows where start and end of the same windows are among the keys.
 * @param calls the aggregates; they may come later
 */
export function groupRows(
  { input, condition, window }: Relation,
  keys: Bound[],
  calls: AggregateCall[]
): Grouping {
  const windows = window ?? attachedWindow(keys)
  if (windows === undefined) {
    const columns = named(keys, 0)
    return { node: { kind: 'group', input, condition, keys, calls }, columns, firstCall: keys.length }
  }
  const isBound = (key: Bound): boolean =>
    windows.kind === 'ATTACHED'
      ? key.windowed?.windows === windows.start.windowed?.windows
      : key.kind === 'windowBound' && key.window === windows
  const [, rest] = split(keys, isBound)
  const others = named(rest, WINDOW_COLUMNS)
  const columns = keys.map((key): BoundColumn => {
    if (!isBound(key)) return others[rest.indexOf(key)] as BoundColumn
    const name = `window_${key.windowed?.bound}`
    const column = columnOfValue(key, windowNames.indexOf(name), name)
    return key.windowed?.bound === 'time' ? { ...column, rowtime: true } : column
  })
  const node: Aggregate = { kind: 'aggregate', input, condition, window: windows, keys: rest, calls }
  return { node, columns, firstCall: WINDOW_COLUMNS + rest.length }
}

function attachedWindow(keys: Bound[]): Aggregate['window'] | undefined {
  for (const start of keys) {
    if (start.windowed?.bound !== 'start') continue
    const { windows } = start.windowed
    const end = keys.find(({ windowed }) => windowed?.bound === 'end' && windowed.windows === windows)
    if (end !== undefined) return { kind: 'ATTACHED', start, end }
  }
  return undefined
}

/** The keys as columns; they are no event times and no bounds any more. */
const named = (keys: Bound[], first: number): BoundColumn[] =>
  keys.map((key, i): BoundColumn => {
    const name = describe(key)
    const { rowtime: _, windowed: __, ...column } = columnOfValue(key, first + i, name)
    return { ...column, name: windowNames.includes(name) ? `${name}#${first + i}` : name }
  })

function split<T>(items: T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter(item => !test(item))]
}

function isSame(a: Bound[], b: Bound[]): boolean {
  const texts = new Set(a.map(describe))
  return texts.size === new Set(b.map(describe)).size && b.every(value => texts.has(describe(value)))
}
