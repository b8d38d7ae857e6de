import type { RankFunctions } from '../generate-rank.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { TimeQueue } from './time-queue.ts'

type Waiting = { key: unknown; row: Row; time: number; n: number }

/** What a snapshot holds: what waits for each key, null where it has come out. */
type FirstState = { watermark: number; n: number; rows: Map<unknown, Waiting | null> }

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
  private readonly queue = new TimeQueue<Waiting>()
  private watermark = Number.NEGATIVE_INFINITY
  private n = 0

  constructor(functions: RankFunctions, isNumbered: boolean, onLate: () => void, out: Operator) {
    this.functions = functions
    this.isNumbered = isNumbered
    this.onLate = onLate
    this.out = out
  }

  change(_: Row | null, after: Row | null): void {
    if (after === null) return
    const time = this.functions.time(after)
    if (time < this.watermark) {
      this.onLate()
      return
    }
    const key = keep(this.functions.key(after))
    const known = this.rows.get(key)
    if (known === null || (known !== undefined && known.time <= time)) return
    const row = after.map(keep)
    if (this.isNumbered) row[0] = 1
    const waiting = { key, row, time, n: this.n++ }
    this.rows.set(key, waiting)
    this.queue.push(waiting)
  }

  advance(watermark: number): void {
    if (watermark > this.watermark) {
      this.watermark = watermark
      this.release(watermark)
    }
    this.out.advance(watermark)
  }

  clear(): void {}

  state(): FirstState {
    return { watermark: this.watermark, n: this.n, rows: this.rows }
  }

  restore(state: unknown): void {
    const { watermark, n, rows } = state as FirstState
    this.watermark = watermark
    this.n = n
    this.rows = rows
    for (const waiting of rows.values()) if (waiting !== null) this.queue.push(waiting)
  }

  private release(watermark: number): void {
    const due: Waiting[] = []
    for (let first = this.queue.first; first !== undefined; first = this.queue.first) {
      if (first.time > watermark) break
      this.queue.pop()
      if (this.rows.get(first.key) === first) due.push(first)
    }
    due.sort((a, b) => a.time - b.time || a.n - b.n)
    for (const { key, row } of due) {
      this.rows.set(key, null)
      this.out.change(null, row)
    }
  }
}
