import type { Fields, JsonObject, QuickFields } from './fields.ts'
import type { Line } from './line.ts'

/**
 * The event of a line in a known shape. It is parsed when its document is asked for; fields are found in the line's bytes
 * as long as it is the line that is looked at. Whoever keeps an event for longer keeps its text.
 */
export class LineEvent implements Fields {
  readonly #line: Line
  readonly #serial: number
  readonly #hasEnvelope: boolean
  #parsed: Fields | undefined

  constructor(line: Line) {
    this.#line = line
    this.#serial = line.serial
    this.#hasEnvelope = line.shape.hasEnvelope
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
      if (this.#line.serial !== this.#serial)
        throw new Error('the line of an event was left before it was parsed')
      this.#parsed = this.#line.parsed
    }
    return this.#parsed
  }

  toJSON(): Fields {
    const { row, envelope } = this.#fields()
    return { row, envelope }
  }
}
