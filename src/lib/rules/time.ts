/**
 * Times of events as whole microseconds since 1970-01-01T00:00:00Z, the resolution at which ElastAlert compares them.
 * Whole numbers, so that a window ends exactly where its timeframe says.
 */

export const MICROS_PER_MS = 1000

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?$/

interface IsoTime {
  micros: number
  /** Minutes east of UTC. */
  offset: number
}

function parseIsoParts(text: string): IsoTime | undefined {
  const m = ISO.exec(text)
  if (m === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = m
  const seconds = Date.UTC(+year!, +month! - 1, +day!, +hour, +minute, +second) / 1000
  const date = new Date(seconds * 1000)
  // Date.UTC carries 31 February over into March; such a text is no time
  if (date.getUTCMonth() !== +month! - 1 || date.getUTCDate() !== +day!) return undefined
  if (+hour > 23 || +minute > 59 || +second > 59) return undefined
  let offset = 0
  if (zone[0] === '+' || zone[0] === '-') {
    offset = +zone.slice(1, 3) * 60 + (zone.length > 3 ? +zone.slice(-2) : 0)
    if (zone[0] === '-') offset = -offset
  }
  return { micros: (seconds - offset * 60) * 1e6 + +fraction.slice(0, 6).padEnd(6, '0'), offset }
}

/** Microseconds of an ISO 8601 or SQL time; without a zone it is UTC. Undefined when the text is no time. */
export function parseIso(text: string): number | undefined {
  return parseIsoParts(text)?.micros
}

/** Minutes east of UTC of an ISO 8601 time. */
export function isoOffset(text: string): number | undefined {
  return parseIsoParts(text)?.offset
}

/** `2026-11-24T10:00:00.000Z`: three fraction digits, six when there are microseconds. */
export function formatIso(micros: number): string {
  const ms = Math.floor(micros / MICROS_PER_MS)
  const rest = micros - ms * MICROS_PER_MS
  const text = new Date(ms).toISOString()
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}

/**
 * The form in which ElastAlert writes a time into a match (Python's isoformat with `Z` for UTC): no fraction when it is
 * zero, three digits when these say it all, else six. `offset`: minutes east of UTC in which it is written.
 */
export function pythonIso(micros: number, offset = 0): string {
  const local = formatIso(micros + offset * 60e6).replace('.000Z', 'Z')
  if (offset === 0) return local
  const fraction = /\.(\d{3})Z$/.test(local) ? local.replace('Z', '000') : local.replace('Z', '')
  const minutes = Math.abs(offset)
  const sign = offset < 0 ? '-' : '+'
  return `${fraction}${sign}${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

const MICROS_PER: Record<string, number> = {
  weeks: 604800e6,
  days: 86400e6,
  hours: 3600e6,
  minutes: 60e6,
  seconds: 1e6,
  milliseconds: 1e3
}

export const DURATION_UNITS = Object.keys(MICROS_PER)

/** Microseconds of an ElastAlert duration such as `{hours: 1, minutes: 30}`; undefined for an unknown unit or no number. */
export function durationMicros(value: Record<string, unknown>): number | undefined {
  let sum = 0
  for (const [unit, amount] of Object.entries(value)) {
    const micros = MICROS_PER[unit]
    if (micros === undefined || typeof amount !== 'number') return undefined
    sum += amount * micros
  }
  return Number.isFinite(sum) ? Math.round(sum) : undefined
}

/** A name for time zone `local` or UTC as Python's `%Z` gives it: `UTC`, `CET`. */
function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(date)
  return parts.find(p => p.type === 'timeZoneName')?.value ?? 'UTC'
}

/** Codes that stand for several others, in the C locale. */
const WHOLE_FORMS: Record<string, string> = {
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  c: '%a %b %e %H:%M:%S %Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S'
}

/** `strftime` of Python for the codes that alert texts use; an unknown code stays as it is. */
export function strftime(micros: number, format: string, local: boolean): string {
  const date = new Date(Math.floor(micros / MICROS_PER_MS))
  const pad = (n: number, width = 2): string => String(n).padStart(width, '0')
  const minutes = local ? -date.getTimezoneOffset() : 0
  const at = new Date(date.getTime() + minutes * 60000)
  const name = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' }).format(at)
  const hour = at.getUTCHours()
  const dayOfYear = Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / 86400000) + 1
  const codes: Record<string, () => string> = {
    Y: () => pad(at.getUTCFullYear(), 4),
    y: () => pad(at.getUTCFullYear() % 100),
    m: () => pad(at.getUTCMonth() + 1),
    d: () => pad(at.getUTCDate()),
    H: () => pad(hour),
    I: () => pad(hour % 12 || 12),
    p: () => (hour < 12 ? 'AM' : 'PM'),
    M: () => pad(at.getUTCMinutes()),
    S: () => pad(at.getUTCSeconds()),
    f: () => pad(((micros % 1e6) + 1e6) % 1e6, 6),
    j: () => pad(dayOfYear, 3),
    a: () => name({ weekday: 'short' }),
    A: () => name({ weekday: 'long' }),
    b: () => name({ month: 'short' }),
    B: () => name({ month: 'long' }),
    Z: () => (local ? zoneName(date) : 'UTC'),
    z: () => {
      const m = Math.abs(minutes)
      return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(m / 60))}${pad(m % 60)}`
    },
    s: () => String(Math.floor(micros / 1e6)),
    e: () => String(at.getUTCDate()).padStart(2, ' '),
    k: () => String(hour).padStart(2, ' '),
    l: () => String(hour % 12 || 12).padStart(2, ' '),
    w: () => String(at.getUTCDay()),
    u: () => String(at.getUTCDay() || 7),
    U: () => pad(Math.floor((dayOfYear + 6 - at.getUTCDay()) / 7)),
    W: () => pad(Math.floor((dayOfYear + 6 - ((at.getUTCDay() + 6) % 7)) / 7)),
    C: () => pad(Math.floor(at.getUTCFullYear() / 100)),
    h: () => name({ month: 'short' }),
    n: () => '\n',
    t: () => '\t',
    '%': () => '%'
  }
  return format
    .replace(/%([DFTRrcxX%])/g, (whole, code: string) => WHOLE_FORMS[code] ?? whole)
    .replace(/%([A-Za-z%])/g, (whole, code: string) => codes[code]?.() ?? whole)
}
