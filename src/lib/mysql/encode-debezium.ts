import { type ByteWriter, writeDigits, writeUint } from '../stream/index.ts'
import { DIGIT_BYTES, isShortDecimal, readShortDecimal, shortDecimal } from './encode-decimal.ts'
import { readWord, writeAscii, writeDouble, writeInt } from './encode-number.ts'
import { fractionSize, readFraction, writeTimestamp } from './encode-time.ts'

/**
 * Values of the log as Debezium's MySQL connector gives them with its default settings (decimal.handling.mode=precise,
 * bigint.unsigned.handling.mode=long, time.precision.mode=adaptive_time_microseconds, enable.time.adjuster=true) through
 * Kafka's JSON converter: https://debezium.io/documentation/reference/3.3/connectors/mysql.html#mysql-data-types
 *
 * Like the other encoders they take a buffer with room enough and the offset to write at, and return the offset behind.
 */

const QUOTE = 34
const BASE64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')

/** Few bytes as base64 in quotes: a call into the runtime would cost more. */
function writeShortBase64(out: Buffer, o: number, bytes: Uint8Array, start: number, end: number): number {
  out[o++] = QUOTE
  for (let i = start; i < end; i += 3) {
    const left = end - i
    const group =
      ((bytes[i] as number) << 16) |
      (left > 1 ? (bytes[i + 1] as number) << 8 : 0) |
      (left > 2 ? (bytes[i + 2] as number) : 0)
    out[o++] = BASE64[group >> 18] as number
    out[o++] = BASE64[(group >> 12) & 63] as number
    out[o++] = left > 1 ? (BASE64[(group >> 6) & 63] as number) : 61
    out[o++] = left > 2 ? (BASE64[group & 63] as number) : 61
  }
  out[o++] = QUOTE
  return o
}

/** The most bytes of a DECIMAL(65). */
const UNSCALED = 28
const unscaled = Buffer.alloc(UNSCALED)

/** 10 to the power of the digits of a group. */
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

/**
 * A DECIMAL as the base64 of its unscaled value: the fewest bytes of two's complement, big-endian, as Java's
 * BigInteger.toByteArray has them.
 */
export function writeDecimalBytes(
  out: Buffer,
  o: number,
  buffer: Buffer,
  at: number,
  precision: number,
  scale: number
): number {
  if (precision <= MOST_EXACT && isShortDecimal(precision, scale)) {
    const wholeBytes = DIGIT_BYTES[precision - scale] as number
    readShortDecimal(buffer, at, wholeBytes, DIGIT_BYTES[scale] as number)
    const { isNegative, whole, fraction } = shortDecimal
    const magnitude = whole * (POWERS[scale] as number) + fraction
    return writeExact(out, o, isNegative ? -magnitude : magnitude)
  }
  const negative = ((buffer[at] as number) & 0x80) === 0
  const invert = negative ? 0xff : 0
  let signBit = 0x80
  // The magnitude grows in `unscaled`, whose bytes from `from` on it fills.
  let from = UNSCALED
  const group = (digits: number): void => {
    let value = 0
    for (let i = DIGIT_BYTES[digits] as number; i > 0; i--) {
      value = value * 256 + (((buffer[at++] as number) ^ invert ^ signBit) & 0xff)
      signBit = 0
    }
    from = multiplyAndAdd(from, POWERS[digits] as number, value)
  }
  const whole = precision - scale
  group(whole % 9)
  for (let left = Math.floor(whole / 9) + Math.floor(scale / 9); left > 0; left--) group(9)
  group(scale % 9)
  return writeUnscaled(out, o, from, negative)
}

/** Digits of which every number is exact in a double. */
const MOST_EXACT = 15

/** A whole number within ±10^15 in two's complement. */
function writeExact(out: Buffer, o: number, value: number): number {
  let from = UNSCALED
  let rest = value
  let byte: number
  do {
    const more = Math.floor(rest / 256)
    byte = rest - more * 256
    unscaled[--from] = byte
    rest = more
    // The first bit tells the sign.
  } while (!(rest === 0 && byte < 128) && !(rest === -1 && byte >= 128))
  return writeShortBase64(out, o, unscaled, from, UNSCALED)
}

