import { type ByteWriter, writeDigits, writeUint } from '../stream/index.ts'

export { writeDigits, writeUint }

import { charsetDecoder } from './charsets.ts'

/**
 * Writers of values as JSON bytes. The short ones take a buffer with room enough and the offset to write at, and
 * return the offset behind; the long ones take the byte writer, which they may grow.
 */

const QUOTE = 34
const BACKSLASH = 92

/** Values of up to this many bytes are written without asking for room: the row's bound counts them six times. */
export const SHORT_VALUE = 256

/** What a byte becomes in a JSON string: 0 itself, 1 \u00xx, else the letter after the backslash. */
const ESCAPES = new Uint8Array(256)
ESCAPES.fill(1, 0, 32)
ESCAPES[8] = 98
ESCAPES[9] = 116
ESCAPES[10] = 110
ESCAPES[12] = 102
ESCAPES[13] = 114
ESCAPES[QUOTE] = QUOTE
ESCAPES[BACKSLASH] = BACKSLASH

const HEX = Buffer.from('0123456789abcdef')

function writeEscape(out: Buffer, o: number, byte: number, kind: number): number {
  out[o++] = BACKSLASH
  if (kind !== 1) {
    out[o++] = kind
    return o
  }
  out[o] = 117
  out[o + 1] = 48
  out[o + 2] = 48
  out[o + 3] = HEX[byte >> 4] as number
  out[o + 4] = HEX[byte & 15] as number
  return o + 5
}

/** UTF-8 bytes as a JSON string; needs 6 bytes of room for each and 2 more. */
export function writeUtf8(out: Buffer, o: number, buffer: Buffer, start: number, end: number): number {
  out[o++] = QUOTE
  for (let i = start; i < end; i++) {
    const byte = buffer[i] as number
    const kind = ESCAPES[byte] as number
    if (kind === 0) out[o++] = byte
    else o = writeEscape(out, o, byte, kind)
  }
  out[o++] = QUOTE
  return o
}

/** UTF-8 bytes of any length as a JSON string. */
export function writeLongUtf8(w: ByteWriter, buffer: Buffer, start: number, end: number): void {
  // Whole runs between escapes are copied at once.
  w.ensure(end - start + 2)
  w.buffer[w.length++] = QUOTE
  let run = start
  for (let i = start; i < end; i++) {
    const byte = buffer[i] as number
    const kind = ESCAPES[byte] as number
    if (kind === 0) continue
    if (i > run) w.append(buffer, run, i)
    w.ensure(6)
    w.length = writeEscape(w.buffer, w.length, byte, kind)
    run = i + 1
  }
  if (end > run) w.append(buffer, run, end)
  w.ensure(1)
  w.buffer[w.length++] = QUOTE
}

/** Text as a JSON string. */
export function writeText(w: ByteWriter, text: string): void {
  w.text(JSON.stringify(text))
}

/** Bytes in a character set that is not UTF-8, as a JSON string. */
export function writeCharset(
  w: ByteWriter,
  charset: string,
  buffer: Buffer,
  start: number,
  end: number
): void {
  writeText(w, charsetDecoder(charset)(buffer.subarray(start, end)))
}

export function writeBase64(w: ByteWriter, buffer: Buffer, start: number, end: number): void {
  w.ensure(Math.ceil((end - start) / 3) * 4 + 2)
  w.buffer[w.length++] = QUOTE
  w.length += w.buffer.write(buffer.toString('base64', start, end), w.length, 'latin1')
  w.buffer[w.length++] = QUOTE
}

/** A BINARY(size): the log leaves out the zero bytes at its end. */
export function writeBinary(w: ByteWriter, buffer: Buffer, start: number, end: number, size: number): void {
  if (end - start >= size) {
    writeBase64(w, buffer, start, end)
    return
  }
  const padded = Buffer.alloc(size)
  buffer.copy(padded, 0, start, end)
  writeBase64(w, padded, 0, size)
}

export function writeInt(out: Buffer, o: number, value: number): number {
  if (value >= 0) return writeUint(out, o, value)
  out[o] = 45
  return writeUint(out, o + 1, -value)
}

/** A 64-bit integer: a number within ±2^53, where doubles are exact, else a string. */
export function writeInt64(out: Buffer, o: number, buffer: Buffer, at: number): number {
  const low = buffer.readUInt32LE(at)
  const high = buffer.readInt32LE(at + 4)
  if ((high >= -0x200000 && high < 0x200000) || (high === 0x200000 && low === 0))
    return writeInt(out, o, high * 2 ** 32 + low)
  return writeQuoted(out, o, buffer.readBigInt64LE(at).toString())
}

export function writeUint64(out: Buffer, o: number, buffer: Buffer, at: number): number {
  const low = buffer.readUInt32LE(at)
  const high = buffer.readUInt32LE(at + 4)
  if (high < 0x200000 || (high === 0x200000 && low === 0)) return writeUint(out, o, high * 2 ** 32 + low)
  return writeQuoted(out, o, buffer.readBigUInt64LE(at).toString())
}

/** Short ASCII text that needs no escapes. */
export function writeAscii(out: Buffer, o: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[o++] = text.charCodeAt(i)
  return o
}

