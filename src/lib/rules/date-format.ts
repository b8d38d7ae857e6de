/**
 * Dates in a format of Elasticsearch's (Java's `DateTimeFormatter` patterns, a few by name) as ISO 8601 with the same parts, so that
 * those that are left out mean what they do there. Source: Elasticsearch, "format" mapping parameter.
 */

const NAMED: Readonly<Record<string, string>> = {
  basic_date: 'yyyyMMdd',
  date: 'yyyy-MM-dd',
  year: 'yyyy',
  year_month: 'yyyy-MM',
  year_month_day: 'yyyy-MM-dd',
  date_hour_minute: "yyyy-MM-dd'T'HH:mm",
  date_hour_minute_second: "yyyy-MM-dd'T'HH:mm:ss",
  date_hour_minute_second_millis: "yyyy-MM-dd'T'HH:mm:ss.SSS",
  date_time: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
  date_time_no_millis: "yyyy-MM-dd'T'HH:mm:ssXXX",
  basic_date_time: "yyyyMMdd'T'HHmmss.SSSXXX",
  basic_date_time_no_millis: "yyyyMMdd'T'HHmmssXXX"
}

/** Formats that bounds have without further ado. */
const ISO = /^(?:strict_)?date_optional_time(?:_nanos)?$|^epoch_millis$/
const TOKEN = /'((?:[^']|'')*)'|(([A-Za-z])\3*)|(.)/gs
/** Letters, and how many of them stand together. */
const KNOWN = /^(?:[yu]{4}|M{1,2}|d{1,2}|H{1,2}|m{1,2}|s{1,2}|S+|X+|Z+)$/
const PARTS: Readonly<Record<string, string>> = {
  y: '(?<year>\\d{4})',
  u: '(?<year>\\d{4})',
  M: '(?<month>\\d\\d?)',
  d: '(?<day>\\d\\d?)',
  H: '(?<hour>\\d\\d?)',
  m: '(?<minute>\\d\\d?)',
  s: '(?<second>\\d\\d?)',
  S: '(?<fraction>\\d+)',
  X: '(?<zone>Z|[+-]\\d\\d:?\\d\\d)',
  Z: '(?<zone>Z|[+-]\\d\\d:?\\d\\d)'
}

type Reader = (text: string) => string | undefined

/** Undefined for a format that is not known. */
function readerOf(format: string): Reader | undefined {
  if (ISO.test(format)) return text => text
  if (format === 'epoch_second')
    return text => (/^-?\d+$/.test(text) ? new Date(Number(text) * 1000).toISOString() : undefined)
  const pattern = NAMED[format.replace(/^strict_/, '')] ?? format
  let source = ''
  for (const [, quoted, token, letter, character] of pattern.matchAll(TOKEN)) {
    if (token !== undefined && !KNOWN.test(token)) return undefined
    if (token === undefined) source += escaped(quoted?.replaceAll("''", "'") ?? character ?? '')
    else {
      const part = PARTS[letter as string] as string
      // two letters are two digits
      source += token.length === 2 ? part.replace('\\d\\d?', '\\d\\d') : part
    }
  }
  const whole = new RegExp(`^${source}$`)
  return text => {
    const found = whole.exec(text)?.groups
    return found?.year === undefined ? undefined : isoOf(found as Record<string, string | undefined>)
  }
}

function isoOf(parts: Record<string, string | undefined>): string {
  const { year, month, day, hour, minute, second, fraction, zone = '' } = parts
  let text = year ?? ''
  for (const [mark, part] of [
    ['-', month],
    ['-', day],
    ['T', hour],
    [':', minute],
    [':', second]
  ] as const) {
    if (part === undefined) return text + zone
    text += mark + part.padStart(2, '0')
  }
  return text + (fraction === undefined ? '' : `.${fraction}`) + zone
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}

/** Reads dates in one of several formats, `dd/MM/yyyy||epoch_millis`; undefined when one of them is not known. */
export function dateReader(formats: string): Reader | undefined {
  const readers = formats.split('||').map(readerOf)
  if (!readers.every(reader => reader !== undefined)) return undefined
  return text => {
    if (text.startsWith('now')) return text
    const bar = text.indexOf('||')
    const [date, math] = bar < 0 ? [text, ''] : [text.slice(0, bar), text.slice(bar)]
    for (const read of readers) {
      const iso = read(date)
      if (iso !== undefined) return iso + math
    }
    return undefined
  }
}
