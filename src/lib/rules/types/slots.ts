/**
 * Events of each key added up by slots of time, so that an aggregation over a long window keeps a few sums and not its events.
 * Windows begin and end at multiples of the width; an instant at such a multiple is a slot of its own, so that a window can
 * take either of its ends or leave it.
 */

import type { Records } from '../state/records.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import { ENTRY_INTS, ENTRY_WORDS, LIST_INTS, TimeLists } from '../state/time-lists.ts'

/** The slot of a time: odd for the open interval, even for the instant at its start. */
export function slotOf(micros: number, width: number): number {
  const n = Math.floor(micros / width)
  return micros === n * width ? n * 2 : n * 2 + 1
}

/** How the values of events are added up. A sum is some words and a 32-bit count of a record, zeros at first. */
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

/** A tally and how many words its sums take, from which on in the records of sums. */
export interface TallyType {
  /** Names what a sum is, so that a snapshot with others is not read as these. */
  readonly name: string
  /** Beside the count. */
  readonly words: number
  /** @param count place of the sum's count in its record, @param word where its words begin */
  open(sums: Records, count: number, word: number): Tally
}

/** Of a slot: how many events, then the count and the words of the sum. */
const EVENTS = ENTRY_INTS
const COUNT = ENTRY_INTS + 1
const SUM = ENTRY_WORDS + 1

/** Words of a key's record that its slots take. */
export const SLOTS_WORDS = Math.ceil(LIST_INTS / 2)

export class Slots {
  readonly #lists: TimeLists
  readonly #tally: Tally

  /** @param at word of an owner's record from which on its slots have SLOTS_WORDS of them */
  constructor(owners: Records, at: number, type: TallyType) {
    this.#lists = new TimeLists(owners, at * 2, 1 + type.words)
    this.#tally = type.open(this.#lists.entries, COUNT, SUM)
  }

  isEmpty(owner: number): boolean {
    return this.#lists.size(owner) === 0
  }

  add(owner: number, slot: number, values: readonly unknown[]): void {
    const lists = this.#lists
    let entry = lists.tail(owner)
    while (entry !== 0 && lists.time(entry) > slot) entry = lists.before(entry)
    if (entry === 0 || lists.time(entry) !== slot) entry = lists.add(owner, slot)
    lists.entries.setInt(entry, EVENTS, lists.entries.int(entry, EVENTS) + 1)
    this.#tally.add(entry, values)
  }

  /** Drops the slots before this one. */
  drop(owner: number, slot: number): void {
    const lists = this.#lists
    for (let head = lists.head(owner); head !== 0 && lists.time(head) < slot; head = lists.head(owner)) {
      this.#tally.drop?.(head)
      lists.shift(owner)
    }
  }

  /** Events of the slots from `first` to `last`, both among them, and what they come to. */
  total(owner: number, first: number, last: number): { count: number; value: number | undefined } {
    const lists = this.#lists
    const tally = this.#tally
    let count = 0
    tally.begin()
    for (let entry = lists.head(owner); entry !== 0; entry = lists.next(entry)) {
      const slot = lists.time(entry)
      if (slot < first || slot > last) continue
      count += lists.entries.int(entry, EVENTS)
      tally.join(entry)
    }
    return { count, value: tally.value() }
  }

  /** First and last slot that hold something within a range; undefined when none does. */
  within(owner: number, first: number, last: number): { first: number; last: number } | undefined {
    const lists = this.#lists
    let range: { first: number; last: number } | undefined
    for (let entry = lists.head(owner); entry !== 0; entry = lists.next(entry)) {
      const slot = lists.time(entry)
      if (slot < first || slot > last) continue
      range = { first: range?.first ?? slot, last: slot }
    }
    return range
  }

  save(out: SnapshotWriter): void {
    this.#lists.save(out)
    this.#tally.save?.(out)
  }

  restore(saved: SnapshotReader): void {
    this.#lists.restore(saved)
    this.#tally.restore?.(saved)
  }
}
