import { randomInt } from 'node:crypto'
import type { Key } from '../types/rule-type.ts'
import { EncodedKey, TAG } from './encoded-key.ts'
import { Records } from './records.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot.ts'

/** Places of a key's record; what its user keeps of it comes behind them, then the key itself. */
const HASH = 0
/** The record that its bytes go on in; 0 for none. */
const REST = 1
const NEXT = 2
const BEFORE = 3
const OWN_WORDS = 2

/** The end of a key's record: length and kind, then its first bytes. A record of the rest of them is the next one, then bytes. */
const PART_WORDS = 3
const PART_START = 4
const PART_BYTES = PART_WORDS * 8 - PART_START

/** Places of a table, at least. */
const FEWEST = 16
const MOST_FEW = 128

const TAG_BITS = 3

/** Words of a user's record begin behind these. */
export const KEY_WORDS = OWN_WORDS
export const KEY_INTS = OWN_WORDS * 2

/** So that nobody can send keys whose hashes are the same. */
const SEED = randomInt(2 ** 32)

/** The key that is looked for. */
const wanted = new EncodedKey()

let scratch = Buffer.alloc(256)

/**
 * Keys with a record each, in the order in which they were added, as a Map has them, in typed arrays: open addressing over
 * hashes of the key's bytes.
 */
export class KeyTable {
  readonly records: Records
  readonly #rests = new Records(PART_WORDS)
  /** Place of a key's length and kind. */
  readonly #coded: number
  /** Of each place a key's record, 0 where there is none, and its hash: most others are told apart by it. */
  #table = new Uint32Array(FEWEST * 2)
  /** That of the process in which it was begun. */
  #seed = SEED
  /** The records of all keys while they are few: most rules have few, and a Map finds those sooner. */
  #few: Map<Key, number> | undefined = new Map()
  #first = 0
  #last = 0

  /** @param words of each key's record, behind the table's own */
  constructor(words: number) {
    this.records = new Records(OWN_WORDS + words + PART_WORDS)
    this.#coded = (OWN_WORDS + words) * 2
  }

  get size(): number {
    return this.records.size
  }

