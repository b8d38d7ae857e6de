import { keep } from '../values/keep.ts'
import type { Row } from './operator.ts'
import { isSameRow, type KeptRow, keptRow, RowBag } from './row-bag.ts'

/** What a snapshot holds. */
export type KeptRowsState = [key: unknown, rows: KeptRow[]][]

const NONE: readonly KeptRow[] = []

/** The rows of one side of a join by key. Under most keys there is one row, which then stands there without a bag. */
export class KeptRows {
  private byKey = new Map<unknown, KeptRow | RowBag>()
  private readonly single: KeptRow[] = []

  constructor(state: KeptRowsState = []) {
    this.restore(state)
  }

  /** The rows under a key, until the next call. */
  under(key: unknown): readonly KeptRow[] {
    const found = this.byKey.get(key)
    if (found === undefined) return NONE
    if (found instanceof RowBag) return found.rows
    this.single[0] = found
    return this.single
  }

  /** @returns the row as it is kept */
  add(key: unknown, row: Row, matches: number): KeptRow {
    const kept = keptRow(row, matches)
    const found = this.byKey.get(key)
    if (found === undefined) this.byKey.set(keep(key), kept)
    else if (found instanceof RowBag) found.push(kept)
    else this.byKey.set(key, new RowBag([found, kept]))
    return kept
  }

  /** The row under a key that is equal; undefined when there is none. */
  find(key: unknown, row: Row): KeptRow | undefined {
    const found = this.byKey.get(key)
    if (found instanceof RowBag) return found.find(row)
    return found !== undefined && isSameRow(found.row, row) ? found : undefined
  }

  /** Forgets a row that is there. */
  remove(key: unknown, kept: KeptRow): void {
    const found = this.byKey.get(key)
    if (found instanceof RowBag && found.rows.length > 1) found.remove(kept)
    else this.byKey.delete(key)
  }

  /** All rows with their keys. */
  *all(): Generator<[key: unknown, rows: readonly KeptRow[]]> {
    for (const key of this.byKey.keys()) yield [key, this.under(key)]
  }

  clear(): void {
    this.byKey.clear()
  }

  entries(): KeptRowsState {
    return [...this.byKey].map(([key, found]) => [key, found instanceof RowBag ? found.rows : [found]])
  }

  private restore(entries: KeptRowsState): void {
    this.byKey = new Map(
      entries.map(([key, rows]) => [key, rows.length === 1 ? (rows[0] as KeptRow) : new RowBag(rows)])
    )
  }
}
