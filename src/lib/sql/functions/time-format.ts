import { RowError } from '../errors.ts'
import { civilFromDays, dayMilliseconds, daysFromCivil, daysInMonth } from '../values/time.ts'
import { extract } from './time-runtime.ts'

/**
 * Times as text by the patterns of Java's DateTimeFormatter (SimpleDateFormat for UNIX_TIMESTAMP and its like), in English.
 * Zones (`V`, `z`, `x`) are not in the subset.
 */

type Part = { letter: string; count: number } | { text: string }

const patterns = new Map<string, Part[]>()

function partsOf(pattern: string): Part[] {
  const known = patterns.get(pattern)
  if (known !== undefined) return known
  const parts: Part[] = []
  for (const [found, quoted] of pattern.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|./gs)) {
    if (quoted !== undefined) parts.push({ text: quoted === '' ? "'" : quoted.replaceAll("''", "'") })
    else if (!/[A-Za-z]/.test(found)) parts.push({ text: found })
    else if ('GyuYQqMLdDwEeaHhKkmsSAnN'.includes(found[0] as string))
      parts.push({ letter: found[0] as string, count: found.length })
    else throw new RowError(`the pattern letter ${found} is not in the subset`)
  }
  if (patterns.size >= 256) patterns.clear()
  patterns.set(pattern, parts)
  return parts
}

const months = 'January February March April May June July August September October November December'.split(
  ' '
)
const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** The full name, its first three letters, or the first, by how often the letter stands there. */
const named = (names: string[], index: number, count: number): string => {
  const name = names[index] as string
  return count === 4 ? name : name.slice(0, count === 5 ? 1 : 3)
}

/**
 * @param time ms since the epoch
 * @param nanos ns of its second
 * @param simple whether `u` is the day of the week, as for SimpleDateFormat
 */
export function formatTime(time: number, nanos: number, pattern: string, simple = false): string {
  let text = ''
  for (const part of partsOf(pattern))
    text += 'text' in part ? part.text : formatPart(part, time, nanos, simple)
  return text
}

function formatPart(
  { letter, count }: { letter: string; count: number },
  time: number,
  nanos: number,
  simple: boolean
): string {
  const padded = (value: number): string => String(value).padStart(count, '0')
  switch (letter) {
    case 'y':
    case 'u': {
      if (simple && letter === 'u') return padded(extract('ISODOW', time))
      const year = extract('YEAR', time)
      return count === 2 ? String(year % 100).padStart(2, '0') : padded(year)
    }
    case 'G':
      return count === 4 ? 'Anno Domini' : 'AD'
    case 'M':
    case 'L':
      return count > 2 ? named(months, extract('MONTH', time) - 1, count) : padded(extract('MONTH', time))
    case 'd':
      return padded(extract('DAY', time))
    case 'D':
      return padded(extract('DOY', time))
    case 'E':
      return named(weekdays, extract('DOW', time) - 1, count)
    case 'e':
      return count > 2 ? named(weekdays, extract('DOW', time) - 1, count) : padded(extract('DOW', time))
    case 'w':
      return padded(localWeek(time).week)
    case 'Y': {
      const { year } = localWeek(time)
      return count === 2 ? String(year % 100).padStart(2, '0') : padded(year)
    }
    case 'Q':
    case 'q': {
      const quarter = extract('QUARTER', time)
      if (count < 3) return padded(quarter)
      const suffix = ['st', 'nd', 'rd', 'th'][quarter - 1]
      return count === 4 ? `${quarter}${suffix} quarter` : count === 5 ? String(quarter) : `Q${quarter}`
    }
    case 'a':
      return extract('HOUR', time) < 12 ? 'AM' : 'PM'
    case 'S':
      return simple
        ? padded(Math.floor(nanos / 1e6))
        : String(nanos).padStart(9, '0').padEnd(count, '0').slice(0, count)
    default:
      return padded(clockPart(letter, time, nanos))
  }
}

function clockPart(letter: string, time: number, nanos: number): number {
  const hour = extract('HOUR', time)
  const milliseconds = time - Math.floor(time / dayMilliseconds) * dayMilliseconds
  switch (letter) {
    case 'H':
      return hour
    case 'k':
      return hour === 0 ? 24 : hour
    case 'K':
      return hour % 12
    case 'h':
      return ((hour + 11) % 12) + 1
    case 'm':
      return extract('MINUTE', time)
    case 's':
      return extract('SECOND', time)
    case 'n':
      return nanos
    case 'A':
      return milliseconds
    default:
      return Math.floor(milliseconds / 1000) * 1e9 + nanos
  }
}

