import { createReadStream } from 'node:fs'

/** The lines of stdin as strings, by blocks: the shortest code that does it well. */
export async function* textLines(): AsyncGenerator<string[], void, void> {
  let rest = ''
  const stdin = createReadStream('', { fd: 0, encoding: 'utf8', highWaterMark: 256 * 1024 })
  for await (const text of stdin as AsyncIterable<string>) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    yield lines
  }
  if (rest !== '') yield [rest]
}
