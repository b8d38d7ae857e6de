import { keep, keyOf } from './keep.ts'

/**
 * The number of different values, about: exact up to 2,048, by a HyperLogLog of 2^16 registers (64 KiB, standard error
 * 0.4 %) beyond. Sources: Flajolet et al., "HyperLogLog" (2007); the estimator of Ertl, "New cardinality estimation
 * algorithms for HyperLogLog sketches" (2017), algorithm 6. Plain data, for snapshots.
 */
export type DistinctSketch = {
  exact: Set<unknown> | null
  registers: Uint8Array | null
  /** How many registers hold each value. */
  histogram: number[]
}

const exactLimit = 2048
const indexBits = 16
const size = 1 << indexBits
/** Bits of the hash that the registers count zeros in. */
const rankBits = 32

export const newDistinctSketch = (): DistinctSketch => ({ exact: new Set(), registers: null, histogram: [] })

export function sketch(counted: DistinctSketch, value: unknown): void {
  const key = keyOf(value)
  const { exact } = counted
  if (exact === null) {
    countHash(counted, key)
    return
  }
  exact.add(keep(key))
  if (exact.size <= exactLimit) return
  counted.exact = null
  counted.registers = new Uint8Array(size)
  counted.histogram = new Array(rankBits + 2).fill(0)
  counted.histogram[0] = size
  for (const each of exact) countHash(counted, each)
}

function countHash({ registers, histogram }: DistinctSketch, key: unknown): void {
  if (registers === null) return
  const text = typeof key === 'string' ? `s${key}` : String(key)
  const index = hash(text, 0x9747b28c) >>> (32 - indexBits)
  const rank = Math.clz32(hash(text, 0x3c6ef372)) + 1
  const old = registers[index] ?? 0
  if (rank <= old) return
  registers[index] = rank
  histogram[old] = (histogram[old] ?? 0) - 1
  histogram[rank] = (histogram[rank] ?? 0) + 1
}

export function estimate({ exact, histogram }: DistinctSketch): number {
  if (exact !== null) return exact.size
  let z = size * tau(1 - (histogram[rankBits + 1] ?? 0) / size)
  for (let k = rankBits; k >= 1; k--) z = 0.5 * (z + (histogram[k] ?? 0))
  z += size * sigma((histogram[0] ?? 0) / size)
  return Math.round(((size / (2 * Math.LN2)) * size) / z)
}

function sigma(x: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY
  let power = x
  let y = 1
  let z = x
  for (let last = -1; z !== last; ) {
    power *= power
    last = z
    z += power * y
    y += y
  }
  return z
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0
  let root = x
  let y = 1
  let z = 1 - x
  for (let last = -1; z !== last; ) {
    root = Math.sqrt(root)
    last = z
    y *= 0.5
    z -= (1 - root) ** 2 * y
  }
  return z / 3
}

/** MurmurHash3 (32 bits) over the text's UTF-16 units, two a block. */
function hash(text: string, seed: number): number {
  let h = seed
  for (let i = 0; i < text.length; i += 2) {
    let k = text.charCodeAt(i) | ((i + 1 < text.length ? text.charCodeAt(i + 1) : 0) << 16)
    k = Math.imul(k, 0xcc9e2d51)
    k = (k << 15) | (k >>> 17)
    h ^= Math.imul(k, 0x1b873593)
    h = (h << 13) | (h >>> 19)
    h = (Math.imul(h, 5) + 0xe6546b64) | 0
  }
  h ^= text.length
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
