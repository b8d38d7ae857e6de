import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Log, messageOf, ToolError } from '../cli/index.ts'
import { oldestAcknowledged, type StateDirectory } from '../stream/index.ts'
import { type BinlogEvent, EVENT_HEADER } from './events.ts'
import { chunksOf, regionOf } from './large-event.ts'

/** Rows of one transaction that are held in memory; more of them are in a file. */
const IN_MEMORY = 1024 * 1024
const NAME = /^xa\.[0-9a-z]+\.\d+$/

/** Files by XA transaction id, as marks have them. */
export type PreparedFiles = Readonly<Record<string, string>>

/** The events of a prepared transaction, end to end, without checksums. */
export interface HeldEvents {
  readonly size: number
  chunks(): Iterable<Buffer>
}

interface Held extends HeldEvents {
  /** Its file in the state directory, '' without one. */
  readonly name: string
  close(): void
}

/**
 * The rows of XA transactions that are prepared, and neither committed nor rolled back yet. With a state directory they
 * lie in files there, which marks name, and stay until no run can resume before their end.
 */
export class PreparedTransactions {
  readonly #state: StateDirectory | null
  readonly #log: Log | null
  readonly #lastMark: () => number
  readonly #held = new Map<string, Held>()
  /** What is to be removed once a mark of this number or a later one is the oldest acknowledged. */
  #ended: { path: string; mark: number }[] = []
  #names: PreparedFiles | undefined
  #open: OpenEvents | null = null
  #count = 0

  /** @param lastMark the number of the newest mark */
  constructor(state: StateDirectory | null, log: Log | null, lastMark: () => number) {
    this.#state = state
    this.#log = log
    this.#lastMark = lastMark
  }

  /**
   * Takes up what a mark to resume from says is held; other files belong to a run that is given up.
   * @throws ToolError STATE when something is missing
   */
  restore(files: PreparedFiles): void {
    if (this.#state === null) return
    const { path } = this.#state
    for (const [xid, name] of Object.entries(files)) {
      let size: number
      try {
        size = readFileSync(join(path, name)).length
      } catch (error) {
        throw new ToolError(
          'STATE',
          `${path} has no rows of the prepared XA transaction ${xid}: ${messageOf(error)}`,
          {
            cause: error,
            hint: 'start again from a snapshot, with a new --state directory'
          }
        )
      }
      this.#held.set(xid, inFile(path, name, size))
    }
    const wanted = new Set(Object.values(files))
    for (const name of readdirSync(path))
      if (NAME.test(name) && !wanted.has(name)) unlinkSync(join(path, name))
    this.#changed()
  }

  /** What a mark has to say; undefined when nothing is held. */
  get files(): PreparedFiles | undefined {
    return this.#names
  }

  /** Whether the transaction that is read is an XA transaction. */
  get isOpen(): boolean {
    return this.#open !== null
  }

  begin(): void {
    this.#open?.abandon()
    this.#open = new OpenEvents(this.#state?.path)
  }

  /** The connection was lost inside a transaction, which comes again. */
  abandon(): void {
    this.#open?.abandon()
    this.#open = null
  }

  hold(event: BinlogEvent): void {
    this.#open?.add(event)
  }

  /** The transaction is prepared; with a state directory its rows are on disk from now on. */
  prepare(xid: string): void {
    const open = this.#open
    this.#open = null
    if (open === null) return
    this.#held.get(xid)?.close()
    const name = `xa.${Date.now().toString(36)}.${this.#count++}`
    this.#held.set(xid, this.#state === null ? open.keep() : open.store(this.#state.path, name))
    this.#changed()
  }

  /** What the transaction that is read has held so far: it is committed in one phase. */
  takeOpen(): Held | null {
    const open = this.#open
    this.#open = null
    return open?.keep() ?? null
  }

  /** The events of a transaction that is committed; null when it is not known. */
  of(xid: string): HeldEvents | null {
    const held = this.#held.get(xid) ?? null
    if (held === null) {
      this.#log?.warn(
        `the XA transaction ${xid} was prepared before the place where reading began: what it changed is not among the events; a new snapshot has it`
      )
    }
    return held
  }

