import { createReadStream, fstatSync, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { errnoOf, messageOf, ToolError, usageError } from '../cli/index.ts'
import { chunksOf } from './chunks.ts'
import { findControl, parseControl } from './control.ts'
import { FileChunks } from './file-chunks.ts'
import { countLines, LineBlocks } from './lines.ts'
import { free, Memory } from './memory.ts'
import type { Input, Lines, Part } from './ports.ts'
import { withoutSchemas } from './schema-envelope.ts'
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
  if (port.startsWith('kafka://')) throw usageError(`--in ${port}: a file is needed here`)
  const name = port === '-' ? 'stdin' : port
  return new LineInput(name, port === '-' ? openStdin() : openFile(port), options)
}

/** A regular file, by its path or descriptor, or a stream of anything else. */
type Source = string | number | Readable

function openStdin(): Source {
  try {
    // process.stdin gives an empty stream for a folder, where reading says what is wrong.
    const stat = fstatSync(0)
    if (stat.isFile() || stat.isDirectory()) return 0
  } catch (error) {
    throw new ToolError('INPUT', `stdin: ${messageOf(error)}`, {
      hint: 'pipe events in, or name a file with --in'
    })
  }
  return process.stdin
}

function openFile(path: string): Source {
  const isPlain = !path.endsWith('.zst') && !path.endsWith('.gz')
  if (isPlain && statSync(path, { throwIfNoEntry: false })?.isFile() !== false) return path
  const file = createReadStream(path, { highWaterMark: FILE_CHUNK })
  if (path.endsWith('.zst')) return Readable.from(unpackZstd(file))
  if (!path.endsWith('.gz')) return file
  const unpack = createGunzip()
  file.on('error', error => unpack.destroy(error))
  return file.pipe(unpack)
}

class LineInput implements Input {
  readonly name: string
  readonly #source: Source
  readonly #blocks: LineBlocks
  readonly #holdsMemory: boolean
  #stopped = false

  constructor(name: string, source: Source, { maxLine, holdsMemory = false }: InputOptions) {
    this.name = name
    this.#source = source
    this.#blocks = new LineBlocks(name, maxLine)
    this.#holdsMemory = holdsMemory
  }

  stop(): void {
    this.#stopped = true
    if (this.#source instanceof Readable) this.#source.destroy()
  }

  async *parts(): AsyncGenerator<Part, void, void> {
    try {
      if (this.#source instanceof Readable) yield* this.#streamed(this.#source)
      else {
        const chunks = new FileChunks(this.#blocks, this.#holdsMemory)
        for await (const { bytes, memory } of chunks.read(this.#source)) {
          yield* this.#split(bytes, memory)
          if (this.#stopped) break
        }
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
      yield* this.#split(Buffer.concat([rest, Buffer.from('\n')]), null)
    } else if (rest !== null) {
      yield { kind: 'end', cut: this.#cutError() }
      return
    }
    yield { kind: 'end' }
  }

  async *#streamed(stream: Readable): AsyncGenerator<Part> {
    for await (const chunk of chunksOf(stream)) {
      const block = this.#blocks.push(chunk)
      if (block !== null) yield* this.#give(block, chunk)
      if (this.#stopped || this.#blocks.failure !== null) return
    }
  }

  /** Gives the lines of a block; then its memory, which may be the chunk's, is free for others. */
  *#give(block: Buffer, chunk: Buffer): Generator<Part> {
    if (!this.#holdsMemory) {
      yield* this.#split(block, null)
      return
    }
    const isOfChunk = block.buffer === chunk.buffer
    if (!isOfChunk) free(chunk)
    const memory = new Memory(() => free(isOfChunk ? chunk : block))
    yield* this.#split(block, memory)
    memory.release()
  }

  *#split(block: Buffer, memory: Memory | null): Generator<Part> {
    const plain = withoutSchemas(block)
    if (memory === null || plain === block) {
      yield* this.#separated(plain, memory)
      return
    }
    const own = new Memory(() => free(Buffer.from(plain.buffer)))
    yield* this.#separated(plain, own)
    own.release()
  }

  /** Separates control lines from the lines between them. */
  *#separated(block: Buffer, memory: Memory | null): Generator<Part> {
    let start = 0
    while (start < block.length) {
      const control = findControl(block, start)
      const end = control < 0 ? block.length : control
      if (end > start) {
        const part: Lines = {
          kind: 'lines',
          bytes: block.subarray(start, end),
          firstLine: this.#blocks.lines + 1,
          ...(memory === null ? {} : { memory })
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
