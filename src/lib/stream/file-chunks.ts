import { close, open, read } from 'node:fs'
import { promisify } from 'node:util'
import type { LineBlocks } from './lines.ts'
import { Memory } from './memory.ts'

const CHUNK = 256 * 1024
/** Chunks that are kept to be read into again. */
const KEPT = 64

const openFile = promisify(open)
const closeFile = promisify(close)

/** A block of whole lines, and the memory that it lies in. */
export interface FileBlock {
  readonly bytes: Buffer
  /** Null when it is left to the collector. */
  readonly memory: Memory | null
}

/**
 * Reads a file by chunks that are used again once all who hold their lines have released them: fresh memory for each
 * would cost more than the reading. The beginning of a line that a chunk has cut is moved in front of the next one.
 */
export class FileChunks {
  readonly #free: Buffer[] = []
  readonly #blocks: LineBlocks
  readonly #areGivenBack: boolean
  #held = 0

  /** @param areGivenBack whether who takes blocks releases their memory */
  constructor(blocks: LineBlocks, areGivenBack: boolean) {
    this.#blocks = blocks
    this.#areGivenBack = areGivenBack
  }

  /**
   * The blocks of a file, by its path or descriptor; the next is read while one is worked on.
   * @throws the error of the file system
   */
  async *read(file: string | number): AsyncGenerator<FileBlock, void, void> {
    const descriptor = typeof file === 'number' ? file : await openFile(file, 'r')
    let reading: Promise<number> | null = null
    try {
      let buffer = this.#take()
      reading = readInto(descriptor, buffer, 0)
      for (;;) {
        const count = await reading
        reading = null
        if (count === 0) {
          // The line that has no end stays with the blocks.
          if (this.#held > 0) this.#blocks.push(buffer.subarray(0, this.#held))
          return
        }
        const chunk = buffer.subarray(0, this.#held + count)
        const bytes = this.#blocks.push(chunk)
        // A line that is longer than the chunk goes on to lie in it.
        const memory = bytes === null || !this.#areGivenBack ? null : this.#memoryOf(buffer)
        if (this.#blocks.failure === null) {
          buffer = this.#take()
          this.#held = this.#blocks.moveRest(buffer)
          reading = readInto(descriptor, buffer, this.#held)
        }
        if (bytes !== null) yield { bytes, memory }
        memory?.release()
        if (reading === null) return
      }
    } finally {
      // Whoever has left does not ask what became of it.
      await reading?.catch(() => {})
      if (descriptor !== file) await closeFile(descriptor)
    }
  }

  #take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK)
  }

  #memoryOf(buffer: Buffer): Memory {
    return new Memory(() => {
      if (this.#free.length < KEPT) this.#free.push(buffer)
    })
  }
}

function readInto(descriptor: number, buffer: Buffer, from: number): Promise<number> {
  const reading = new Promise<number>((resolve, reject) => {
    read(descriptor, buffer, from, buffer.length - from, null, (error, count) => {
      if (error === null) resolve(count)
      else reject(error)
    })
  })
  // A failure is thrown where it is waited for, after the block before.
  reading.catch(() => {})
  return reading
}