  /** The record of a key; 0 when there is none. */
  find(key: Key): number {
    if (this.size === 0) return 0
    if (this.#few !== undefined) return this.#few.get(key) ?? 0
    wanted.set(key, this.#seed)
    return this.#table[this.#placeOf()]!
  }

  /** The record of a key, which is made when there is none: `size` tells. */
  add(key: Key): number {
    const known = this.#few?.get(key)
    if (known !== undefined) return known
    // two thirds of the places at most, each of which has two numbers
    if ((this.size + 1) * 3 > this.#table.length) this.#resize(this.#table.length)
    wanted.set(key, this.#seed)
    const place = this.#placeOf()
    const found = this.#table[place]!
    if (found !== 0) return found
    const { records } = this
    const at = records.take()
    this.#table[place] = at
    this.#table[place + 1] = wanted.hash
    records.setInt(at, HASH, wanted.hash)
    this.#keep(at)
    this.#append(at)
    if (this.size > MOST_FEW) this.#few = undefined
    this.#few?.set(key, at)
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
    this.#few?.delete(this.keyOf(at))
    this.#unlink(at)
    this.#takeOut(at)
    for (let rest = records.int(at, REST); rest !== 0; ) {
      const next = this.#rests.int(rest, 0)
      this.#rests.drop(rest)
      rest = next
    }
    records.drop(at)
    if (records.size > 0) return
    this.#table = new Uint32Array(FEWEST * 2)
    this.#few = new Map()
  }

  clear(): void {
    this.records.clear()
    this.#rests.clear()
    this.#table = new Uint32Array(FEWEST * 2)
    this.#few = new Map()
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
    const { records } = this
    const rests = this.#rests
    const coded = records.int(at, this.#coded)
    const tag = coded & ((1 << TAG_BITS) - 1)
    const length = coded >>> TAG_BITS
    if (tag <= TAG.true) return tag === TAG.null ? null : tag === TAG.true
    if (length > scratch.length) scratch = Buffer.alloc(length * 2)
    copy(records.bytesOf(at), this.#startOf(at), scratch, 0, Math.min(length, PART_BYTES))
    let rest = records.int(at, REST)
    for (let done = PART_BYTES; done < length; done += PART_BYTES) {
      const start = rests.startOf(rest) + PART_START
      copy(rests.bytesOf(rest), start, scratch, done, Math.min(length - done, PART_BYTES))
      rest = rests.int(rest, 0)
    }
    if (tag === TAG.latin) return scratch.toString('latin1', 0, length)
    return tag === TAG.utf16 ? scratch.toString('utf16le', 0, length) : scratch.readDoubleLE(0)
  }

  /** Where a key's first bytes begin. */
  #startOf(at: number): number {
    return this.records.startOf(at) + this.#coded * 4 + PART_START
  }

  /** Where the encoded key stands in the table, or the empty place where it would. */
  #placeOf(): number {
    const table = this.#table
    const mask = table.length - 1
    const { hash } = wanted
    let place = (hash << 1) & mask
    for (let at = table[place]!; at !== 0; at = table[place]!) {
      if (table[place + 1] === hash && this.#isEncoded(at)) break
      place = (place + 2) & mask
    }
    return place
  }

  #isEncoded(at: number): boolean {
    const { records } = this
    const rests = this.#rests
    const { length, tag, bytes } = wanted
    if (records.int(at, this.#coded) !== ((length << TAG_BITS) | tag) >>> 0) return false
    if (!same(records.bytesOf(at), this.#startOf(at), bytes, 0, Math.min(length, PART_BYTES))) return false
    let rest = records.int(at, REST)
    for (let done = PART_BYTES; done < length; done += PART_BYTES) {
      const start = rests.startOf(rest) + PART_START
      if (!same(rests.bytesOf(rest), start, bytes, done, Math.min(length - done, PART_BYTES))) return false
      rest = rests.int(rest, 0)
    }
    return true
  }

  /** Keeps the encoded key's bytes: in its record, and where they have no room there in others. */
  #keep(at: number): void {
    const { records } = this
    const rests = this.#rests
    const { length, tag, bytes } = wanted
    records.setInt(at, this.#coded, (length << TAG_BITS) | tag)
    copy(bytes, 0, records.bytesOf(at), this.#startOf(at), Math.min(length, PART_BYTES))
    let last = 0
    for (let done = PART_BYTES; done < length; done += PART_BYTES) {
      const rest = rests.take()
      copy(
        bytes,
        done,
        rests.bytesOf(rest),
        rests.startOf(rest) + PART_START,
        Math.min(length - done, PART_BYTES)
      )
      if (last === 0) records.setInt(at, REST, rest)
      else rests.setInt(last, 0, rest)
      last = rest
    }
  }

  /** Empties a record's place in the table; those behind it that would not be found any more move up. */
  #unlink(at: number): void {
    const table = this.#table
    const mask = table.length - 1
    let hole = (this.records.int(at, HASH) << 1) & mask
    while (table[hole] !== at) hole = (hole + 2) & mask
    for (let place = (hole + 2) & mask; table[place] !== 0; place = (place + 2) & mask) {
      const wanted = (table[place + 1]! << 1) & mask
      if (((place - wanted) & mask) < ((place - hole) & mask)) continue
      table[hole] = table[place]!
      table[hole + 1] = table[place + 1]!
      hole = place
    }
    table[hole] = 0
  }

  #resize(places: number): void {
    const table = new Uint32Array(places * 2)
    const mask = table.length - 1
    this.each(at => {
      const hash = this.records.int(at, HASH)
      let place = (hash << 1) & mask
      while (table[place] !== 0) place = (place + 2) & mask
      table[place] = at
      table[place + 1] = hash
    })
    this.#table = table
  }

  save(out: SnapshotWriter): void {
    out.json([this.#seed, this.#first, this.#last])
    this.records.save(out)
    this.#rests.save(out)
  }

  restore(saved: SnapshotReader): void {
    const [seed, first, last] = saved.json<number[]>() as [number, number, number]
    this.#seed = seed
    this.#first = first
    this.#last = last
    this.records.restore(saved)
    this.#rests.restore(saved)
    let places = FEWEST
    while (this.size * 3 > places * 2) places *= 2
    this.#resize(places)
    this.#few = this.size > MOST_FEW ? undefined : new Map()
    if (this.#few !== undefined) this.each(at => this.#few?.set(this.keyOf(at), at))
  }
}

/** Most are short: a call of what copies many would cost more. */
function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[start + i]!
}

function same(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}
