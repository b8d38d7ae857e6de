/**
 * A snapshot as parts that follow each other: columns as they lie in memory, the rest as JSON. Each part has its length in
 * front, u32; a block of parts, which a reader may pass over, a double.
 */

/** Collects parts. Bytes are not copied: until they have been written their owner is not to change. */
export class SnapshotWriter {
  #parts: Uint8Array[] = []

  bytes(view: Uint8Array): void {
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32LE(view.length)
    this.#parts.push(length, view)
  }

  json(value: unknown): void {
    this.bytes(Buffer.from(JSON.stringify(value)))
  }

  block(write: (out: SnapshotWriter) => void): void {
    const inner = new SnapshotWriter()
    write(inner)
    const parts = inner.take()
    const length = Buffer.allocUnsafe(8)
    length.writeDoubleLE(parts.reduce((sum, part) => sum + part.length, 0))
    this.#parts.push(length)
    for (const part of parts) this.#parts.push(part)
  }

  take(): Uint8Array[] {
    const parts = this.#parts
    this.#parts = []
    return parts
  }
}

export class SnapshotReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#buffer.length
  }

  /** Bytes of the snapshot itself: copy what is to be changed. */
  bytes(): Buffer {
    const length = this.#buffer.readUInt32LE(this.#at)
    return this.#slice(this.#at + 4, length)
  }

  json<T>(): T {
    return JSON.parse(this.bytes().toString()) as T
  }

  block(): SnapshotReader {
    const length = this.#buffer.readDoubleLE(this.#at)
    return new SnapshotReader(this.#slice(this.#at + 8, length))
  }

  #slice(from: number, length: number): Buffer {
    this.#at = from + length
    if (this.#at > this.#buffer.length) throw new RangeError('the snapshot is cut short')
    return this.#buffer.subarray(from, this.#at)
  }
}
