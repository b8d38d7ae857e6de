import { randomInt } from 'node:crypto'
import type { Key } from '../types/rule-type.ts'
import { Records } from './records.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot.ts'

/** Places of a key's record; what its user keeps of it comes behind them. */
const HASH = 0
const TEXT = 1
const NEXT = 2
const BEFORE = 3
const OWN_WORDS = 2

/** Of the records that a key's bytes lie in, one after the other. */
const REST = 0
const LENGTH = 1
const TEXT_WORDS = 4
const TEXT_START = 8
const TEXT_BYTES = TEXT_WORDS * 8 - TEXT_START

const TAG = { null: 0, false: 1, true: 2, number: 3, latin: 4, utf16: 5 } as const
const TAG_BITS = 3

/** Words of a user's record begin behind these. */
export const KEY_WORDS = OWN_WORDS
export const KEY_INTS = OWN_WORDS * 2

const scratch = { bytes: Buffer.alloc(256), number: new Float64Array(1) }
const numberBytes = new Uint8Array(scratch.number.buffer)

/**
 * Keys with a record each, in the order in which they were added, as a Map has them, in typed arrays: open addressing over
 * hashes of the key's bytes.
 */
export class KeyTable {
  readonly records: Records
  readonly #texts = new Records(TEXT_WORDS)
  #table = new Uint32Array(16)
  /** So that nobody can send keys whose hashes are the same. */
  #seed = randomInt(2 ** 32)
  #first = 0
  #last = 0
  #tag = 0
  #length = 0
  #hash = 0

  /** @param words of each key's record, behind the table's own */
  constructor(words: number) {
    this.records = new Records(OWN_WORDS + words)
  }

  get size(): number {
    return this.records.size
  }

  /** The record of a key; 0 when there is none. */
  find(key: Key): number {
    if (this.size === 0) return 0
    this.#encode(key)
    return this.#table[this.#placeOf()]!
  }

