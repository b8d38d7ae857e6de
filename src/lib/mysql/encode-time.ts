import { writeDigits } from '../stream/index.ts'
import { writeAscii } from './encode-number.ts'

const QUOTE = 34

function writeDate(out: Buffer, o: number, year: number, month: number, day: number): number {
  o = writeDigits(out, o, year, 4)
  out[o] = 45
  o = writeDigits(out, o + 1, month, 2)
  out[o] = 45
  return writeDigits(out, o + 1, day, 2)
}

/** The tens and ones of numbers up to 99, as digits; beyond come a zero and what the log does not have. */
const TENS = Uint8Array.from({ length: 128 }, (_, i) => 48 + (Math.floor(i / 10) % 10))
const ONES = Uint8Array.from({ length: 128 }, (_, i) => 48 + (i % 10))

/** Each part up to 99, but for hours up to 999. */
function writeClock(out: Buffer, o: number, hour: number, minute: number, second: number): number {
  if (hour > 99) {
    const hundreds = Math.floor(hour / 100)
    out[o++] = 48 + hundreds
    hour -= hundreds * 100
  }
  out[o] = TENS[hour] as number
  out[o + 1] = ONES[hour] as number
  out[o + 2] = 58
  out[o + 3] = TENS[minute] as number
  out[o + 4] = ONES[minute] as number
  out[o + 5] = 58
  out[o + 6] = TENS[second] as number
  out[o + 7] = ONES[second] as number
  return o + 8
}

/** Bytes of a fraction of 0 to 6 digits. */
export function fractionSize(digits: number): number {
  return (digits + 1) >> 1
}

const FRACTION_UNITS = [1_000_000, 100_000, 10_000, 1000, 100, 10, 1]

/** Big-endian, in units of 10^-2, 10^-4 or 10^-6 by size; returns microseconds. */
export function readFraction(buffer: Buffer, at: number, digits: number): number {
  switch (fractionSize(digits)) {
    case 1:
      return (buffer[at] as number) * 10_000
    case 2:
      return buffer.readUInt16BE(at) * 100
    case 3:
      return buffer.readUIntBE(at, 3)
    default:
      return 0
  }
}

function writeFraction(out: Buffer, o: number, microseconds: number, digits: number): number {
  if (digits === 0) return o
  out[o] = 46
  return writeDigits(out, o + 1, Math.floor(microseconds / (FRACTION_UNITS[digits] as number)), digits)
}

/** DATE: day 5 bits, month 4, year 15, little-endian. */
export function writeDateValue(out: Buffer, o: number, buffer: Buffer, at: number): number {
  const value =
    (buffer[at] as number) | ((buffer[at + 1] as number) << 8) | ((buffer[at + 2] as number) << 16)
  out[o] = QUOTE
  o = writeDate(out, o + 1, value >> 9, (value >> 5) & 15, value & 31)
  out[o] = QUOTE
  return o + 1
}

/** The date that was written last, `2026-11-24`: rows of a stream lie on few days. */
let lastDateBits = -1
const lastDate = Buffer.alloc(10)

/**
 * DATETIME since 5.6: 40 bits big-endian (sign 1, year · 13 + month 17, day 5, hour 5, minute 6, second 6), then the
 * fraction.
 */
export function writeDatetime2(out: Buffer, o: number, buffer: Buffer, at: number, digits: number): number {
  const dateBits =
    ((buffer[at] as number) & 0x7f) * 2 ** 15 +
    (buffer[at + 1] as number) * 128 +
    ((buffer[at + 2] as number) >> 1)
  const clockBits =
    (((buffer[at + 2] as number) & 1) << 16) | ((buffer[at + 3] as number) << 8) | (buffer[at + 4] as number)
  const fraction = readFraction(buffer, at + 5, digits)
  if (dateBits === 0 && clockBits === 0 && fraction === 0) return writeAscii(out, o, ZERO_DATETIME)
  out[o] = QUOTE
  if (dateBits !== lastDateBits) {
    const yearMonth = dateBits >> 5
    const year = Math.floor(yearMonth / 13)
    writeDate(lastDate, 0, year, yearMonth - year * 13, dateBits & 31)
    lastDateBits = dateBits
  }
  for (let i = 0; i < lastDate.length; i++) out[o + 1 + i] = lastDate[i] as number
  o += 1 + lastDate.length
  out[o] = 84
  o = writeClock(out, o + 1, clockBits >> 12, (clockBits >> 6) & 63, clockBits & 63)
  o = writeFraction(out, o, fraction, digits)
  out[o] = QUOTE
  return o + 1
}