/** Multiplies the magnitude in `unscaled[from..)` by up to 10^9 and adds; returns where it begins then. */
function multiplyAndAdd(from: number, factor: number, term: number): number {
  let carry = term
  for (let i = UNSCALED - 1; i >= from; i--) {
    const value = (unscaled[i] as number) * factor + carry
    carry = Math.floor(value / 256)
    unscaled[i] = value - carry * 256
  }
  while (carry > 0) {
    const rest = Math.floor(carry / 256)
    unscaled[--from] = carry - rest * 256
    carry = rest
  }
  return from
}

/** Writes the magnitude in `unscaled[from..)` with its sign. */
function writeUnscaled(out: Buffer, o: number, from: number, negative: boolean): number {
  if (from === UNSCALED) unscaled[--from] = 0
  if (negative) {
    let carry = 1
    for (let i = UNSCALED - 1; i >= from; i--) {
      const value = ((unscaled[i] as number) ^ 0xff) + carry
      unscaled[i] = value & 0xff
      carry = value >> 8
    }
    // -128 fits into a byte; the first bit tells the sign.
    if (((unscaled[from] as number) & 0x80) === 0 && carry === 0) unscaled[--from] = 0xff
  } else if (((unscaled[from] as number) & 0x80) !== 0) unscaled[--from] = 0
  return writeShortBase64(out, o, unscaled, from, UNSCALED)
}

/** A DECIMAL in its text, `-12.340`, as `writeDecimalBytes` writes it. */
export function writeDecimalText(out: Buffer, o: number, buffer: Buffer, start: number, end: number): number {
  const negative = buffer[start] === 45
  const first = negative ? start + 1 : start
  if (end - first <= MOST_EXACT) {
    let magnitude = 0
    for (let i = first; i < end; i++) {
      const byte = buffer[i] as number
      if (byte !== 46) magnitude = magnitude * 10 + byte - 48
    }
    return writeExact(out, o, negative ? -magnitude : magnitude)
  }
  let from = UNSCALED
  for (let i = first; i < end; i++) {
    const byte = buffer[i] as number
    if (byte !== 46) from = multiplyAndAdd(from, 10, byte - 48)
  }
  return writeUnscaled(out, o, from, negative && from < UNSCALED)
}

/** A 64-bit integer as a number, whatever its size; unsigned ones past 2^63 turn negative. */
export function writeLong(out: Buffer, o: number, buffer: Buffer, at: number): number {
  const low = readWord(buffer, at) >>> 0
  const high = readWord(buffer, at + 4)
  if (high === 0) return writeUint(out, o, low)
  if (high >= -0x200000 && high < 0x200000) return writeInt(out, o, high * 2 ** 32 + low)
  return writeAscii(out, o, buffer.readBigInt64LE(at).toString())
}

export function writeBoolean(out: Buffer, o: number, byte: number): number {
  return writeAscii(out, o, (byte & 1) === 1 ? 'true' : 'false')
}

/** BIT(n), n > 1, big-endian in the log: base64 of its bytes, little-endian. */
export function writeBitBytes(out: Buffer, o: number, buffer: Buffer, start: number, end: number): number {
  let from = UNSCALED
  for (let i = start; i < end; i++) unscaled[--from] = buffer[i] as number
  return writeShortBase64(out, o, unscaled, from, UNSCALED)
}

const DAYS_BEFORE_MONTH = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
const DAYS_OF_MONTH = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar; NaN where there is no such day. */
function daysOf(year: number, month: number, day: number): number {
  if (month < 1 || month > 12 || day < 1) return Number.NaN
  if (day > (DAYS_OF_MONTH[month] as number) && !(month === 2 && day === 29 && isLeap(year)))
    return Number.NaN
  const full = adjusted(year)
  const before = full - 1
  return (
    before * 365 +
    Math.floor(before / 4) -
    Math.floor(before / 100) +
    Math.floor(before / 400) +
    (DAYS_BEFORE_MONTH[month] as number) +
    (month > 2 && isLeap(full) ? 1 : 0) +
    day -
    719_163
  )
}

