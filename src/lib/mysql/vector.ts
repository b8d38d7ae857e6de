import type { ByteWriter } from '../stream/index.ts'
import { writeFloat } from './encode.ts'

/** A VECTOR (9.x): single-precision numbers, little-endian, as a JSON array. */
export function writeVector(w: ByteWriter, buffer: Buffer, start: number, end: number): void {
  w.ensure(((end - start) >> 2) * 32 + 2)
  const out = w.buffer
  let o = w.length
  out[o++] = 91
  for (let at = start; at + 4 <= end; at += 4) {
    if (at > start) out[o++] = 44
    o = writeFloat(out, o, buffer.readFloatLE(at))
  }
  out[o++] = 93
  w.length = o
}
