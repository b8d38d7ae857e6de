import type { RankFunctions } from '../generate-rank.ts'
import { keep } from '../values/keep.ts'
import { type Due, DueQueue, type DueState } from './due-queue.ts'
import type { Operator, Row, Stateful } from './operator.ts'

type Waiting = Due & { row: Row }
type SortState = DueState & { last: number; rows: Waiting[] }

/**
 * Rows in the order of event time, those of one time in an order of their own and then in that of their coming. They come
 * out once the watermark has passed them; late is what is not after the last row that came out.
 * Source: Flink's RowTimeSortOperator.
 */
export class TimeSort implements Stateful, Operator {
  private readonly functions: RankFunctions
  private readonly onLate: () => void
  private readonly out: Operator
  private readonly waiting = new DueQueue<Waiting>()
  private last = Number.NEGATIVE_INFINITY

  constructor(functions: RankFunctions, onLate: () => void, out: Operator) {
    this.functions = functions
    this.onLate = onLate
    this.out = out
  }

  change(_: Row | null, after: Row | null): void {
    if (after === null) return
    const time = this.functions.time(after)
    if (time > this.last) this.waiting.push({ time, n: this.waiting.next(), row: after.map(keep) })
    else this.onLate()
  }

  advance(watermark: number): void {
    const due = this.waiting.pass(watermark).sort((a, b) => this.functions.compare(a.row, b.row))
    for (const { time, row } of due) {
      this.last = time
      this.out.change(null, row)
    }
    this.out.advance(watermark)
  }

  clear(): void {}

  state(): SortState {
    return { ...this.waiting.state(), last: this.last, rows: this.waiting.items() }
  }

  restore(state: unknown): void {
    const { last, rows, ...due } = state as SortState
    this.last = last
    this.waiting.restore(due, rows)
  }
}
