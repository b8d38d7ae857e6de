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

/** One member of the output row; `row` stands for all columns of an undeclared table. */
export type Projection = { kind: 'value'; name: string; value: Bound } | { kind: 'row' }

/** A whole query: rows of `input` for which `condition` is TRUE, projected. */
export type Plan = {
  input: Scan | Aggregate
  condition: Bound | undefined
  projections: Projection[]
}

/** Whether results are only ever added, or changed and taken back too. Known before any row is seen. */
export function isAppendOnly(plan: Plan): boolean {
  return plan.input.kind === 'aggregate' || plan.input.source.kind === 'json'
}

/** The columns that are keys of groups; null for a plan without groups. */
export function groupColumns({ input }: Plan): string[] | null {
  if (input.kind === 'scan') return null
  return input.keys.flatMap(key => {
    const column = key.kind === 'column' ? input.input.columns[key.index]?.path.at(-1) : undefined
    return column === undefined ? [] : [column]
  })
}

/** The plan as text, one operator a line, the source last. */
export function explain(plan: Plan): string {
  const lines = [`output: ${isAppendOnly(plan) ? 'plain rows (append-only)' : 'change events (changelog)'}`]
  const columns = plan.projections.map(projection =>
    projection.kind === 'row'
      ? '*'
      : `${describe(projection.value)} AS ${projection.name} ${typeName(projection.value.type)}`
  )
  lines.push(`project: ${columns.join(', ')}`)
  if (plan.condition !== undefined) lines.push(`filter: ${describe(plan.condition)}`)
  let scan = plan.input
  if (scan.kind === 'aggregate') {
    const { window, keys, calls, condition, input } = scan
    const size = window.kind === 'TUMBLE' ? `${window.size} ms` : `${window.step} ms, ${window.size} ms`
    const offset = window.offset === 0 ? '' : `, offset ${window.offset} ms`
    const by = keys.length === 0 ? '' : ` by ${keys.map(describe).join(', ')}`
    lines.push(
      `aggregate: ${window.kind}(${describe(window.time)}, ${size}${offset})${by}: ${calls.map(c => c.name).join(', ')}`
    )
    if (condition !== undefined) lines.push(`filter: ${describe(condition)}`)
    scan = input
  }
  const { eventTime, source } = scan
  if (eventTime !== undefined)
    lines.push(`watermark: ${describe(eventTime.watermark)} from event time ${eventTime.name}`)
  const read = scan.columns.map(column => column.name).join(', ')
  const rows =
    source.kind === 'json'
      ? 'every line'
      : `change events of ${source.database === undefined ? '' : `${source.database}.`}${source.table}`
  lines.push(`scan: ${scan.name} (${rows})${read === '' ? '' : ` reading ${read}`}`)
  return lines.map((line, depth) => `${'  '.repeat(depth)}${line}`).join('\n')
}
