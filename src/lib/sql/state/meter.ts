/** What an entry costs besides its values: its place in a Map, the object, the key. */
const entryBytes = 120
/** Values in memory take about so many times the bytes that they are written in. */
const growth = 3
/** So many sizes make the average, newer ones taking the place of older. */
const window = 256

/** How large the entries of a map are, as far as it is known. */
export class Meter {
  private average = 0
  private count = 0

  /** One of them takes so many bytes when it is written. */
  add(bytes: number): void {
    this.count = Math.min(this.count + 1, window)
    this.average += (bytes - this.average) / this.count
  }

  /** What so many entries take in memory, bytes. */
  ofEntries(entries: number): number {
    return entries * (entryBytes + growth * this.average)
  }
}
