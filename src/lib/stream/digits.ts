/** Numbers as ASCII digits, written into a buffer that has room for them; the offset behind is returned. */

/** A whole number from 0 to 2^53. */
export function writeUint(out: Buffer, o: number, value: number): number {
  if (value > 0xffffffff) {
    const high = Math.floor(value / 1e9)
    return writeDigits(out, writeUint(out, o, high), value - high * 1e9, 9)
  }
  let length = 1
  for (let limit = 10; length < 10 && value >= limit; limit *= 10) length++
  return writeDigits(out, o, value, length)
}

/** `value` with exactly `digits` digits, zeros in front. */
export function writeDigits(out: Buffer, o: number, value: number, digits: number): number {
  let rest = value
  for (let i = o + digits - 1; i >= o; i--) {
    // Unsigned 32-bit division by a constant is a multiplication; a plain one would go through doubles.
    const quotient = ((rest >>> 0) / 10) >>> 0
    out[i] = 48 + rest - quotient * 10
    rest = quotient
  }
  return o + digits
}
