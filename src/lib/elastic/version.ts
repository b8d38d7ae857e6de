import { type ByteWriter, writeDigits, writeUint } from '../stream/index.ts'

const FILE_SHIFT = 42n
const POSITION_SHIFT = 10n
const LOW_PART = 1_000_000_000

/**
 * A document version taken from the source position, for `version_type=external`: grows with the order of the binlog,
 * so that a replay or a late retry can never overwrite what came after it.
 *
 * `file number · 2^42 + position · 2^10 + row`: 21 bits of file number (Elasticsearch's versions are 63 bits), 32 of
 * position. Rows that share a position (those of one event, or of one compressed transaction) may run past 1,023:
 * they then reach into the following positions, which lie inside the same event, as no event has more than 1,024 rows
 * a byte.
 *
 * @returns null for a file name without a number, or one that would not fit
 */
export function positionVersion(file: string, position: number, row: number): bigint | null {
  const number = /\.(\d+)$/.exec(file)?.[1]
  if (number === undefined || number.length > 7 || Number(number) >= 2 ** 21) return null
  if (!Number.isSafeInteger(position) || position < 0) return null
  return (BigInt(number) << FILE_SHIFT) + (BigInt(position) << POSITION_SHIFT) + BigInt(row)
}

/** Writes versions as digits: rows of one event differ in the last ones only, and need no big integers. */
export class VersionWriter {
  #file = ''
  #position = -1
  /** The version of row 0 in two parts, so that each is an exact number: `high · 10^9 + low`. */
  #high = 0
  #low = 0
  #known = false

  /** Goes to an event. @returns false when it has no version */
  at(file: string, position: number): boolean {
    if (file === this.#file && position === this.#position) return this.#known
    this.#file = file
    this.#position = position
    const base = positionVersion(file, position, 0)
    this.#known = base !== null
    if (base !== null) {
      this.#high = Number(base / BigInt(LOW_PART))
      this.#low = Number(base % BigInt(LOW_PART))
    }
    return this.#known
  }

  write(out: ByteWriter, row: number): void {
    out.ensure(24)
    let high = this.#high
    let low = this.#low + row
    if (low >= LOW_PART) {
      high += Math.floor(low / LOW_PART)
      low %= LOW_PART
    }
    if (high === 0) out.length = writeUint(out.buffer, out.length, low)
    else out.length = writeDigits(out.buffer, writeUint(out.buffer, out.length, high), low, 9)
  }
}
