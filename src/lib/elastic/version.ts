const FILE_SHIFT = 42n
const POSITION_SHIFT = 10n

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
export class PositionVersions {
  #file = ''
  #position = -1
  #base: bigint | null = null

  version(file: string, position: number, row: number): bigint | null {
    if (file !== this.#file || position !== this.#position) {
      this.#file = file
      this.#position = position
      const number = /\.(\d+)$/.exec(file)?.[1]
      this.#base =
        number === undefined ||
        number.length > 7 ||
        Number(number) >= 2 ** 21 ||
        !Number.isSafeInteger(position)
          ? null
          : (BigInt(number) << FILE_SHIFT) + (BigInt(position) << POSITION_SHIFT)
    }
    return this.#base === null ? null : this.#base + BigInt(row)
  }
}