  /** The transaction is over, written or rolled back. */
  end(xid: string): void {
    const held = this.#held.get(xid)
    if (held === undefined) return
    this.#held.delete(xid)
    held.close()
    this.#changed()
    if (this.#state !== null)
      this.#ended.push({ path: join(this.#state.path, held.name), mark: this.#lastMark() + 1 })
  }

  /** Removes files that no run can ask for any more. */
  async clean(): Promise<void> {
    if (this.#state === null || this.#ended.length === 0) return
    const acknowledged = await oldestAcknowledged(dirname(this.#state.path))
    // Where nobody acknowledges, every run begins from nothing.
    const oldest = acknowledged === null ? Number.POSITIVE_INFINITY : acknowledged.n
    const gone = this.#ended.filter(({ mark }) => mark <= oldest)
    this.#ended = this.#ended.filter(({ mark }) => mark > oldest)
    for (const { path } of gone) unlinkSync(path)
  }

  #changed(): void {
    this.#names =
      this.#held.size === 0
        ? undefined
        : Object.fromEntries([...this.#held].map(([xid, { name }]) => [xid, name]))
  }
}

/** Events that come in, in memory until they are many. */
class OpenEvents {
  readonly #path: string
  #parts: Buffer[] = []
  #size = 0
  #file: number | null = null

  constructor(directory: string | undefined) {
    this.#path = join(directory ?? tmpdir(), `millrace-xa-${process.pid}-${Date.now()}`)
  }

  /** The event as it would stand in a log without checksums and compression. */
  add({ buffer, start, end, type }: BinlogEvent): void {
    const copy = Buffer.from(buffer.subarray(start, end))
    copy[4] = type
    copy.writeUInt32LE(copy.length, 9)
    this.#size += copy.length
    this.#parts.push(copy)
    if (this.#file === null && this.#size <= IN_MEMORY) return
    this.#file ??= openSync(this.#path, 'w+', 0o600)
    for (const part of this.#parts) for (let at = 0; at < part.length; ) at += writeSync(this.#file, part, at)
    this.#parts = []
  }

  abandon(): void {
    if (this.#file === null) return
    closeSync(this.#file)
    unlinkSync(this.#path)
  }

  /** For this process alone. */
  keep(): Held {
    const size = this.#size
    const file = this.#file
    if (file === null) {
      const bytes = Buffer.concat(this.#parts)
      return { name: '', size, chunks: () => [bytes], close() {} }
    }
    unlinkSync(this.#path)
    return {
      name: '',
      size,
      chunks: () => chunksOf(regionOf(file, 0, size), 0, size),
      close: () => closeSync(file)
    }
  }

  /** Durably, in a state directory. */
  store(directory: string, name: string): Held {
    if (this.#file === null) {
      this.#file = openSync(this.#path, 'w+', 0o600)
      writeFileSync(this.#file, Buffer.concat(this.#parts))
    }
    fsyncSync(this.#file)
    closeSync(this.#file)
    renameSync(this.#path, join(directory, name))
    const folder = openSync(directory, 'r')
    fsyncSync(folder)
    closeSync(folder)
    return inFile(directory, name, this.#size)
  }
}

function inFile(directory: string, name: string, size: number): Held {
  return {
    name,
    size,
    *chunks() {
      const file = openSync(join(directory, name), 'r')
      try {
        yield* chunksOf(regionOf(file, 0, size), 0, size)
      } finally {
        closeSync(file)
      }
    },
    close() {}
  }
}

/**
 * XA_PREPARE: one phase 1, format 4, lengths 4 and 4, the two parts of the id.
 * @returns the id in the form that statements in the log have
 */
export function readXaPrepare(event: BinlogEvent): { xid: string; isOnePhase: boolean } {
  const { buffer } = event
  const body = event.start + EVENT_HEADER
  const format = buffer.readUInt32LE(body + 1)
  const middle = body + 13 + buffer.readUInt32LE(body + 5)
  const hex = (from: number, to: number): string => `X'${buffer.toString('hex', from, to)}'`
  const xid = `${hex(body + 13, middle)},${hex(middle, middle + buffer.readUInt32LE(body + 9))},${format}`
  return { xid, isOnePhase: buffer[body] === 1 }
}

/** The id in `XA COMMIT X'…',X'…',1`. */
export function readXid(text: string): string {
  const [gtrid = "X''", bqual = "X''", format = '1'] = text.replace(/\s+/g, '').split(',')
  return `${gtrid.replace(/[0-9A-F]+(?=')/, hex => hex.toLowerCase())},${bqual.replace(/[0-9A-F]+(?=')/, hex => hex.toLowerCase())},${format}`
}
