import type { Key } from '../types/rule-type.ts'

/** What kind of key its bytes are of. */
export const TAG = { null: 0, false: 1, true: 2, number: 3, latin: 4, utf16: 5 } as const

const number = new Float64Array(1)
const numberBytes = new Uint8Array(number.buffer)

/** The bytes of a key, of which the same keys have the same ones, and their hash. */
export class EncodedKey {
  bytes: Buffer = Buffer.alloc(256)
  length = 0
  tag = 0
  /** Of 32 bits; no sign. */
  hash = 0
  #key: Key | undefined
  #seed = 0

  /** Takes a key. Mostly several tables are asked for the same one, one after the other. */
  set(key: Key, seed: number): void {
    if (key === this.#key && seed === this.#seed) return
    this.#key = key
    this.#seed = seed
    let hash = seed
    if (typeof key === 'string') hash = this.#text(key, hash)
    else if (typeof key === 'number') hash = this.#number(key, hash)
    else {
      this.tag = key === null ? TAG.null : key ? TAG.true : TAG.false
      this.length = 0
    }
    hash = Math.imul(hash ^ this.tag ^ (hash >>> 16), 0x85ebca6b)
    this.hash = (hash ^ (hash >>> 13)) >>> 0
  }

  #text(key: string, seed: number): number {
    const { length } = key
    if (length * 2 > this.bytes.length) this.bytes = Buffer.alloc(length * 4)
    const { bytes } = this
    let hash = seed
    let wide = 0
    for (let i = 0; i < length; i++) {
      const code = key.charCodeAt(i)
      wide |= code
      bytes[i] = code
      hash = Math.imul(hash ^ code, 0x01000193)
      hash ^= hash >>> 15
    }
    this.tag = wide > 255 ? TAG.utf16 : TAG.latin
    this.length = wide > 255 ? bytes.write(key, 'utf16le') : length
    return hash
  }

  #number(key: number, seed: number): number {
    // Zero is the same key as minus zero, as in a Map.
    number[0] = key === 0 ? 0 : key
    let hash = seed
    for (let i = 0; i < 8; i++) {
      const byte = numberBytes[i]!
      this.bytes[i] = byte
      hash = Math.imul(hash ^ byte, 0x01000193)
      hash ^= hash >>> 15
    }
    this.tag = TAG.number
    this.length = 8
    return hash
  }
}
