import type { Socket } from 'node:net'
import { type Connection, Reader, Writer } from '@platformatic/kafka'
import { free, Memory } from '../memory.ts'

/** A frame's length and correlation id. */
const HEAD = 8
const REQUEST_TIMEOUT_MS = 30_000
/** Memory of answers that is kept for those that come. */
const MOST_KEPT = 16 * 1024 * 1024

/**
 * Makes something of an answer, whose bytes lie in `memory` and are another's once that is released: it is, after this
 * returns, unless it is held.
 */
type Decode<T> = (reader: Reader, memory: Memory) => T

interface Waiting {
  readonly take: (frame: Buffer, length: number) => void
  readonly fail: (error: Error) => void
}

const wires = new WeakMap<Connection, Wire>()

/**
 * The wire of a connection that is open, and on which nothing is on its way yet.
 * @param changed called when it is a new one, and when it is closed
 */
export function wireOf(connection: Connection, clientId: string, changed: () => void = () => {}): Wire {
  let wire = wires.get(connection)
  if (wire === undefined) {
    changed()
    connection.socket.once('close', changed)
    wire = new Wire(connection, clientId)
    wires.set(connection, wire)
  }
  return wire
}

/**
 * Requests and answers of some size on a connection of the client's. The client would join the parts of each request,
 * and the pieces of each answer, in fresh memory outside JavaScript's heap and leave that to the collector, which then
 * has no end of work. Here the parts are written as they are, and answers lie in memory that is used again.
 *
 * It shares the connection with the client, which logs in with it (and again when a session ends): ours are the negative
 * correlation ids, all other answers are handed on.
 */
export class Wire {
  readonly #socket: Socket
  readonly #clientId: string
  readonly #waiting = new Map<number, Waiting>()
  /** What listened to the socket: the client. */
  readonly #others: readonly ((chunk: Buffer) => void)[]
  readonly #head = Buffer.alloc(HEAD)
  /** Bytes of the frame that have come, its length and correlation id with them. */
  #had = 0
  #length = 0
  #frame: Buffer | null = null
  #isFirst = true
  #lastId = 0
  #kept: Buffer | null = null

  constructor({ socket }: Connection, clientId: string) {
    this.#socket = socket
    this.#clientId = clientId
    this.#others = socket.listeners('data') as ((chunk: Buffer) => void)[]
    socket.removeAllListeners('data')
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.once('close', () => this.#close(new Error('Connection closed')))
  }

  /**
   * Sends a request of a flexible version, and resolves to what `decode` makes of the answer. The parts of the payload
   * must stay as they are until then.
   * @throws Error when the connection is lost or nothing comes in time, and what `decode` throws
   */
  request<T>(apiKey: number, version: number, payload: Writer, decode: Decode<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error('Connection closed'))
        return
      }
      this.#lastId = this.#lastId === -0x80000000 ? -1 : this.#lastId - 1
      const id = this.#lastId
      // Whoever does not answer is not asked for more; the answer would not be known any more.
      const timer = setTimeout(() => {
        this.#socket.destroy()
        this.#close(new Error('Request timed out'))
      }, REQUEST_TIMEOUT_MS)
      this.#waiting.set(id, {
        take: (frame, length) => {
          clearTimeout(timer)
          const memory = new Memory(() => this.#keep(frame))
          try {
            const reader = Reader.from(frame.subarray(HEAD, length))
            reader.readTaggedFields()
            resolve(decode(reader, memory))
          } catch (error) {
            reject(error)
          }
          memory.release()
        },
        fail: error => {
          clearTimeout(timer)
          reject(error)
        }
      })
      this.#write(
        Writer.create()
          .appendInt16(apiKey)
          .appendInt16(version)
          .appendInt32(id)
          .appendString(this.#clientId, false)
          .appendTaggedFields()
          .appendFrom(payload)
          .prependLength().buffers
      )
    })
  }

  #write(parts: readonly Buffer[]): void {
    this.#socket.cork()
    for (const part of parts) this.#socket.write(part)
    this.#socket.uncork()
  }

  #take(chunk: Buffer): void {
    // No answer of 16 MB is the first: it is a record of TLS, of which the client tells.
    if (this.#isFirst && chunk[0] !== 0) {
      for (const listener of this.#others) listener(chunk)
      return
    }
    this.#isFirst = false
    let at = 0
    while (at < chunk.length) {
      if (this.#frame === null) {
        const head = Math.min(HEAD - this.#had, chunk.length - at)
        chunk.copy(this.#head, this.#had, at, at + head)
        this.#had += head
        at += head
        if (this.#had < HEAD) break
        this.#length = 4 + this.#head.readInt32BE(0)
        this.#frame = this.#memoryFor(this.#length)
        this.#head.copy(this.#frame)
      }
      const size = Math.min(this.#length - this.#had, chunk.length - at)
      chunk.copy(this.#frame, this.#had, at, at + size)
      this.#had += size
      at += size
      if (this.#had === this.#length) this.#deliver(this.#frame)
    }
    free(chunk)
  }

  #deliver(frame: Buffer): void {
    this.#frame = null
    this.#had = 0
    const id = frame.readInt32BE(4)
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (waiting !== undefined) waiting.take(frame, this.#length)
    // The client may hold on to it.
    else for (const listener of this.#others) listener(frame.subarray(0, this.#length))
  }

  #memoryFor(length: number): Buffer {
    const kept = this.#kept
    // Another's answer: see above.
    const isOurs = this.#head.readInt32BE(4) < 0
    if (!isOurs || kept === null || kept.length < length) return Buffer.allocUnsafeSlow(length)
    this.#kept = null
    return kept
  }

  #keep(frame: Buffer): void {
    if (frame.length > MOST_KEPT || frame.length < (this.#kept?.length ?? 0)) {
      free(frame)
      return
    }
    if (this.#kept !== null) free(this.#kept)
    this.#kept = frame
  }

  #close(error: Error): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { fail } of waiting) fail(error)
  }
}