  /** The record of a key, which is made when there is none: `size` tells. */
  add(key: Key): number {
    if ((this.size + 1) * 3 > this.#table.length * 2) this.#resize(this.#table.length * 2)
    this.#encode(key)
    const place = this.#placeOf()
    const found = this.#table[place]!
    if (found !== 0) return found
    const { records } = this
    const at = records.take()
    this.#table[place] = at
    records.setInt(at, HASH, this.#hash)
    records.setInt(at, TEXT, this.#keep())
    this.#append(at)
    return at
  }

  /** Has a key stand as if it had been added last. */
  toEnd(at: number): void {
    if (at === this.#last) return
    this.#takeOut(at)
    this.#append(at)
  }

  #append(at: number): void {
    const { records } = this
    records.setInt(at, NEXT, 0)
    records.setInt(at, BEFORE, this.#last)
    if (this.#last === 0) this.#first = at
    else records.setInt(this.#last, NEXT, at)
    this.#last = at
  }

  #takeOut(at: number): void {
    const { records } = this
    const next = records.int(at, NEXT)
    const before = records.int(at, BEFORE)
    if (before === 0) this.#first = next
    else records.setInt(before, NEXT, next)
    if (next === 0) this.#last = before
    else records.setInt(next, BEFORE, before)
  }

  drop(at: number): void {
    const { records } = this
    this.#unlink(at)
    this.#takeOut(at)
    for (let text = records.int(at, TEXT); text !== 0; ) {
      const rest = this.#texts.int(text, REST)
      this.#texts.drop(text)
      text = rest
    }
    records.drop(at)
    if (records.size === 0) this.#table = new Uint32Array(16)
  }

  clear(): void {
    this.records.clear()
    this.#texts.clear()
    this.#table = new Uint32Array(16)
    this.#first = this.#last = 0
  }

  /** Calls for each key in order; the one that it is called for may be dropped. */
  each(visit: (at: number) => void): void {
    for (let at = this.#first; at !== 0; ) {
      const next = this.records.int(at, NEXT)
      visit(at)
      at = next
    }
  }

  keyOf(at: number): Key {
    const texts = this.#texts
    let text = this.records.int(at, TEXT)
    const coded = texts.int(text, LENGTH)
    const tag = coded & ((1 << TAG_BITS) - 1)
    const length = coded >>> TAG_BITS
    if (tag <= TAG.true) return tag === TAG.null ? null : tag === TAG.true
    room(length)
    for (let done = 0; done < length; done += TEXT_BYTES) {
      const start = texts.startOf(text) + TEXT_START
      scratch.bytes.set(
        texts.bytesOf(text).subarray(start, start + Math.min(TEXT_BYTES, length - done)),
        done
      )
      text = texts.int(text, REST)
    }
    if (tag === TAG.latin) return scratch.bytes.toString('latin1', 0, length)
    return tag === TAG.utf16 ? scratch.bytes.toString('utf16le', 0, length) : scratch.bytes.readDoubleLE(0)
  }

  /** Puts a key's bytes into the scratch, and reckons their hash. */
  #encode(key: Key): void {
    let hash = this.#seed
    if (typeof key === 'string') {
      const { length } = key
      room(length * 2)
      const { bytes } = scratch
      let wide = 0
      for (let i = 0; i < length; i++) {
        const code = key.charCodeAt(i)
        wide |= code
        bytes[i] = code
        hash = Math.imul(hash ^ code, 0x01000193)
        hash ^= hash >>> 15
      }
      this.#tag = wide > 255 ? TAG.utf16 : TAG.latin
      this.#length = wide > 255 ? bytes.write(key, 'utf16le') : length
    } else if (typeof key === 'number') {
      // Zero is the same key as minus zero, as in a Map.
      scratch.number[0] = key === 0 ? 0 : key
      for (let i = 0; i < 8; i++) {
        const byte = numberBytes[i]!
        scratch.bytes[i] = byte
        hash = Math.imul(hash ^ byte, 0x01000193)
        hash ^= hash >>> 15
      }
      this.#tag = TAG.number
      this.#length = 8
    } else {
      this.#tag = key === null ? TAG.null : key ? TAG.true : TAG.false
      this.#length = 0
    }
    hash = Math.imul(hash ^ this.#tag ^ (hash >>> 16), 0x85ebca6b)
    this.#hash = (hash ^ (hash >>> 13)) >>> 0
  }

  /** The place of the encoded key in the table, or the empty one where it would be. */
  #placeOf(): number {
    const table = this.#table
    const mask = table.length - 1
    const hash = this.#hash
    let place = hash & mask
    for (let at = table[place]!; at !== 0; at = table[place]!) {
      if (this.records.int(at, HASH) === hash && this.#isEncoded(at)) break
      place = (place + 1) & mask
    }
    return place
  }

  #isEncoded(at: number): boolean {
    const texts = this.#texts
    let text = this.records.int(at, TEXT)
    const length = this.#length
    if (texts.int(text, LENGTH) !== ((length << TAG_BITS) | this.#tag) >>> 0) return false
    const expected = scratch.bytes
    for (let done = 0; done < length; done += TEXT_BYTES) {
      const bytes = texts.bytesOf(text)
      const start = texts.startOf(text) + TEXT_START - done
      const end = Math.min(length, done + TEXT_BYTES)
      for (let i = done; i < end; i++) if (bytes[start + i] !== expected[i]) return false
      text = texts.int(text, REST)
    }
    return true
  }

  /** Keeps the encoded key's bytes; gives the first of their records. */
  #keep(): number {
    const texts = this.#texts
    const first = texts.take()
    const length = this.#length
    texts.setInt(first, LENGTH, (length << TAG_BITS) | this.#tag)
    let text = first
    for (let done = 0; done < length; done += TEXT_BYTES) {
      if (done > 0) {
        const rest = texts.take()
        texts.setInt(text, REST, rest)
        text = rest
      }
      const part = scratch.bytes.subarray(done, Math.min(length, done + TEXT_BYTES))
      texts.bytesOf(text).set(part, texts.startOf(text) + TEXT_START)
    }
    return first
  }

  /** Empties a record's place in the table; those behind it that would not be found any more move up. */
  #unlink(at: number): void {
    const table = this.#table
    const mask = table.length - 1
    let hole = this.records.int(at, HASH) & mask
    while (table[hole] !== at) hole = (hole + 1) & mask
    for (let place = (hole + 1) & mask; table[place] !== 0; place = (place + 1) & mask) {
      const wanted = this.records.int(table[place]!, HASH) & mask
      if (((place - wanted) & mask) < ((place - hole) & mask)) continue
      table[hole] = table[place]!
      hole = place
    }
    table[hole] = 0
  }

  #resize(places: number): void {
    const table = new Uint32Array(places)
    const mask = places - 1
    this.each(at => {
      let place = this.records.int(at, HASH) & mask
      while (table[place] !== 0) place = (place + 1) & mask
      table[place] = at
    })
    this.#table = table
  }

  save(out: SnapshotWriter): void {
    out.json([this.#seed, this.#first, this.#last])
    this.records.save(out)
    this.#texts.save(out)
  }

  restore(saved: SnapshotReader): void {
    const [seed, first, last] = saved.json<number[]>() as [number, number, number]
    this.#seed = seed
    this.#first = first
    this.#last = last
    this.records.restore(saved)
    this.#texts.restore(saved)
    let places = 16
    while (this.size * 3 > places * 2) places *= 2
    this.#resize(places)
  }
}

function room(size: number): void {
  if (size > scratch.bytes.length) scratch.bytes = Buffer.alloc(size * 2)
}
