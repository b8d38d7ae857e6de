import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { messageOf, ToolError } from '../cli/index.ts'
import { type BinlogEvent, CHECKSUM_SIZE, checksumError, readHeader } from './events.ts'

/** An event that is read piece by piece, from a file, rather than held in memory. */
export interface LargeEvent {
  /** Bytes, header and checksum included. */
  readonly size: number
  /** Fills `target` from offset `at` of the event on; returns how many bytes there were. */
  read(target: Buffer, at: number): number
  close(): void
}

/** The size from which a compressed transaction is not held in memory. */
export const LARGE = 0xffffff
const CHUNK = 256 * 1024

/** A packet's event in a temporary file, which is gone with the process whatever ends it. */
export class Spool implements LargeEvent {
  readonly #file: number
  /** The packet has a byte before its event. */
  #written = 0

  /** @throws ToolError STATE when the directory cannot be written to */
  constructor(directory: string | undefined) {
    const path = join(directory ?? tmpdir(), `millrace-event-${process.pid}-${Date.now()}`)
    try {
      this.#file = openSync(path, 'wx+', 0o600)
      unlinkSync(path)
    } catch (error) {
      throw cannotSpool(path, error)
    }
  }

  get size(): number {
    return this.#written - 1
  }

  /** @throws ToolError STATE when the disk is full */
  write(bytes: Buffer): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
    } catch (error) {
      throw cannotSpool('the temporary file', error)
    }
    this.#written += bytes.length
  }

  read(target: Buffer, at: number): number {
    return readFully(this.#file, target, at + 1)
  }

  close(): void {
    closeSync(this.#file)
  }
}

function cannotSpool(path: string, error: unknown): ToolError {
  return new ToolError('STATE', `${path}: ${messageOf(error)}`, {
    cause: error,
    hint: 'a large compressed transaction is kept there while it is read; TMPDIR names another place'
  })
}

function readFully(file: number, target: Buffer, at: number): number {
  let filled = 0
  while (filled < target.length) {
    const count = readSync(file, target, filled, target.length - filled, at + filled)
    if (count === 0) break
    filled += count
  }
  return filled
}

/** A stretch of a file that stays open. */
export function regionOf(file: number, start: number, size: number): LargeEvent {
  return { size, read: (target, at) => readFully(file, target, start + at), close() {} }
}

/**
 * Checks size and checksum of an event and gives its beginning: the header is that of the whole.
 * @throws ToolError INPUT as `readEvent`
 */
export function readLargeEvent(large: LargeEvent, checksum: boolean, where: () => string): BinlogEvent {
  const head = Buffer.alloc(Math.min(large.size, 64 * 1024))
  large.read(head, 0)
  const event = readHeader(head, 0, large.size, head.length, where)
  if (!checksum) return event
  let found = 0
  for (const chunk of chunksOf(large, 0, large.size - CHECKSUM_SIZE)) found = crc32(chunk, found)
  const expected = Buffer.alloc(CHECKSUM_SIZE)
  large.read(expected, large.size - CHECKSUM_SIZE)
  if (expected.readUInt32LE() !== found) throw checksumError(where)
  return event
}

/** The bytes from one offset to another, in pieces that are valid until the next. */
export function* chunksOf(large: LargeEvent, from: number, to: number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(CHUNK)
  for (let at = from; at < to; ) {
    const chunk = buffer.subarray(0, Math.min(CHUNK, to - at))
    const count = large.read(chunk, at)
    if (count === 0) throw new ToolError('INPUT', 'an event is cut off')
    yield chunk.subarray(0, count)
    at += count
  }
}
