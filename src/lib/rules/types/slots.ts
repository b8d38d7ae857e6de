/**
 * Events of each key added up by slots of time, so that an aggregation over a long window keeps a few sums and not its events.
 * Windows begin and end at multiples of the width; an instant at such a multiple is a slot of its own, so that a window can
 * take either of its ends or leave it.
 */

import { Records } from '../state/records.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'

/** The slot of a time: odd for the open interval, even for the instant at its start. */
export function slotOf(micros: number, width: number): number {
  const n = Math.floor(micros / width)
  return micros === n * width ? n * 2 : n * 2 + 1
}

/** How the values of events are added up. A sum is some places of a record, zeros at first. */
export interface Tally {
  /** Takes the values of one event. */
  add(sum: number, values: readonly unknown[]): void
  /** Begins a total of several sums. */
  begin(): void
  join(sum: number): void
  /** What the total comes to; undefined where there is nothing to have a value. */
  value(): number | undefined
  /** A sum is not needed any more. */
  drop?(sum: number): void
  save?(out: SnapshotWriter): void
  restore?(saved: SnapshotReader): void
}

/** A tally, how many places its sums take, and from which on in the records of sums. */
export interface TallyType {
  /** Names what a sum is, so that a snapshot with others is not read as these. */
  readonly name: string
  readonly ints: number
  /** @param place where a sum begins in its record: half of it is a word */
  open(sums: Records, place: number): Tally
}

/** How many events there are in some slots, and what they come to. */
export interface Total {
  readonly count: number
  readonly value: number | undefined
}

/** Of a slot: its number, the slot before it, how many events, then the sum. */
const SLOT = 0
const OLDER = 2
const EVENTS = 3
const SUM = 4

/** Places of an owner's record: its last slot and its first one. */
const NEWEST = 0
const OLDEST = 1
/** Words of it. */
export const SLOTS_WORDS = 1

export class Slots {
  readonly #slots: Records
  readonly #owners: Records
  readonly #place: number
  readonly #tally: Tally
  /** All keys are looked at in an evaluation, and none is to leave an object behind. */
  readonly #total: { count: number; value: number | undefined } = { count: 0, value: undefined }

  /** @param at word of an owner's record from which on its slots have SLOTS_WORDS of them */
  constructor(owners: Records, at: number, type: TallyType) {
    this.#slots = new Records(Math.ceil((SUM + type.ints) / 2))
    this.#owners = owners
    this.#place = at * 2
    this.#tally = type.open(this.#slots, SUM)
  }

  isEmpty(owner: number): boolean {
    return this.#newest(owner) === 0
  }

  add(owner: number, slot: number, values: readonly unknown[]): void {
    let after = 0
    let at = this.#newest(owner)
    while (at !== 0 && this.#number(at) > slot) {
      after = at
      at = this.#older(at)
    }
    if (at === 0 || this.#number(at) !== slot) at = this.#insert(owner, slot, at, after)
    this.#slots.setInt(at, EVENTS, this.#events(at) + 1)
    this.#tally.add(at, values)
  }

  #insert(owner: number, slot: number, before: number, after: number): number {
    const slots = this.#slots
    const at = slots.take()
    slots.setDouble(at, SLOT, slot)
    slots.setInt(at, OLDER, before)
    if (before === 0) this.#owners.setInt(owner, this.#place + OLDEST, at)
    if (after === 0) this.#owners.setInt(owner, this.#place + NEWEST, at)
    else slots.setInt(after, OLDER, at)
    return at
  }

  /** Drops the slots before this one. */
  drop(owner: number, slot: number): void {
    const oldest = this.#owners.int(owner, this.#place + OLDEST)
    if (oldest === 0 || this.#number(oldest) >= slot) return
    let kept = 0
    let at = this.#newest(owner)
    while (this.#number(at) >= slot) {
      kept = at
      at = this.#older(at)
    }
    if (kept === 0) this.#owners.setInt(owner, this.#place + NEWEST, 0)
    else this.#slots.setInt(kept, OLDER, 0)
    this.#owners.setInt(owner, this.#place + OLDEST, kept)
    while (at !== 0) {
      const older = this.#older(at)
      this.#tally.drop?.(at)
      this.#slots.drop(at)
      at = older
    }
  }

  /** Of the slots from `first` to `last`, both among them; valid until the next is asked for. */
  total(owner: number, first: number, last: number): Total {
    const tally = this.#tally
    const total = this.#total
    total.count = 0
    tally.begin()
    for (let at = this.#newest(owner); at !== 0; at = this.#older(at)) {
      const slot = this.#number(at)
      if (slot < first || slot > last) continue
      total.count += this.#events(at)
      tally.join(at)
    }
    total.value = tally.value()
    return total
  }

  /** First and last slot that hold something within a range; undefined when none does. */
  within(owner: number, first: number, last: number): { first: number; last: number } | undefined {
    let range: { first: number; last: number } | undefined
    for (let at = this.#newest(owner); at !== 0; at = this.#older(at)) {
      const slot = this.#number(at)
      if (slot < first || slot > last) continue
      range = { first: slot, last: range?.last ?? slot }
    }
    return range
  }

  #newest(owner: number): number {
    return this.#owners.int(owner, this.#place + NEWEST)
  }

  #older(at: number): number {
    return this.#slots.int(at, OLDER)
  }

  #number(at: number): number {
    return this.#slots.double(at, SLOT)
  }

  #events(at: number): number {
    return this.#slots.int(at, EVENTS)
  }

  save(out: SnapshotWriter): void {
    this.#slots.save(out)
    this.#tally.save?.(out)
  }

  restore(saved: SnapshotReader): void {
    this.#slots.restore(saved)
    this.#tally.restore?.(saved)
  }
}