/** Weeks from Sunday; the first is the one with January 1, as in the locale en_US. */
function localWeek(time: number): { year: number; week: number } {
  const days = Math.floor(time / dayMilliseconds)
  const saturday = days - extract('DOW', time) + 7
  const { year } = civilFromDays(saturday)
  const first = daysFromCivil(year, 1, 1) ?? 0
  return { year, week: Math.floor((saturday - first) / 7) + 1 }
}

/** Texts that a part may have: a number of so many digits, or a name. */
function partPattern({ letter, count }: { letter: string; count: number }, isAdjacent: boolean): string {
  if (letter === 'a') return '(AM|PM)'
  if (letter === 'G') return '(AD)'
  if ('ML'.includes(letter) && count > 2)
    return `(${months.map((_, i) => named(months, i, count)).join('|')})`
  if (letter === 'E') return `(${weekdays.map((_, i) => named(weekdays, i, count)).join('|')})`
  return isAdjacent ? `(\\d{${count}})` : '(\\d+)'
}

const parsers = new Map<string, { regexp: RegExp; letters: { letter: string; count: number }[] }>()

function parserOf(
  pattern: string,
  isPrefix: boolean
): { regexp: RegExp; letters: { letter: string; count: number }[] } {
  const key = `${isPrefix}${pattern}`
  const known = parsers.get(key)
  if (known !== undefined) return known
  const parts = partsOf(pattern)
  const letters: { letter: string; count: number }[] = []
  const source = parts.map((part, i) => {
    if ('text' in part) return part.text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')
    letters.push(part)
    const next = parts[i + 1]
    return partPattern(part, next !== undefined && 'letter' in next)
  })
  const made = { regexp: new RegExp(`^${source.join('')}${isPrefix ? '' : '$'}`), letters }
  if (parsers.size >= 256) parsers.clear()
  parsers.set(key, made)
  return made
}

/**
 * Milliseconds since the epoch of a text in the pattern's form; what the pattern does not have is that of
 * 1970-01-01T00:00. Null for another text. Days beyond a month's end are its last, as with Java's smart resolver;
 * with `simple` every field may run over and text may follow, as with SimpleDateFormat.
 */
export function parseTime(text: string, pattern: string, simple = false): number | null {
  const { regexp, letters } = parserOf(pattern, simple)
  const match = regexp.exec(text)
  if (match === null) return null
  const fields: Record<string, number> = {}
  for (const [i, { letter, count }] of letters.entries()) {
    const found = match[i + 1] as string
    if (letter === 'a') fields.a = found === 'PM' ? 12 : 0
    else if ('ML'.includes(letter)) {
      const name = months.findIndex((_, month) => named(months, month, count) === found)
      fields.M = count > 2 ? name + 1 : Number(found)
    } else if ('uy'.includes(letter))
      fields.y = count === 2 && found.length === 2 ? 2000 + Number(found) : Number(found)
    else if (letter === 'S')
      fields.S = simple ? Number(found) : Math.floor(Number(`0.${found}`) * 1000 + 1e-9)
    else fields[letter] = Number(found)
  }
  return simple ? rolledTime(fields) : smartTime(fields)
}

function clock({ H, k, h, K, a = 0, m = 0, s = 0, S = 0 }: Record<string, number>): number {
  const half = h === undefined ? K : h % 12
  const hour = H ?? (k === undefined ? undefined : k % 24) ?? (half === undefined ? 0 : half + a)
  return hour * 3_600_000 + m * 60_000 + s * 1000 + S
}

function smartTime(fields: Record<string, number>): number | null {
  const { y = 1970, M = 1, d = 1, D, H = 0, m = 0, s = 0 } = fields
  const isMidnight = H === 24 && m === 0 && s === 0
  if (M < 1 || M > 12 || d < 1 || d > 31 || (H > 23 && !isMidnight) || m > 59 || s > 59) return null
  const days =
    D === undefined
      ? daysFromCivil(y, M, Math.min(d, daysInMonth(y, M)))
      : (daysFromCivil(y, 1, 1) ?? 0) + D - 1
  return days === undefined ? null : days * dayMilliseconds + (clock(fields) % dayMilliseconds)
}

function rolledTime(fields: Record<string, number>): number | null {
  const { y = 1970, M = 1, d = 1, D } = fields
  const month = D === undefined ? M - 1 : 0
  const year = y + Math.floor(month / 12)
  const days = daysFromCivil(year, month - Math.floor(month / 12) * 12 + 1, 1)
  return days === undefined ? null : (days + (D ?? d) - 1) * dayMilliseconds + clock(fields)
}
