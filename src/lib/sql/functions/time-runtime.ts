import { type Int, multiply, subtract, wrap } from '../values/integer.ts'
import {
  addMonths,
  civilFromDays,
  dayMilliseconds,
  daysFromCivil,
  floorDivide,
  parseDate,
  parseTimestamp
} from '../values/time.ts'

import { formatTime, parseTime } from './time-format.ts'
import { toInstant, toLocal } from './time-zone-runtime.ts'

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
    case 'DECADE':
      return Math.floor(year / 10)
    case 'CENTURY':
      return Math.floor((year + 99) / 100)
    case 'MILLENNIUM':
      return Math.floor((year + 999) / 1000)
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

const lengths: Record<string, number> = {
  MILLISECOND: 1,
  SECOND: 1000,
  MINUTE: 60_000,
  HOUR: 3_600_000,
  DAY: dayMilliseconds
}

const yearLengths: Record<string, number> = { YEAR: 1, DECADE: 10, CENTURY: 100, MILLENNIUM: 1000 }

/** FLOOR(time TO unit). Weeks begin on Sunday, centuries and millennia with a year 1. */
export function floorTime(unit: string, time: number): number {
  const length = lengths[unit]
  if (length !== undefined) return Math.floor(time / length) * length
  const days = Math.floor(time / dayMilliseconds)
  if (unit === 'WEEK') return (days - extract('DOW', time) + 1) * dayMilliseconds
  const { year, month } = civilFromDays(days)
  if (unit === 'MONTH') return startOf(year, month)
  if (unit === 'QUARTER') return startOf(year, month - ((month - 1) % 3))
  const years = yearLengths[unit] as number
  const first = years > 10 ? 1 : 0
  return startOf(Math.floor((year - first) / years) * years + first, 1)
}

/** CEIL(time TO unit): the time itself where a unit begins, else the next beginning. */
export function ceilTime(unit: string, time: number): number {
  const floor = floorTime(unit, time)
  if (floor === time) return time
  const length = unit === 'WEEK' ? 7 * dayMilliseconds : lengths[unit]
  if (length !== undefined) return floor + length
  const { year, month } = civilFromDays(floor / dayMilliseconds)
  const months = unit === 'MONTH' ? 1 : unit === 'QUARTER' ? 3 : (yearLengths[unit] as number) * 12
  const next = year * 12 + month - 1 + months
  return startOf(Math.floor(next / 12), (next % 12) + 1)
}

const startOf = (year: number, month: number): number =>
  (daysFromCivil(year, month, 1) ?? 0) * dayMilliseconds

/** TIMESTAMPDIFF(unit, from, to): whole units between, towards zero. */
export function timestampDifference(unit: string, from: number, to: number): number {
  const length = unit === 'WEEK' ? 7 * dayMilliseconds : lengths[unit]
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

/** DATE_FORMAT. */
export function dateFormat(value: Int, precision: number, pattern: string): string {
  const milliseconds = toMilliseconds(value, precision)
  return formatTime(milliseconds, nanosOfSecond(value, precision), pattern)
}

/** Nanoseconds of a timestamp's second. */
export function nanosOfSecond(value: Int, precision: number): number {
  const perSecond = 10 ** precision
  return Number(subtract(value, multiply(floorDivide(value, perSecond), perSecond))) * 10 ** (9 - precision)
}

export const toTimestampBy = (text: string, pattern: string): number | null => parseTime(text, pattern)

export function toDateBy(text: string, pattern: string): number | null {
  const time = parseTime(text, pattern, true)
  return time === null ? null : Math.floor(time / dayMilliseconds)
}

/** A text of a zone's clock as an instant. */
export function toTimestampLtzBy(text: string, pattern: string, zone: string): number | null {
  const local = parseTime(text, pattern)
  return local === null ? null : toInstant(local, zone)
}

/** Seconds since the epoch; the smallest BIGINT for a text of another form, as in Flink. */
export function unixTimestamp(text: string, pattern: string): Int {
  const time = parseTime(text, pattern, true)
  return time === null ? -(2n ** 63n) : Math.floor(time / 1000)
}

export const fromUnixtime = (seconds: Int, pattern: string): string =>
  formatTime(Number(wrap(multiply(seconds, 1000), 64)), 0, pattern, true)

const clockPattern = 'yyyy-MM-dd HH:mm:ss'

export function convertTimeZone(text: string, from: string, to: string): string | null {
  const local = parseTime(text, clockPattern, true)
  return local === null ? null : formatTime(toLocal(toInstant(local, from), to), 0, clockPattern)
}

/** DATE_FORMAT of a text, which is read leniently in Flink's form, else as a timestamp. */
export function reformat(text: string, pattern: string): string | null {
  const lenient = parseTime(text, clockPattern, true)
  if (lenient !== null) return dateFormat(lenient, 3, pattern)
  const time = parseTimestamp(text, 9)
  return time === undefined || time === null ? null : dateFormat(time, 9, pattern)
}

/** TO_TIMESTAMP of the default form; null for text that is none, as Flink does. */
export const toTimestamp = (text: string): Int | null => parseTimestamp(text, 3) ?? null

/** TO_TIMESTAMP_LTZ(number, precision): seconds (0) or milliseconds (3) to milliseconds; NULL outside of the years 0 to 9999. */
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

/** 1 where a timestamp is behind the beginning of its millisecond. */
export const restOfMillisecond = (value: Int, precision: number): number =>
  nanosOfSecond(value, precision) % 1e6 === 0 ? 0 : 1