export function writeQuoted(out: Buffer, o: number, text: string): number {
  out[o++] = QUOTE
  o = writeAscii(out, o, text)
  out[o++] = QUOTE
  return o
}

/** The shortest text that reads back as the same double. */
export function writeDouble(out: Buffer, o: number, value: number): number {
  if (Number.isInteger(value) && value > -1e9 && value < 1e9 && !Object.is(value, -0))
    return writeInt(out, o, value)
  return writeAscii(out, o, Object.is(value, -0) ? '-0' : String(value))
}

/** The shortest text that reads back as the same single-precision number. */
export function writeFloat(out: Buffer, o: number, value: number): number {
  if (Number.isInteger(value) && value > -1e6 && value < 1e6) return writeDouble(out, o, value)
  for (let precision = 6; precision < 9; precision++) {
    const rounded = Number(value.toPrecision(precision))
    if (Math.fround(rounded) === value) return writeAscii(out, o, String(rounded))
  }
  return writeAscii(out, o, String(Number(value.toPrecision(9))))
}

// --- decimals ---

/** Bytes that hold a group of 0 to 9 digits. */
const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]

export function decimalSize(precision: number, scale: number): number {
  const whole = precision - scale
  return (
    Math.floor(whole / 9) * 4 +
    (DIGIT_BYTES[whole % 9] as number) +
    Math.floor(scale / 9) * 4 +
    (DIGIT_BYTES[scale % 9] as number)
  )
}

/**
 * A DECIMAL as a JSON string with all its fraction digits. Groups of nine digits in four bytes, big-endian, the first
 * group before and the last after the point shorter; the first bit is set for positive numbers, negative ones have all
 * bits inverted. Source: decimal2bin, mysql: strings/decimal.cc.
 */
export function writeDecimal(
  out: Buffer,
  o: number,
  buffer: Buffer,
  at: number,
  precision: number,
  scale: number
): number {
  const negative = ((buffer[at] as number) & 0x80) === 0
  const invert = negative ? 0xff : 0
  let signBit = 0x80
  const group = (bytes: number): number => {
    let value = 0
    for (let i = 0; i < bytes; i++) {
      value = value * 256 + (((buffer[at++] as number) ^ invert ^ signBit) & 0xff)
      signBit = 0
    }
    return value
  }
  out[o++] = QUOTE
  if (negative) out[o++] = 45
  const whole = precision - scale
  const firstDigits = whole % 9
  let written = false
  if (firstDigits > 0) {
    const value = group(DIGIT_BYTES[firstDigits] as number)
    if (value > 0) {
      o = writeUint(out, o, value)
      written = true
    }
  }
  for (let left = Math.floor(whole / 9); left > 0; left--) {
    const value = group(4)
    if (written) o = writeDigits(out, o, value, 9)
    else if (value > 0) {
      o = writeUint(out, o, value)
      written = true
    }
  }
  if (!written) out[o++] = 48
  if (scale > 0) {
    out[o++] = 46
    for (let left = Math.floor(scale / 9); left > 0; left--) o = writeDigits(out, o, group(4), 9)
    const lastDigits = scale % 9
    if (lastDigits > 0) o = writeDigits(out, o, group(DIGIT_BYTES[lastDigits] as number), lastDigits)
  }
  out[o++] = QUOTE
  return o
}

// --- dates and times ---

function writeDate(out: Buffer, o: number, year: number, month: number, day: number): number {
  o = writeDigits(out, o, year, 4)
  out[o] = 45
  o = writeDigits(out, o + 1, month, 2)
  out[o] = 45
  return writeDigits(out, o + 1, day, 2)
}

function writeClock(out: Buffer, o: number, hour: number, minute: number, second: number): number {
  o = writeDigits(out, o, hour, hour > 99 ? 3 : 2)
  out[o] = 58
  o = writeDigits(out, o + 1, minute, 2)
  out[o] = 58
  return writeDigits(out, o + 1, second, 2)
}

/** Bytes of a fraction of 0 to 6 digits. */
export function fractionSize(digits: number): number {
  return (digits + 1) >> 1
}

const FRACTION_UNITS = [1_000_000, 100_000, 10_000, 1000, 100, 10, 1]

/** Big-endian, in units of 10^-2, 10^-4 or 10^-6 by size; returns microseconds. */
function readFraction(buffer: Buffer, at: number, digits: number): number {
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
  const yearMonth = dateBits >> 5
  const fraction = readFraction(buffer, at + 5, digits)
  if (dateBits === 0 && clockBits === 0 && fraction === 0) return writeAscii(out, o, ZERO_DATETIME)
  const year = Math.floor(yearMonth / 13)
  out[o] = QUOTE
  o = writeDate(out, o + 1, year, yearMonth - year * 13, dateBits & 31)
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

/** BIT(n), big-endian: a number, or a string when n > 53. */
export function writeBit(
  out: Buffer,
  o: number,
  buffer: Buffer,
  start: number,
  end: number,
  bits: number
): number {
  if (bits > 53) return writeQuoted(out, o, BigInt(`0x${buffer.toString('hex', start, end)}`).toString())
  let value = 0
  for (let i = start; i < end; i++) value = value * 256 + (buffer[i] as number)
  return writeUint(out, o, value)
}
