import { writeDigits, writeUint } from '../stream/index.ts'

const QUOTE = 34

/** Bytes that hold a group of 0 to 9 digits. */
export const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]

export function decimalSize(precision: number, scale: number): number {
  const whole = precision - scale
  return (
    Math.floor(whole / 9) * 4 +
    (DIGIT_BYTES[whole % 9] as number) +
    Math.floor(scale / 9) * 4 +
    (DIGIT_BYTES[scale % 9] as number)
  )
}

/** Up to so many digits, the most common ones, a DECIMAL's parts are two numbers of 32 bits. */
const SHORT_PART = 9

/** Digits before and after the point that `writeShortDecimal` takes. */
export function isShortDecimal(precision: number, scale: number): boolean {
  const whole = precision - scale
  return whole > 0 && whole <= SHORT_PART && scale <= SHORT_PART
}

/** Of a short DECIMAL the digits before the point, as `whole`, and after it; what they are, `readShortDecimal` tells. */
export const shortDecimal = { isNegative: false, whole: 0, fraction: 0 }

/** Reads a short DECIMAL of parts with so many bytes, in the form that `writeDecimal` describes, into `shortDecimal`. */
export function readShortDecimal(
  buffer: Buffer,
  at: number,
  wholeBytes: number,
  fractionBytes: number
): void {
  const isNegative = ((buffer[at] as number) & 0x80) === 0
  const invert = isNegative ? 0xff : 0
  let whole = (buffer[at] as number) ^ 0x80 ^ invert
  for (let i = 1; i < wholeBytes; i++) whole = (whole << 8) | ((buffer[at + i] as number) ^ invert)
  let fraction = 0
  for (let i = wholeBytes; i < wholeBytes + fractionBytes; i++)
    fraction = (fraction << 8) | ((buffer[at + i] as number) ^ invert)
  shortDecimal.isNegative = isNegative
  shortDecimal.whole = whole >>> 0
  shortDecimal.fraction = fraction >>> 0
}

/** As `writeDecimal`, for those that `isShortDecimal` tells. */
export function writeShortDecimal(
  out: Buffer,
  o: number,
  buffer: Buffer,
  at: number,
  wholeBytes: number,
  scale: number
): number {
  readShortDecimal(buffer, at, wholeBytes, DIGIT_BYTES[scale] as number)
  out[o++] = QUOTE
  if (shortDecimal.isNegative) out[o++] = 45
  o = writeUint(out, o, shortDecimal.whole)
  if (scale > 0) {
    out[o] = 46
    o = writeDigits(out, o + 1, shortDecimal.fraction, scale)
  }
  out[o] = QUOTE
  return o + 1
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
