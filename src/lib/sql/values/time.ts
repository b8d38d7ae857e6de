import { divide, type Int, multiply, powerOfTen, remainder, subtract } from './integer.ts'

/** Dates and times as counts since 1970-01-01; the civil calendar by Howard Hinnant's days_from_civil. */

export const dayMilliseconds = 86_400_000

const timestampPattern =
  /^(\d{4,5})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|z|[+-]\d{2}:?\d{2})?$/

/**
 * An ISO 8601 or SQL timestamp as units of 10^-precision s since the epoch. With a zone the instant is meant, without
 * one the clock as it stands. Digits beyond the precision are cut, a day that its month does not have is the month's last,
 * and 24:00 is the next midnight, as Flink does. A zero date gives null (MySQL's `0000-00-00`), text that is no timestamp
 * undefined.
 */
export const parseTimestamp = (text: string, precision: number): Int | null | undefined =>
  parseMoment(text, precision, false)

/** The same, but days that their month does not have, and 24:00, are none: so Flink reads events. */
export const parseEventTime = (text: string, precision: number): Int | null | undefined =>
  parseMoment(text, precision, true)

function parseMoment(text: string, precision: number, isStrict: boolean): Int | null | undefined {
  const match = timestampPattern.exec(text.trim())
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match
  if (Number(month) === 0 || Number(day) === 0) return null
  const isMidnight = !isStrict && /^24:00(?::00(?:\.0*)?)?$/.test(`${hour}:${minute}:${second}.${fraction}`)
  if (Number(day) > 31 || (Number(hour) > 23 && !isMidnight) || Number(minute) > 59 || Number(second) > 59)
    return undefined
  const last = daysInMonth(Number(year), Number(month))
  const days = daysFromCivil(
    Number(year),
    Number(month),
    isStrict ? Number(day) : Math.min(Number(day), last)
  )
  if (days === undefined) return undefined
  let seconds = days * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  if (zone !== undefined && zone !== 'Z' && zone !== 'z') {
    const shift = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60
    seconds -= zone[0] === '-' ? -shift : shift
  }
  const units = Number(fraction.slice(0, precision).padEnd(precision, '0'))
  const scaled = multiply(seconds, powerOfTen(precision))
  return units === 0 ? scaled : subtract(scaled, -units)
}

/** `2026-11-24` as days since the epoch, of a day that is there; the date of a timestamp text. Null and undefined as in parseTimestamp. */
export function parseDate(text: string): number | null | undefined {
  const milliseconds = parseEventTime(text, 3)
  if (milliseconds === null || milliseconds === undefined) return milliseconds
  return Math.floor(Number(milliseconds) / dayMilliseconds)
}

const timePattern = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?Z?$/

/** `10:00:01.5` as milliseconds since midnight; undefined when it is no time of day. */
export function parseTime(text: string): number | undefined {
  const match = timePattern.exec(text.trim())
  if (match === null) return undefined
  const [, hour, minute, second = '0', fraction = ''] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'))
  return Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1000 + milliseconds
}

/** Days since the epoch of a civil date, undefined when there is no such date. */
export function daysFromCivil(year: number, month: number, day: number): number | undefined {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return undefined
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

export type CivilDate = { year: number; month: number; day: number }

export function civilFromDays(days: number): CivilDate {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Moves a date by months, to the month's last day when the day does not exist there. */
export function addMonths(days: number, months: number): number {
  const { year, month, day } = civilFromDays(days)
  const index = year * 12 + month - 1 + months
  const newYear = Math.floor(index / 12)
  const newMonth = index - newYear * 12 + 1
  return daysFromCivil(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth))) ?? days
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))

/** `2026-11-24` */
export function formatDate(days: number): string {
  const { year, month, day } = civilFromDays(days)
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

/** `10:00:01`, with `precision` fraction digits. */
export function formatTime(milliseconds: number, precision: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  if (precision === 0) return clock
  return `${clock}.${String(milliseconds % 1000)
    .padStart(3, '0')
    .padEnd(precision, '0')
    .slice(0, precision)}`
}

/** `2026-11-24T10:00:01.500` with `precision` fraction digits, `separator` between date and time. */
export function formatTimestamp(value: Int, precision: number, separator: string): string {
  const unitsPerDay = multiply(86_400, powerOfTen(precision))
  const days = floorDivide(value, unitsPerDay)
  const units = subtract(value, multiply(days, unitsPerDay))
  const perSecond = powerOfTen(precision)
  const seconds = Number(divide(units, perSecond))
  const text = `${formatDate(Number(days))}${separator}${formatTime(seconds * 1000, 0)}`
  if (precision === 0) return text
  return `${text}.${String(remainder(units, perSecond)).padStart(precision, '0')}`
}

export function floorDivide(a: Int, b: Int): Int {
  if (typeof a === 'number' && typeof b === 'number') return Math.floor(a / b)
  const quotient = divide(a, b)
  return remainder(a, b) < 0 ? subtract(quotient, 1) : quotient
}

/** Changes the precision of a timestamp; digits that go are cut towards the past. */
export function rescaleTimestamp(value: Int, from: number, to: number): Int {
  if (from === to) return value
  return to > from ? multiply(value, powerOfTen(to - from)) : floorDivide(value, powerOfTen(from - to))
}
