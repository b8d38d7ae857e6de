import { groupKey } from '../aggregates-runtime.ts'
import { RowError } from '../errors.ts'
import type { RowErrors } from '../result-errors.ts'
import type { MapState, StateMap } from '../state/state-map.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { isSameRow } from './row-bag.ts'

/**
 * Passes rows on, of which there may be one at a time for each key. A second one is told as an error and left out, as if it
 * had never come. Source: Flink's SingleValueAggFunction, which ends the job.
 */
export class SingleRow implements Operator, Stateful {
  private readonly keys: number[]
  private readonly rows: StateMap<Row>
  private readonly errors: RowErrors
  private readonly out: Operator

  /** @param keys indexes of the values that rows of a key have in common; a row with NULL there is of none */
  constructor(keys: number[], rows: StateMap<Row>, errors: RowErrors, out: Operator) {
    this.keys = keys
    this.rows = rows
    this.errors = errors
    this.out = out
  }

  change(before: Row | null, after: Row | null): void {
    const old = before !== null && this.take(before) ? before : null
    const now = after !== null && this.put(after) ? after : null
    if (old !== null || now !== null) this.out.change(old, now)
  }

  advance(watermark: number): void {
    this.out.advance(watermark)
  }

  clear(): void {
    this.rows.clear()
    this.out.clear()
  }

  state(): MapState {
    return this.rows.state()
  }

  restore(state: unknown): void {
    this.rows.restore(state as MapState)
  }

  /** @returns whether it was the row of its key */
  private take(row: Row): boolean {
    const key = this.key(row)
    if (key === null) return true
    const kept = this.rows.get(key)
    if (kept === undefined || !isSameRow(kept, row)) return false
    this.rows.delete(key)
    return true
  }

  /** @returns whether it is the row of its key now */
  private put(row: Row): boolean {
    const key = this.key(row)
    if (key === null) return true
    if (this.rows.get(key) !== undefined) {
      this.errors.tell(new RowError('a subquery that stands for a value has more than one row'), row)
      return false
    }
    this.rows.set(key, row.map(keep))
    return true
  }

  private key(row: Row): string | null {
    const values = this.keys.map(index => row[index])
    return values.includes(null) ? null : groupKey(...values)
  }
}
