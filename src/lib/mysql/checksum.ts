import { crc32 } from 'node:zlib'

/** Up to this many bytes, a call out of JavaScript and the buffer made for it cost more than the sum itself. */
const SHORT = 160
const SLICES = 8

/** Table k: the remainder of a byte that k zero bytes follow. */
const TABLES = makeTables()

/**
 * CRC-32 of `bytes[start..end)`, as zlib has it. A log of small transactions has five events of some fifty bytes for
 * each row.
 *
 * Source: "Slicing-by-8", Kounavis and Berry, 2005.
 */
export function checksumOf(bytes: Buffer, start: number, end: number): number {
  if (end - start > SHORT) return crc32(bytes.subarray(start, end))
  const t = TABLES
  let sum = -1
  let at = start
  for (const last = end - SLICES; at <= last; at += SLICES) {
    const low =
      sum ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24))
    sum =
      (t[1792 + (low & 255)] as number) ^
      (t[1536 + ((low >>> 8) & 255)] as number) ^
      (t[1280 + ((low >>> 16) & 255)] as number) ^
      (t[1024 + (low >>> 24)] as number) ^
      (t[768 + (bytes[at + 4] as number)] as number) ^
      (t[512 + (bytes[at + 5] as number)] as number) ^
      (t[256 + (bytes[at + 6] as number)] as number) ^
      (t[bytes[at + 7] as number] as number)
  }
  for (; at < end; at++) sum = (sum >>> 8) ^ (t[(sum ^ (bytes[at] as number)) & 255] as number)
  return ~sum >>> 0
}

function makeTables(): Int32Array {
  const tables = new Int32Array(256 * SLICES)
  for (let byte = 0; byte < 256; byte++) {
    let sum = byte
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0)
    tables[byte] = sum
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256] as number
    tables[i] = (before >>> 8) ^ (tables[before & 255] as number)
  }
  return tables
}
