import { once } from 'node:events'
import { constants, openSync, readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { formatMark, formatResume } from '../../../src/lib/stream/index.ts'
import type { LogPosition } from './database.ts'
import type { ChangeEvent } from './files.ts'

/** A change event of the capture. */
export interface Recorded {
  readonly line: string
  readonly event: ChangeEvent
}

const writeEveryMs = 20

export interface Capture {
  /** The rows that were there at the beginning. */
  readonly initial: readonly Recorded[]
  /** In the order of their commits. */
  readonly changes: readonly Recorded[]
}

/** The position of the mark behind the initial rows. */
export const beforeChanges: LogPosition = { file: 'evening.000001', pos: 1 }

/** Reads a capture: gzipped lines of change events, in the order in which cdc-tail wrote them. */
export function readCapture(file: string): Capture {
  const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n')
  const recorded = lines.map(line => ({ line, event: JSON.parse(line) as ChangeEvent }))
  const isInitial = ({ event }: Recorded): boolean => event.op === 'r'
  return { initial: recorded.filter(isInitial), changes: recorded.filter(one => !isInitial(one)) }
}

/**
 * Writes a capture as if it happened now: first the rows that were there at the beginning, with a mark behind them; then,
 * when `ready` says that the pipeline has got that far, the changes, spread over `seconds` in the proportions in which they
 * were recorded. The times of commit and of reading (`source.ts_ms`, `ts_ms`) are moved to where they are due, the rows stay
 * as they are.
 * @param written is told each change when it has been handed to the pipe, at a moment of performance.now()
 */
export async function replay(
  { initial, changes }: Capture,
  seconds: number,
  out: string,
  ready: () => Promise<void>,
  written: (change: Recorded, at: number) => void,
  stop: AbortSignal
): Promise<void> {
  const stream = await openPipe(out, stop)
  const broken = once(stream, 'error').then(([error]) => Promise.reject(error))
  broken.catch(() => {}) // thrown where writing waits
  const ts_ms = Date.now()
  stream.write(formatResume({ n: 0, at: null, ts_ms }))
  for (const { line } of initial) stream.write(`${moveTo(line, ts_ms)}\n`)
  stream.write(formatMark({ n: 1, at: { ...beforeChanges }, ts_ms }))
  await Promise.race([ready(), broken])
  const first = changes[0]?.event.source.ts_ms ?? 0
  const length = Math.max(1, (changes.at(-1)?.event.source.ts_ms ?? 0) - first)
  const start = performance.now()
  const startedAt = Date.now()
  const dueMs = ({ event }: Recorded): number => ((event.source.ts_ms - first) / length) * seconds * 1000
  for (let next = 0; next < changes.length; ) {
    const now = performance.now()
    const block: Recorded[] = []
    for (
      let event = changes[next];
      event !== undefined && dueMs(event) <= now - start;
      event = changes[++next]
    ) {
      block.push(event)
    }
    if (block.length > 0) {
      const lines = block.map(event => moveTo(event.line, Math.round(startedAt + dueMs(event))))
      if (!stream.write(`${lines.join('\n')}\n`)) await once(stream, 'drain', { signal: stop })
      for (const event of block) written(event, now)
    }
    await Promise.race([delay(writeEveryMs, undefined, { signal: stop }), broken])
  }
  await Promise.race([new Promise<void>(resolve => stream.end(resolve)), broken])
}

/**
 * Opens a named pipe for writing once it has a reader. Opened as a file it would block a thread of Node's pool for as long
 * as nobody reads, and Node does not end before its threads do.
 */
async function openPipe(path: string, stop: AbortSignal): Promise<Socket> {
  for (;;) {
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
      return new Socket({ fd, readable: false, writable: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
      await delay(20, undefined, { signal: stop })
    }
  }
}

/** No column of the evening is called ts_ms. */
function moveTo(line: string, ms: number): string {
  return line.replaceAll(/"ts_ms":\d+/g, `"ts_ms":${ms}`)
}