/** Debezium's time adjuster takes years of two digits for ones near 2000, as MySQL does where dates are written. */
function adjusted(year: number): number {
  if (year >= 100) return year
  return year < 70 ? 2000 + year : 1900 + year
}

/** What stands for a date that is none: null, or the epoch in a column that cannot be null. */
function writeNoDate(out: Buffer, o: number, nullable: boolean): number {
  return writeAscii(out, o, nullable ? 'null' : '0')
}

/** A date as days since the epoch. */
export function writeDays(
  out: Buffer,
  o: number,
  year: number,
  month: number,
  day: number,
  nullable: boolean
): number {
  const days = daysOf(year, month, day)
  return Number.isNaN(days) ? writeNoDate(out, o, nullable) : writeInt(out, o, days)
}

/** DATE as in `writeDateValue`. */
export function writeDateDays(out: Buffer, o: number, buffer: Buffer, at: number, nullable: boolean): number {
  const value =
    (buffer[at] as number) | ((buffer[at + 1] as number) << 8) | ((buffer[at + 2] as number) << 16)
  return writeDays(out, o, value >> 9, (value >> 5) & 15, value & 31, nullable)
}

/** A date and time of day without zone, `seconds` since midnight: milliseconds or, of more than three digits, microseconds. */
export function writeEpochDatetime(
  out: Buffer,
  o: number,
  year: number,
  month: number,
  day: number,
  seconds: number,
  microseconds: number,
  digits: number,
  nullable: boolean
): number {
  const days = daysOf(year, month, day)
  if (Number.isNaN(days)) return writeNoDate(out, o, nullable)
  const total = days * 86_400 + seconds
  if (digits <= 3) return writeInt(out, o, total * 1000 + Math.floor(microseconds / 1000))
  return writeMicroseconds(out, o, total, microseconds)
}

/** Microseconds as one whole number, which may be past 2^53. */
function writeMicroseconds(out: Buffer, o: number, seconds: number, microseconds: number): number {
  if (seconds < 0) {
    out[o++] = 45
    seconds = -seconds
    if (microseconds > 0) {
      seconds--
      microseconds = 1_000_000 - microseconds
    }
  }
  if (seconds === 0) return writeUint(out, o, microseconds)
  return writeDigits(out, writeUint(out, o, seconds), microseconds, 6)
}

/** DATETIME as in `writeDatetime2`. */
export function writeDatetime2Epoch(
  out: Buffer,
  o: number,
  buffer: Buffer,
  at: number,
  digits: number,
  nullable: boolean
): number {
  const date =
    ((buffer[at] as number) & 0x7f) * 2 ** 15 +
    (buffer[at + 1] as number) * 128 +
    ((buffer[at + 2] as number) >> 1)
  const clock =
    (((buffer[at + 2] as number) & 1) << 16) | ((buffer[at + 3] as number) << 8) | (buffer[at + 4] as number)
  const yearMonth = date >> 5
  const year = Math.floor(yearMonth / 13)
  const seconds = (clock >> 12) * 3600 + ((clock >> 6) & 63) * 60 + (clock & 63)
  const fraction = readFraction(buffer, at + 5, digits)
  return writeEpochDatetime(
    out,
    o,
    year,
    yearMonth - year * 13,
    date & 31,
    seconds,
    fraction,
    digits,
    nullable
  )
}

