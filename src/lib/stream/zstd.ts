import type { Readable, Writable } from 'node:stream'
import { createZstdDecompress } from 'node:zlib'

/**
 * Unpacks a file of any number of zstd frames (RFC 8878, 3.1), as `cat a.zst b.zst` and parallel packers make it. Node's
 * own stream ends without a word behind the first frame that ends inside a chunk.
 */
export async function* unpackZstd(file: Readable): AsyncGenerator<Buffer, void, void> {
  const chunks = file.iterator() as AsyncIterableIterator<Buffer>
  let chunk: Buffer = Buffer.alloc(0)
  let ended = false
  while (!ended) {
    const unpack = createZstdDecompress()
    /** Gives the file to the stream; returns at its end, or with what is left of a chunk once the stream has ended. */
    const feed = async (): Promise<void> => {
      do {
        if (chunk.length === 0) {
          const next = await chunks.next()
          ended = next.done === true
          if (ended) break
          chunk = next.value
        }
        const before = unpack.bytesWritten
        await write(unpack, chunk)
        chunk = chunk.subarray(unpack.bytesWritten - before)
      } while (chunk.length === 0)
      if (ended) unpack.end()
    }
    const fed = feed()
    fed.catch(error => unpack.destroy(error))
    yield* unpack
    await fed
  }
}

function write(stream: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, error => (error ? reject(error) : resolve()))
  })
}
