import { isAppendOnly, windowEndOf } from './append-only.ts'
import { orderText } from './bind-window.ts'
import { type Bound, describe, describeWindow } from './bound.ts'
import {
  type Aggregate,
  type Calc,
  type Expand,
  type Group,
  inputsOf,
  type Join,
  type Node,
  type Over,
  type Plan,
  type Rank,
  type Scan,
  type Sort
} from './plan.ts'
import { typeName } from './types.ts'

/** The plan as text, one operator a line, what an operator takes its rows from below it and further in. */
export function explain(plan: Plan): string {
  const columns = plan.projections.map(projection =>
    projection.kind === 'row'
      ? '*'
      : `${describe(projection.value)} AS ${projection.name} ${typeName(projection.value.type)}`
  )
  const lines = [
    `output: ${isAppendOnly(plan.input) ? 'plain rows (append-only)' : 'change events (changelog)'}`,
    `  project: ${columns.join(', ')}`
  ]
  explainInput(plan.input, plan.condition, 2, lines)
  return lines.join('\n')
}

function explainInput(node: Node, condition: Bound | undefined, depth: number, lines: string[]): void {
  let indent = depth
  const push = (text: string): void => {
    lines.push(`${'  '.repeat(indent++)}${text}`)
  }
  if (condition !== undefined) push(`filter: ${describe(condition)}`)
  if (node.kind === 'scan') {
    const { eventTime } = node
    if (eventTime !== undefined)
      push(`watermark: ${describe(eventTime.watermark)} from event time ${eventTime.name}`)
    push(scanText(node))
    return
  }
  push(describeNode(node))
  const own = 'condition' in node && node.kind !== 'join' ? node.condition : undefined
  for (const input of inputsOf(node)) explainInput(input, own, indent, lines)
  // No rows come from a table that is looked up, and so it is none of the inputs.
  if (node.kind === 'join' && node.time?.kind === 'lookup') explainInput(node.right, undefined, indent, lines)
}

/** A node in one line. */
export function describeNode(node: Exclude<Node, Scan>): string {
  switch (node.kind) {
    case 'calc':
      return `calc: ${node.values.map(describe).join(', ')}`
    case 'union':
      return 'union all'
    case 'setOperation':
      return `${node.operation}${node.isAll ? ' all' : ''}`
    case 'unnest': {
      const number = node.isNumbered ? ' with ordinality' : ''
      return `${node.isOuter ? 'outer ' : ''}unnest${number}: ${describe(node.input.values[node.value] as Bound)}`
    }
    case 'expand':
      return expandText(node)
    case 'join':
      return joinText(node)
    case 'single':
      return `single row${partitionText(node.input, node.keys)}`
    case 'rank':
      return rankText(node)
    case 'over':
      return overText(node)
    case 'sort':
      return `sort in order of ${sortText(node)}`
    case 'group':
      return `group${aggregationText(node)}`
    case 'aggregate':
      return `aggregate: ${windowText(node.window)}${aggregationText(node)}`
    case 'windows':
      return `windows: ${describeWindow(node.window)}`
  }
}

function aggregationText({ keys, calls }: Aggregate | Group): string {
  const by = keys.length === 0 ? '' : ` by ${keys.map(describe).join(', ')}`
  return `${by}: ${calls.map(c => c.name).join(', ')}`
}

function expandText({ input, keys, sets }: Expand): string {
  const key = (place: number): string => describe(input.values[keys[place] as number] as Bound)
  return `expand: ${sets.map(set => `(${set.map(key).join(', ')})`).join(', ')}`
}

function rankText(rank: Rank): string {
  const { input, partition, from, to, isEndless, isLimit, order, arrival } = rank
  const kind = isLimit ? 'limit' : windowEndOf(rank) === undefined ? 'rank' : 'window rank'
  const places = isEndless ? kind : `${kind} ${from} to ${to}`
  const coming = arrival === undefined ? '' : ` in order of coming${arrival === 'last' ? ' DESC' : ''}`
  const sorted = order.length === 0 ? coming : ` in order of ${sortText(rank)}`
  return `${places}${partitionText(input, partition)}${sorted}`
}

const sortText = ({ input, order }: Rank | Sort): string =>
  orderText(order.map(key => ({ ...key, value: input.values[key.index] as Bound })))

function overText({ input, partition, time, calls, frame: { unit, preceding } }: Over): string {
  const rows = `${unit} ${preceding === Number.POSITIVE_INFINITY ? 'UNBOUNDED' : preceding} PRECEDING`
  const order = `${time === undefined ? 'coming' : describe(input.values[time] as Bound)}, ${rows}`
  return `over${partitionText(input, partition)} in order of ${order}: ${calls.map(c => c.name).join(', ')}`
}

function partitionText({ values }: Calc, partition: number[]): string {
  if (partition.length === 0) return ''
  return ` by ${partition.map(index => describe(values[index] as Bound)).join(', ')}`
}

const windowText = (window: Aggregate['window']): string =>
  window.kind === 'ATTACHED'
    ? `windows ${describe(window.start)} to ${describe(window.end)}`
    : describeWindow(window)

function joinText(join: Join): string {
  const { keys, condition, columns, time, kept } = join
  const type =
    kept === undefined ? join.type : kept === 'paired' ? 'semi' : kept === 'unpaired' ? 'anti' : kept
  const value = (side: 'left' | 'right', index: number): string => describe(join[side].values[index] as Bound)
  const on = keys.map(key => `${value('left', key.left)} = ${value('right', key.right)}`)
  if (time?.kind === 'interval') {
    const [a, b] = [value('left', time.left), value('right', time.right)]
    on.push(`left.${a} in right.${b} + [${time.lower} ms, ${time.upper} ms]`)
  }
  if (time?.kind === 'window') on.push(`${value('left', time.left)} = ${value('right', time.right)}`)
  if (time?.kind === 'version') on.push(`as of left.${value('left', time.left)}`)
  if (condition !== undefined) on.push(describe(condition))
  const kind = time === undefined ? '' : ` ${time.kind}`
  const given = columns.map(column => column.name).join(', ')
  return `${type}${kind} join on ${on.length === 0 ? 'TRUE' : on.join(' AND ')}: ${given}`
}

function scanText({ source, name, columns }: Scan): string {
  const read = columns.map(column => column.name).join(', ')
  const rows =
    source.kind === 'json'
      ? 'every line'
      : source.kind === 'lookup'
        ? `looked up in ${source.lookup.kind === 'file' ? source.lookup.path : `table ${source.lookup.table}`}`
        : `change events of ${source.database === undefined ? '' : `${source.database}.`}${source.table}`
  return `scan: ${name} (${rows})${read === '' ? '' : ` reading ${read}`}`
}
