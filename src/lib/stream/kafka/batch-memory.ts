import { free } from '../memory.ts'

/** As much as a transaction keeps. */
const MOST_BYTES = 64 * 1024 * 1024
const MOST_BUFFERS = 256

const spare: Buffer[] = []
let spareBytes = 0

/**
 * Memory for a batch: that of an earlier one, where there is. Fresh memory for each, outside JavaScript's heap, would
 * have the collector go through all of it again and again.
 * @returns a buffer of at least `bytes`, with whatever is in it
 */
export function takeMemory(bytes: number): Buffer {
  const at = spare.findLastIndex(({ length }) => length >= bytes)
  const [found] = at < 0 ? [] : spare.splice(at, 1)
  if (found === undefined) return Buffer.allocUnsafeSlow(bytes)
  spareBytes -= found.length
  return found
}

/** Gives back what nobody looks at any more. */
export function giveMemory(buffer: Buffer): void {
  if (buffer.length === 0) return
  if (spare.length < MOST_BUFFERS && spareBytes + buffer.length <= MOST_BYTES) {
    spare.push(buffer)
    spareBytes += buffer.length
  } else free(buffer)
}
