import { type ByteWriter, writeDigits, writeUint } from '../../stream/index.ts'
import type { Pieces } from './block-text.ts'
import { formatDecimal } from './decimal.ts'
import type { Int } from './integer.ts'
import { checkRaw, rawString } from './load-json.ts'
import { quote } from './text.ts'

/**
 * JSON of values as bytes. `put…` write at an offset where there is room and return the one behind; `append…` make room,
 * for `room` bytes more than they need.
 */

/** So many bytes cost less one by one than by a call out of JavaScript. */
const SHORT = 48

export function putAscii(out: Buffer, o: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[o + i] = text.charCodeAt(i)
  return o + text.length
}

export function putInteger(out: Buffer, o: number, value: Int | null): number {
  if (typeof value !== 'number') return putAscii(out, o, String(value))
  if (value >= 0) return writeUint(out, o, value)
  out[o] = 45
  return writeUint(out, o + 1, -value)
}

/** Powers of ten. */
const units = Array.from({ length: 10 }, (_, exponent) => 10 ** exponent)

/** A DECIMAL, as a string of JSON. */
export function putDecimal(out: Buffer, o: number, unscaled: Int | null, scale: number): number {
  if (unscaled === null) return putAscii(out, o, 'null')
  if (typeof unscaled !== 'number' || scale <= 0 || scale > 9)
    return putAscii(out, o, `"${formatDecimal(unscaled, scale)}"`)
  const unit = units[scale] as number
  const size = Math.abs(unscaled)
  const whole = Math.floor(size / unit)
  out[o++] = 34
  if (unscaled < 0) out[o++] = 45
  o = writeUint(out, o, whole)
  out[o++] = 46
  o = writeDigits(out, o, size - whole * unit, scale)
  out[o++] = 34
  return o
}

export function appendBytes(w: ByteWriter, bytes: Buffer, start: number, end: number, room: number): void {
  w.ensure(end - start + room)
  w.append(bytes, start, end)
}

/** Text of one character a byte. */
export function appendText(w: ByteWriter, text: string, room: number): void {
  w.ensure(text.length + room)
  if (text.length <= SHORT) w.length = putAscii(w.buffer, w.length, text)
  else w.length += w.buffer.write(text, w.length, 'latin1')
}

/** A STRING. */
export function appendString(w: ByteWriter, text: string | null, room: number): void {
  if (text === null || text.length > SHORT) {
    appendText(w, text === null ? 'null' : quote(text), room)
    return
  }
  w.ensure(text.length + 2 + room)
  const { buffer, length } = w
  let o = length
  buffer[o++] = 34
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 32 || code > 126 || code === 34 || code === 92) {
      appendText(w, quote(text), room)
      return
    }
    buffer[o++] = code
  }
  buffer[o++] = 34
  w.length = o
}

/** A STRING column as it stands. */
export function appendRawString(
  w: ByteWriter,
  bytes: Buffer,
  text: Pieces,
  start: number,
  end: number,
  room: number
): void {
  if (bytes[start] === 34) appendBytes(w, bytes, start, end, room)
  else appendText(w, rawString(bytes, text, start, end), room)
}

/** An undeclared column as it stands. */
export function appendRaw(
  w: ByteWriter,
  bytes: Buffer,
  text: Pieces,
  start: number,
  end: number,
  room: number
): void {
  if (start < 0) appendText(w, 'null', room)
  else {
    checkRaw(bytes, text, start, end)
    appendBytes(w, bytes, start, end, room)
  }
}
