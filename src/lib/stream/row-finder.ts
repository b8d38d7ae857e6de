import { FieldFinder, pathTree } from './fields.ts'
import { Layouts } from './layouts.ts'

/**
 * Finds values in rows as `FieldFinder` does, for lines that mostly have the same keys in the same order: up to the last
 * value that is wanted. A line in no known order is walked through, and learned from.
 */
export class RowFinder {
  /** As of `FieldFinder`. */
  readonly spans: Int32Array
  readonly #fields: FieldFinder
  readonly #layouts: Layouts
  readonly #reachesEnd: boolean

  /** @param paths in dotted notation */
  constructor(paths: readonly string[]) {
    this.#fields = new FieldFinder(paths)
    this.spans = this.#fields.spans
    this.#layouts = new Layouts(pathTree(paths), this.spans, paths.length === 0)
    this.#reachesEnd = paths.length === 0
  }

  /**
   * Fills `spans` for the line `buffer[start..end)`.
   * @returns false when the line is not an object, as far as it had to be read
   */
  find(buffer: Buffer, start: number, end: number): boolean {
    const behind = this.#layouts.find(buffer, start, end)
    if (behind >= 0) return !this.#reachesEnd || behind === end
    const found = this.#fields.find(buffer, start, end)
    if (found) this.#layouts.learn(buffer, start, end)
    return found
  }
}
