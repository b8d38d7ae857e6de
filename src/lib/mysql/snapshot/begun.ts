import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readJsonIfExists, readMembers, replaceFile, type StateDirectory } from '../../stream/index.ts'
import { formatPosition, type LogPosition, parsePosition } from '../position.ts'

const FILE = 'snapshot-begun.json'

export interface Begun {
  readonly position: LogPosition
  /** The last mark before, after which the history of the tables begins; null where it is not known. */
  readonly after: number | null
}

/**
 * The place in the log of the first view of a snapshot. Until a mark is acknowledged, rows may have reached a sink of
 * which no mark tells; the log from that place on tells what became of them.
 */
export class BegunSnapshot {
  readonly #state: StateDirectory

  constructor(state: StateDirectory) {
    this.#state = state
  }

  async read(): Promise<Begun | null> {
    const known = (await readJsonIfExists(this.#file)) as Record<string, unknown> | null
    if (known === null) return null
    const { after, ...at } = known
    return { position: parsePosition(at), after: typeof after === 'number' ? after : null }
  }

  async record({ position, after }: Begun): Promise<void> {
    await replaceFile(this.#file, JSON.stringify({ ...formatPosition(position), after }))
  }

  /** The snapshot is complete. Where nothing acknowledges marks, the next run has no use for an attempt of long ago. */
  async complete(): Promise<void> {
    const members = await readMembers(dirname(this.#state.path))
    if (members.length === 0) rmSync(this.#file, { force: true })
  }

  get #file(): string {
    return join(this.#state.path, FILE)
  }
}
