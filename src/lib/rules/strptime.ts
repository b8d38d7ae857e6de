/** Times in a format of one's own, as Python's `strptime` reads them. Source: Python Library Reference, datetime. */

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september'].concat(
  ['october', 'november', 'december']
)
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const short = (names: string[]): string => names.map(n => n.slice(0, 3)).join('|')

/** What a directive may look like; the name of its group is its code. */
const DIRECTIVES: Record<string, string> = {
  Y: '\\d{4}',
  y: '\\d{2}',
  m: '1[0-2]|0[1-9]|[1-9]',
  d: '3[01]|[12]\\d|0[1-9]|[1-9]| [1-9]',
  H: '2[0-3]|[01]\\d|\\d',
  I: '1[0-2]|0[1-9]|[1-9]',
  M: '[0-5]\\d|\\d',
  S: '6[01]|[0-5]\\d|\\d',
  f: '\\d{1,6}',
  j: '36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]',
  p: 'am|pm',
  z: '[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d)?|Z',
  Z: 'utc|gmt',
  b: short(MONTHS),
  B: MONTHS.join('|'),
  a: short(DAYS),
  A: DAYS.join('|')
}

/** Microseconds, and minutes east of UTC. */
export interface FormattedTime {
  micros: number
  offset: number
}

export type TimeReader = (text: string) => FormattedTime | undefined

const readers = new Map<string, TimeReader>()

/**
 * A reader of times in a format.
 * @throws Error for a directive that there is not, or that stands in it twice
 */
export function strptime(format: string): TimeReader {
  let reader = readers.get(format)
  if (reader === undefined) {
    reader = readerOf(format)
    readers.set(format, reader)
  }
  return reader
}

function readerOf(format: string): TimeReader {
  const used = new Set<string>()
  const source = format.replace(/%(.?)|\s+|[^%\s]+/g, (part: string, code: string | undefined) => {
    if (code === undefined) return /^\s/.test(part) ? '\\s+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    if (code === '%') return '%'
    const directive = DIRECTIVES[code]
    if (directive === undefined) throw new Error(`%${code} is no directive of strptime`)
    if (used.has(code)) throw new Error(`%${code} stands in it twice`)
    used.add(code)
    return `(?<${code}>${directive})`
  })
  const pattern = new RegExp(`^${source}$`, 'i')
  return text => {
    const groups = pattern.exec(text)?.groups
    return groups === undefined ? undefined : timeOf(groups)
  }
}

function timeOf(g: Record<string, string | undefined>): FormattedTime | undefined {
  const number = (code: string, otherwise: number): number =>
    g[code] === undefined ? otherwise : Number(g[code])
  const short = number('y', 0)
  // two digits up to 68 are of this century
  const year =
    g.Y !== undefined ? Number(g.Y) : g.y !== undefined ? short + (short <= 68 ? 2000 : 1900) : 1900
  const named = g.B ?? g.b
  const month =
    named === undefined
      ? number('m', 1) - 1
      : MONTHS.findIndex(m => m.startsWith(named.slice(0, 3).toLowerCase()))
  let hour = number('H', 0)
  if (g.I !== undefined && g.H === undefined) {
    hour = (Number(g.I) % 12) + (g.p?.toLowerCase() === 'pm' ? 12 : 0)
  }
  const isDayOfYear = g.j !== undefined && g.d === undefined && g.m === undefined && named === undefined
  const day = isDayOfYear ? Number(g.j) : number('d', 1)
  const date = new Date(0)
  date.setUTCFullYear(year, isDayOfYear ? 0 : month, day)
  if (!isDayOfYear && date.getUTCMonth() !== month) return undefined
  const second = number('S', 0)
  if (second > 59) return undefined
  const z = /^([+-])(\d\d):?(\d\d)(?::?(\d\d))?$/.exec(g.z ?? '')
  const seconds = z === null ? 0 : (Number(z[2]) * 60 + Number(z[3])) * 60 + Number(z[4] ?? 0)
  if (seconds >= 86_400) return undefined
  const offset = z?.[1] === '-' ? -seconds : seconds
  const local = date.getTime() / 1000 + (hour * 60 + number('M', 0)) * 60 + second
  return { micros: (local - offset) * 1e6 + Number((g.f ?? '0').padEnd(6, '0')), offset: offset / 60 }
}
