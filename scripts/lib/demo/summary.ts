/** What a person is shown: while the evening goes on, and at its end. Plain text of at most 80 columns. */
import type { Alert } from './pipeline.ts'
import type { Contest, Gateway, Minute, Standing } from './standing.ts'

/** How far the evening has come, as the demo itself knows it. */
export interface Progress {
  /** The evening's own clock, in ms since the epoch. */
  readonly clock: number
  readonly events: number
  readonly eventsPerSecond: number
  /** From commit to where the demo measures, in ms; null while there is none. */
  readonly p99: number | null
}

/** A few lines that are rewritten in place. */
export function liveLines(progress: Progress, standing: Standing): string[] {
  const { clock, events, eventsPerSecond, p99 } = progress
  const last = standing.minutes.at(-1)
  const alert = standing.alerts.at(-1)
  return [
    `${clockOf(clock)}  ${number(events)} events, ${number(eventsPerSecond)}/s${latency(p99)}`,
    `joins     ${sparkline(standing.minutes)} ${last === undefined ? '' : `${number(last.joins)} in a minute`}`,
    `gateways  ${standing.gatewaysNow.map(gateway => `${gateway.name} ${share(gateway)}`).join(', ')} failed`,
    `contests  ${standing.nearlyFull.length} of ${standing.contests} over 90 % full`,
    `alerts    ${standing.alerts.length}${alert === undefined ? '' : `, the last: ${alertLine(alert)}`}`
  ].map(line => line.trimEnd().slice(0, 79))
}

/** The same in one line, for logs. */
export function liveLine(progress: Progress, standing: Standing): string {
  const { clock, events, eventsPerSecond, p99 } = progress
  const failing = standing.gatewaysNow.filter(({ succeeded, failed }) => failed > succeeded)
  const parts = [
    `${clockOf(clock)}  ${number(events)} events, ${number(eventsPerSecond)}/s${latency(p99)}`,
    `${number(standing.minutes.at(-1)?.joins ?? 0)} joins in a minute`,
    ...failing.map(gateway => `${gateway.name} ${failed(gateway)}`),
    `${standing.nearlyFull.length} contests over 90 %`,
    `${standing.alerts.length} alerts`
  ]
  return parts.join(', ')
}

/** The tables at the end. */
export function finalLines(standing: Standing): string[] {
  const { minutes, gateways, nearlyFull, contests, alerts } = standing
  return [
    'Joins per minute',
    ...joinsRow(minutes),
    '',
    `Gateway status${' '.repeat(11)}succeeded    failed   failed %   last minute`,
    ...gateways.map(gateway => gatewayRow(gateway, standing.gatewaysNow)),
    '',
    `Contests over 90 % full: ${nearlyFull.length} of ${contests}`,
    ...nearlyFull.slice(0, 8).map(contestRow),
    ...(nearlyFull.length > 8 ? [`  … and ${nearlyFull.length - 8} more`] : []),
    '',
    `Alerts raised: ${alerts.length}`,
    ...alerts.flatMap(alert => [`  ${alertLine(alert)}`, `           ${alert.text.trim()}`])
  ]
}

function joinsRow(minutes: readonly Minute[]): string[] {
  const sum = minutes.reduce((total, { joins }) => total + joins, 0)
  const [most] = [...minutes].sort((a, b) => b.joins - a.joins)
  if (most === undefined) return ['  none']
  const peak = `most in the minute before ${most.end.slice(11)}, ${number(most.joins)}`
  return [`  ${sparkline(minutes)}`, `  ${number(sum)} in ${minutes.length} minutes, ${peak}`]
}

function gatewayRow(gateway: Gateway, now: readonly Gateway[]): string {
  const { name, succeeded, failed: count } = gateway
  const last = now.find(other => other.name === name)
  const columns = [number(succeeded).padStart(10), number(count).padStart(9), share(gateway).padStart(10)]
  return `  ${name.padEnd(22)}${columns.join(' ')}${(last === undefined ? '' : share(last)).padStart(14)}`
}

function contestRow({ name, size, filled }: Contest): string {
  return `  ${name.padEnd(32)} ${`${number(filled)} of ${number(size)}`.padStart(18)}  ${Math.floor((100 * filled) / size)} %`
}

function alertLine(alert: Alert): string {
  return `${alert['@timestamp'].slice(11, 19)} ${alert.subject}`
}

const failed = (gateway: Gateway): string => `${share(gateway)} failed`

function share({ succeeded, failed }: Gateway): string {
  return `${((100 * failed) / Math.max(1, succeeded + failed)).toFixed(1)} %`
}

const latency = (p99: number | null): string => (p99 === null ? '' : `, p99 ${Math.round(p99)} ms`)

const clockOf = (ms: number): string => new Date(ms).toISOString().slice(11, 16)

/** 12345.6 → `12,346`. */
export function number(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

const bars = [...'▁▂▃▄▅▆▇█']

/** One bar a minute; of more than 60, the newest. */
function sparkline(minutes: readonly Minute[]): string {
  const shown = minutes.slice(-60)
  const most = Math.max(1, ...shown.map(({ joins }) => joins))
  return shown.map(({ joins }) => bars[Math.min(7, Math.floor((joins / most) * 8))] ?? '').join('')
}
