import type { MarkWriter, OutputWriter } from '../../stream/index.ts'

/** When the output block has this many bytes, it is sent before more is written. */
export const BLOCK = 256 * 1024

/**
 * One output for several readers, each of which writes whole rows without a break. A mark tells how far all of them
 * have come, so nobody writes while it is made.
 */
export class SharedOutput {
  readonly writer: OutputWriter
  readonly #marks: MarkWriter
  readonly #at: () => Readonly<Record<string, unknown>> | null
  #sending: Promise<void> | null = null

  /** Not null while a mark is made: readers wait, and ask anew, before they write. */
  marking: Promise<void> | null = null

  /** @param at what a mark would say now; null while none can be made */
  constructor(writer: OutputWriter, marks: MarkWriter, at: () => Readonly<Record<string, unknown>> | null) {
    this.writer = writer
    this.#marks = marks
    this.#at = at
  }

  /** Milliseconds until `pause` has something to do again. */
  get untilDue(): number {
    return Math.max(1, this.#marks.untilDue)
  }

  /** Sends what was written. */
  async flush(): Promise<void> {
    this.#sending ??= this.writer.flush().finally(() => {
      this.#sending = null
    })
    await this.#sending
  }

  /** Sends what was written, with a mark when one is due. */
  async pause(): Promise<void> {
    if (this.marking !== null) await this.marking
    else if (this.#marks.isDue) await this.mark()
    else await this.flush()
  }

  async mark(): Promise<void> {
    if (this.marking !== null) return this.marking
    this.marking = this.#mark().finally(() => {
      this.marking = null
    })
    await this.marking
  }

  async #mark(): Promise<void> {
    if (this.#sending !== null) await this.#sending
    const at = this.#at()
    if (at === null) await this.writer.flush()
    else await this.#marks.write(at)
  }
}
