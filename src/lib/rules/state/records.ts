import type { SnapshotReader, SnapshotWriter } from './snapshot.ts'

/** So many records lie in one chunk. */
const SHIFT = 12
const PER_CHUNK = 1 << SHIFT
const MASK = PER_CHUNK - 1
/** The first chunk begins with so many and grows: most rules have few keys. */
const FIRST = 8

/**
 * Records of some doubles each, named by numbers from 1, in typed arrays: a million of them are no work for the garbage
 * collector, and a snapshot of them is their bytes. A double can be used as two 32-bit numbers; those of word n have the
 * places 2n and 2n + 1. What is dropped is taken again.
 */
export class Records {
  readonly #words: number
  #doubles: Float64Array[] = []
  #ints: Uint32Array[] = []
  #bytes: Uint8Array[] = []
  /** Records that were ever taken, with that of number 0, which is none. */
  #end = 1
  /** The record that was dropped last; its first place names the one dropped before it. */
  #dropped = 0
  #size = 0

  constructor(words: number) {
    this.#words = words
  }

  get size(): number {
    return this.#size
  }

  /** A new record, all zeros. */
  take(): number {
    this.#size++
    const at = this.#dropped
    if (at !== 0) {
      this.#dropped = this.int(at, 0)
      const words = this.#words
      const doubles = this.#doubles[at >> SHIFT]!
      // a call would cost more for so few
      for (let start = (at & MASK) * words, i = start; i < start + words; i++) doubles[i] = 0
      return at
    }
    if (this.#end >= this.#room()) this.#grow()
    return this.#end++
  }

  drop(at: number): void {
    if (--this.#size === 0 && this.#doubles.length > 1) {
      this.clear()
      return
    }
    this.setInt(at, 0, this.#dropped)
    this.#dropped = at
  }

  clear(): void {
    this.#doubles = []
    this.#ints = []
    this.#bytes = []
    this.#end = 1
    this.#dropped = this.#size = 0
  }

  double(at: number, word: number): number {
    return this.#doubles[at >> SHIFT]![(at & MASK) * this.#words + word]!
  }

  setDouble(at: number, word: number, value: number): void {
    this.#doubles[at >> SHIFT]![(at & MASK) * this.#words + word] = value
  }

  int(at: number, place: number): number {
    return this.#ints[at >> SHIFT]![(at & MASK) * this.#words * 2 + place]!
  }

  setInt(at: number, place: number, value: number): void {
    this.#ints[at >> SHIFT]![(at & MASK) * this.#words * 2 + place] = value
  }

  /** The bytes of the chunk that a record lies in, and where they begin in it. */
  bytesOf(at: number): Uint8Array {
    return this.#bytes[at >> SHIFT]!
  }

  startOf(at: number): number {
    return (at & MASK) * this.#words * 8
  }

  #room(): number {
    const { length } = this.#doubles
    return length <= 1 ? (this.#doubles[0]?.length ?? 0) / this.#words : length * PER_CHUNK
  }

  #grow(): void {
    const first = this.#doubles[0]
    const count = this.#room()
    if (first === undefined || count < PER_CHUNK) {
      const larger = new Float64Array(Math.max(FIRST, Math.min(count * 2, PER_CHUNK)) * this.#words)
      if (first !== undefined) larger.set(first)
      this.#set(0, larger)
    } else this.#set(this.#doubles.length, new Float64Array(PER_CHUNK * this.#words))
  }

  #set(chunk: number, doubles: Float64Array): void {
    this.#doubles[chunk] = doubles
    this.#ints[chunk] = new Uint32Array(doubles.buffer)
    this.#bytes[chunk] = new Uint8Array(doubles.buffer)
  }

  save(out: SnapshotWriter): void {
    out.json([this.#words, this.#end, this.#dropped, this.#size, this.#bytes.length])
    const bytes = this.#words * 8
    for (const [chunk, all] of this.#bytes.entries())
      out.bytes(all.subarray(0, (this.#end - chunk * PER_CHUNK) * bytes))
  }

  restore(saved: SnapshotReader): void {
    this.clear()
    const [words = 0, end = 1, dropped = 0, size = 0, chunks = 0] = saved.json<number[]>()
    if (words !== this.#words) throw new RangeError(`records of ${words} words, not ${this.#words}`)
    while (chunks > 0 && this.#room() < end) this.#grow()
    for (let chunk = 0; chunk < chunks; chunk++) this.#bytes[chunk]!.set(saved.bytes())
    this.#end = end
    this.#dropped = dropped
    this.#size = size
  }
}
