/**
 * Dates in filters, as Elasticsearch reads them: `now-1h/d`, `2026-11-24||+1M/d`, ISO 8601 with parts left out. A unit that is
 * rounded to, or a time of day left out, means its start for `gte` and `lt` and its last moment for `gt` and `lte`.
 * Source: Elasticsearch, "Date math" and "Range query" (missing date components).
 */

const DATE =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?)?)?)?(Z|[+-]\d\d:?\d\d)?$/
const STEP = /([+-]\d*|\/)([yMwdhHms])/y

type Unit = 'y' | 'M' | 'w' | 'd' | 'h' | 'm' | 's'

interface Step {
  /** How many units to add; undefined rounds. */
  add: number | undefined
  unit: Unit
}

/** A date bound: its time in microseconds, given the event's. */
export type DateBound = (now: number) => number

const FIXED: Partial<Record<Unit, number>> = { w: 604800e6, d: 86400e6, h: 3600e6, m: 60e6, s: 1e6 }

function startOf(micros: number, unit: Unit): number {
  const date = new Date(Math.floor(micros / 1000))
  if (unit === 'y') return Date.UTC(date.getUTCFullYear(), 0) * 1000
  if (unit === 'M') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth()) * 1000
  const size = FIXED[unit]!
  // 1970-01-01 was a Thursday: weeks begin four days later
  const origin = unit === 'w' ? 4 * 86400e6 : 0
  return Math.floor((micros - origin) / size) * size + origin
}

function plus(micros: number, n: number, unit: Unit): number {
  const size = FIXED[unit]
  if (size !== undefined) return micros + n * size
  const date = new Date(Math.floor(micros / 1000))
  const rest = micros - date.getTime() * 1000
  const months = unit === 'y' ? n * 12 : n
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, last))
  return date.getTime() * 1000 + rest
}

function parseSteps(text: string): Step[] | undefined {
  const steps: Step[] = []
  STEP.lastIndex = 0
  while (STEP.lastIndex < text.length) {
    const m = STEP.exec(text)
    if (m === null) return undefined
    const unit = (m[2] === 'H' ? 'h' : m[2]) as Unit
    const amount = m[1] === '+' ? 1 : m[1] === '-' ? -1 : Number(m[1])
    steps.push({ add: m[1] === '/' ? undefined : amount, unit })
  }
  return steps
}

function parseAnchor(text: string, up: boolean, zoneMinutes: number): number | undefined {
  const m = DATE.exec(text)
  if (m === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, zone] = m
  const ms = Date.UTC(+year!, +(month ?? 1) - 1, +(day ?? 1), +(hour ?? 0), +(minute ?? 0), +(second ?? 0))
  let micros = ms * 1000 + +(fraction ?? '').slice(0, 6).padEnd(6, '0')
  if (up && fraction === undefined) {
    // up to the end of the smallest part that is given; a year or a month alone is its first day
    const unit: Unit =
      hour === undefined ? 'd' : minute === undefined ? 'h' : second === undefined ? 'm' : 's'
    micros = plus(micros, 1, unit) - 1
  }
  if (zone === 'Z') return micros
  if (zone === undefined) return micros - zoneMinutes * 60e6
  const minutes = +zone.slice(1, 3) * 60 + +zone.slice(-2)
  return micros - (zone[0] === '-' ? -minutes : minutes) * 60e6
}

/**
 * Reads a date bound; undefined when the text is no date. `up`: the bound is `gt` or `lte`. `zoneMinutes`: the query's
 * time_zone, minutes east of UTC.
 */
export function parseDateBound(text: string, up: boolean, zoneMinutes: number): DateBound | undefined {
  const isNow = text.startsWith('now')
  const bar = text.indexOf('||')
  const steps = parseSteps(isNow ? text.slice(3) : bar < 0 ? '' : text.slice(bar + 2))
  if (steps === undefined) return undefined
  const anchor = isNow
    ? undefined
    : parseAnchor(bar < 0 ? text : text.slice(0, bar), up && bar < 0, zoneMinutes)
  if (!isNow && anchor === undefined) return undefined
  const zone = zoneMinutes * 60e6
  return now => {
    let at = (anchor ?? now) + zone
    for (const { add, unit } of steps) {
      if (add !== undefined) at = plus(at, add, unit)
      else at = up ? plus(startOf(at, unit), 1, unit) - 1 : startOf(at, unit)
    }
    return at - zone
  }
}
