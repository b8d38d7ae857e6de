/** Longer values are not remembered. */
const LONGEST = 48
/** Of a place: the value's length, then its bytes. With some to spare it is as large as what a processor fetches at once. */
const WORDS = 16

/**
 * Remembers something of values by their bytes: of as many as there are places, each value having one. Numbers of values may
 * be without end, so one that comes takes the place of one that was there.
 */
export class SpanCache<T> {
  readonly #mask: number
  #things: (T | undefined)[] = []
  #words = new Int32Array(0)
  /** The place of the value that was asked for last; -1 when it is too long. */
  #place = -1
  #start = 0
  #end = 0

  /** @param places a power of two */
  constructor(places: number) {
    this.#mask = places - 1
  }

  /** What is known of the bytes `start..end`; of others than the last ones it may be forgotten. */
  get(view: DataView, start: number, end: number): T | undefined {
    const length = end - start
    this.#place = -1
    if (length > LONGEST || length === 0) return undefined
    let hash = length
    const last = end - 4
    for (let i = start; i < last; i += 4) hash = mixed(hash ^ view.getInt32(i, true))
    const place = mixed(hash ^ lastWord(view, start, end)) & this.#mask
    this.#place = place
    this.#start = start
    this.#end = end
    const words = this.#words
    let at = place * WORDS
    if (words[at++] !== length) return undefined
    for (let i = start; i < last; i += 4) if (words[at++] !== view.getInt32(i, true)) return undefined
    return words[at] === lastWord(view, start, end) ? this.#things[place] : undefined
  }

  /** Remembers something of the bytes that were asked for last. */
  set(view: DataView, thing: T): T {
    const place = this.#place
    if (place < 0) return thing
    if (this.#things.length === 0) this.#grow()
    this.#things[place] = thing
    let at = place * WORDS
    this.#words[at++] = this.#end - this.#start
    for (let i = this.#start; i < this.#end - 4; i += 4) this.#words[at++] = view.getInt32(i, true)
    this.#words[at] = lastWord(view, this.#start, this.#end)
    return thing
  }

  #grow(): void {
    const places = this.#mask + 1
    this.#things = new Array<T | undefined>(places).fill(undefined)
    this.#words = new Int32Array(places * WORDS)
  }
}

function mixed(word: number): number {
  const hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

/** The last four bytes, or the fewer that there are. */
function lastWord(view: DataView, start: number, end: number): number {
  if (end - start >= 4) return view.getInt32(end - 4, true)
  let word = 0
  for (let i = start; i < end; i++) word = (word << 8) | view.getUint8(i)
  return word
}
