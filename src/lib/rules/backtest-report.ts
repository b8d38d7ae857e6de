import { formatDuration } from '../cli/index.ts'
import { isRight, type Judgement, judge, type Label, type Raised } from './labels.ts'
import { formatIso } from './time.ts'

export interface BacktestReport {
  /** Lines for people. */
  text: string
  /** The same for programs: per rule and for all of them what `judge` gives, delays as milliseconds. */
  fields: Record<string, unknown>
}

/** Columns of the timeline, and rows of a kind that are listed. */
const COLUMNS = 60
const MOST = 30

interface Span {
  first: number
  last: number
}

/** @param span event time of the capture, in microseconds; undefined for an empty one */
export function reportOf(
  rules: readonly string[],
  raised: readonly Raised[],
  labels: readonly Label[] | null,
  span: Span | undefined
): BacktestReport {
  const lines = [...timelineOf(raised, labels ?? [], span, labels !== null)]
  if (labels === null) return { text: lines.join('\n'), fields: { alerts: raised.length } }
  const all = judge(raised, labels)
  const each = rules.map(rule => {
    const own = labels.filter(label => label.rule === undefined || label.rule === rule)
    return [
      rule,
      judge(
        raised.filter(alert => alert.rule === rule),
        own
      )
    ] as const
  })
  lines.push('', ...tableOf(each.length === 1 ? each : [...each, ['all', all]]))
  const missed = all.missed.map(label => {
    const whose = [label.rule, label.key].filter(t => t !== undefined).join(', ')
    return `missed: ${formatIso(label.start)} to ${formatIso(label.end)}${whose === '' ? '' : ` (${whose})`}`
  })
  const wrong = raised
    .filter(alert => !labels.some(label => isRight(label, alert)))
    .map(
      ({ rule, key, at }) => `without a label: ${formatIso(at)} (${key === null ? rule : `${rule}, ${key}`})`
    )
  for (const list of [missed, wrong]) if (list.length > 0) lines.push('', ...few(list))
  return {
    text: lines.join('\n'),
    fields: { ...figuresOf(all), rules: Object.fromEntries(each.map(([rule, j]) => [rule, figuresOf(j)])) }
  }
}

/** One row for each rule and key that raised something or should have. */
function timelineOf(
  raised: readonly Raised[],
  labels: readonly Label[],
  capture: Span | undefined,
  judged: boolean
): string[] {
  const times = [...raised.map(a => a.at), ...(capture === undefined ? [] : [capture.first, capture.last])]
  if (times.length === 0) return ['no events']
  const first = times.reduce((a, b) => Math.min(a, b))
  const last = times.reduce((a, b) => Math.max(a, b))
  const width = Math.max(1e6, Math.ceil((last - first + 1) / COLUMNS / 1e6) * 1e6)
  const columns = Math.max(1, Math.ceil((last - first + 1) / width))
  const rows = new Map<string, { rule: string; key: string | null; alerts: Raised[] }>()
  for (const alert of raised) {
    const id = JSON.stringify([alert.rule, alert.key])
    const row = rows.get(id) ?? { rule: alert.rule, key: alert.key, alerts: [] }
    row.alerts.push(alert)
    rows.set(id, row)
  }
  const columnOf = (at: number): number =>
    Math.min(columns - 1, Math.max(0, Math.floor((at - first) / width)))
  const cells = (alerts: readonly Raised[], own: readonly Label[]): string => {
    const row = Array.from({ length: columns }, () => '.')
    for (const { start, end } of own) {
      if (end < first || start > last) continue
      for (let i = columnOf(start); i <= columnOf(end); i++) row[i] = '-'
    }
    for (const alert of alerts) {
      const right = !judged || own.some(label => isRight(label, alert))
      const i = columnOf(alert.at)
      if (right) row[i] = '#'
      else if (row[i] !== '#') row[i] = '!'
    }
    return row.join('')
  }
  const shown = [...rows.values()].sort((a, b) => b.alerts.length - a.alerts.length).slice(0, MOST)
  const drawn = shown.map(({ rule, key, alerts }) => {
    const own = labels.filter(
      l => (l.rule === undefined || l.rule === rule) && (l.key === undefined || l.key === key)
    )
    return [key === null ? rule : `${rule}, ${key}`, cells(alerts, own), plural(alerts.length, 'alert')]
  })
  if (judged) drawn.push(['labels', cells([], labels), plural(labels.length, 'interval')])
  const legend = judged ? ' (# alert in a label, ! without one, - label)' : ''
  return [
    `${plural(raised.length, 'alert')} from ${formatIso(first)} to ${formatIso(last)}, ${formatDuration(width / 1000)} a column${legend}`,
    ...aligned(drawn),
    ...(rows.size > MOST ? [`  and ${rows.size - MOST} more`] : [])
  ]
}

function tableOf(judged: readonly (readonly [string, Judgement])[]): string[] {
  const share = (value: number | null): string => (value === null ? '-' : value.toFixed(3))
  return aligned([
    ['rule', 'alerts', 'in labels', 'precision', 'labels', 'found', 'recall', 'delay: median', 'longest'],
    ...judged.map(([rule, j]) => [
      rule,
      String(j.alerts),
      String(j.right),
      share(j.precision),
      String(j.labels),
      String(j.found),
      share(j.recall),
      j.delays.length === 0 ? '-' : formatDuration(median(j.delays) / 1000),
      j.delays.length === 0 ? '-' : formatDuration(j.delays.at(-1)! / 1000)
    ])
  ])
}

function figuresOf({
  alerts,
  right,
  precision,
  labels,
  found,
  recall,
  delays
}: Judgement): Record<string, unknown> {
  const delay =
    delays.length === 0 ? null : { median_ms: median(delays) / 1000, max_ms: delays.at(-1)! / 1000 }
  return { alerts, right, precision, labels, found, recall, delay }
}

function median(sorted: readonly number[]): number {
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map(row => row[i]!.length))) ?? []
  return rows.map(row => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd())
}

function few(rows: readonly string[]): string[] {
  return rows.length <= MOST ? [...rows] : [...rows.slice(0, MOST), `  and ${rows.length - MOST} more`]
}

function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
