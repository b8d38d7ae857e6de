import type { Needles } from './needles.ts'

/**
 * Finds the lines of a block that may pass a rule, by bytes alone. Each distinct needle is searched through the block once,
 * however many rules and lines there are.
 */
export class Candidates {
  readonly #needles: Buffer[] = []
  /** Per rule its groups, each as indexes of needles. */
  readonly #rules: number[][][]
  readonly #next: number[] = []
  #block: Buffer = Buffer.alloc(0)
  #escaped = false

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
  }

  /** Begins a block; true when some line in it may pass some rule. */
  begin(block: Buffer): boolean {
    this.#block = block
    // a character may be written by its code, and then no needle finds it
    this.#escaped = block.includes('\\u')
    for (let i = 0; i < this.#needles.length; i++) this.#next[i] = this.#find(i, 0)
    if (this.#escaped) return true
    return this.#rules.some(groups => groups.every(group => group.some(i => this.#next[i]! < block.length)))
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
    if (this.#escaped) return true
    for (const group of this.#rules[rule]!) {
      if (!group.some(needle => this.#within(needle, start, end))) return false
    }
    return true
  }
}
