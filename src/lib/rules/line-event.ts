import { eventOf } from './event.ts'
import type { Fields, JsonObject, QuickFields } from './fields.ts'
import type { Line } from './line.ts'

/**
 * The event of a line in a known shape. It is parsed when its document is asked for; fields are found in the line's bytes
 * as long as it is the line that is looked at.
 */
export class LineEvent implements Fields {
  readonly #line: Line
  readonly #serial: number
  readonly #hasEnvelope: boolean
  /** What it can be parsed from, until it is. */
  #source: { bytes: Buffer; start: number; end: number } | string
  #parsed: Fields | undefined

  constructor(line: Line) {
    this.#line = line
    this.#serial = line.serial
    this.#hasEnvelope = line.shape.hasEnvelope
    const { bytes, start, end } = line
    this.#source = { bytes, start, end }
  }

  get quick(): QuickFields | undefined {
    return this.#line.serial === this.#serial ? this.#line : undefined
  }

  get row(): JsonObject {
    return this.#fields().row
  }

  get envelope(): JsonObject | undefined {
    return this.#hasEnvelope ? this.#fields().envelope : undefined
  }

  #fields(): Fields {
    if (this.#parsed === undefined) {
      this.#parsed =
        this.#line.serial === this.#serial ? this.#line.parsed : eventOf(JSON.parse(this.#text()))
      this.#source = ''
    }
    return this.#parsed as Fields
  }

  #text(): string {
    const source = this.#source
    return typeof source === 'string' ? source : source.bytes.toString('utf8', source.start, source.end)
  }

  keep(): void {
    if (typeof this.#source !== 'string') this.#source = this.#text()
  }

  toJSON(): Fields {
    const { row, envelope } = this.#fields()
    return { row, envelope }
  }
}
