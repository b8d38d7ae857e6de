import type { Key } from '../types/rule-type.ts'
import { KEY_INTS, KeyTable } from './keys.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot.ts'

const HOLDERS = KEY_INTS
/** For a count of different terms: the count in which a term was seen last. */
const SEEN = KEY_INTS + 1

/** Values that many may have, each kept once, by number, for as long as anyone holds it. */
export class Terms {
  readonly #table = new KeyTable(1)
  #counts = 0

  /** The number of a term; 0 when nobody holds it. */
  find(term: Key): number {
    return this.#table.find(term)
  }

  hold(term: Key): number {
    const at = this.#table.add(term)
    const { records } = this.#table
    records.setInt(at, HOLDERS, records.int(at, HOLDERS) + 1)
    return at
  }

  release(at: number): void {
    const { records } = this.#table
    const left = records.int(at, HOLDERS) - 1
    if (left === 0) this.#table.drop(at)
    else records.setInt(at, HOLDERS, left)
  }

  termOf(at: number): Key {
    return this.#table.keyOf(at)
  }

  /** Begins to count different terms. */
  beginCount(): void {
    this.#counts = (this.#counts + 1) >>> 0
    // the numbers of counts have run out
    if (this.#counts === 0) this.#table.each(at => this.#table.records.setInt(at, SEEN, 0))
    this.#counts ||= 1
  }

  /** True when the count has not seen it yet. */
  count(at: number): boolean {
    const { records } = this.#table
    if (records.int(at, SEEN) === this.#counts) return false
    records.setInt(at, SEEN, this.#counts)
    return true
  }

  clear(): void {
    this.#table.clear()
  }

  save(out: SnapshotWriter): void {
    this.#table.save(out)
    out.json(this.#counts)
  }

  restore(saved: SnapshotReader): void {
    this.#table.restore(saved)
    this.#counts = saved.json<number>()
  }
}
