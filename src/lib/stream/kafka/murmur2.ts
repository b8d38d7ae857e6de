const M = 0x5bd1e995

/**
 * The hash by which Java's producer places keys, and with it most clients. Partition: `(hash & 0x7fffffff) % partitions`.
 *
 * Source: org.apache.kafka.common.utils.Utils.murmur2
 */
export function murmur2(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const length = end - start
  let h = 0x9747b28c ^ length
  let at = start
  for (; end - at >= 4; at += 4) {
    let k =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    h = Math.imul(h, M) ^ Math.imul(k, M)
  }
  const rest = end - at
  if (rest > 2) h ^= (bytes[at + 2] as number) << 16
  if (rest > 1) h ^= (bytes[at + 1] as number) << 8
  if (rest > 0) h = Math.imul(h ^ (bytes[at] as number), M)
  h = Math.imul(h ^ (h >>> 13), M)
  return h ^ (h >>> 15)
}

/** The partition of a key. */
export function partitionOf(key: Uint8Array, start: number, end: number, partitions: number): number {
  return (murmur2(key, start, end) & 0x7fffffff) % partitions
}
