/**
 * How a column of SQLite, which has no type for times, holds them: ISO 8601 in UTC with a space or a T between date and
 * time, the latter with or without a Z; or a number of seconds, milliseconds or microseconds since 1970.
 */
export type TimeForm = 'space' | 'T' | 'TZ' | 'seconds' | 'milliseconds' | 'microseconds'

const PER_SECOND: Partial<Record<TimeForm, number>> = { seconds: 1, milliseconds: 1e3, microseconds: 1e6 }

/** The form of a value's text; null for none of them. Numbers are told by their size: seconds up to the year 5000. */
export function detectForm(text: string): TimeForm | null {
  const [, separator, zone] = /^\d{4}-\d\d-\d\d([ T])\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z?)$/.exec(text) ?? []
  if (separator === ' ' && zone === '') return 'space'
  if (separator === 'T') return zone === '' ? 'T' : 'TZ'
  if (!/^\d+(\.\d+)?$/.test(text)) return null
  const number = Number(text)
  if (number < 1e11) return 'seconds'
  return number < 1e14 ? 'milliseconds' : 'microseconds'
}

/** A time as an SQL literal that compares with values of the form. */
export function formatTime(ms: number, form: TimeForm): string {
  const perSecond = PER_SECOND[form]
  if (perSecond !== undefined) return String((ms / 1000) * perSecond)
  const [date, time] = new Date(ms).toISOString().slice(0, -1).split('T')
  return `'${date}${form === 'space' ? ' ' : 'T'}${time}${form === 'TZ' ? 'Z' : ''}'`
}

/** An expression for the milliseconds since 1970. */
export function toMilliseconds(sql: string, form: TimeForm): string {
  const perSecond = PER_SECOND[form]
  if (perSecond !== undefined) return `CAST(${sql} * ${1000 / perSecond} AS INTEGER)`
  return `CAST(round((julianday(${sql}) - 2440587.5) * 86400000) AS INTEGER)`
}
