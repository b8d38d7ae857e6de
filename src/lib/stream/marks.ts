import type { OutputWriter } from './bytes.ts'
import { formatMark, formatResume, type Mark } from './control.ts'
import { MarkNumbers } from './mark-numbers.ts'
import type { StateDirectory } from './state.ts'

type At = Readonly<Record<string, unknown>>

/** Writes marks into the output of a source. */
export class MarkWriter {
  readonly #numbers: MarkNumbers
  readonly #everyMs: number
  readonly #writer: OutputWriter
  readonly #state: StateDirectory | null
  #dueAt: number

  private constructor(
    numbers: MarkNumbers,
    state: StateDirectory | null,
    writer: OutputWriter,
    everyMs: number
  ) {
    this.#numbers = numbers
    this.#state = state
    this.#writer = writer
    this.#everyMs = everyMs
    this.#dueAt = Date.now() + everyMs
  }

  /**
   * Finds the oldest mark that some tool still needs events after.
   * @param state the source's own; it acknowledges marks itself when its output can (a file)
   * @param anew begin from nothing all the same
   */
  static async open(
    root: string | null,
    state: StateDirectory | null,
    writer: OutputWriter,
    everyMs: number,
    anew = false
  ): Promise<MarkWriter> {
    return new MarkWriter(await MarkNumbers.open(root, anew), state, writer, everyMs)
  }

  /** Where this run resumes; n 0 when it begins from nothing. */
  get resume(): Mark {
    return this.#numbers.resume
  }

  /** Runs before this one wrote marks, and nobody was there to acknowledge any. */
  get isUnacknowledged(): boolean {
    return this.#numbers.isUnacknowledged
  }

  /** Writes the first line of the run, when there is state that it could be resumed from. */
  async begin(): Promise<void> {
    if (this.#numbers.root === null) return
    await this.#numbers.begin()
    if (this.#writer.output.takesMarks) this.#writer.bytes.append(formatResume(this.resume))
    await this.#writer.flush()
  }

  /** The number of the newest mark, of this run or one before. */
  get lastNumber(): number {
    return this.#numbers.last
  }

  /** Whether it is time for a mark. */
  get isDue(): boolean {
    return Date.now() >= this.#dueAt
  }

  /** Milliseconds until it is. */
  get untilDue(): number {
    return Math.max(0, this.#dueAt - Date.now())
  }

  /** Writes a mark. Call it between transactions only. @param at where the source continues after it */
  async write(at: At): Promise<void> {
    this.#dueAt = Date.now() + this.#everyMs
    const mark = await this.#numbers.next(at)
    if (this.#writer.output.takesMarks) this.#writer.bytes.append(formatMark(mark))
    if (this.#state === null || this.#state.acknowledged === null) {
      await this.#writer.flush()
      return
    }
    await this.#writer.drain()
    await this.#state.acknowledge(mark, await this.#writer.output.sync(mark))
  }
}
