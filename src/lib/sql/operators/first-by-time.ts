import type { RankFunctions } from '../generate-rank.ts'
import { keep } from '../values/keep.ts'
import { type Due, DueQueue, type DueState } from './due-queue.ts'
import type { Operator, Row, Stateful } from './operator.ts'

type Waiting = Due & { key: unknown; row: Row }

/** What a snapshot holds: what waits for each key, null where it has come out. */
type FirstState = DueState & { rows: Map<unknown, Waiting | null> }

/**
 * The first row of each key by event time, of several at that time the one that came first. It comes out once the
 * watermark has passed it; a row older than the watermark is late.
 * Source: Flink's RowTimeDeduplicateKeepFirstRowFunction.
 */
export class FirstByTime implements Stateful, Operator {
  private readonly functions: RankFunctions
  private readonly isNumbered: boolean
  private readonly onLate: () => void
  private readonly out: Operator
  private rows = new Map<unknown, Waiting | null>()
  private readonly queue = new DueQueue<Waiting>()

  constructor(functions: RankFunctions, isNumbered: boolean, onLate: () => void, out: Operator) {
    this.functions = functions
    this.isNumbered = isNumbered
    this.onLate = onLate
    this.out = out
  }

  change(_: Row | null, after: Row | null): void {
    if (after === null) return
    const time = this.functions.time(after)
    if (time < this.queue.watermark) {
      this.onLate()
      return
    }
    const key = keep(this.functions.key(after))
    const known = this.rows.get(key)
    if (known === null || (known !== undefined && known.time <= time)) return
    const row = after.map(keep)
    if (this.isNumbered) row[0] = 1
    const waiting = { key, row, time, n: this.queue.next() }
    this.rows.set(key, waiting)
    this.queue.push(waiting)
  }

  advance(watermark: number): void {
    for (const waiting of this.queue.pass(watermark)) {
      const { key, row } = waiting
      // An older one has come since.
      if (this.rows.get(key) !== waiting) continue
      this.rows.set(key, null)
      this.out.change(null, row)
    }
    this.out.advance(watermark)
  }

  clear(): void {}

  state(): FirstState {
    return { ...this.queue.state(), rows: this.rows }
  }

  restore(state: unknown): void {
    const { rows, ...due } = state as FirstState
    this.rows = rows
    this.queue.restore(
      due,
      [...rows.values()].filter(waiting => waiting !== null)
    )
  }
}
