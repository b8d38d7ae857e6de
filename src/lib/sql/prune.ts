import { type Bound, columnsOf, withColumns } from './bound.ts'
import {
  type Aggregate,
  type Calc,
  type Expand,
  expandedColumns,
  type Group,
  type Join,
  type Node,
  type Over,
  type Plan,
  type Rank,
  type Scan,
  type Single,
  type Sort,
  timesOf,
  type Unnest,
  unnestedColumns,
  WINDOW_COLUMNS,
  type Windows
} from './plan.ts'

/** The new place of each column that a node's rows still have. */
type Places = ReadonlyMap<number, number>

/**
 * Takes out of a plan the columns that nothing reads: all that a declaration names is bound, but what is not read need
 * not be looked for, kept in the state of a join, or be there.
 */
export function prune(plan: Plan): void {
  const values = plan.projections.flatMap(projection => projection.value ?? [])
  const places = pruneNode(plan.input, usedBy([plan.condition, ...values]))
  const moved = mover(places)
  plan.condition = moved(plan.condition)
  for (const projection of plan.projections) {
    if (projection.value !== undefined) projection.value = moved(projection.value)
  }
}

/** Takes all but the `used` columns out of a node and what it stands on; undefined where they stay in their places. */
function pruneNode(node: Node, used: ReadonlySet<number>): Places | undefined {
  switch (node.kind) {
    case 'scan':
      return pruneScan(node, used)
    case 'calc':
      return pruneCalc(node, used)
    case 'join':
      return pruneJoin(node, used)
    case 'union':
      // The rows of all inputs have the same columns.
      for (const input of node.inputs) pruneInput(input)
      return undefined
    case 'setOperation':
      pruneInput(node.left)
      pruneInput(node.right)
      return undefined
    case 'windows':
      return pruneWindows(node, used)
    case 'unnest':
      return pruneUnnest(node, used)
    case 'expand':
      return pruneExpand(node, used)
    case 'group':
    case 'aggregate':
      pruneAggregation(node)
      return undefined
    case 'single':
      return pruneSingle(node, used)
    case 'rank':
      return pruneRank(node, used)
    case 'over':
      return pruneOver(node, used)
    case 'sort':
      return pruneSorted(node, used, [])
    default:
      return undefined
  }
}

function pruneScan(scan: Scan, used: ReadonlySet<number>): Places {
  const { eventTime } = scan
  const needed = new Set([...used, ...usedBy([eventTime?.time, eventTime?.watermark])])
  const places = placesOf(scan.columns.length, needed)
  scan.columns = scan.columns.filter((_, i) => places.has(i))
  if (eventTime !== undefined) {
    const moved = mover(places)
    scan.eventTime = { ...eventTime, time: moved(eventTime.time), watermark: moved(eventTime.watermark) }
  }
  return places
}

function pruneCalc(calc: Calc, used: ReadonlySet<number>): Places {
  const places = placesOf(calc.values.length, used)
  calc.values = calc.values.filter((_, i) => places.has(i))
  pruneInput(calc)
  return places
}

/** Prunes what a node's rows come from. */
function pruneInput(calc: Calc): void {
  const moved = mover(pruneNode(calc.input, usedBy([calc.condition, ...calc.values])))
  calc.condition = moved(calc.condition)
  calc.values = calc.values.map(value => moved(value))
}

function pruneJoin(join: Join, used: ReadonlySet<number>): Places {
  const places = placesOf(join.columns.length, new Set([...used, ...usedBy([join.condition])]))
  join.columns = join.columns.filter((_, i) => places.has(i))
  join.condition = mover(places)(join.condition)
  const { time, keys } = join
  const bounds = time === undefined || time.kind === 'lookup' ? undefined : time
  for (const side of ['left', 'right'] as const) {
    // A table that is looked up knows its own columns.
    if (side === 'right' && time?.kind === 'lookup') continue
    const own = join.columns.filter(column => column.side === side).map(column => column.index)
    const needed = new Set([
      ...own,
      ...keys.map(key => key[side]),
      ...(bounds === undefined ? [] : [bounds[side]])
    ])
    const kept = pruneCalc(join[side], needed)
    const at = (index: number): number => kept.get(index) as number
    for (const column of join.columns) if (column.side === side) column.index = at(column.index)
    for (const key of keys) key[side] = at(key[side])
    if (bounds !== undefined) bounds[side] = at(bounds[side])
  }
  return places
}

function pruneSingle(node: Single, used: ReadonlySet<number>): Places {
  const places = pruneCalc(node.input, new Set([...used, ...node.keys]))
  node.keys = node.keys.map(index => places.get(index) as number)
  return places
}

