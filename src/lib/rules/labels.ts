import { readFileSync } from 'node:fs'
import { errnoOf, messageOf, ToolError } from '../cli/index.ts'
import { isObject } from './fields.ts'
import { parseIso } from './time.ts'

/** A stretch of event time, in microseconds and with both ends in it, in which an alert is right. */
export interface Label {
  start: number
  end: number
  /** Undefined: an alert of any rule is right. */
  rule: string | undefined
  /** Undefined: of any key. */
  key: string | undefined
}

const FORM = '{"start":"2026-11-24T10:00:00Z","end":"2026-11-24T10:05:00Z","rule":"...","key":"..."}'

/**
 * Reads labels, one JSON object a line: start and end are ISO 8601 times, rule and key may be left out.
 * @throws ToolError DATA, naming file and line
 */
export function readLabels(file: string): Label[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const reason = errnoOf(error) === 'ENOENT' ? 'no such file' : messageOf(error)
    throw new ToolError('DATA', `--labels ${file}: ${reason}`, { cause: error })
  }
  return text
    .split('\n')
    .flatMap((line, i) => (line.trim() === '' ? [] : [readLabel(line, `${file}:${i + 1}`)]))
}

function readLabel(line: string, place: string): Label {
  const fail = (what: string): never => {
    throw new ToolError('DATA', `${place}: ${what}`, {
      hint: `a label is ${FORM}; rule and key may be left out`
    })
  }
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return fail('not JSON')
  }
  if (!isObject(value)) return fail('not a JSON object')
  const timeOf = (name: 'start' | 'end'): number => {
    const time = value[name]
    return (typeof time === 'string' ? parseIso(time) : undefined) ?? fail(`${name} is no ISO 8601 time`)
  }
  const textOf = (name: 'rule' | 'key'): string | undefined => {
    const text = value[name] ?? undefined
    return text === undefined || typeof text === 'string' ? text : fail(`${name} is no text`)
  }
  const label = { start: timeOf('start'), end: timeOf('end'), rule: textOf('rule'), key: textOf('key') }
  return label.end < label.start ? fail('end is before start') : label
}

/** An alert as labels judge it. */
export interface Raised {
  rule: string
  key: string | null
  /** Microseconds of event time at which it was raised; that of the alert may lie back, as of a spike. */
  at: number
}

export function isRight(label: Label, { rule, key, at }: Raised): boolean {
  if (label.rule !== undefined && label.rule !== rule) return false
  if (label.key !== undefined && label.key !== key) return false
  return at >= label.start && at <= label.end
}

/** How alerts fare against labels. */
export interface Judgement {
  alerts: number
  /** Alerts within a label. */
  right: number
  /** right / alerts; null without alerts. */
  precision: number | null
  labels: number
  /** Labels with an alert in them. */
  found: number
  /** found / labels; null without labels. */
  recall: number | null
  /** Microseconds from the start of a found label to its first alert, in ascending order. */
  delays: number[]
  missed: Label[]
}

export function judge(alerts: readonly Raised[], labels: readonly Label[]): Judgement {
  const delays: number[] = []
  const missed: Label[] = []
  for (const label of labels) {
    let first = Number.POSITIVE_INFINITY
    for (const alert of alerts) if (alert.at < first && isRight(label, alert)) first = alert.at
    if (first === Number.POSITIVE_INFINITY) missed.push(label)
    else delays.push(first - label.start)
  }
  const right = alerts.filter(alert => labels.some(label => isRight(label, alert))).length
  return {
    alerts: alerts.length,
    right,
    precision: alerts.length === 0 ? null : right / alerts.length,
    labels: labels.length,
    found: delays.length,
    recall: labels.length === 0 ? null : delays.length / labels.length,
    delays: delays.sort((a, b) => a - b),
    missed
  }
}
