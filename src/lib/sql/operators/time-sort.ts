import type { RankFunctions } from '../generate-rank.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { TimeQueue } from './time-queue.ts'

type Waiting = { time: number; n: number; row: Row }
type SortState = { watermark: number; last: number; n: number; rows: Waiting[] }

/**
 * Rows in the order of event time, those of one time in an order of their own and then in that of their coming. They come
 * out once the watermark has passed them; late is what is not after the last row that came out.
 * Source: Flink's RowTimeSortOperator.
 */
export class TimeSort implements Stateful, Operator {
  private readonly functions: RankFunctions
  private readonly onLate: () => void
  private readonly out: Operator
  private readonly waiting = new TimeQueue<Waiting>()
  private watermark = Number.NEGATIVE_INFINITY
  private last = Number.NEGATIVE_INFINITY
  private n = 0

  constructor(functions: RankFunctions, onLate: () => void, out: Operator) {
    this.functions = functions
    this.onLate = onLate
    this.out = out
  }

  change(_: Row | null, after: Row | null): void {
    if (after === null) return
    const time = this.functions.time(after)
    if (time > this.last) this.waiting.push({ time, n: this.n++, row: after.map(keep) })
    else this.onLate()
  }

  advance(watermark: number): void {
    if (watermark > this.watermark) {
      this.watermark = watermark
      this.release(watermark)
    }
    this.out.advance(watermark)
  }

  clear(): void {}

  state(): SortState {
    return { watermark: this.watermark, last: this.last, n: this.n, rows: this.waiting.items() }
  }

  restore(state: unknown): void {
    const { watermark, last, n, rows } = state as SortState
    this.watermark = watermark
    this.last = last
    this.n = n
    for (const row of rows) this.waiting.push(row)
  }

  private release(watermark: number): void {
    const due: Waiting[] = []
    for (let first = this.waiting.first; first !== undefined; first = this.waiting.first) {
      if (first.time > watermark) break
      due.push(this.waiting.pop() as Waiting)
    }
    due.sort((a, b) => this.functions.compare(a.row, b.row) || a.n - b.n)
    for (const { time, row } of due) {
      this.last = time
      this.out.change(null, row)
    }
  }
}
