import type { AggregateCall } from './aggregates.ts'
import type { JoinType } from './ast.ts'
import type { Bound, Window } from './bound.ts'
import type { Span } from './errors.ts'
import type { LookupOptions } from './lookup/options.ts'
import type { SqlType } from './types.ts'

/**
 * Where the rows of a table come from.
 * - `json`: every data line is a row, append-only
 * - `changes`: the rows in `before` and `after` of the change events of one table, a changelog
 * - `lookup`: a file or a server, in which they are looked up
 */
export type TableSource =
  | { kind: 'json' }
  | { kind: 'changes'; database: string | undefined; table: string }
  | { kind: 'lookup'; lookup: LookupOptions }

/**
 * A column as it is found in a row: a path into nested objects, which for the whole row is empty. With `envelope` the
 * path is that of a part of the change event around the row.
 */
export type ScanColumn = { path: string[]; type: SqlType; name: string; envelope?: true }

/** The event time of a scan and the watermark that a row gives, both in ms; `declared` by a WATERMARK clause. */
export type EventTime = { time: Bound; watermark: Bound; name: string; delay: number; declared: boolean }

export type Scan = {
  kind: 'scan'
  name: string
  source: TableSource
  /** The columns that the query reads; grows while names are resolved. */
  columns: ScanColumn[]
  eventTime: EventTime | undefined
}

/** Windowed aggregation. Its rows: window_start, window_end, window_time, then the keys, then the aggregates. */
export type Aggregate = {
  kind: 'aggregate'
  input: Node
  /** Which rows of the input take part. */
  condition: Bound | undefined
  window: Window | AttachedWindow
  keys: Bound[]
  calls: AggregateCall[]
}

/** Windows that were given to the rows before, as the expressions of their bounds. */
export type AttachedWindow = { kind: 'ATTACHED'; start: Bound; end: Bound }

/** What tells which windows a row is in. */
export const timesOf = (window: Window | AttachedWindow): Bound[] =>
  window.kind === 'ATTACHED' ? [window.start, window.end] : [window.time]

/**
 * The rows of the input in each of the windows that they are in. Its rows: window_start, window_end, window_time, then
 * the values of the input. `time` and `keys` are indexes of the values: event time, and what a session has in common.
 */
export type Windows = { kind: 'windows'; input: Calc; window: Window; time: number; keys: number[] }

/**
 * Aggregation without windows: a row for each group, which changes whenever one of its rows comes or goes. Its rows: the
 * keys, then the aggregates.
 */
export type Group = {
  kind: 'group'
  input: Node
  /** Which rows of the input take part. */
  condition: Bound | undefined
  keys: Bound[]
  calls: AggregateCall[]
}

/** The rows of the input for which the condition is TRUE, as the values of expressions; these grow while names are resolved. */
export type Calc = { kind: 'calc'; input: Node; condition: Bound | undefined; values: Bound[] }

/**
 * Which rows of the left side come out.
 * - `paired`: those that have a pair (IN, EXISTS)
 * - `unpaired`: those that have none (NOT EXISTS)
 * - `not in`: those whose key, the only one, is in no row; if it or one on the right is NULL that is never known, but of no rows
 */
export type Membership = 'paired' | 'unpaired' | 'not in'

/** A column of joined rows: one of the values of a side. */
export type JoinColumn = { side: JoinSide; index: number; name: string }

export type JoinSide = 'left' | 'right'

/**
 * Pairs of rows, of which keys are equal and the condition (over the joined row) is TRUE.
 * Without `time` all rows of both sides are kept, and pairs come and go with them.
 */
export type Join = {
  kind: 'join'
  type: JoinType
  /** Of a left join of which only rows of the left side come out, each once. */
  kept?: Membership
  left: Calc
  right: Calc
  /** The joined row; grows while names are resolved. */
  columns: JoinColumn[]
  /** Indexes of the values that are equal; NULL is equal to nothing. */
  keys: { left: number; right: number }[]
  condition: Bound | undefined
  time: JoinTime | undefined
}

/**
 * How time bounds a join; `left` and `right` are the indexes of the event times among the values, or of the ends of windows.
 * - `interval`: left's time is within [right's time + lower, right's time + upper], in ms
 * - `window`: both rows are in the same window
 * - `version`: the right row with the key as it was at left's time
 * - `lookup`: the right rows with the key as they are when the left row comes; the right side is a scan
 */
export type JoinTime =
  | { kind: 'interval'; left: number; right: number; lower: number; upper: number }
  | { kind: 'window'; left: number; right: number }
  | { kind: 'version'; left: number; right: number }
  | { kind: 'lookup' }

/** The rows of all inputs, which have the same columns. */
export type Union = { kind: 'union'; inputs: Calc[] }

/**
 * Rows that are in both inputs (`intersect`), or in the left one and not in the right one (`except`), each once; if `isAll`
 * as often as in both, or oftener than in the right one. NULL equals NULL.
 */
export type SetOperation = {
  kind: 'setOperation'
  operation: 'intersect' | 'except'
  isAll: boolean
  left: Calc
  right: Calc
}

/** What rows are sorted by: one of their values. NULL is first or last whichever way they are sorted. */
export type SortKey = { index: number; descending: boolean; nullsFirst: boolean }

/**
 * The rows of each partition at the places `from` to `to`, from 1, in the order of `order`; of equal rows the one that
 * came first is first. Its rows are those of the input, whose first value, NULL there, is the row's place.
 *
 * While names are resolved `to` is Infinity until a condition says how far. Where none does (`isEndless`), the order is
 * that of event time; the rows get their places once the watermark has passed them, and keep them.
 */
