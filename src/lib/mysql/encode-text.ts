import type { ByteWriter } from '../stream/index.ts'
import { charsetDecoder, extendsAscii } from './charsets.ts'

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
  // Most values are ASCII whatever their column may hold.
  if (extendsAscii(charset) && isAscii(buffer, start, end)) writeLongUtf8(w, buffer, start, end)
  else writeText(w, charsetDecoder(charset)(buffer.subarray(start, end)))
}

function isAscii(buffer: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((buffer[i] as number) > 127) return false
  return true
}

/** Bytes that are made into base64 at once: whole groups of three, and a string that the collector of short lives takes. */
const BASE64_PIECE = 3 * 4096

export function writeBase64(w: ByteWriter, buffer: Buffer, start: number, end: number): void {
  w.ensure(Math.ceil((end - start) / 3) * 4 + 2)
  w.buffer[w.length++] = QUOTE
  for (let at = start; at < end; at += BASE64_PIECE) {
    const piece = buffer.toString('base64', at, Math.min(at + BASE64_PIECE, end))
    w.length += w.buffer.write(piece, w.length, 'latin1')
  }
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