export const ZERO_DATETIME = '"0000-00-00T00:00:00"'

/** DATETIME before 5.6: a decimal number YYYYMMDDhhmmss in 8 bytes little-endian. */
export function writeOldDatetime(out: Buffer, o: number, buffer: Buffer, at: number): number {
  const value = Number(buffer.readBigUInt64LE(at))
  if (value === 0) return writeAscii(out, o, ZERO_DATETIME)
  const date = Math.floor(value / 1e6)
  const clock = value - date * 1e6
  out[o] = QUOTE
  o = writeDate(out, o + 1, Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100)
  out[o] = 84
  o = writeClock(out, o + 1, Math.floor(clock / 10_000), Math.floor(clock / 100) % 100, clock % 100)
  out[o] = QUOTE
  return o + 1
}

/** The day whose date was computed last: rows of a stream lie on few days. */
let cachedDay = -1
const cachedDate = { year: 0, month: 0, day: 0 }

/** Seconds since the epoch as UTC. */
export function writeTimestamp(
  out: Buffer,
  o: number,
  seconds: number,
  microseconds: number,
  digits: number
): number {
  if (seconds === 0 && microseconds === 0) return writeAscii(out, o, ZERO_DATETIME)
  const day = Math.floor(seconds / 86_400)
  if (day !== cachedDay) {
    const date = new Date(day * 86_400_000)
    cachedDate.year = date.getUTCFullYear()
    cachedDate.month = date.getUTCMonth() + 1
    cachedDate.day = date.getUTCDate()
    cachedDay = day
  }
  const clock = seconds - day * 86_400
  const hour = (clock / 3600) | 0
  const minute = ((clock - hour * 3600) / 60) | 0
  out[o] = QUOTE
  o = writeDate(out, o + 1, cachedDate.year, cachedDate.month, cachedDate.day)
  out[o] = 84
  o = writeClock(out, o + 1, hour, minute, clock - hour * 3600 - minute * 60)
  o = writeFraction(out, o, microseconds, digits)
  out[o] = 90
  out[o + 1] = QUOTE
  return o + 2
}

/** TIMESTAMP since 5.6: seconds in 4 bytes big-endian, then the fraction. */
export function writeTimestamp2(out: Buffer, o: number, buffer: Buffer, at: number, digits: number): number {
  return writeTimestamp(out, o, buffer.readUInt32BE(at), readFraction(buffer, at + 4, digits), digits)
}

/**
 * TIME since 5.6: 24 bits big-endian (sign 1, unused 1, hour 10, minute 6, second 6) and the fraction, as one number
 * that is inverted for negative times.
 */
export function writeTime2(out: Buffer, o: number, buffer: Buffer, at: number, digits: number): number {
  const size = fractionSize(digits)
  const unit = 2 ** (8 * size)
  const raw = buffer.readUIntBE(at, 3 + size)
  const zero = 0x800000 * unit
  const value = Math.abs(raw - zero)
  const clock = Math.floor(value / unit)
  const fraction = (value - clock * unit) * 10 ** (6 - 2 * size)
  out[o++] = QUOTE
  if (raw < zero) out[o++] = 45
  o = writeClock(out, o, (clock >> 12) & 0x3ff, (clock >> 6) & 63, clock & 63)
  o = writeFraction(out, o, fraction, digits)
  out[o] = QUOTE
  return o + 1
}

/** TIME before 5.6: a signed decimal number hhmmss in 3 bytes little-endian. */
export function writeOldTime(out: Buffer, o: number, buffer: Buffer, at: number): number {
  const value = buffer.readIntLE(at, 3)
  const clock = Math.abs(value)
  out[o++] = QUOTE
  if (value < 0) out[o++] = 45
  o = writeClock(out, o, Math.floor(clock / 10_000), Math.floor(clock / 100) % 100, clock % 100)
  out[o] = QUOTE
  return o + 1
}
