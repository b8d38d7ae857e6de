/** Bits a key: about one of a hundred keys that are not there is thought to be. */
const bitsPerKey = 10
const leastKeys = 1024

/**
 * Which keys may be in the store, so that it is not searched for most that are not: the first row of each key asks for one.
 * Keys are only added to it; when it is full it is of no use any more.
 * Source: Bloom, Space/Time Trade-offs in Hash Coding with Allowable Errors (1970), with a block of 32 bits a key.
 */
export class KeyFilter {
  private readonly words: Uint32Array
  private readonly most: number
  private count = 0

  /** @param keys how many there are now */
  constructor(keys: number) {
    this.most = Math.max(leastKeys, 3 * keys)
    this.words = new Uint32Array(Math.ceil((this.most * bitsPerKey) / 32))
  }

  get isFull(): boolean {
    return this.count >= this.most
  }

  add(key: Uint8Array): void {
    this.count++
    const hash = hashOf(key)
    const at = this.placeOf(hash)
    this.words[at] = (this.words[at] as number) | bitsOf(hash)
  }

  mayHave(key: Uint8Array): boolean {
    const hash = hashOf(key)
    const bits = bitsOf(hash)
    return ((this.words[this.placeOf(hash)] as number) & bits) >>> 0 === bits
  }

  private placeOf(hash: number): number {
    return Math.floor((hash / 0x1_0000_0000) * this.words.length)
  }
}

/** FNV-1a with the last step of MurmurHash3, for bits that are all alike. */
function hashOf(key: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ (key[i] as number), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Four bits of a word. */
function bitsOf(hash: number): number {
  const other = Math.imul(hash, 0x9e3779b1)
  return (
    ((1 << (other & 31)) |
      (1 << ((other >>> 5) & 31)) |
      (1 << ((other >>> 10) & 31)) |
      (1 << ((other >>> 15) & 31))) >>>
    0
  )
}
