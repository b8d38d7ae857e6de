/**
 * Steps over JSON in bytes as strictly as JSON.parse: what is stepped over is JSON. Source: RFC 8259. The bytes go on behind
 * `end` with a line break, or end there.
 */

const QUOTE = 34
const BACKSLASH = 92
/** Deeper values are left to JSON.parse. */
const DEEPEST = 32

const setOf = (pattern: RegExp): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => Number(pattern.test(String.fromCharCode(byte))))

/** Bytes that stand for themselves in a string; those from 128 on are parts of characters. */
export const PLAIN = setOf(/[^\u0000-\u001f"\\]/)
const ESCAPED = setOf(/["\\/bfnrt]/)
const HEX = setOf(/[0-9a-fA-F]/)

/** @param at the opening quote; @returns the offset behind the closing one, -1 when there is none or it is no JSON */
export function stringEnd(bytes: Buffer, at: number): number {
  let i = at + 1
  for (;;) {
    while (PLAIN[bytes[i] as number] === 1) i++
    if (bytes[i] === QUOTE) return i + 1
    if (bytes[i] !== BACKSLASH) return -1
    i += 2
    if (ESCAPED[bytes[i - 1] as number] === 1) continue
    if (bytes[i - 1] !== 117) return -1
    for (const stop = i + 4; i < stop; i++) if (HEX[bytes[i] as number] !== 1) return -1
  }
}

/** @returns the offset behind a number that begins at `at`, -1 when none does */
export function numberEnd(bytes: Buffer, at: number): number {
  let i = bytes[at] === 45 ? at + 1 : at
  if (bytes[i] === 48) i++
  else i = digitsEnd(bytes, i)
  if (i >= 0 && bytes[i] === 46) i = digitsEnd(bytes, i + 1)
  if (i >= 0 && ((bytes[i] as number) | 32) === 101) {
    i++
    i = digitsEnd(bytes, bytes[i] === 43 || bytes[i] === 45 ? i + 1 : i)
  }
  return i
}

/** Behind one digit at least; -1 when there is none. */
function digitsEnd(bytes: Buffer, at: number): number {
  let i = at
  while ((bytes[i] as number) >= 48 && (bytes[i] as number) <= 57) i++
  return i > at ? i : -1
}

/** @returns the offset behind a string, number, true, false or null; -1 for anything else */
export function scalarEnd(bytes: Buffer, at: number): number {
  switch (bytes[at]) {
    case QUOTE:
      return stringEnd(bytes, at)
    case 110:
      return isWord(bytes, at, 117, 108, 108) ? at + 4 : -1
    case 116:
      return isWord(bytes, at, 114, 117, 101) ? at + 4 : -1
    case 102:
      return isWord(bytes, at, 97, 108, 115) && bytes[at + 4] === 101 ? at + 5 : -1
    default:
      return numberEnd(bytes, at)
  }
}

function isWord(bytes: Buffer, at: number, second: number, third: number, fourth: number): boolean {
  return bytes[at + 1] === second && bytes[at + 2] === third && bytes[at + 3] === fourth
}

/** @returns the offset behind any value, -1 when it is no JSON, does not end by `end`, or is very deep */
export function valueEnd(bytes: Buffer, at: number, end: number, depth = 0): number {
  const first = bytes[at]
  const isObject = first === 123
  if (!isObject && first !== 91) return scalarEnd(bytes, at)
  if (depth === DEEPEST) return -1
  const close = isObject ? 125 : 93
  let i = spaceEnd(bytes, at + 1)
  if (bytes[i] === close) return i < end ? i + 1 : -1
  for (;;) {
    if (isObject) {
      if (bytes[i] !== QUOTE) return -1
      i = stringEnd(bytes, i)
      if (i < 0) return -1
      i = spaceEnd(bytes, i)
      if (bytes[i] !== 58) return -1
      i = spaceEnd(bytes, i + 1)
    }
    i = valueEnd(bytes, i, end, depth + 1)
    if (i < 0) return -1
    i = spaceEnd(bytes, i)
    if (i >= end) return -1
    if (bytes[i] === close) return i + 1
    if (bytes[i] !== 44) return -1
    i = spaceEnd(bytes, i + 1)
  }
}

/** Space within a line. */
export function spaceEnd(bytes: Buffer, at: number): number {
  let i = at
  while (bytes[i] === 32 || bytes[i] === 9) i++
  return i
}
