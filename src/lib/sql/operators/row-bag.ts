import { groupKey } from '../aggregates-runtime.ts'
import { isSameValue, keep } from '../values/keep.ts'
import type { Row } from './operator.ts'

/**
 * A row that a join keeps, how many rows of the other side it is paired with, where it stands in its bag, and, where it has
 * a time to live, when it was written (ms).
 */
export type KeptRow = { row: Row; matches: number; at: number; time: number }

/** Among more rows than this one is found by its text instead of one by one. */
const SEARCHED = 12

export const keptRow = (row: Row, matches: number, time = 0): KeptRow => ({
  row: row.map(keep),
  matches,
  at: 0,
  time
})

/**
 * The rows of one side of a join under one key; equal ones stand there each. They are only searched when one is taken
 * back, so that those which are not cost no index.
 */
export class RowBag {
  rows: KeptRow[] = []
  /** No row was written before. */
  private oldest = Number.POSITIVE_INFINITY
  private index: Map<string, KeptRow[]> | undefined

  constructor(rows: readonly KeptRow[] = []) {
    for (const kept of rows) this.push(kept)
  }

  add(row: Row): void {
    this.push(keptRow(row, 0))
  }

  push(kept: KeptRow): void {
    kept.at = this.rows.push(kept) - 1
    if (kept.time < this.oldest) this.oldest = kept.time
    if (this.index !== undefined) addTo(this.index, kept)
  }

  /** The first row that is equal; undefined when there is none. */
  find(row: Row): KeptRow | undefined {
    if (this.rows.length <= SEARCHED) return this.rows.find(kept => isSameRow(kept.row, row))
    this.index ??= indexOf(this.rows)
    // The first as well, so that it does not matter when the index was made.
    let first: KeptRow | undefined
    for (const kept of this.index.get(groupKey(...row)) ?? [])
      if (first === undefined || kept.at < first.at) first = kept
    return first
  }

  /** The rows that were written after a time. */
  since(time: number): readonly KeptRow[] {
    return this.oldest > time ? this.rows : this.rows.filter(kept => kept.time > time)
  }

  /** Forgets the rows that were written at a time or before. */
  forgetUntil(time: number): void {
    if (this.oldest > time) return
    const left = this.since(time)
    if (left.length < this.rows.length) this.index = undefined
    this.rows = []
    this.oldest = Number.POSITIVE_INFINITY
    for (const kept of left) {
      kept.at = this.rows.push(kept) - 1
      this.oldest = Math.min(this.oldest, kept.time)
    }
  }

  /** Takes a row away that is equal. @returns whether there was one */
  take(row: Row): boolean {
    const kept = this.find(row)
    if (kept !== undefined) this.remove(kept)
    return kept !== undefined
  }

  remove(kept: KeptRow): void {
    const last = this.rows.pop() as KeptRow
    if (last !== kept) {
      this.rows[kept.at] = last
      last.at = kept.at
    }
    if (this.index === undefined) return
    const text = groupKey(...kept.row)
    const equal = this.index.get(text) as KeptRow[]
    if (equal.length === 1) this.index.delete(text)
    else equal.splice(equal.indexOf(kept), 1)
  }
}

function indexOf(rows: readonly KeptRow[]): Map<string, KeptRow[]> {
  const index = new Map<string, KeptRow[]>()
  for (const kept of rows) addTo(index, kept)
  return index
}

function addTo(index: Map<string, KeptRow[]>, kept: KeptRow): void {
  const text = groupKey(...kept.row)
  const equal = index.get(text)
  if (equal === undefined) index.set(text, [kept])
  else equal.push(kept)
}

export function isSameRow(a: Row, b: Row): boolean {
  for (let i = 0; i < a.length; i++) if (!isSameValue(a[i], b[i])) return false
  return true
}
