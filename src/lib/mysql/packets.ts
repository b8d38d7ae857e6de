import type { Socket } from 'node:net'
import { ToolError } from '../cli/index.ts'

const HEADER = 4
const LARGEST = 0xffffff

/** What of a large payload decides where it goes. */
const HEAD = 32

/** Takes the bytes of a payload of 16 MiB and more as they come. */
export interface PayloadSink {
  write(bytes: Buffer): void
}

/**
 * Cuts a server's byte stream into protocol packets (3 bytes of length, 1 of sequence) in place: a payload that lies
 * within one chunk is not copied. Payloads of 16 MiB and more are joined, or go elsewhere.
 *
 * Source: MySQL Internals, "Protocol Basics".
 */
export class PacketReader<Sink extends PayloadSink = never> {
  readonly #socket: Socket
  readonly #sinkFor: (head: Buffer) => Sink | null
  #chunk: Buffer = Buffer.alloc(0)
  #at = 0
  /** Where the large payload goes that comes in, and what is left of its current packet. */
  #sink: Sink | Joined | null = null
  #left = 0
  #isLastPart = false
  #failure: Error | null = null
  #ended = false
  #interrupted = false
  #wake: (() => void) | null = null

  /** The payload of the last `next()` that returned true: `buffer[start..end)`. Valid until the next call. */
  buffer: Buffer = this.#chunk
  start = 0
  end = 0
  /** Where the payload went instead; `buffer` has its beginning then. */
  sink: Sink | null = null

  /** @param sinkFor decides by its beginning where a large payload goes; null: it is joined in memory */
  constructor(socket: Socket, sinkFor: (head: Buffer) => Sink | null = () => null) {
    this.#socket = socket
    this.#sinkFor = sinkFor
    socket.on('readable', () => this.#wakeUp())
    socket.on('end', () => {
      this.#ended = true
      this.#wakeUp()
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wakeUp()
    })
    socket.on('error', error => {
      this.#failure = error
      this.#wakeUp()
    })
  }

  /** The next packet, if it is there already. */
  next(): boolean {
    if (this.#sink !== null) return this.#fill(this.#sink)
    const chunk = this.#chunk
    const at = this.#at
    const available = chunk.length - at
    if (available < HEADER) return false
    const length = this.#lengthAt(at)
    if (length === LARGEST) {
      if (available < HEADER + HEAD) return false
      const head = Buffer.from(chunk.subarray(at + HEADER, at + HEADER + HEAD))
      const sink = this.#sinkFor(head) ?? new Joined()
      this.buffer = head
      this.#at = at + HEADER
      this.#left = length
      this.#isLastPart = false
      this.#sink = sink
      return this.#fill(sink)
    }
    if (available < HEADER + length) return false
    this.#at = at + HEADER + length
    this.sink = null
    this.buffer = chunk
    this.start = at + HEADER
    this.end = this.#at
    return true
  }

  /** Gives what is there of a large payload to its sink; true when that was all of it. */
  #fill(sink: Sink | Joined): boolean {
    for (;;) {
      const size = Math.min(this.#left, this.#chunk.length - this.#at)
      if (size > 0) sink.write(this.#chunk.subarray(this.#at, this.#at + size))
      this.#at += size
      this.#left -= size
      if (this.#left > 0) return false
      if (this.#isLastPart) break
      if (this.#chunk.length - this.#at < HEADER) return false
      this.#left = this.#lengthAt(this.#at)
      this.#isLastPart = this.#left < LARGEST
      this.#at += HEADER
    }
    this.#sink = null
    if (sink instanceof Joined) this.buffer = sink.take()
    this.sink = sink instanceof Joined ? null : sink
    this.start = 0
    this.end = this.buffer.length
    return true
  }

  #lengthAt(at: number): number {
    const chunk = this.#chunk
    return (chunk[at] as number) | ((chunk[at + 1] as number) << 8) | ((chunk[at + 2] as number) << 16)
  }

  /** The sink of a payload that has not come whole when the connection ends. */
  get unfinished(): Sink | null {
    return this.#sink === null || this.#sink instanceof Joined ? null : this.#sink
  }

  /**
   * Waits for more bytes after `next()` returned false.
   * @param timeoutMs gives up waiting after this time
   * @returns false when the time has passed
   * @throws the socket's error; PROTOCOL_CONNECTION_LOST when the server has closed it
   */
  async more(timeoutMs: number): Promise<boolean> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null
      if (chunk !== null) {
        this.#take(chunk)
        return true
      }
      if (this.#failure !== null) throw this.#failure
      if (this.#ended) {
        throw Object.assign(new Error('the server closed the connection'), {
          code: 'PROTOCOL_CONNECTION_LOST'
        })
      }
      const left = deadline - Date.now()
      if (left <= 0) return false
      if (this.#interrupted) {
        this.#interrupted = false
        return false
      }
      await this.#waiting(left)
    }
  }

  /** Ends the wait that is going on, or else the next one, early: that `more` returns false. */
  interrupt(): void {
    this.#interrupted = true
    this.#wakeUp()
  }

  #waiting(timeoutMs: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(() => this.#wakeUp(), timeoutMs)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = null
        resolve()
      }
    })
  }

