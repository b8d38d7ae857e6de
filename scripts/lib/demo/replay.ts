import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import type { ChangeEvent } from './files.ts'

/** A change event of the capture. */
export interface Recorded {
  readonly line: string
  readonly event: ChangeEvent
}

const writeEveryMs = 20

/** Reads a capture, gzipped lines of change events in the order of their commits. */
export function readCapture(file: string): Recorded[] {
  const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')
  return lines.map(line => ({ line, event: JSON.parse(line) as ChangeEvent }))
}

/**
 * Writes a capture as if it happened now: spread over `seconds` in the proportions in which it was recorded, with the
 * times of commit and of reading (`source.ts_ms`, `ts_ms`) moved to where they are due. The rows stay as they are.
 * @param written is told each event when it has been handed to the pipe, at a moment of performance.now()
 */
export async function replay(
  capture: readonly Recorded[],
  seconds: number,
  out: string,
  written: (event: Recorded, at: number) => void,
  stop: AbortSignal
): Promise<void> {
  const stream = createWriteStream(out)
  await once(stream, 'open')
  const first = capture.find(({ event }) => event.op !== 'r')?.event.source.ts_ms ?? 0
  const length = Math.max(1, (capture.at(-1)?.event.source.ts_ms ?? 0) - first)
  const start = performance.now()
  const startedAt = Date.now()
  const dueMs = ({ event }: Recorded): number =>
    (Math.max(0, event.source.ts_ms - first) / length) * seconds * 1000
  for (let next = 0; next < capture.length; ) {
    const now = performance.now()
    const block: Recorded[] = []
    for (
      let event = capture[next];
      event !== undefined && dueMs(event) <= now - start;
      event = capture[++next]
    ) {
      block.push(event)
    }
    if (block.length > 0) {
      const lines = block.map(event => moveTo(event.line, Math.round(startedAt + dueMs(event))))
      if (!stream.write(`${lines.join('\n')}\n`)) await once(stream, 'drain', { signal: stop })
      for (const event of block) written(event, now)
    }
    await delay(writeEveryMs, undefined, { signal: stop })
  }
  stream.end()
  await once(stream, 'close')
}

/** No column of the evening is called ts_ms. */
function moveTo(line: string, ms: number): string {
  return line.replaceAll(/"ts_ms":\d+/g, `"ts_ms":${ms}`)
}
