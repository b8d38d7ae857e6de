import { createReadStream, fstatSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { errnoOf, messageOf, ToolError, usageError } from '../cli/index.ts'
import { chunksOf } from './chunks.ts'
import { findControl, parseControl } from './control.ts'
import { countLines, LineBlocks } from './lines.ts'
import { free, Memory } from './memory.ts'
import type { Input, Lines, Part } from './ports.ts'
import { unpackZstd } from './zstd.ts'

export interface InputOptions {
  /** The longest line in bytes. */
  readonly maxLine: number
  /** The receiver holds the memory of lines that it needs after its turn; otherwise all is left to the collector. */
  readonly holdsMemory?: boolean
}

const FILE_CHUNK = 256 * 1024

/**
 * Opens an input by its port: `-` or a path (`.gz` and `.zst` are unpacked).
 * @throws ToolError USAGE for a port that does not exist, INPUT for a file that cannot be opened
 */
export function openInput(port: string, options: InputOptions): Input {
  if (port.startsWith('kafka://')) throw usageError(`--in ${port}: this version does not read Kafka yet`)
  const name = port === '-' ? 'stdin' : port
  const stream = port === '-' ? openStdin() : openFile(port)
  return new StreamInput(name, stream, options)
}

function openStdin(): Readable {
  try {
    // A file on stdin is read in larger chunks than process.stdin would. A folder is none, but process.stdin gives an
    // empty stream for it, where reading says what is wrong.
    const stat = fstatSync(0)
    if (stat.isFile() || stat.isDirectory())
      return createReadStream('', { fd: 0, highWaterMark: FILE_CHUNK, autoClose: false })
  } catch (error) {
    throw new ToolError('INPUT', `stdin: ${messageOf(error)}`, {
      hint: 'pipe events in, or name a file with --in'
    })
  }
  return process.stdin
}

function openFile(path: string): Readable {
  const file = createReadStream(path, { highWaterMark: FILE_CHUNK })
  if (path.endsWith('.zst')) return Readable.from(unpackZstd(file))
  if (!path.endsWith('.gz')) return file
  const unpack = createGunzip()
  file.on('error', error => unpack.destroy(error))
  return file.pipe(unpack)
}

class StreamInput implements Input {
  readonly name: string
  readonly #stream: Readable
  readonly #blocks: LineBlocks
  readonly #holdsMemory: boolean
  #stopped = false

  constructor(name: string, stream: Readable, { maxLine, holdsMemory = false }: InputOptions) {
    this.name = name
    this.#stream = stream
    this.#blocks = new LineBlocks(name, maxLine)
    this.#holdsMemory = holdsMemory
  }

  stop(): void {
    this.#stopped = true
    this.#stream.destroy()
  }

  async *parts(): AsyncGenerator<Part, void, void> {
    try {
      for await (const chunk of chunksOf(this.#stream)) {
        const block = this.#blocks.push(chunk)
        if (block !== null) yield* this.#give(block, chunk)
        if (this.#stopped || this.#blocks.failure !== null) break
      }
    } catch (error) {
      if (!this.#stopped) {
        yield { kind: 'end', cut: this.#readError(error) }
        return
      }
    }
    if (this.#blocks.failure !== null) {
      yield { kind: 'end', cut: this.#blocks.failure }
      return
    }
    // A line that was cut by our own stop is not input that ended: its source still has it.
    const rest = this.#stopped ? null : this.#blocks.rest()
    if (rest !== null && isBlank(rest)) {
      // Space behind the last newline.
    } else if (rest !== null && isJson(rest)) {
      yield* this.#split(Buffer.concat([rest, Buffer.from('\n')]))
    } else if (rest !== null) {
      yield { kind: 'end', cut: this.#cutError() }
      return
    }
    yield { kind: 'end' }
  }

  /** Gives the lines of a block; then its memory, which may be the chunk's, is free for others. */
  *#give(block: Buffer, chunk: Buffer): Generator<Part> {
    if (!this.#holdsMemory) {
      yield* this.#split(block)
      return
    }
    const isOfChunk = block.buffer === chunk.buffer
    if (!isOfChunk) free(chunk)
    const memory = new Memory(isOfChunk ? chunk : block)
    yield* this.#split(block, memory)
    memory.release()
  }

  /** Separates control lines from the lines between them. */
  *#split(block: Buffer, memory?: Memory): Generator<Part> {
    let start = 0
    while (start < block.length) {
      const control = findControl(block, start)
      const end = control < 0 ? block.length : control
      if (end > start) {
        const part: Lines = {
          kind: 'lines',
          bytes: block.subarray(start, end),
          firstLine: this.#blocks.lines + 1,
          ...(memory === undefined ? {} : { memory })
        }
        yield part
        this.#blocks.counted(part.count ?? countLines(part.bytes))
      }
      if (control < 0) return
      start = block.indexOf(10, control) + 1
      const bytes = block.subarray(control, start)
      this.#blocks.counted(1)
      yield { ...parseControl(bytes), bytes }
    }
  }

  #cutError(): ToolError {
    const line = this.#blocks.lines + 1
    return new ToolError(
      'INPUT',
      `${this.name}:${line}: input ended inside a line; it comes again from the last acknowledged mark`
    )
  }

  #readError(error: unknown): ToolError {
    if (error instanceof ToolError) return error
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return new ToolError('INPUT', `${this.name}: no such file`, { cause: error })
    return new ToolError(
      'INPUT',
      `${this.name}:${this.#blocks.lines + 1}: cannot read on: ${messageOf(error)}`,
      {
        cause: error
      }
    )
  }
}

function isBlank(line: Buffer): boolean {
  return line.toString('latin1').trim() === ''
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString())
    return true
  } catch {
    return false
  }
}
