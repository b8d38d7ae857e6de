import { join } from 'node:path'
import { readJsonIfExists, replaceFile, type StateDirectory } from '../stream/index.ts'

const FILE = 'log-files.json'

interface Known {
  /** Whose log was read: a server's UUID, or what else tells it from others. */
  readonly server: string
  readonly epoch: number
  /** The newest log file that was read. */
  readonly file: string
}

/**
 * Numbers log files so that they go up over all servers that a pipeline reads, one after the other: the number of a
 * file plus the epoch. Sinks order rows by it, and each server counts its files for itself. The epoch is raised, as far
 * as needed, when a log goes on in that of another server, and is on disk before any event has it.
 */
export class FileEpochs {
  epoch = 0
  readonly #path: string | null
  #known: Known | null
  #server = ''
  /** What the number of the next file has to exceed; null while the log goes on. */
  #floor: number | null = null

  private constructor(path: string | null, known: Known | null) {
    this.#path = path
    this.#known = known
    this.epoch = known?.epoch ?? 0
  }

  static async open(state: StateDirectory | null): Promise<FileEpochs> {
    if (state === null) return new FileEpochs(null, null)
    const path = join(state.path, FILE)
    return new FileEpochs(path, (await readJsonIfExists(path)) as Known | null)
  }

  /** The log of this server is read from now on. */
  of(server: string): void {
    this.#server = server
    const known = this.#known
    if (known !== null && known.server !== server) this.#floor = known.epoch + fileNumber(known.file)
  }

  /** A run that resumes nothing begins in this file: one before the newest means that the server began to count anew. */
  begin(file: string): Promise<void> {
    const known = this.#known
    if (known !== null && fileNumber(file) < fileNumber(known.file))
      this.#floor ??= known.epoch + fileNumber(known.file)
    return this.enter(file) ?? Promise.resolve()
  }

  /** Goes to a file of the log; a promise when that has to be kept first. */
  enter(file: string): Promise<void> | undefined {
    const number = fileNumber(file)
    if (this.#floor !== null) {
      this.epoch = Math.max(0, this.#floor + 1 - number)
      this.#floor = null
    } else if (this.#known !== null && number <= fileNumber(this.#known.file)) return undefined
    this.#known = { server: this.#server, epoch: this.epoch, file }
    return this.#path === null ? undefined : replaceFile(this.#path, JSON.stringify(this.#known))
  }
}

/** Of `binlog.000123`; 0 for other names. */
function fileNumber(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? 0)
}
