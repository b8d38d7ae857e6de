import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { errnoOf, messageOf, ToolError } from '../cli/index.ts'

/** Where dead letters are kept. */
export interface DeadLetters {
  /** For messages, without secrets: a path, `kafka://broker:9092/topic`. */
  readonly name: string
  /**
   * Takes a letter: a line with its newline.
   * @throws ToolError when it, or one before, cannot be written
   */
  write(letter: Buffer): void
  /** Resolves when there is room for the letters of another block of lines. @throws as `write` */
  room(): Promise<void>
  /** Resolves when all letters so far are durable. @throws as `write` */
  sync(): Promise<void>
  /** Makes them durable, and ends. */
  close(): Promise<void>
}

/** Appends letters to a file, at once: they outlive the process, and after `sync` the machine. */
export class DeadLetterFile implements DeadLetters {
  readonly name: string
  readonly #flag: string
  readonly #fd: number
  #unsynced = false

  /**
   * @param flag what named it, for messages
   * @throws ToolError OUTPUT when it cannot be opened: at the start, not when the first bad line comes
   */
  constructor(path: string, flag = '--dead-letter') {
    this.name = path
    this.#flag = flag
    try {
      this.#fd = openSync(path, 'a')
    } catch (error) {
      throw this.#error(error)
    }
  }

  write(letter: Buffer): void {
    this.#unsynced = true
    try {
      for (let offset = 0; offset < letter.length; ) offset += writeSync(this.#fd, letter, offset)
    } catch (error) {
      throw this.#error(error)
    }
  }

  async room(): Promise<void> {}

  async sync(): Promise<void> {
    if (this.#unsynced) syncFile(this.#fd)
    this.#unsynced = false
  }

  async close(): Promise<void> {
    await this.sync()
    closeSync(this.#fd)
  }

  #error(cause: unknown): ToolError {
    return new ToolError('OUTPUT', `${this.#flag} ${this.name}: ${messageOf(cause)}`, { cause })
  }
}

/** Devices and pipes have nothing to sync. */
function syncFile(fd: number): void {
  try {
    fsyncSync(fd)
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL') throw error
  }
}