/** DATETIME as in `writeOldDatetime`. */
export function writeOldDatetimeEpoch(
  out: Buffer,
  o: number,
  buffer: Buffer,
  at: number,
  nullable: boolean
): number {
  const value = Number(buffer.readBigUInt64LE(at))
  const date = Math.floor(value / 1e6)
  const clock = value - date * 1e6
  const seconds =
    Math.floor(clock / 10_000) * 3600 + (Math.floor(clock / 100) % 100) * 60 + (Math.floor(clock) % 100)
  const month = Math.floor(date / 100) % 100
  return writeEpochDatetime(out, o, Math.floor(date / 10_000), month, date % 100, seconds, 0, 0, nullable)
}

/** TIMESTAMP as text in UTC; the zero timestamp is the epoch. */
export function writeZonedTimestamp(
  out: Buffer,
  o: number,
  seconds: number,
  microseconds: number,
  digits: number
): number {
  if (seconds > 0 || microseconds > 0) return writeTimestamp(out, o, seconds, microseconds, digits)
  return writeAscii(out, o, `"1970-01-01T00:00:00${digits > 0 ? `.${'0'.repeat(digits)}` : ''}Z"`)
}

/** TIMESTAMP as in `writeTimestamp2`. */
export function writeZonedTimestamp2(
  out: Buffer,
  o: number,
  buffer: Buffer,
  at: number,
  digits: number
): number {
  return writeZonedTimestamp(out, o, buffer.readUInt32BE(at), readFraction(buffer, at + 4, digits), digits)
}

/** TIME as in `writeTime2`, in microseconds. */
export function writeMicroTime2(out: Buffer, o: number, buffer: Buffer, at: number, digits: number): number {
  const size = fractionSize(digits)
  const unit = 2 ** (8 * size)
  const raw = buffer.readUIntBE(at, 3 + size)
  const zero = 0x800000 * unit
  const value = Math.abs(raw - zero)
  const clock = Math.floor(value / unit)
  const seconds = ((clock >> 12) & 0x3ff) * 3600 + ((clock >> 6) & 63) * 60 + (clock & 63)
  const microseconds = seconds * 1e6 + (value - clock * unit) * 10 ** (6 - 2 * size)
  return writeInt(out, o, raw < zero ? -microseconds : microseconds)
}

/** TIME as in `writeOldTime`, in microseconds. */
export function writeOldMicroTime(out: Buffer, o: number, buffer: Buffer, at: number): number {
  const value = buffer.readIntLE(at, 3)
  const clock = Math.abs(value)
  const seconds = Math.floor(clock / 10_000) * 3600 + (Math.floor(clock / 100) % 100) * 60 + (clock % 100)
  return writeInt(out, o, Math.sign(value) * seconds * 1e6)
}

/**
 * A geometry in MySQL's storage format (SRID in four bytes, then well-known binary) as
 * `{"wkb":"base64","srid":null}`; a POINT column's value has its coordinates in front. SRID 0 is null.
 */
export function writeGeometryBytes(
  w: ByteWriter,
  buffer: Buffer,
  start: number,
  end: number,
  point: boolean
): void {
  // MariaDB and 5.7 put no bytes for NULL into a column that is NOT NULL.
  if (end - start < 4) {
    w.text('null')
    return
  }
  const srid = buffer.readUInt32LE(start)
  const wkb = start + 4
  w.ensure(Math.ceil((end - wkb) / 3) * 4 + 160)
  let { length: o } = w
  const out = w.buffer
  out[o++] = 123
  if (point && end - wkb === 21) {
    const little = buffer[wkb] !== 0
    const at = (offset: number): number =>
      little ? buffer.readDoubleLE(wkb + offset) : buffer.readDoubleBE(wkb + offset)
    o = writeAscii(out, o, '"x":')
    o = writeDouble(out, o, at(5))
    o = writeAscii(out, o, ',"y":')
    o = writeDouble(out, o, at(13))
    out[o++] = 44
  }
  o = writeAscii(out, o, '"wkb":"')
  o += out.write(buffer.toString('base64', wkb, end), o, 'latin1')
  o = writeAscii(out, o, '","srid":')
  o = srid === 0 ? writeAscii(out, o, 'null') : writeUint(out, o, srid)
  out[o++] = 125
  w.length = o
}
