const ZERO_DATE = Buffer.from('"0000-00-00')

/** Finds documents that may hold a zero date: a block is searched once, however many documents lie in it. */
export class ZeroDates {
  #block: Buffer | null = null
  #searchedFrom = 0
  /** The first zero date from there on, or -1. */
  #found = -1

  among(block: Buffer, start: number, end: number): boolean {
    if (block !== this.#block || start < this.#searchedFrom || (this.#found >= 0 && this.#found < start)) {
      this.#block = block
      this.#searchedFrom = start
      this.#found = block.indexOf(ZERO_DATE, start)
    }
    return this.#found >= 0 && this.#found < end
  }
}

/** MySQL's zero dates, which no date field takes, as NULL. */
export function nullZeroDates(document: string): string {
  return document.replace(/([:,[])"0000-00-00(?:T00:00:00(?:\.0+)?Z?)?"(?=[,}\]])/g, '$1null')
}
