import type { Expression, Select } from './ast.ts'
import { windowBound } from './bind-window-function.ts'
import { type Bound, columnOfValue, describe, type Window } from './bound.ts'
import { calcOf, calcValue, sidesOf } from './lift.ts'
import { type Expand, expandedColumns, isInAllSets } from './plan.ts'
import { isProctime } from './proctime.ts'
import type { Relation } from './relation.ts'
import { INT } from './types.ts'

/** GROUP BY with grouping sets: the different keys, and for each set which of them are in it. */
export type GroupingSets = { keys: Bound[]; sets: number[][] }

/** A key of GROUP BY; one that a window function there stands for has no expression. */
export type Key = { expression: Expression | undefined; value: Bound }

/** @param lists the expressions of each set; without them all keys are one */
export function groupingSetsOf(given: readonly Key[], lists: Select['groupingSets']): GroupingSets {
  const keys: Bound[] = []
  const places = new Map<string, number>()
  const placeOf = ({ value }: Key): number => {
    const text = describe(value)
    const place = places.get(text) ?? keys.push(value) - 1
    places.set(text, place)
    return place
  }
  const all = new Map(given.map(key => [key.expression ?? key, placeOf(key)] as const))
  const sets = lists?.map(list => list.map(expression => all.get(expression) as number))
  return { keys, sets: (sets ?? [[...all.values()]]).map(set => [...new Set(set)].sort((a, b) => a - b)) }
}

/** The rows of a relation once for each grouping set: what the keys are in them, and the number of the set. */
export type Expanded = { relation: Relation; keys: Bound[]; set: Bound }

/** @param isUnwindowed whether bounds of windows are values like any other from here on, as Flink takes those of sessions */
export function expandRelation(
  relation: Relation,
  { keys, sets }: GroupingSets,
  isUnwindowed: boolean
): Expanded {
  const input = calcOf(relation)
  const isEverywhere = (key: Bound): boolean => isInAllSets({ sets }, keys.indexOf(key))
  // The bounds of windows that rows are not in yet.
  const isPending = (value: Bound): value is Bound & { kind: 'windowBound' } =>
    value.kind === 'windowBound' && value.window === relation.window
  const own = keys.filter(key => !(isPending(key) && isEverywhere(key)))
  const node: Expand = {
    kind: 'expand',
    input,
    keys: own.map(key => calcValue(input, key)),
    sets: sets.map(set => set.map(place => own.indexOf(keys[place] as Bound)).filter(place => place >= 0))
  }
  const first = expandedColumns(node)
  const taken = new Set(own.map(describe))
  const column = (value: Bound): Bound => {
    const index = first + calcValue(input, value)
    const name = describe(value)
    return columnOfValue(value, index, taken.has(name) ? `${name}#${index}` : name)
  }
  const window: Window | undefined = relation.window && {
    ...relation.window,
    time: column(relation.window.time),
    keys: relation.window.keys.map(column)
  }
  const lift = (value: Bound): Bound => {
    if (isProctime(value)) return value
    return window !== undefined && isPending(value) ? windowBound(window, value.bound, value) : column(value)
  }
  const lifted = keys.map((key): Bound => {
    const place = own.indexOf(key)
    if (place < 0) return lift(key)
    const whole = columnOfValue(key, 1 + place, describe(key))
    if (isEverywhere(key) && !isUnwindowed) return whole
    const { rowtime: _, windowed: __, ...value } = whole
    return { ...value, nullable: whole.nullable || !isEverywhere(key) }
  })
  const { start, end } = keys[0] ?? { start: 0, end: 0 }
  return {
    relation: {
      input: node,
      condition: undefined,
      fields: [],
      alias: undefined,
      open: relation.open,
      window,
      sides: sidesOf(relation, lift)
    },
    keys: lifted,
    set: { kind: 'column', index: 0, name: '$e', type: INT, nullable: false, start, end }
  }
}
