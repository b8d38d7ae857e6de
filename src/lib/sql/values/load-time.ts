import { viewOf } from '../../stream/index.ts'
import { RowError } from '../errors.ts'
import type { Pieces } from './block-text.ts'
import { show } from './dynamic.ts'
import type { Int } from './integer.ts'
import { content, isNull, minusByte, quoteByte } from './load-text.ts'
import { daysFromCivil, parseDate, parseEventTime, parseTime } from './time.ts'

export function loadTimestamp(
  bytes: Buffer,
  text: Pieces,
  start: number,
  end: number,
  precision: number
): Int | null {
  if (isNull(bytes, start, end)) return null
  if (precision === 3 || precision === 6) {
    const fast = isoMilliseconds(bytes, start, end)
    if (fast !== undefined && precision === 3) return fast
    // A fraction of six digits ends where a shorter one has its quote or Z.
    const micros =
      fast === undefined || end - start < 28 ? 0 : two(bytes, start + 24) * 10 + digit(bytes, start + 26)
    if (fast !== undefined && micros >= 0) return fast * 1000 + micros
  }
  const raw = content(bytes, text, start, end)
  const value = parseEventTime(raw, precision)
  if (value === undefined) throw new RowError(`${show(raw)} is not a TIMESTAMP`)
  return value
}

/** The days of the date last seen, which is nearly always the next one's too: yyyymmdd as a number, and days. None at first. */
let lastDate = -1
let lastDays = 0

/**
 * `"2026-11-24T10:00:00[.123[456]][Z]"` as milliseconds, without a string being made; undefined for every other form. The
 * event time is read for each row, so this is the hottest of all loads.
 */
function isoMilliseconds(bytes: Buffer, start: number, end: number): number | undefined {
  let length = end - start - 2
  if (bytes[end - 2] === 90) length--
  if ((length !== 19 && length !== 23 && length !== 26) || bytes[start] !== quoteByte) return undefined
  if (isSameMinute(bytes, start)) {
    const second = two(bytes, start + 18)
    const fraction = length === 19 ? 0 : two(bytes, start + 21) * 10 + digit(bytes, start + 23)
    return (second | fraction) < 0 || second > 59 ? undefined : lastMinute + second * 1000 + fraction
  }
  const separator = bytes[start + 11]
  if (separator !== 84 && separator !== 32) return undefined
  if (bytes[start + 5] !== minusByte || bytes[start + 8] !== minusByte) return undefined
  if (bytes[start + 14] !== 58 || bytes[start + 17] !== 58) return undefined
  const year = two(bytes, start + 1) * 100 + two(bytes, start + 3)
  const month = two(bytes, start + 6)
  const day = two(bytes, start + 9)
  const hour = two(bytes, start + 12)
  const minute = two(bytes, start + 15)
  const second = two(bytes, start + 18)
  const fraction = length === 19 ? 0 : two(bytes, start + 21) * 10 + digit(bytes, start + 23)
  const areDigits = (year | month | day | hour | minute | second | fraction) >= 0
  if (!areDigits || hour > 23 || minute > 59 || second > 59) return undefined
  const date = (year * 100 + month) * 100 + day
  if (date !== lastDate) {
    const days = date === 0 ? undefined : daysFromCivil(year, month, day)
    if (days === undefined) return undefined
    lastDate = date
    lastDays = days
  }
  lastMinute = lastDays * 86_400_000 + hour * 3_600_000 + minute * 60_000
  minuteWords = [0, 8, 10].map(at => view.getFloat64(start + at, true)) as typeof minuteWords
  return lastMinute + second * 1000 + fraction
}

/** The minute last seen: `"2026-11-24T10:00:` as overlapping words of eight bytes, and its first millisecond. */
let minuteWords: [number, number, number] = [0, 0, 0]
let lastMinute = 0
/** The block last seen. */
let block: Buffer | undefined
let view: DataView = new DataView(new ArrayBuffer(0))

function isSameMinute(bytes: Buffer, start: number): boolean {
  if (bytes !== block) {
    block = bytes
    view = viewOf(bytes)
  }
  return (
    view.getFloat64(start + 8, true) === minuteWords[1] &&
    view.getFloat64(start + 10, true) === minuteWords[2] &&
    view.getFloat64(start, true) === minuteWords[0]
  )
}

/** Far below zero, so that every sum with it is, too. */
const noDigit = -1_000_000

/** The digit at a place. */
function digit(bytes: Buffer, at: number): number {
  const value = (bytes[at] as number) - 48
  return value >= 0 && value <= 9 ? value : noDigit
}

const two = (bytes: Buffer, at: number): number => digit(bytes, at) * 10 + digit(bytes, at + 1)

export function loadDate(bytes: Buffer, text: Pieces, start: number, end: number): number | null {
  if (isNull(bytes, start, end)) return null
  const raw = content(bytes, text, start, end)
  const value = parseDate(raw)
  if (value === undefined) throw new RowError(`${show(raw)} is not a DATE`)
  return value
}

export function loadTime(bytes: Buffer, text: Pieces, start: number, end: number): number | null {
  if (isNull(bytes, start, end)) return null
  const raw = content(bytes, text, start, end)
  const value = parseTime(raw)
  if (value === undefined) throw new RowError(`${show(raw)} is not a TIME`)
  return value
}
