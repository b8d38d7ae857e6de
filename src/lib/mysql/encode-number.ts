import { ToolError } from '../cli/index.ts'
import { writeUint } from '../stream/index.ts'

const QUOTE = 34
const POINT = 46
const ZERO = 48

export function writeInt(out: Buffer, o: number, value: number): number {
  if (value >= 0) return writeUint(out, o, value)
  out[o] = 45
  return writeUint(out, o + 1, -value)
}

/** 32 bits, little-endian, signed; bytes that are not there are zeros, and the row is then longer than its event. */
export function readWord(buffer: Buffer, at: number): number {
  return (
    (buffer[at] as number) |
    ((buffer[at + 1] as number) << 8) |
    ((buffer[at + 2] as number) << 16) |
    ((buffer[at + 3] as number) << 24)
  )
}

/** A 64-bit integer: a number within ±2^53, where doubles are exact, else a string. */
export function writeInt64(out: Buffer, o: number, buffer: Buffer, at: number): number {
  const low = readWord(buffer, at) >>> 0
  const high = readWord(buffer, at + 4)
  // Most numbers are small, and then it takes no doubles.
  if (high === 0) return writeUint(out, o, low)
  if ((high >= -0x200000 && high < 0x200000) || (high === 0x200000 && low === 0))
    return writeInt(out, o, high * 2 ** 32 + low)
  return writeQuoted(out, o, buffer.readBigInt64LE(at).toString())
}

export function writeUint64(out: Buffer, o: number, buffer: Buffer, at: number): number {
  const low = readWord(buffer, at) >>> 0
  const high = readWord(buffer, at + 4) >>> 0
  if (high === 0) return writeUint(out, o, low)
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

/**
 * The shortest text that reads back as the same double. A whole number keeps a fraction (`10.0`), so that who types a
 * column by its first value (Elasticsearch's dynamic mapping does) does not take it for an integer one.
 */
export function writeDouble(out: Buffer, o: number, value: number): number {
  if (Number.isInteger(value) && value > -1e9 && value < 1e9 && !Object.is(value, -0)) {
    o = writeInt(out, o, value)
    out[o] = POINT
    out[o + 1] = ZERO
    return o + 2
  }
  return writeAscii(out, o, withFraction(Object.is(value, -0) ? '-0' : String(value)))
}

/** The shortest text that reads back as the same single-precision number, with a fraction as `writeDouble` gives it. */
export function writeFloat(out: Buffer, o: number, value: number): number {
  if (Number.isInteger(value) && value > -1e6 && value < 1e6) return writeDouble(out, o, value)
  for (let precision = 6; precision < 9; precision++) {
    const rounded = Number(value.toPrecision(precision))
    if (Math.fround(rounded) === value) return writeAscii(out, o, withFraction(String(rounded)))
  }
  return writeAscii(out, o, withFraction(String(Number(value.toPrecision(9)))))
}

function withFraction(text: string): string {
  // The server stores none of NaN and the infinities.
  if (text.endsWith('N') || text.endsWith('y'))
    throw new ToolError('INPUT', `${text} as a number: the log is damaged`)
  return text.includes('.') || text.includes('e') ? text : `${text}.0`
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
