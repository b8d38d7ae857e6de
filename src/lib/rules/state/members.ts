import { Records } from './records.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot.ts'

const OWNER = 0
const MEMBER = 1
const NEXT = 2
const BEFORE = 3
const VALUE = 2
const OWN_WORDS = 2

/** Places of an owner's record that its set takes, from where it begins in it. */
const HEAD = 0
const SIZE = 1
export const SET_INTS = 2

/**
 * Sets of numbers, as many as there are owners, with a value for each member: open addressing over pairs of owner and
 * member.
 */
export class MemberSets {
  readonly #pairs: Records
  readonly #hasValues: boolean
  readonly #owners: Records
  readonly #at: number
  #table = new Uint32Array(16)

  /** @param at place in an owner's record from which on the set has SET_INTS of them */
  constructor(owners: Records, at: number, hasValues = true) {
    this.#owners = owners
    this.#hasValues = hasValues
    this.#pairs = new Records(OWN_WORDS + (hasValues ? 1 : 0))
    this.#at = at
  }

  size(owner: number): number {
    return this.#owners.int(owner, this.#at + SIZE)
  }

  /** Gives a member its value; true when it is a new one. */
  set(owner: number, member: number, value = 0): boolean {
    const pairs = this.#pairs
    if ((pairs.size + 1) * 5 > this.#table.length * 4) this.#resize(this.#table.length * 2)
    const place = this.#placeOf(owner, member)
    const found = this.#table[place]!
    if (found !== 0) {
      if (this.#hasValues) pairs.setDouble(found, VALUE, value)
      return false
    }
    const owners = this.#owners
    const pair = pairs.take()
    this.#table[place] = pair
    const next = owners.int(owner, this.#at + HEAD)
    pairs.setInt(pair, OWNER, owner)
    pairs.setInt(pair, MEMBER, member)
    pairs.setInt(pair, NEXT, next)
    if (this.#hasValues) pairs.setDouble(pair, VALUE, value)
    if (next !== 0) pairs.setInt(next, BEFORE, pair)
    owners.setInt(owner, this.#at + HEAD, pair)
    owners.setInt(owner, this.#at + SIZE, this.size(owner) + 1)
    return true
  }

  /** Calls for each member; with true as the answer it is dropped. */
  each(owner: number, visit: (member: number, value: number) => boolean): void {
    const pairs = this.#pairs
    for (let pair = this.#owners.int(owner, this.#at + HEAD); pair !== 0; ) {
      const next = pairs.int(pair, NEXT)
      const value = this.#hasValues ? pairs.double(pair, VALUE) : 0
      if (visit(pairs.int(pair, MEMBER), value)) this.#drop(owner, pair)
      pair = next
    }
  }

  #drop(owner: number, pair: number): void {
    const pairs = this.#pairs
    this.#unlink(pair)
    const next = pairs.int(pair, NEXT)
    const before = pairs.int(pair, BEFORE)
    if (before === 0) this.#owners.setInt(owner, this.#at + HEAD, next)
    else pairs.setInt(before, NEXT, next)
    if (next !== 0) pairs.setInt(next, BEFORE, before)
    this.#owners.setInt(owner, this.#at + SIZE, this.size(owner) - 1)
    pairs.drop(pair)
    if (pairs.size === 0) this.#table = new Uint32Array(16)
  }

  clear(): void {
    this.#pairs.clear()
    this.#table = new Uint32Array(16)
  }

  #placeOf(owner: number, member: number): number {
    const pairs = this.#pairs
    const table = this.#table
    const mask = table.length - 1
    let place = hashOf(owner, member) & mask
    for (let pair = table[place]!; pair !== 0; pair = table[place]!) {
      if (pairs.int(pair, OWNER) === owner && pairs.int(pair, MEMBER) === member) break
      place = (place + 1) & mask
    }
    return place
  }

  #wanted(pair: number, mask: number): number {
    return hashOf(this.#pairs.int(pair, OWNER), this.#pairs.int(pair, MEMBER)) & mask
  }

  /** Empties a pair's place in the table; those behind it that would not be found any more move up. */
  #unlink(pair: number): void {
    const table = this.#table
    const mask = table.length - 1
    let hole = this.#wanted(pair, mask)
    while (table[hole] !== pair) hole = (hole + 1) & mask
    for (let place = (hole + 1) & mask; table[place] !== 0; place = (place + 1) & mask) {
      const wanted = this.#wanted(table[place]!, mask)
      if (((place - wanted) & mask) < ((place - hole) & mask)) continue
      table[hole] = table[place]!
      hole = place
    }
    table[hole] = 0
  }

  #resize(places: number): void {
    const old = this.#table
    const table = new Uint32Array(places)
    for (const pair of old) if (pair !== 0) this.#put(table, pair)
    this.#table = table
  }

  #put(table: Uint32Array, pair: number): void {
    const mask = table.length - 1
    let place = this.#wanted(pair, mask)
    while (table[place] !== 0) place = (place + 1) & mask
    table[place] = pair
  }

  save(out: SnapshotWriter): void {
    this.#pairs.save(out)
    out.bytes(new Uint8Array(this.#table.buffer))
  }

  restore(saved: SnapshotReader): void {
    this.#pairs.restore(saved)
    const bytes = saved.bytes()
    this.#table = new Uint32Array(bytes.length / 4)
    new Uint8Array(this.#table.buffer).set(bytes)
  }
}

function hashOf(owner: number, member: number): number {
  let hash = Math.imul(owner, 0x9e3779b1) ^ Math.imul(member, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
