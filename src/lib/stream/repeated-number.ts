import { spanNumber } from './fields.ts'

/**
 * Numbers of which the next is often the last one again, as times of many events a millisecond are: told by their bytes,
 * of 8 to 16 digits.
 */
export class RepeatedNumber {
  #head = Number.NaN
  #foot = Number.NaN
  #size = 0
  #value = Number.NaN

  /** As `spanNumber`. @param view of all bytes of the buffer */
  read(buffer: Buffer, view: DataView, start: number, end: number): number {
    const size = end - start
    if (start < 0 || size < 8 || size > 16) return spanNumber(buffer, start, end)
    // As floating-point numbers, which no digits make a NaN.
    const head = view.getFloat64(start, true)
    const foot = view.getFloat64(end - 8, true)
    if (size === this.#size && foot === this.#foot && head === this.#head) return this.#value
    this.#head = head
    this.#foot = foot
    this.#size = size
    this.#value = spanNumber(buffer, start, end)
    return this.#value
  }
}
