import { dirname, join } from 'node:path'
import type { Mark } from './control.ts'
import { makeDirectory, replaceFile } from './files.ts'
import { oldestOf, readMembers, readTimeline, TIMELINE, type Timeline } from './timeline.ts'

const BEGINNING: Mark = { n: 0, at: null, ts_ms: 0 }
/** Runs that no acknowledgement can lie before are not kept; this many are, in case a tool comes back late. */
const RUNS_KEPT = 100

/** The source's side of marks: numbers them over all runs of the pipeline, and keeps the timeline that later runs resume by. */
export class MarkNumbers {
  /** Where this run resumes; n 0 when it begins from nothing. */
  readonly resume: Mark
  readonly root: string | null
  #timeline: Timeline

  private constructor(resume: Mark, timeline: Timeline, root: string | null) {
    this.resume = resume
    this.#timeline = timeline
    this.root = root
  }

  /**
   * Finds the oldest mark that some tool still needs events after.
   * @param root the state directory; null: marks are numbered from 1, and nothing is resumed
   * @param anew begin from nothing all the same
   */
  static async open(root: string | null, anew = false): Promise<MarkNumbers> {
    if (root === null) {
      return new MarkNumbers(BEGINNING, { runs: [], last: { n: 0, ts_ms: 0 } }, null)
    }
    makeDirectory(dirname(join(root, TIMELINE)))
    const members = await readMembers(root)
    const known = await readTimeline(root)
    const resume = anew ? BEGINNING : (oldestOf(members, known) ?? BEGINNING)
    const last = Math.max(known?.last.n ?? 0, ...members.map(member => member.acknowledgement.mark?.n ?? 0))
    const run = { first: last + 1, resume, started_ms: Date.now() }
    const runs = [...(known?.runs ?? []), run].slice(-RUNS_KEPT)
    return new MarkNumbers(resume, { runs, last: { n: last, ts_ms: known?.last.ts_ms ?? 0 } }, root)
  }

  /** Runs before this one wrote marks, and nobody was there to acknowledge any. */
  get isUnacknowledged(): boolean {
    return this.resume.n === 0 && (this.#timeline.runs.at(-1)?.first ?? 1) > 1
  }

  /** The number of the newest mark, of this run or one before. */
  get last(): number {
    return this.#timeline.last.n
  }

  /** Records that the run has begun. */
  async begin(): Promise<void> {
    await this.#save()
  }

  /** The next mark. Its number is taken on disk first, so that no later run can give it to another place. */
  async next(at: Mark['at']): Promise<Mark> {
    const mark: Mark = { n: this.last + 1, at, ts_ms: Date.now() }
    this.#timeline = { ...this.#timeline, last: { n: mark.n, ts_ms: mark.ts_ms } }
    await this.#save()
    return mark
  }

  async #save(): Promise<void> {
    if (this.root !== null) await replaceFile(join(this.root, TIMELINE), JSON.stringify(this.#timeline))
  }
}
