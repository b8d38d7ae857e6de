import { groupKey } from '../aggregates-runtime.ts'
import { isSameValue, keep } from '../values/keep.ts'
import type { Row } from './operator.ts'

/** A row that a join keeps: how often it is there, and how many rows of the other side it is paired with. */
export type KeptRow = { row: Row; count: number; matches: number }

/** Above this many rows they are found by their text instead of one by one. */
const indexedFrom = 12

/** The rows of one side of a join under one key, equal ones counted. */
export class RowBag {
  readonly rows: KeptRow[]
  private index: Map<string, number> | undefined

  constructor(rows: KeptRow[] = []) {
    this.rows = rows
    if (rows.length >= indexedFrom) this.buildIndex()
  }

  /** Adds a row; `matches` counts if it was not there yet. @returns the row as it is kept */
  add(row: Row, matches: number): KeptRow {
    const at = this.find(row)
    const known = this.rows[at]
    if (known !== undefined) {
      known.count++
      return known
    }
    const kept = { row: row.map(keep), count: 1, matches }
    this.rows.push(kept)
    if (this.index !== undefined) this.index.set(groupKey(...kept.row), this.rows.length - 1)
    else if (this.rows.length >= indexedFrom) this.buildIndex()
    return kept
  }

  /** Takes one of the row away. @returns the row as it was kept; undefined when it was not there */
  remove(row: Row): KeptRow | undefined {
    const at = this.find(row)
    const known = this.rows[at]
    if (known === undefined || --known.count > 0) return known
    this.dropAt(at, known)
    return known
  }

  /** Forgets a row, however often it is there. */
  drop(kept: KeptRow): void {
    this.dropAt(this.rows.indexOf(kept), kept)
  }

  private dropAt(at: number, known: KeptRow): void {
    const last = this.rows.pop() as KeptRow
    this.index?.delete(groupKey(...known.row))
    if (last !== known) {
      this.rows[at] = last
      this.index?.set(groupKey(...last.row), at)
    }
  }

  private find(row: Row): number {
    if (this.index !== undefined) return this.index.get(groupKey(...row)) ?? -1
    return this.rows.findIndex(({ row: other }) => isSameRow(other, row))
  }

  private buildIndex(): void {
    this.index = new Map(this.rows.map(({ row }, i) => [groupKey(...row), i]))
  }
}

export const isSameRow = (a: Row, b: Row): boolean => a.every((value, i) => isSameValue(value, b[i]))