function pruneRank(rank: Rank, used: ReadonlySet<number>): Places {
  rank.isNumbered = !rank.isLimit && used.has(0)
  const places = pruneSorted(rank, used, rank.partition)
  rank.partition = rank.partition.map(index => places.get(index) as number)
  return places
}

function pruneSorted({ input, order }: Rank | Sort, used: ReadonlySet<number>, others: number[]): Places {
  const places = pruneCalc(input, new Set([...used, ...others, ...order.map(key => key.index)]))
  for (const key of order) key.index = places.get(key.index) as number
  return places
}

function pruneOver(over: Over, used: ReadonlySet<number>): Places {
  over.calls = over.calls.filter((_, i) => used.has(i))
  const read = usedBy(over.calls.map(call => call.argument))
  const time = over.time === undefined ? [] : [over.time]
  const places = pruneCalc(over.input, new Set([...used, ...over.partition, ...time, ...read]))
  const at = (index: number): number => places.get(index) as number
  over.partition = over.partition.map(at)
  over.time = over.time === undefined ? undefined : at(over.time)
  for (const call of over.calls) call.argument = mover(places)(call.argument)
  return places
}

function pruneAggregation(node: Aggregate | Group): void {
  const window = node.kind === 'aggregate' ? node.window : undefined
  const times = window === undefined ? [] : timesOf(window)
  const calls = node.calls.flatMap(({ argument, filter }) => [argument, filter])
  const moved = mover(pruneNode(node.input, usedBy([node.condition, ...times, ...node.keys, ...calls])))
  node.condition = moved(node.condition)
  node.keys = node.keys.map(key => moved(key))
  for (const call of node.calls) {
    call.argument = moved(call.argument)
    call.filter = moved(call.filter)
  }
  if (node.kind === 'aggregate') node.window = movedWindow(node.window, moved)
}

const movedWindow = (window: Aggregate['window'], moved: Mover): Aggregate['window'] =>
  window.kind === 'ATTACHED'
    ? { ...window, start: moved(window.start), end: moved(window.end) }
    : { ...window, time: moved(window.time), keys: window.keys.map(key => moved(key)) }

/** The bounds of the windows stay, as they cost nothing. */
function pruneWindows(node: Windows, used: ReadonlySet<number>): Places {
  const own = [...used].filter(index => index >= WINDOW_COLUMNS).map(index => index - WINDOW_COLUMNS)
  const kept = pruneCalc(node.input, new Set([...own, node.time, ...node.keys]))
  const at = (index: number): number => kept.get(index) as number
  node.time = at(node.time)
  node.keys = node.keys.map(at)
  return behind(WINDOW_COLUMNS, kept)
}

/** The keys stay, as they tell the groups apart. */
function pruneExpand(node: Expand, used: ReadonlySet<number>): Places {
  const first = expandedColumns(node)
  const own = [...used].filter(index => index >= first).map(index => index - first)
  const kept = pruneCalc(node.input, new Set([...own, ...node.keys]))
  node.keys = node.keys.map(index => kept.get(index) as number)
  return behind(first, kept)
}

/** The places of columns that stay, and of an input's values behind them. */
const behind = (count: number, kept: Places): Places =>
  new Map([
    ...Array.from({ length: count }, (_, i) => [i, i] as const),
    ...[...kept].map(([from, to]) => [count + from, count + to] as const)
  ])

/** The columns of the members stay, as they are there. */
function pruneUnnest(node: Unnest, used: ReadonlySet<number>): Places {
  const first = unnestedColumns(node)
  const own = [...used].filter(index => index >= first).map(index => index - first)
  const kept = pruneCalc(node.input, new Set([...own, node.value]))
  node.value = kept.get(node.value) as number
  return behind(first, kept)
}

const usedBy = (expressions: (Bound | undefined)[]): Set<number> =>
  new Set(
    expressions
      .flatMap(expression => (expression === undefined ? [] : columnsOf(expression)))
      .map(c => c.index)
  )

function placesOf(count: number, used: ReadonlySet<number>): Map<number, number> {
  const places = new Map<number, number>()
  for (let i = 0; i < count; i++) if (used.has(i)) places.set(i, places.size)
  return places
}

type Mover = { (expression: Bound): Bound; (expression: Bound | undefined): Bound | undefined }

/** Puts an expression over the columns that are left. */
const mover = (places: Places | undefined): Mover =>
  ((expression: Bound | undefined) =>
    expression === undefined || places === undefined
      ? expression
      : withColumns(expression, column => ({
          ...column,
          index: places.get(column.index) as number
        }))) as Mover
