import { type BinlogEvent, readEvent } from './events.ts'
import { chunksOf, type LargeEvent } from './large-event.ts'
import { readPayload, unpackEvents, unpackPayload } from './payload.ts'
import type { HeldEvents } from './prepared.ts'

/** Bytes of a transaction that is unpacked in one piece. */
const AT_ONCE = 4 * 1024 * 1024

/** Takes the events inside of another one, which share its place in the log. */
export class PackedEvents {
  readonly #handle: (event: BinlogEvent) => Promise<void> | undefined
  readonly #where: () => string

  /** @param handle is given each event, with a next position of 0 */
  constructor(handle: (event: BinlogEvent) => Promise<void> | undefined, where: () => string) {
    this.#handle = handle
    this.#where = where
  }

  /** Those of a compressed transaction; one of ordinary size is unpacked at once, which is faster. */
  async take(event: BinlogEvent): Promise<void> {
    const payload = readPayload(event)
    const bytes = event.buffer.subarray(event.start + payload.offset, event.end)
    if (payload.size <= AT_ONCE) await this.#each(unpackPayload(payload, bytes))
    else for await (const events of unpackEvents(payload, [bytes])) await this.#each(events)
  }

  /** Those of a compressed transaction that is not held in memory, of which `event` is the beginning. @param end of its events */
  async takeLarge(event: BinlogEvent, large: LargeEvent, end: number): Promise<void> {
    const payload = readPayload(event)
    const chunks = chunksOf(large, payload.offset, end)
    for await (const events of unpackEvents(payload, chunks)) await this.#each(events)
  }

  /** Those that were held back while their transaction was not committed. */
  async takeHeld(held: HeldEvents): Promise<void> {
    const plain = { isPacked: false, size: held.size, offset: 0 }
    for await (const events of unpackEvents(plain, held.chunks())) await this.#each(events)
  }

  async #each(events: Buffer): Promise<void> {
    for (let at = 0; at < events.length; ) {
      const end = at + events.readUInt32LE(at + 9)
      const event = readEvent(events, at, Math.min(end, events.length), false, this.#where)
      const waiting = this.#handle({ ...event, nextPosition: 0 })
      if (waiting !== undefined) await waiting
      at = end
    }
  }
}
