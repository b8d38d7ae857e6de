/** How late alerts are: a steady stream of events, some of which are to be told of, and who is told. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

export const EVENTS_PER_SECOND = 5000
/** Often enough that waiting for the next write adds little. */
const WRITE_EVERY_MS = 2
/** An alert that is later than this does not come any more. */
const LATEST_MS = 180_000

/** When events were written, and when somebody was told of them, by their id. */
export class Delays {
  readonly #writtenAt = new Map<number, number>()
  readonly #delays = new Map<number, number>()
  /** Somebody was told of an event that does not count: all is at work. */
  isWarm = false

  written(id: number): void {
    this.#writtenAt.set(id, performance.now())
  }

  /** Somebody was told of the event; again does not count. */
  told(id: number): void {
    const at = this.#writtenAt.get(id)
    this.isWarm ||= at === undefined
    if (at !== undefined && !this.#delays.has(id)) this.#delays.set(id, performance.now() - at)
  }

  /** All of them, milliseconds. @throws Error when an alert does not come */
  async all(): Promise<number[]> {
    for (const start = performance.now(); this.#delays.size < this.#writtenAt.size; await sleep(10)) {
      if (performance.now() - start > LATEST_MS) {
        throw new Error(
          `${this.#writtenAt.size - this.#delays.size} of ${this.#writtenAt.size} alerts do not come`
        )
      }
    }
    return [...this.#delays.values()]
  }
}

/** What is counted of a stream of events. */
export interface Traffic {
  /** The id of the first event: no two of an index are the same. */
  readonly firstId: number
  /** At least, before the events that count. */
  readonly warmUpMs: number
  readonly alerts: number
  readonly alertEveryMs: number
}

/**
 * Writes events of now at a steady rate, every so often one whose status is `failed`.
 * @returns the id after the last
 */
export async function writeEvents(to: Writable, delays: Delays, traffic: Traffic): Promise<number> {
  const { warmUpMs, alerts } = traffic
  let id = traffic.firstId
  const start = performance.now()
  let failed = 0
  let areCounted = warmUpMs === 0
  let countedFrom = 0
  while (!areCounted || failed < alerts) {
    const elapsed = performance.now() - start
    if (!areCounted && delays.isWarm && elapsed >= warmUpMs) {
      areCounted = true
      countedFrom = elapsed
      failed = 0
    }
    const due = traffic.firstId + Math.floor((elapsed / 1000) * EVENTS_PER_SECOND)
    let text = ''
    const now = new Date().toISOString()
    const told: number[] = []
    for (; id < due; id++) {
      const isFailed =
        (!areCounted || failed < alerts) && elapsed - countedFrom >= failed * traffic.alertEveryMs
      text += `{"@timestamp":"${now}","id":${id},"gateway":"upi","amount":"49.00","user_id":${id % 50_000},"status":"${isFailed ? 'failed' : 'ok'}"}\n`
      if (!isFailed) continue
      failed++
      if (areCounted) told.push(id)
    }
    for (const one of told) delays.written(one)
    if (text !== '' && !to.write(text)) await once(to, 'drain')
    await sleep(WRITE_EVERY_MS)
  }
  return id
}

/** An HTTP server that is told of matches as JSON; disposing of it ends it. */
export async function listen(
  told: (match: { id: number }) => void
): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      told(JSON.parse(Buffer.concat(chunks).toString()) as { id: number })
      response.end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    }
  }
}
