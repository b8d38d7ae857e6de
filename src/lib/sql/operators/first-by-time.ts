import type { RankFunctions } from '../generate-rank.ts'
import type { MapState, StateMap } from '../state/state-map.ts'
import { keep } from '../values/keep.ts'
import { type Due, DueQueue, type DueState } from './due-queue.ts'
import type { Operator, Row, Stateful } from './operator.ts'

type Waiting = Due & { key: unknown; row: Row }

/** What is kept of a key: which row waits, null where it has come out. */
export type First = { time: number; n: number } | null

type FirstState = DueState & { firsts: MapState; waiting: Waiting[] }

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
  private readonly firsts: StateMap<First>
  private readonly queue = new DueQueue<Waiting>()

  constructor(
    functions: RankFunctions,
    firsts: StateMap<First>,
    isNumbered: boolean,
    onLate: () => void,
    out: Operator
  ) {
    this.functions = functions
    this.firsts = firsts
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
    const known = this.firsts.get(key)
    if (known === null || (known !== undefined && known.time <= time)) return
    const row = after.map(keep)
    if (this.isNumbered) row[0] = 1
    const n = this.queue.next()
    this.firsts.set(key, { time, n })
    this.queue.push({ key, row, time, n })
  }

  advance(watermark: number): void {
    for (const waiting of this.queue.pass(watermark)) {
      const { key, row, n } = waiting
      this.firsts.pause()
      // An older one has come since.
      if (this.firsts.get(key)?.n !== n) continue
      this.firsts.set(key, null)
      this.out.change(null, row)
    }
    this.out.advance(watermark)
  }

  clear(): void {}

  state(): FirstState {
    return { ...this.queue.state(), firsts: this.firsts.state(), waiting: this.queue.items() }
  }

  restore(state: unknown): void {
    const { firsts, waiting, ...due } = state as FirstState
    this.firsts.restore(firsts)
    this.queue.restore(due, waiting)
  }
}