  #wakeUp(): void {
    this.#wake?.()
  }

  #take(chunk: Buffer): void {
    const old = this.#chunk
    const rest = old.length - this.#at
    if (rest === 0) this.#chunk = chunk
    else this.#join(rest, chunk)
    this.#at = 0
    if (old.buffer !== this.#capacity.buffer) release(old)
    if (rest > 0) release(chunk)
  }

  /**
   * Puts a chunk behind what is left of the one before. While a large packet comes in, chunks gather in a buffer that
   * has room for the whole of it, so that its bytes are copied once; the next large one takes the same buffer, as what a
   * packet left there is no longer valid.
   */
  #join(rest: number, chunk: Buffer): void {
    const old = this.#chunk
    const needed = rest + chunk.length
    if (this.#at > 0 || old !== this.#gathering || this.#capacity.length < needed) {
      const packet = rest >= HEADER ? this.#lengthAt(this.#at) : 0
      // The bytes of a large payload do not gather here.
      const length = packet === LARGEST ? 0 : packet
      const room = Math.max(needed, HEADER + length + chunk.length)
      const capacity = room <= this.#capacity.length ? this.#capacity : Buffer.allocUnsafeSlow(room)
      // The rest may lie in the same buffer: bytes are moved as if all were read first.
      old.copy(capacity, 0, this.#at)
      this.#capacity = capacity
    }
    chunk.copy(this.#capacity, rest)
    this.#chunk = this.#capacity.subarray(0, needed)
    this.#gathering = this.#chunk
  }

  #capacity: Buffer = Buffer.alloc(0)
  #gathering: Buffer | null = null
}

/**
 * Gives a chunk's memory back. It lies outside the heap, where it would stay until a collection that a reader which makes
 * few objects hardly ever needs: tens of megabytes of chunks that nobody reads any more.
 */
function release(chunk: Buffer): void {
  const { buffer } = chunk
  // Small ones are parts of a pool.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0)
}

/** A large payload in memory. Room that is not written to costs nothing, so there is plenty from the start. */
class Joined implements PayloadSink {
  #bytes: Buffer = Buffer.allocUnsafeSlow(4 * LARGEST)
  #length = 0

  write(bytes: Buffer): void {
    if (this.#length + bytes.length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(this.#bytes.length * 2)
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    bytes.copy(this.#bytes, this.#length)
    this.#length += bytes.length
  }

  take(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}

/** Builds a client packet with sequence number 0. */
export function commandPacket(command: number, body: Buffer): Buffer {
  const packet = Buffer.allocUnsafe(HEADER + 1 + body.length)
  packet.writeUIntLE(1 + body.length, 0, 3)
  packet[3] = 0
  packet[4] = command
  body.copy(packet, HEADER + 1)
  return packet
}

export interface ServerFailure {
  readonly code: number
  readonly state: string
  readonly message: string
}

/** Reads an ERR packet, whose first byte is 0xff. */
export function readErrorPacket(buffer: Buffer, start: number, end: number): ServerFailure {
  const code = buffer.readUInt16LE(start + 1)
  const marked = buffer[start + 3] === 35
  return {
    code,
    state: marked ? buffer.toString('latin1', start + 4, start + 9) : '',
    message: buffer.toString('utf8', start + (marked ? 9 : 3), end)
  }
}

/** An unsigned length-encoded integer at `at`; returns value and the offset behind it. */
export function readLengthEncoded(buffer: Buffer, at: number): [value: number, next: number] {
  const first = buffer[at] as number
  if (first < 251) return [first, at + 1]
  if (first === 252) return [buffer.readUInt16LE(at + 1), at + 3]
  if (first === 253) return [buffer.readUIntLE(at + 1, 3), at + 4]
  if (first === 254) {
    const value = buffer.readBigUInt64LE(at + 1)
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new ToolError('INPUT', `length ${value} is out of range`)
    return [Number(value), at + 9]
  }
  throw new ToolError('INPUT', `byte 0x${first.toString(16)} is no length-encoded integer`)
}
