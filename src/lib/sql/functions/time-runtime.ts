import { RowError } from '../errors.ts'
import type { Int } from '../values/integer.ts'
import {
  addMonths,
  civilFromDays,
  dayMilliseconds,
  daysFromCivil,
  floorDivide,
  parseDate,
  parseTimestamp
} from '../values/time.ts'

/** Bodies of the temporal functions; `time` is milliseconds since the epoch unless said otherwise. */

/** EXTRACT(unit FROM time). Weeks are ISO weeks; DOW counts from Sunday = 1. */
export function extract(unit: string, time: number): number {
  const days = Math.floor(time / dayMilliseconds)
  const within = time - days * dayMilliseconds
  switch (unit) {
    case 'HOUR':
      return Math.floor(within / 3_600_000)
    case 'MINUTE':
      return Math.floor(within / 60_000) % 60
    case 'SECOND':
      return Math.floor(within / 1000) % 60
    case 'MILLISECOND':
      return within % 1000
    case 'EPOCH':
      return Math.floor(time / 1000)
  }
  const { year, month, day } = civilFromDays(days)
  switch (unit) {
    case 'YEAR':
      return year
    case 'QUARTER':
      return Math.floor((month - 1) / 3) + 1
    case 'MONTH':
      return month
    case 'DAY':
      return day
    case 'DOY':
      return days - (daysFromCivil(year, 1, 1) ?? 0) + 1
    case 'DOW':
      return ((((days + 4) % 7) + 7) % 7) + 1
    case 'ISODOW':
      return ((((days + 3) % 7) + 7) % 7) + 1
    case 'WEEK':
      return isoWeek(days).week
    case 'ISOYEAR':
      return isoWeek(days).year
    default:
      throw new Error(`no EXTRACT of ${unit}`)
  }
}

function isoWeek(days: number): { year: number; week: number } {
  // The ISO week belongs to the year of its Thursday.
  const thursday = days - ((((days + 3) % 7) + 7) % 7) + 3
  const { year } = civilFromDays(thursday)
  return { year, week: Math.floor((thursday - (daysFromCivil(year, 1, 1) ?? 0)) / 7) + 1 }
}

/** FLOOR(time TO unit). */
export function floorTime(unit: string, time: number): number {
  const lengths: Record<string, number> = {
    MILLISECOND: 1,
    SECOND: 1000,
    MINUTE: 60_000,
    HOUR: 3_600_000,
    DAY: dayMilliseconds
  }
  const length = lengths[unit]
  if (length !== undefined) return Math.floor(time / length) * length
  const days = Math.floor(time / dayMilliseconds)
  const { year, month } = civilFromDays(days)
  const date = (y: number, m: number): number => (daysFromCivil(y, m, 1) ?? 0) * dayMilliseconds
  switch (unit) {
    case 'MONTH':
      return date(year, month)
    case 'QUARTER':
      return date(year, month - ((month - 1) % 3))
    case 'YEAR':
      return date(year, 1)
    default:
      throw new Error(`no FLOOR to ${unit}`)
  }
}

/** TIMESTAMPDIFF(unit, from, to): whole units between, towards zero. */
export function timestampDifference(unit: string, from: number, to: number): number {
  const lengths: Record<string, number> = {
    SECOND: 1000,
    MINUTE: 60_000,
    HOUR: 3_600_000,
    DAY: dayMilliseconds,
    WEEK: 7 * dayMilliseconds
  }
  const length = lengths[unit]
  if (length !== undefined) return Math.trunc((to - from) / length) + 0
  const months = monthsBetween(from, to)
  const size = unit === 'YEAR' ? 12 : unit === 'QUARTER' ? 3 : 1
  return Math.trunc(months / size) + 0
}

/**
 * Whole months; a day that a month does not have is its last one. Back in time a month is more where only the time of day
 * makes it so, as in Flink. Source: Flink's DateTimeUtils.subtractMonths
 */
function monthsBetween(from: number, to: number): number {
  const fromDays = Math.floor(from / dayMilliseconds)
  const toDays = Math.floor(to / dayMilliseconds)
  const months =
    toDays < fromDays ? -monthsBetweenDays(toDays, fromDays) : monthsBetweenDays(fromDays, toDays)
  const isEarlier = to - toDays * dayMilliseconds < from - fromDays * dayMilliseconds
  return isEarlier && addMonths(fromDays, months) === toDays ? months - 1 : months
}

function monthsBetweenDays(from: number, to: number): number {
  const a = civilFromDays(from)
  const b = civilFromDays(to)
  const months = (b.year - a.year) * 12 + b.month - a.month
  return addMonths(from, months) > to ? months - 1 : months
}

const formatLetters = /'((?:[^']|'')*)'|yyyy|yy|MM|dd|HH|hh|mm|ss|S+|a|./gs

/** DATE_FORMAT with the letters of Java's DateTimeFormatter that stand for numbers. */
export function formatPattern(time: number, pattern: string): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return pattern.replace(formatLetters, (letters: string, quoted: string | undefined) => {
    if (quoted !== undefined) return quoted === '' ? "'" : quoted.replaceAll("''", "'")
    switch (letters) {
      case 'yyyy':
        return String(extract('YEAR', time)).padStart(4, '0')
      case 'yy':
        return two(extract('YEAR', time) % 100)
      case 'MM':
        return two(extract('MONTH', time))
      case 'dd':
        return two(extract('DAY', time))
      case 'HH':
        return two(extract('HOUR', time))
      case 'hh':
        return two(((extract('HOUR', time) + 11) % 12) + 1)
      case 'mm':
        return two(extract('MINUTE', time))
      case 'ss':
        return two(extract('SECOND', time))
      case 'a':
        return extract('HOUR', time) < 12 ? 'AM' : 'PM'
    }
    if (letters.startsWith('S'))
      return String(extract('MILLISECOND', time))
        .padStart(3, '0')
        .padEnd(letters.length, '0')
        .slice(0, letters.length)
    if (/[A-Za-z]/.test(letters))
      throw new RowError(`DATE_FORMAT: the pattern letter ${letters} is not supported`)
    return letters
  })
}

/** TO_TIMESTAMP of the default form; null for text that is none, as Flink does. */
export const toTimestamp = (text: string): Int | null => parseTimestamp(text, 3) ?? null

/** TO_TIMESTAMP_LTZ(number, precision): seconds (0) or milliseconds (3) to milliseconds. */
/** NULL outside of the years 0 to 9999. */
export function toTimestampLtz(value: Int, precision: number): number | null {
  const milliseconds = precision === 0 ? Number(value) * 1000 : Number(value)
  return milliseconds >= -62_167_219_200_000 && milliseconds < 253_402_300_800_000 ? milliseconds : null
}

/** A timestamp of any precision as whole milliseconds. */
export const toMilliseconds = (value: Int, precision: number): number =>
  precision >= 3 ? Number(floorDivide(value, 10 ** (precision - 3))) : Number(value) * 10 ** (3 - precision)

export const parseDateOrNull = (text: string): number | null => parseDate(text) ?? null

/** Milliseconds since midnight of a timestamp of any precision. */
export function timeOfDay(value: Int, precision: number): number {
  const milliseconds = toMilliseconds(value, precision)
  return milliseconds - Math.floor(milliseconds / dayMilliseconds) * dayMilliseconds
}
