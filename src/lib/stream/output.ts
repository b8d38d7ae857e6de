import { close, fstatSync, fsync, ftruncate, openSync, write } from 'node:fs'
import type { Transform, Writable } from 'node:stream'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { createGzip, createZstdCompress } from 'node:zlib'
import { errnoOf, messageOf, ToolError, usageError } from '../cli/index.ts'
import type { Output } from './ports.ts'

const writeFd = promisify(write)
const fsyncFd = promisify(fsync)
const truncateFd = promisify(ftruncate)
const closeFd = promisify(close)

export interface OutputOptions {
  /** Continue a file instead of overwriting it; what lies behind the position is cut off by `continueAt`. */
  readonly append: boolean
}

/**
 * Opens an output by its port: `-` or a path (packed for `.gz` and `.zst`).
 * @throws ToolError USAGE for a port that does not exist, OUTPUT for a file that cannot be opened
 */
export function openOutput(port: string, options: OutputOptions = { append: false }): Output {
  if (port.startsWith('kafka://')) throw usageError(`${port}: a file is needed here`)
  if (port === '-') return openStdout()
  const packed = port.endsWith('.gz') || port.endsWith('.zst')
  if (packed && options.append) {
    throw usageError(
      `--out ${port}: a packed file cannot be resumed`,
      'use a plain file with --state, and pack it later'
    )
  }
  try {
    const file = new FileOutput(port, openSync(port, options.append ? 'a' : 'w'))
    return packed ? new PackedOutput(port, file) : file
  } catch (error) {
    throw new ToolError('OUTPUT', `--out ${port}: ${messageOf(error)}`, { cause: error })
  }
}

function openStdout(): Output {
  const stat = fstatSync(1)
  // Pipes, sockets and terminals take part in the event loop; files and devices are written by descriptor.
  return stat.isFIFO() || stat.isSocket() || isatty(1)
    ? new StreamOutput('stdout', process.stdout)
    : new FileOutput('stdout', 1)
}

/** A pipe, socket or terminal. */
class StreamOutput implements Output {
  readonly name: string
  readonly takesMarks = true
  readonly #stream: Writable

  constructor(name: string, stream: Writable) {
    this.name = name
    this.#stream = stream
  }

  write(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, error => (error ? reject(error) : resolve()))
    })
  }

  sync(): Promise<null> {
    return Promise.resolve(null)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** A file (or device) by descriptor. */
export class FileOutput implements Output {
  readonly name: string
  readonly takesMarks = true
  readonly #fd: number

  constructor(name: string, fd: number) {
    this.name = name
    this.#fd = fd
  }

  async write(bytes: Buffer): Promise<void> {
    let offset = 0
    while (offset < bytes.length) {
      try {
        const { bytesWritten } = await writeFd(this.#fd, bytes, offset, bytes.length - offset, null)
        offset += bytesWritten
      } catch (error) {
        const errno = errnoOf(error)
        if (errno === 'EPIPE') throw error
        if (errno === 'EAGAIN') await new Promise(resolve => setTimeout(resolve, 5))
        else throw this.#error(error)
      }
    }
  }

  async sync(): Promise<number | null> {
    const stat = fstatSync(this.#fd)
    if (!stat.isFile()) return null
    try {
      await fsyncFd(this.#fd)
    } catch (error) {
      throw this.#error(error)
    }
    return fstatSync(this.#fd).size
  }

  /**
   * Cuts the file at a position that `sync` gave in an earlier run: what lies behind it comes again.
   * @param position null when it is not known where the file ended, which only an empty one can do without
   */
  async continueAt(position: number | null): Promise<void> {
    const { size } = fstatSync(this.#fd)
    if (position === null) {
      if (size === 0) return
      throw new ToolError(
        'STATE',
        `${this.name}: it is not known where it ended at the mark to resume from`,
        {
          hint: 'the file was not the output then: name a new one, or move it away'
        }
      )
    }
    if (size < position) {
      throw new ToolError('OUTPUT', `${this.name}: has ${size} bytes, but ${position} were acknowledged`, {
        hint: 'the file was changed since the last run; restore it, or start again with a new --state'
      })
    }
    await truncateFd(this.#fd, position)
  }

  async close(): Promise<void> {
    if (this.#fd > 2) await closeFd(this.#fd)
  }

  #error(error: unknown): ToolError {
    const full = errnoOf(error) === 'ENOSPC'
    return new ToolError(
      'OUTPUT',
      `cannot write to ${this.name}: ${full ? 'no space left' : messageOf(error)}`,
      {
        cause: error,
        ...(full
          ? { hint: 'free some space and start again: nothing beyond the last mark counts as written' }
          : {})
      }
    )
  }
}

/** Whether what a mark stands for is done once the output is synced, and not further down a pipe. */
export function endsPipeline(output: Output): boolean {
  return !output.takesMarks || (output instanceof FileOutput && output.name !== 'stdout')
}

/** A file packed with gzip or zstd. */
class PackedOutput implements Output {
  readonly name: string
  readonly takesMarks = true
  readonly #packer: Transform
  readonly #copied: Promise<void>

  constructor(name: string, file: FileOutput) {
    this.name = name
    this.#packer = name.endsWith('.gz') ? createGzip() : createZstdCompress()
    this.#copied = this.#copy(file)
    // The failure is thrown where the next write or the close waits for it.
    this.#copied.catch(error => this.#packer.destroy(error))
  }

  async #copy(file: FileOutput): Promise<void> {
    for await (const chunk of this.#packer) await file.write(chunk as Buffer)
    await file.close()
  }

  async write(bytes: Buffer): Promise<void> {
    const taken = new Promise<void>((resolve, reject) => {
      this.#packer.write(bytes, error => (error ? reject(error) : resolve()))
    })
    try {
      await Promise.race([taken, this.#copied])
    } catch (error) {
      // The packer only says that it was destroyed; why, the file says.
      await this.#copied
      throw error
    }
  }

  sync(): Promise<null> {
    return Promise.resolve(null)
  }

  async close(): Promise<void> {
    this.#packer.end()
    await this.#copied
  }
}
