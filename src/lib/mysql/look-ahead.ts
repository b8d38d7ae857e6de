import type { Packets } from './dump.ts'

/** Sees the events of a block before they are taken. */
export interface Preview {
  /** @param buffer the event is `buffer[start..end)` */
  see(buffer: Buffer, start: number, end: number): Promise<void>
  /** The block is complete. */
  complete(): Promise<void>
}

interface Packet {
  readonly buffer: Buffer
  readonly sink: Packets['sink']
}

const NO_PACKET: Packet = { buffer: Buffer.alloc(0), sink: null }

/**
 * Packets of a dump by the block, each block seen as a whole before its packets are handed on: what has to be asked of
 * the server about its rows is asked at once, instead of event by event.
 */
export class LookAhead implements Packets {
  readonly start = 0
  readonly #packets: Packets
  readonly #preview: Preview
  #block: Packet[] = []
  #at = 0
  #packet = NO_PACKET

  constructor(packets: Packets, preview: Preview) {
    this.#packets = packets
    this.#preview = preview
  }

  get buffer(): Buffer {
    return this.#packet.buffer
  }

  get end(): number {
    return this.#packet.buffer.length
  }

  get sink(): Packets['sink'] {
    return this.#packet.sink
  }

  next(): boolean {
    this.#packet = this.#block[this.#at] ?? NO_PACKET
    return this.#at++ < this.#block.length
  }

  async more(timeoutMs: number): Promise<boolean> {
    await this.#fill()
    if (this.#block.length > 0) return true
    if (!(await this.#packets.more(timeoutMs))) return false
    await this.#fill()
    return true
  }

  interrupt(): void {
    this.#packets.interrupt()
  }

  /** Takes what has come. Behind a packet that goes elsewhere nothing can be taken before it is read. */
  async #fill(): Promise<void> {
    this.#block = []
    this.#at = 0
    for (let sink: Packets['sink'] = null; sink === null && this.#packets.next(); ) {
      const { buffer, start, end } = this.#packets
      sink = this.#packets.sink
      const packet = { buffer: Buffer.from(buffer.subarray(start, end)), sink }
      this.#block.push(packet)
      // Packets that do not begin with 0 tell that the dump is over.
      if (sink === null && packet.buffer[0] === 0)
        await this.#preview.see(packet.buffer, 1, packet.buffer.length)
    }
    if (this.#block.length > 0) await this.#preview.complete()
  }
}
