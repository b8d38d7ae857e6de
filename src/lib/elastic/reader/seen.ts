import { hash } from 'node:crypto'

/** Characters of a digest: 96 bits. */
const DIGEST = 16

/** Where reading goes on, as marks have it. */
export interface Place {
  /** Of the last document in the order of time, milliseconds; null when there was none yet. */
  readonly time: number | null
  /** Nothing before it is read; null: from the first on. */
  readonly from: number | null
  /** Digests of the documents that have been read and whose times will be looked at again, one behind the other. */
  readonly seen: string
}

/**
 * Documents that have been read, of the last stretch of time, which is looked at again: a document is found later than
 * others that are of a later time.
 */
export class SeenDocuments {
  /** Times by digests. */
  readonly #times = new Map<string, number>()
  readonly #overlapMs: number
  #time: number | null
  #from: number | null

  constructor(overlapMs: number, { time, from, seen }: Place) {
    this.#overlapMs = overlapMs
    this.#time = time
    this.#from = from
    for (let at = 0; at < seen.length; at += DIGEST) {
      this.#times.set(seen.slice(at, at + DIGEST), time ?? Number.POSITIVE_INFINITY)
    }
  }

  /** Of the last document. */
  get time(): number | null {
    return this.#time
  }

  /** Where to look from, so that what comes late is found. */
  get from(): number | null {
    if (this.#time === null) return this.#from
    return Math.max(this.#time - this.#overlapMs, this.#from ?? Number.NEGATIVE_INFINITY)
  }

  get isEmpty(): boolean {
    return this.#times.size === 0
  }

  has(key: string): boolean {
    return this.#times.has(digest(key))
  }

  /** Notes a document as read. @returns false when it was already */
  add(key: string, time: number): boolean {
    const name = digest(key)
    if (this.#times.has(name)) return false
    this.#times.set(name, time)
    if (this.#time === null || time > this.#time) this.#time = time
    return true
  }

  /** Forgets what will not be looked at again. */
  forget(): void {
    const { from } = this
    if (from === null) return
    for (const [name, time] of this.#times) if (time < from) this.#times.delete(name)
  }

  get place(): Place {
    return { time: this.#time, from: this.from, seen: [...this.#times.keys()].join('') }
  }
}

function digest(key: string): string {
  return hash('md5', key, 'base64').slice(0, DIGEST)
}

/** The place that a mark has; null when it is another source's. */
export function placeOf(at: Readonly<Record<string, unknown>> | null): Place | null {
  const { time, from, seen } = (at?.documents ?? {}) as Partial<Record<keyof Place, unknown>>
  if (typeof seen !== 'string') return null
  return {
    time: typeof time === 'number' ? time : null,
    from: typeof from === 'number' ? from : null,
    seen
  }
}
