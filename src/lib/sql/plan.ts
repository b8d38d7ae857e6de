import type { AggregateCall } from './aggregates.ts'
import { type Bound, describe, type Window } from './bound.ts'
import { type SqlType, typeName } from './types.ts'

/**
 * Where the rows of a table come from.
 * - `json`: every data line is a row, append-only
 * - `changes`: the rows in `before` and `after` of the change events of one table, a changelog
 */
export type TableSource = { kind: 'json' } | { kind: 'changes'; database: string | undefined; table: string }

/** A column as it is found in a row: a path into nested objects. */
export type ScanColumn = { path: string[]; type: SqlType; name: string }

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
  input: Scan
  /** Which rows of the input take part. */
  condition: Bound | undefined
  window: Window
  keys: Bound[]
  calls: AggregateCall[]
}

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

/** What rows come from. */
export type Node = Scan | Aggregate | Group

/** One member of the output row; `row` stands for all columns of an undeclared table. */
export type Projection = { kind: 'value'; name: string; value: Bound } | { kind: 'row' }

/** A whole query: rows of `input` for which `condition` is TRUE, projected. */
export type Plan = {
  input: Node
  condition: Bound | undefined
  projections: Projection[]
}

/** Whether rows are only ever added, or changed and taken back too. Known before any row is seen. */
export function isAppendOnly(node: Node): boolean {
  switch (node.kind) {
    case 'scan':
      return node.source.kind === 'json'
    case 'aggregate':
      return true
    case 'group':
      return false
  }
}

/** Where the rows of a node come from in the end. */
export function scanOf(node: Node): Scan {
  return node.kind === 'scan' ? node : scanOf(node.input)
}

/**
 * The columns of the input that groups are made of, whatever the rows are grouped by later; null for a plan without
 * groups.
 */
export function groupColumns({ input }: Plan): string[] | null {
  if (input.kind === 'scan') return null
  const inner = groupColumns({ ...input, input: input.input, projections: [] })
  const own = input.keys.flatMap(key => {
    const column = columnOf(key, input.input)
    return column === undefined ? [] : [column]
  })
  return inner === null ? own : inner.filter(column => own.includes(column))
}

/** The column of the scan that an expression over a node's rows is; undefined when it is another expression. */
function columnOf(value: Bound, node: Node): string | undefined {
  if (value.kind !== 'column') return undefined
  if (node.kind === 'scan') return node.columns[value.index]?.path.at(-1)
  const first = node.kind === 'aggregate' ? WINDOW_COLUMNS : 0
  const key = node.keys[value.index - first]
  return key === undefined ? undefined : columnOf(key, node.input)
}

/** window_start, window_end, window_time. */
export const WINDOW_COLUMNS = 3

/** The plan as text, one operator a line, the source last. */
export function explain(plan: Plan): string {
  const lines = [
    `output: ${isAppendOnly(plan.input) ? 'plain rows (append-only)' : 'change events (changelog)'}`
  ]
  const columns = plan.projections.map(projection =>
    projection.kind === 'row'
      ? '*'
      : `${describe(projection.value)} AS ${projection.name} ${typeName(projection.value.type)}`
  )
  lines.push(`project: ${columns.join(', ')}`)
  explainNode(plan.input, plan.condition, lines)
  return lines.map((line, depth) => `${'  '.repeat(depth)}${line}`).join('\n')
}

function explainNode(node: Node, condition: Bound | undefined, lines: string[]): void {
  if (condition !== undefined) lines.push(`filter: ${describe(condition)}`)
  if (node.kind === 'scan') {
    explainScan(node, lines)
    return
  }
  const { keys, calls } = node
  const by = keys.length === 0 ? '' : ` by ${keys.map(describe).join(', ')}`
  const what = `${by}: ${calls.map(c => c.name).join(', ')}`
  if (node.kind === 'group') lines.push(`group${what}`)
  else {
    const { window } = node
    const size = window.kind === 'TUMBLE' ? `${window.size} ms` : `${window.step} ms, ${window.size} ms`
    const offset = window.offset === 0 ? '' : `, offset ${window.offset} ms`
    lines.push(`aggregate: ${window.kind}(${describe(window.time)}, ${size}${offset})${what}`)
  }
  explainNode(node.input, node.condition, lines)
}

function explainScan({ eventTime, source, name, columns }: Scan, lines: string[]): void {
  if (eventTime !== undefined)
    lines.push(`watermark: ${describe(eventTime.watermark)} from event time ${eventTime.name}`)
  const read = columns.map(column => column.name).join(', ')
  const rows =
    source.kind === 'json'
      ? 'every line'
      : `change events of ${source.database === undefined ? '' : `${source.database}.`}${source.table}`
  lines.push(`scan: ${name} (${rows})${read === '' ? '' : ` reading ${read}`}`)
}
