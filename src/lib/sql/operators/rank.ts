import type { RankFunctions } from '../generate-rank.ts'
import type { Life } from '../state/spilled-map.ts'
import { type MapState, StateMap } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { isSameRow } from './row-bag.ts'
import { SortedRows, sortedRowsPacking } from './sorted-rows.ts'

/** What a rank is asked for. */
export type RankOptions = {
  /** The places whose rows come out, from 1. */
  from: number
  to: number
  /** Whether a row's place is part of it. */
  isNumbered: boolean
  /** Whether rows are only added: those behind the last place are of no use then. */
  isAppendOnly: boolean
  /** Whether of equal rows the one that came last is first. */
  isLastFirst: boolean
}

/**
 * The rows of each partition at some places in an order. Where the place is part of the row, or there is one place only,
 * the row at a place changes in one piece; else rows come and go, and one that changes without leaving does so in one piece.
 * Source: Flink's AppendOnlyTopNFunction and RetractableTopNFunction; a row that changes is, as there, the last of those
 * that are equal by the order.
 */
export class Rank implements Stateful, Operator {
  private readonly functions: RankFunctions
  private readonly options: RankOptions
  private readonly out: Operator
  private readonly partitions: StateMap<SortedRows>

  /** @param life of partitions, which are forgotten without a word when it is over */
  constructor(
    functions: RankFunctions,
    options: RankOptions,
    memory: StateMemory,
    life: Life | undefined,
    out: Operator
  ) {
    this.functions = functions
    const packing = sortedRowsPacking(functions.compare)
    this.partitions = new StateMap(memory, { packing, life })
    this.options = options
    this.out = out
  }

  change(before: Row | null, after: Row | null): void {
    const { functions } = this
    if (before !== null && after !== null) {
      const key = functions.key(before)
      if (functions.key(after) === key) {
        this.replace(key, before, after)
        return
      }
    }
    if (before !== null) this.replace(functions.key(before), before, null)
    if (after !== null) this.replace(functions.key(after), null, after)
  }

  advance(watermark: number): void {
    this.out.advance(watermark)
  }

  clear(): void {
    const { partitions, options, out } = this
    const { from, to } = options
    for (const [, rows] of partitions.take())
      for (const [i, row] of rows.slice(from - 1, to).entries()) out.change(this.placed(row, from + i), null)
  }

  state(): MapState {
    return this.partitions.state()
  }

  restore(state: unknown): void {
    this.partitions.restore(state as MapState)
  }

  private replace(key: unknown, before: Row | null, after: Row | null): void {
    let rows = this.partitions.get(key)
    if (rows === undefined) {
      if (after === null) return
      rows = new SortedRows(this.functions.compare)
      this.partitions.set(key, rows)
    }
    const { from, to, isNumbered } = this.options
    if (isNumbered && from !== to) this.movePlaces(rows, before, after)
    else this.exchange(rows, before, after)
    if (rows.size === 0) this.partitions.delete(key)
    else if (rows.isChanged) this.partitions.touch(key)
    rows.isChanged = false
  }

  /** Each place from the row's old one to its new one gets another row. */
  private movePlaces(rows: SortedRows, before: Row | null, after: Row | null): void {
    const { from, to } = this.options
    const removed = before === null ? undefined : rows.remove(before)
    const added = after === null ? undefined : this.add(rows, after)
    const [gone, come] = [removed?.place ?? Infinity, added?.place ?? Infinity]
    const first = Math.max(Math.min(gone, come), from - 1)
    const last = Math.min(gone === Infinity || come === Infinity ? Infinity : Math.max(gone, come), to - 1)
    if (first > last) return
    const base = Math.max(0, first - 1)
    const now = rows.slice(base, last + 2)
    if (added?.dropped !== undefined) now.push(added.dropped)
    for (let place = first; place <= last; place++) {
      const between = place > gone ? place - 1 : place
      const old = place === gone ? removed?.row : now[(between < come ? between : between + 1) - base]
      const other = now[place - base]
      if (old === undefined && other === undefined) return
      this.emit(old, other, place + 1)
    }
  }

  /** Of all rows at the places at most one leaves as another goes or comes, and one comes. */
  private exchange(rows: SortedRows, before: Row | null, after: Row | null): void {
    const { from, to } = this.options
    const left: (Row | undefined)[] = []
    const come: (Row | undefined)[] = []
    const removed = before === null ? undefined : rows.remove(before)
    if (removed !== undefined && removed.place < to) {
      left.push(removed.place < from - 1 ? rows.at(from - 2) : removed.row)
      come.push(rows.at(to - 1))
    }
    const added = after === null ? undefined : this.add(rows, after)
    if (added !== undefined && added.place < to) {
      come.push(added.place < from - 1 ? rows.at(from - 1) : added.row)
      left.push(added.dropped ?? rows.at(to))
    }
    const goes = left.filter(row => row !== undefined && !come.includes(row))
    const comes = come.filter(row => row !== undefined && !left.includes(row))
    const stays = from === to || (goes.includes(removed?.row) && comes.includes(added?.row))
    if (stays) this.emit(goes.shift(), comes.pop(), from)
    for (const row of goes) this.emit(row, undefined, from)
    for (const row of comes) this.emit(undefined, row, from)
  }

  /** Adds a row, if it can come to be at one of the places. @returns its place, and the row that cannot any more */
  private add(
    rows: SortedRows,
    after: Row
  ): { place: number; row: Row; dropped: Row | undefined } | undefined {
    const { to, isAppendOnly, isLastFirst } = this.options
    const isFull = isAppendOnly && rows.size >= to
    if (isFull) {
      const order = this.functions.compare(after, rows.at(to - 1) as Row)
      if (order > 0 || (order === 0 && !isLastFirst)) return undefined
    }
    const row = after.map(keep)
    const place = rows.add(row, isLastFirst)
    return { place, row, dropped: isFull ? rows.pop() : undefined }
  }

  private emit(before: Row | undefined, after: Row | undefined, place: number): void {
    if (before !== undefined && after !== undefined && isSameRow(before, after)) return
    if (before === undefined && after === undefined) return
    this.out.change(before ? this.placed(before, place) : null, after ? this.placed(after, place) : null)
  }

  private placed(row: Row, place: number): Row {
    if (!this.options.isNumbered) return row
    const placed = row.slice()
    placed[0] = place
    return placed
  }
}
