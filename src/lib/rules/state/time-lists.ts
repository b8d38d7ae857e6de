import { Records } from './records.ts'
import type { SnapshotReader, SnapshotWriter } from './snapshot.ts'

/** Of an entry: its time, the entries beside it, and what its user keeps with it. */
const TIME = 0
const NEXT = 2
const BEFORE = 3
const OWN_WORDS = 2
export const ENTRY_WORDS = OWN_WORDS
export const ENTRY_INTS = OWN_WORDS * 2

/** Places of an owner's record that a list takes, from where it begins in it. */
const HEAD = 0
const TAIL = 1
const SIZE = 2
export const LIST_INTS = 3

/**
 * Lists of entries in order of their times, as many as there are owners. A late entry takes its place among the others,
 * behind those of its time.
 */
export class TimeLists {
  readonly entries: Records
  readonly #owners: Records
  readonly #at: number

  /**
   * @param at place in an owner's record from which on the list has LIST_INTS of them
   * @param words of each entry, behind the list's own
   */
  constructor(owners: Records, at: number, words = 0) {
    this.#owners = owners
    this.#at = at
    this.entries = new Records(OWN_WORDS + words)
  }

  size(owner: number): number {
    return this.#owners.int(owner, this.#at + SIZE)
  }

  /** The oldest entry; 0 when there is none. */
  head(owner: number): number {
    return this.#owners.int(owner, this.#at + HEAD)
  }

  tail(owner: number): number {
    return this.#owners.int(owner, this.#at + TAIL)
  }

  next(entry: number): number {
    return this.entries.int(entry, NEXT)
  }

  before(entry: number): number {
    return this.entries.int(entry, BEFORE)
  }

  time(entry: number): number {
    return this.entries.double(entry, TIME)
  }

  /** Time of the newest entry; -Infinity when there is none. */
  newest(owner: number): number {
    const tail = this.tail(owner)
    return tail === 0 ? Number.NEGATIVE_INFINITY : this.time(tail)
  }

  add(owner: number, time: number): number {
    const { entries } = this
    const owners = this.#owners
    const at = this.#at
    const entry = entries.take()
    entries.setDouble(entry, TIME, time)
    let before = this.tail(owner)
    while (before !== 0 && entries.double(before, TIME) > time) before = entries.int(before, BEFORE)
    const next = before === 0 ? this.head(owner) : entries.int(before, NEXT)
    entries.setInt(entry, BEFORE, before)
    entries.setInt(entry, NEXT, next)
    if (before === 0) owners.setInt(owner, at + HEAD, entry)
    else entries.setInt(before, NEXT, entry)
    if (next === 0) owners.setInt(owner, at + TAIL, entry)
    else entries.setInt(next, BEFORE, entry)
    owners.setInt(owner, at + SIZE, this.size(owner) + 1)
    return entry
  }

  /** Drops the oldest entry. */
  shift(owner: number): void {
    const { entries } = this
    const owners = this.#owners
    const at = this.#at
    const head = this.head(owner)
    const next = entries.int(head, NEXT)
    entries.drop(head)
    owners.setInt(owner, at + HEAD, next)
    if (next === 0) owners.setInt(owner, at + TAIL, 0)
    else entries.setInt(next, BEFORE, 0)
    owners.setInt(owner, at + SIZE, this.size(owner) - 1)
  }

  clear(owner: number): void {
    while (this.size(owner) > 0) this.shift(owner)
  }

  save(out: SnapshotWriter): void {
    this.entries.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.entries.restore(saved)
  }
}
