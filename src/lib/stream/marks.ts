import { dirname, join } from 'node:path'
import type { OutputWriter } from './bytes.ts'
import { formatMark, formatResume, type Mark } from './control.ts'
import { makeDirectory, replaceFile } from './files.ts'
import type { StateDirectory } from './state.ts'
import { oldestOf, readMembers, readTimeline, TIMELINE, type Timeline } from './timeline.ts'

type At = Readonly<Record<string, unknown>>

const BEGINNING: Mark = { n: 0, at: null, ts_ms: 0 }
/** Runs that no acknowledgement can lie before are not kept; this many are, in case a tool comes back late. */
const RUNS_KEPT = 100

/**
 * The source's side of marks: numbers them over all runs of the pipeline, writes them into the output, and keeps the
 * timeline that later runs resume by.
 */
export class MarkWriter {
  /** Where this run resumes; n 0 when it begins from nothing. */
  readonly resume: Mark
  readonly #root: string | null
  readonly #everyMs: number
  readonly #writer: OutputWriter
  readonly #state: StateDirectory | null
  #timeline: Timeline
  #dueAt: number

  private constructor(
    resume: Mark,
    timeline: Timeline,
    root: string | null,
    state: StateDirectory | null,
    writer: OutputWriter,
    everyMs: number
  ) {
    this.resume = resume
    this.#timeline = timeline
    this.#root = root
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
    if (root === null) {
      const timeline: Timeline = { runs: [], last: { n: 0, ts_ms: 0 } }
      return new MarkWriter(BEGINNING, timeline, null, null, writer, everyMs)
    }
    makeDirectory(dirname(join(root, TIMELINE)))
    const members = await readMembers(root)
    const known = await readTimeline(root)
    const resume = anew ? BEGINNING : (oldestOf(members, known) ?? BEGINNING)
    const last = Math.max(known?.last.n ?? 0, ...members.map(member => member.acknowledgement.mark?.n ?? 0))
    const run = { first: last + 1, resume, started_ms: Date.now() }
    const runs = [...(known?.runs ?? []), run].slice(-RUNS_KEPT)
    const timeline: Timeline = { runs, last: { n: last, ts_ms: known?.last.ts_ms ?? 0 } }
    return new MarkWriter(resume, timeline, root, state, writer, everyMs)
  }

  /** Runs before this one wrote marks, and nobody was there to acknowledge any. */
  get isUnacknowledged(): boolean {
    return this.resume.n === 0 && (this.#timeline.runs.at(-1)?.first ?? 1) > 1
  }

  /** Writes the first line of the run, when there is state that it could be resumed from. */
  async begin(): Promise<void> {
    if (this.#root === null) return
    await this.#save()
    if (this.#writer.output.takesMarks) this.#writer.bytes.append(formatResume(this.resume))
    await this.#writer.flush()
  }

  /** The number of the newest mark, of this run or one before. */
  get lastNumber(): number {
    return this.#timeline.last.n
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
    const now = Date.now()
    const mark: Mark = { n: this.#timeline.last.n + 1, at, ts_ms: now }
    this.#timeline = { ...this.#timeline, last: { n: mark.n, ts_ms: now } }
    this.#dueAt = now + this.#everyMs
    // The number is taken on disk first, so that no later run can give it to another place.
    await this.#save()
    if (this.#writer.output.takesMarks) this.#writer.bytes.append(formatMark(mark))
    if (this.#state === null || this.#state.acknowledged === null) {
      await this.#writer.flush()
      return
    }
    await this.#writer.drain()
    await this.#state.acknowledge(mark, await this.#writer.output.sync(mark))
  }

  async #save(): Promise<void> {
    if (this.#root === null) return
    await replaceFile(join(this.#root, TIMELINE), JSON.stringify(this.#timeline))
  }
}
