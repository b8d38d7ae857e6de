import { groupKey } from '../aggregates-runtime.ts'
import { RowError } from '../errors.ts'
import type { Operator, Row, Stateful } from './operator.ts'

/**
 * Passes rows on as they are, of which there may be one at a time for each key. A second one throws RowError, and counts
 * for nothing. Source: Flink's SingleValueAggFunction.
 */
export class SingleRow implements Operator, Stateful {
  private readonly keys: number[]
  private readonly out: Operator
  private taken = new Set<string>()

  /** @param keys indexes of the values that rows of a key have in common; a row with NULL there is of none */
  constructor(keys: number[], out: Operator) {
    this.keys = keys
    this.out = out
  }

  change(before: Row | null, after: Row | null): void {
    const old = before === null ? null : this.key(before)
    const now = after === null ? null : this.key(after)
    if (old !== now) {
      if (now !== null && this.taken.has(now))
        throw new RowError('a subquery that stands for a value has more than one row')
      if (old !== null) this.taken.delete(old)
      if (now !== null) this.taken.add(now)
    }
    this.out.change(before, after)
  }

  advance(watermark: number): void {
    this.out.advance(watermark)
  }

  clear(): void {
    this.taken.clear()
    this.out.clear()
  }

  state(): Set<string> {
    return this.taken
  }

  restore(state: unknown): void {
    this.taken = state as Set<string>
  }

  private key(row: Row): string | null {
    const values = this.keys.map(index => row[index])
    return values.includes(null) ? null : groupKey(...values)
  }
}