export type Rank = Span & {
  kind: 'rank'
  input: Calc
  /** Indexes of the values that the rows of a partition have in common. */
  partition: number[]
  order: SortKey[]
  from: number
  to: number
  /** Whether the place is asked for; known at the end. */
  isNumbered: boolean
  /** Whether there is no last place; known at the end. */
  isEndless: boolean
  /** The order is that in which rows come (`order` is empty then): the first of them is the first, or the last is. */
  arrival?: 'first' | 'last'
  /** Whether it is a LIMIT: event time is a value like any other then, and without an order the first rows that come stay. */
  isLimit: boolean
}

/**
 * Rows in the order of event time, `order`'s first value, and then of the others; they come out once the watermark has
 * passed them.
 */
export type Sort = { kind: 'sort'; input: Calc; order: SortKey[] }

/**
 * Aggregates over the rows of each partition up to each row, in the order of event time. Its rows are those of the input,
 * whose first values, NULL there, are the results of the calls; they come out once the watermark has passed them.
 */
export type Over = {
  kind: 'over'
  input: Calc
  /** Indexes of the values that the rows of a partition have in common. */
  partition: number[]
  /** Index of the event time; without it rows are in the order in which they come, and come out at once. */
  time: number | undefined
  /** Over the input's rows. */
  calls: AggregateCall[]
  frame: OverFrame
}

/**
 * Which rows count for a row: those up to `preceding` rows (ROWS), or ms (RANGE), before it, and itself; with RANGE all
 * rows of its time.
 */
export type OverFrame = { unit: 'ROWS' | 'RANGE'; preceding: number }

/**
 * A row for each member of a collection, which is one of the values of the input; for a row without members one of NULLs
 * if `isOuter`. Its rows: the member's columns, its number from 1 if `isNumbered`, then the values of the input.
 */
export type Unnest = {
  kind: 'unnest'
  input: Calc
  /** Index of the collection among the values. */
  value: number
  members: UnnestMembers
  /** Whether it is a MULTISET, whose members are there several times. */
  isCounted: boolean
  isOuter: boolean
  isNumbered: boolean
}

/**
 * How members become columns.
 * - `element`: the member is the column, of a MULTISET as often as it is there
 * - `row`: the values of a ROW are the columns; one that is NULL gives no row
 * - `entry`: key and value of a MAP
 * - `fields`: the fields of an undeclared object with these names
 */
export type UnnestMembers =
  | { kind: 'element' }
  | { kind: 'row'; width: number }
  | { kind: 'entry' }
  | { kind: 'fields'; names: string[] }

/**
 * Each row of the input once for each grouping set. Its rows: the number of the set from 0, the keys, of which those that
 * are not in the set are NULL, then the values of the input.
 */
export type Expand = {
  kind: 'expand'
  input: Calc
  /** Indexes of the values that the keys are. */
  keys: number[]
  /** The places of keys in `keys`. */
  sets: number[][]
}

/**
 * The rows of the input, of which there may be one at a time for each key: a second one is an error. `keys` are indexes of
 * the values; a row with NULL in one is of no key.
 */
export type Single = { kind: 'single'; input: Calc; keys: number[] }

/** The number of an expanded row's columns that come before the values of the input. */
export const expandedColumns = ({ keys }: Expand): number => 1 + keys.length

/** Whether a key is in all grouping sets. */
export const isInAllSets = ({ sets }: Pick<Expand, 'sets'>, key: number): boolean =>
  sets.every(set => set.includes(key))

/** The number of columns that come before the values of the input. */
export function unnestedColumns({ members, isNumbered }: Pick<Unnest, 'members' | 'isNumbered'>): number {
  const number = isNumbered ? 1 : 0
  switch (members.kind) {
    case 'element':
      return 1 + number
    case 'entry':
      return 2 + number
    case 'row':
      return members.width + number
    case 'fields':
      return members.names.length + number
  }
}

/** What rows come from. */
export type Node =
  | Unnest
  | Expand
  | Single
  | SetOperation
  | Scan
  | Calc
  | Windows
  | Aggregate
  | Group
  | Join
  | Union
  | Rank
  | Over
  | Sort

/** One member of the output row; `row` stands for all columns of an undeclared table: of a joined one they are the text in `value`. */
export type Projection =
  | { kind: 'value'; name: string; value: Bound }
  | { kind: 'row'; value: Bound | undefined }

/** A whole query: rows of `input` for which `condition` is TRUE, projected. */
export type Plan = {
  input: Node
  condition: Bound | undefined
  projections: Projection[]
}

/** The nodes whose rows go into a node; of a join with a table that is looked up only the left one. */
export function inputsOf(node: Node): Node[] {
  switch (node.kind) {
    case 'scan':
      return []
    case 'join':
      return node.time?.kind === 'lookup' ? [node.left] : [node.left, node.right]
    case 'union':
      return node.inputs
    case 'setOperation':
      return [node.left, node.right]
    default:
      return [node.input]
  }
}

/** Where the rows of a node come from in the end. */
export function scansOf(node: Node): Scan[] {
  return node.kind === 'scan' ? [node] : inputsOf(node).flatMap(scansOf)
}

/** The columns that come first where rows have windows. */
export const windowNames: readonly string[] = ['window_start', 'window_end', 'window_time']
export const WINDOW_COLUMNS = windowNames.length
