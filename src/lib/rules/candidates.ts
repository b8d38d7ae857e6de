import type { Needles } from './needles.ts'

/**
 * Finds the lines of a block that may pass a rule, by bytes alone. Each distinct needle is searched through the block once,
 * however many rules and lines there are.
 */
export class Candidates {
  readonly #needles: Buffer[] = []
  /** Per rule its groups, each as indexes of needles. */
  readonly #rules: number[][][]
  /** By needle the place where it stands next, as far as it has been looked for. */
  readonly #next: number[]
  #block: Buffer = Buffer.alloc(0)
  #escaped = false
  #isBegun = false

  constructor(rules: Needles[]) {
    const indexes = new Map<string, number>()
    const indexOf = (needle: Buffer): number => {
      const name = needle.toString('latin1')
      let index = indexes.get(name)
      if (index === undefined) {
        index = this.#needles.push(needle) - 1
        indexes.set(name, index)
      }
      return index
    }
    this.#rules = rules.map(groups => groups.map(group => group.map(indexOf)))
    this.#next = this.#needles.map(() => -1)
  }

  begin(block: Buffer): void {
    this.#block = block
    this.#isBegun = false
  }

  /** Only where a line is asked about: most blocks have none. */
  #begin(): void {
    this.#isBegun = true
    // a character may be written by its code, and then no needle finds it
    this.#escaped = this.#block.includes('\\u')
    this.#next.fill(-1)
  }

  #find(needle: number, from: number): number {
    const at = this.#block.indexOf(this.#needles[needle]!, from)
    return at < 0 ? Number.MAX_SAFE_INTEGER : at
  }

  #within(needle: number, start: number, end: number): boolean {
    if (this.#next[needle]! < start) this.#next[needle] = this.#find(needle, start)
    return this.#next[needle]! < end
  }

  /** True when the line may pass the rule; lines must be asked about from the first to the last. */
  mayPass(rule: number, start: number, end: number): boolean {
    if (!this.#isBegun) this.#begin()
    if (this.#escaped) return true
    for (const group of this.#rules[rule]!) {
      if (!group.some(needle => this.#within(needle, start, end))) return false
    }
    return true
  }
}
