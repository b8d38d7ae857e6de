import { type ByteWriter, writeDigits, writeUint } from '../stream/index.ts'

const FILE_SHIFT = 42n
const POSITION_SHIFT = 10n
const LOW_PART = 1_000_000_000

/**
 * A document version taken from the source position, for `version_type=external`: grows with the order of the binlog,
 * so that a replay or a late retry can never overwrite what came after it.
 *
 * `file number · 2^42 + position · 2^10 + row`: 21 bits of file number (Elasticsearch's versions are 63 bits), 32 of
 * position. The source's epoch is added to the number: another server counts its files for itself. Rows that share a position (those of one event, or of one compressed transaction) may run past 1,023:
 * they then reach into the following positions, which lie inside the same event, as no event has more than 1,024 rows
 * a byte.
 *
 * @returns null for a file name without a number, or one that would not fit
 */
export function positionVersion(file: string, position: number, row: number, epoch = 0): bigint | null {
  const digits = /\.(\d+)$/.exec(file)?.[1]
  const number = Number(digits) + epoch
  if (digits === undefined || !Number.isSafeInteger(number) || number >= 2 ** 21) return null
  if (!Number.isSafeInteger(position) || position < 0) return null
  return (BigInt(number) << FILE_SHIFT) + (BigInt(position) << POSITION_SHIFT) + BigInt(row)
}

/** Positions times 2^10 stay exact numbers up to here. */
const LONGEST_FILE = 2 ** 43

/** Writes versions as digits, without big integers but one for a file. */
export class VersionWriter {
  #file: string | null = null
  #epoch = 0
  /** The version of the file's beginning in two parts, so that each is an exact number: `high · 10^9 + low`. */
  #fileHigh = 0
  #fileLow = 0
  #isNumbered = false
  #position = 0

  /** Goes to another file. */
  inFile(file: string, epoch = 0): void {
    if (file === this.#file && epoch === this.#epoch) return
    this.#file = file
    this.#epoch = epoch
    const base = positionVersion(file, 0, 0, epoch)
    this.#isNumbered = base !== null
    this.#fileHigh = Number((base ?? 0n) / BigInt(LOW_PART))
    this.#fileLow = Number((base ?? 0n) % BigInt(LOW_PART))
  }

  /** Goes to an event in the file. @returns false when it has no version */
  at(position: number): boolean {
    this.#position = position
    return this.#isNumbered && position >= 0 && position < LONGEST_FILE
  }

  write(out: ByteWriter, row: number): void {
    out.ensure(24)
    const inFile = this.#position * 1024 + row
    const carry = Math.floor(inFile / LOW_PART)
    let high = this.#fileHigh + carry
    let low = this.#fileLow + (inFile - carry * LOW_PART)
    if (low >= LOW_PART) {
      high++
      low -= LOW_PART
    }
    if (high === 0) out.length = writeUint(out.buffer, out.length, low)
    else out.length = writeDigits(out.buffer, writeUint(out.buffer, out.length, high), low, 9)
  }
}
