const ZERO_DATE = Buffer.from('"0000-00-00')
const LAST = ZERO_DATE.length - 1

/** How far a search may go on when a byte stands where the last one should: up to its last place before that. */
const SHIFTS = new Uint8Array(256).fill(ZERO_DATE.length)
for (let i = 0; i < LAST; i++) SHIFTS[ZERO_DATE[i] as number] = LAST - i

/**
 * Whether a zero date may stand in `block[start..end)`. Boyer and Moore's search in Horspool's form: most bytes of a
 * document do not occur in a zero date and let it skip a whole one, where `indexOf` stops at each quote.
 */
export function hasZeroDate(block: Buffer, start: number, end: number): boolean {
  for (let at = start + LAST; at < end; at += SHIFTS[block[at] as number] as number) {
    let i = LAST
    while (i >= 0 && block[at - LAST + i] === ZERO_DATE[i]) i--
    if (i < 0) return true
  }
  return false
}

/** MySQL's zero dates, which no date field takes, as NULL. */
export function nullZeroDates(document: string): string {
  return document.replace(/([:,[])"0000-00-00(?:T00:00:00(?:\.0+)?Z?)?"(?=[,}\]])/g, '$1null')
}
