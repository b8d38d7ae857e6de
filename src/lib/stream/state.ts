import { existsSync, readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf, ToolError } from '../cli/index.ts'
import type { Mark } from './control.ts'
import { makeDirectory, readIfExists, readJsonIfExists, replaceFile } from './files.ts'
import { lockFile } from './lock.ts'
import { type Acknowledgement, oldestAcknowledged } from './timeline.ts'

/** File names below a tool's directory. */
export const LOCK = 'lock'
export const ACKNOWLEDGED = 'acknowledged.json'
const SNAPSHOT = /^snapshot\.(\d+)$/

/**
 * A tool's own part of a state directory: `DIR/<tool>` or `DIR/<tool>.<name>`, locked by one process. Snapshots are
 * files `snapshot.<n>`; `acknowledged.json` is there for tools that acknowledge.
 */
export class StateDirectory {
  readonly path: string
  readonly #root: string
  readonly #unlock: () => void
  #acknowledgement: Acknowledgement | null = null

  private constructor(root: string, path: string, unlock: () => void) {
    this.#root = root
    this.path = path
    this.#unlock = unlock
  }

  /** @throws ToolError STATE when another process uses it */
  static async open(root: string, tool: string, name?: string): Promise<StateDirectory> {
    if (name !== undefined && !/^[A-Za-z0-9_-]+$/.test(name)) {
      throw new ToolError('USAGE', `--name '${name}': only letters, digits, - and _ may be used`)
    }
    const path = join(root, name === undefined ? tool : `${tool}.${name}`)
    makeDirectory(path)
    return new StateDirectory(root, path, await lockFile(join(path, LOCK), `state directory ${path}`))
  }

  /** The newest snapshot of a tool that may be running, for a look at it; null when there is none. */
  static async newest(
    root: string,
    tool: string,
    name?: string
  ): Promise<{ n: number; file: string; content: Buffer } | null> {
    const path = join(root, name === undefined ? tool : `${tool}.${name}`)
    if (!existsSync(path)) return null
    const directory = new StateDirectory(root, path, () => {})
    const latest = await directory.latest()
    return latest === null ? null : { ...latest, file: directory.snapshotFile(latest.n) }
  }

  close(): void {
    this.#unlock()
  }

  // --- snapshots ---

  /**
   * Writes the tool's state as of mark `n`, durably, and removes snapshots that no resume can ask for any more.
   * @param content or its parts, which may be memory that changes later on: they are written at once
   * @returns the oldest that is left
   */
  async snapshot(n: number, content: Buffer | readonly Uint8Array[]): Promise<number> {
    await replaceFile(this.snapshotFile(n), content)
    const oldest = await oldestAcknowledged(this.#root)
    if (oldest !== null) this.#remove(snapshot => snapshot < oldest.n)
    return Math.min(n, ...this.#snapshots())
  }

  /** Where the snapshot of mark `n` is kept. */
  snapshotFile(n: number): string {
    return join(this.path, `snapshot.${n}`)
  }

  /**
   * The state as of mark `n`; null for n = 0, the beginning. Snapshots of marks after `n` belong to a run that is
   * given up with this, and are removed.
   * @throws ToolError STATE when it is missing
   */
  async restore(n: number): Promise<Buffer | null> {
    this.#remove(snapshot => snapshot > n)
    if (n === 0) return null
    const content = await readIfExists(this.snapshotFile(n))
    if (content !== null) return content
    throw new ToolError('STATE', `${this.path} has no snapshot of mark ${n}, where the pipeline resumes`, {
      hint: 'this tool was not in the pipeline then; start it with a new --state directory for the whole pipeline'
    })
  }

  /** The newest snapshot, for input that brings no marks; null when there is none. */
  async latest(): Promise<{ n: number; content: Buffer } | null> {
    const n = Math.max(0, ...this.#snapshots())
    const content = n === 0 ? null : await readIfExists(this.snapshotFile(n))
    return content === null ? null : { n, content }
  }

  #snapshots(): number[] {
    return readdirSync(this.path).flatMap(name => {
      const match = SNAPSHOT.exec(name)
      return match === null ? [] : [Number(match[1])]
    })
  }

  #remove(wanted: (n: number) => boolean): void {
    for (const n of this.#snapshots()) if (wanted(n)) unlinkIfExists(this.snapshotFile(n))
  }

  // --- acknowledgements ---

  /** Takes part in acknowledging: from now on the source resumes no later than what this tool has acknowledged. */
  async register(): Promise<Acknowledgement> {
    const file = join(this.path, ACKNOWLEDGED)
    const known = (await readJsonIfExists(file)) as Acknowledgement | null
    this.#acknowledgement = known ?? { registered_ms: Date.now(), mark: null, positions: [] }
    if (known === null) await this.#write(this.#acknowledgement)
    return this.#acknowledgement
  }

  /**
   * Records that everything before the mark is durable.
   * @param position where the output ended then, for outputs that are cut back on a resume
   */
  async acknowledge(mark: Mark, position: number | null = null): Promise<void> {
    const known = this.#acknowledgement
    let positions = known?.positions ?? []
    if (position !== null) {
      const oldest = (await oldestAcknowledged(this.#root))?.n ?? 0
      positions = [...positions.filter(([n]) => n >= oldest && n < mark.n), [mark.n, position]]
    }
    this.#acknowledgement = { registered_ms: known?.registered_ms ?? Date.now(), mark, positions }
    await this.#write(this.#acknowledgement)
  }

  /** Where the output ended at a mark that was acknowledged; 0 at the beginning, null when it is not known. */
  positionAt(n: number): number | null {
    if (n === 0) return 0
    return this.#acknowledgement?.positions.find(([mark]) => mark === n)?.[1] ?? null
  }

  get acknowledged(): Acknowledgement | null {
    return this.#acknowledgement
  }

  #write(acknowledgement: Acknowledgement): Promise<void> {
    return replaceFile(join(this.path, ACKNOWLEDGED), JSON.stringify(acknowledgement))
  }
}

function unlinkIfExists(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
