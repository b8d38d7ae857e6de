import { eventJson, type Fields, type Span } from '../fields.ts'
import type { Key } from './rule-type.ts'

export interface Latest {
  readonly key: Key
  readonly micros: number
  /** The event as JSON. */
  readonly text: string
}

/** The event that came last. It is seldom asked for: only its bytes are copied, to where those of the one before it were. */
export class LatestEvent {
  #key: Key = null
  #micros = Number.NaN
  #bytes = Buffer.alloc(0)
  #length = 0

  set(key: Key, micros: number, event: Fields): void {
    this.#key = key
    this.#micros = micros
    this.#keep(eventJson(event))
  }

  #keep({ bytes, start, end }: Span): void {
    this.#length = end - start
    if (this.#length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(this.#length * 2)
    bytes.copy(this.#bytes, 0, start, end)
  }

  /** Undefined when none came since it was cleared. */
  get(): Latest | undefined {
    if (Number.isNaN(this.#micros)) return undefined
    const text = this.#bytes.toString('utf8', 0, this.#length)
    return { key: this.#key, micros: this.#micros, text }
  }

  clear(): void {
    this.#micros = Number.NaN
  }

  restore(latest: Latest | undefined): void {
    this.clear()
    if (latest === undefined) return
    this.#key = latest.key
    this.#micros = latest.micros
    const bytes = Buffer.from(latest.text)
    this.#keep({ bytes, start: 0, end: bytes.length })
  }
}
