import type { Readable } from 'node:stream'

/** Chunks that wait to be taken: the next one is read while one is worked on. */
const READ_AHEAD = 2

/**
 * The chunks of a stream as they were read. A stream's own iterator joins those that have gathered, which copies them.
 * @throws the stream's error, or one when it was destroyed before its end
 */
export async function* chunksOf(stream: Readable): AsyncGenerator<Buffer, void, void> {
  const queue: Buffer[] = []
  let isOver = false
  let failure: unknown
  let wake = (): void => {}
  const over = (error?: unknown): void => {
    if (!isOver) failure = error
    isOver = true
    wake()
  }
  stream.on('data', (chunk: Buffer) => {
    queue.push(chunk)
    if (queue.length >= READ_AHEAD) stream.pause()
    wake()
  })
  stream.once('end', () => over())
  stream.once('error', over)
  stream.once('close', () => over(new Error('closed before its end')))
  try {
    for (;;) {
      const chunk = queue.shift()
      if (chunk !== undefined) {
        if (stream.isPaused()) stream.resume()
        yield chunk
      } else if (isOver) {
        if (failure !== undefined) throw failure
        return
      } else {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    }
  } finally {
    stream.destroy()
  }
}
