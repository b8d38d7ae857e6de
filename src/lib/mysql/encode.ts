/**
 * Writers of values as JSON bytes. The short ones take a buffer with room enough and the offset to write at, and
 * return the offset behind; the long ones take the byte writer, which they may grow.
 */

export { writeDigits, writeUint } from '../stream/index.ts'
export * from './encode-decimal.ts'
export * from './encode-number.ts'
export * from './encode-text.ts'
export * from './encode-time.ts'
