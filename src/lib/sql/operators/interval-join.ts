import type { JoinType } from '../ast.ts'
import type { JoinFunctions } from '../generate-join.ts'
import type { JoinSide, JoinTime } from '../plan.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { TimeQueue } from './time-queue.ts'
import { Watermarks } from './watermarks.ts'

/** A row that may still find partners, and whether it has found one. */
type Waiting = { key: unknown; row: Row; time: number; paired: boolean }
type Rows = Map<unknown, Waiting[]>

/**
 * A join of rows whose times are at most so far apart: `left - right` within [lower, upper] ms. Each row is kept until
 * the watermark says that no partner can come any more; one of an outer side that has found none comes out padded then.
 * The watermark that goes on is behind by what results may lag behind.
 * Source: Flink's TimeIntervalJoin; a row is forgotten at once here, there within half the interval after that.
 */
export class IntervalJoin implements Stateful {
  readonly left: Operator = this.port('left')
  readonly right: Operator = this.port('right')
  private readonly functions: JoinFunctions
  private readonly outer: Record<JoinSide, boolean>
  private readonly interval: JoinTime & { kind: 'interval' }
  private readonly rows: Record<JoinSide, Rows> = { left: new Map(), right: new Map() }
  private readonly queues: Record<JoinSide, TimeQueue<Waiting>> = {
    left: new TimeQueue(),
    right: new TimeQueue()
  }
  private readonly watermarks: Watermarks
  private readonly out: Operator

  constructor(
    type: JoinType,
    interval: JoinTime & { kind: 'interval' },
    functions: JoinFunctions,
    out: Operator
  ) {
    this.functions = functions
    this.interval = interval
    this.outer = { left: type === 'left' || type === 'full', right: type === 'right' || type === 'full' }
    this.out = out
    const delay = Math.max(0, -interval.lower, interval.upper)
    this.watermarks = new Watermarks(2, watermark => {
      this.expire('left', watermark)
      this.expire('right', watermark)
      out.advance(watermark - delay)
    })
  }

  state(): unknown {
    return { ...this.rows, watermarks: this.watermarks.inputs }
  }

  restore(state: unknown): void {
    const { left, right, watermarks } = state as Record<JoinSide, Rows> & { watermarks: number[] }
    this.rows.left = left
    this.rows.right = right
    for (const side of ['left', 'right'] as const) {
      for (const rows of this.rows[side].values()) for (const waiting of rows) this.queues[side].push(waiting)
    }
    this.watermarks.restore(watermarks)
  }

  private port(side: JoinSide): Operator {
    return {
      change: (_, after) => {
        if (after !== null) this.add(side, after)
      },
      advance: watermark => this.watermarks.advance(side === 'left' ? 0 : 1, watermark),
      clear: () => {}
    }
  }

  private add(side: JoinSide, row: Row): void {
    const { functions, interval } = this
    const isLeft = side === 'left'
    const key = isLeft ? functions.leftKey(row) : functions.rightKey(row)
    const time = Number(row[interval[side]])
    let paired = false
    if (key !== null) {
      for (const partner of this.rows[isLeft ? 'right' : 'left'].get(key) ?? []) {
        const distance = isLeft ? time - partner.time : partner.time - time
        if (distance < interval.lower || distance > interval.upper) continue
        const joined = isLeft ? functions.row(row, partner.row) : functions.row(partner.row, row)
        if (!functions.matches(joined)) continue
        paired = true
        partner.paired = true
        this.out.change(null, joined)
      }
      if (this.endOf(side, time) > this.watermarks.current) {
        this.keepRow(side, { key: keep(key), row: row.map(keep), time, paired })
        return
      }
    }
    if (!paired && this.outer[side]) this.out.change(null, this.pad(side, row))
  }

  /** The time (ms) from which no partner comes: partners of a left row are not newer than its time - lower. */
  private endOf(side: JoinSide, time: number): number {
    return side === 'left' ? time - this.interval.lower : time + this.interval.upper
  }

  private keepRow(side: JoinSide, waiting: Waiting): void {
    const rows = this.rows[side].get(waiting.key)
    if (rows === undefined) this.rows[side].set(waiting.key, [waiting])
    else rows.push(waiting)
    this.queues[side].push(waiting)
  }

  /** Lets go of the rows whose wait is over. */
  private expire(side: JoinSide, watermark: number): void {
    const queue = this.queues[side]
    for (let first = queue.first; first !== undefined; first = queue.first) {
      if (this.endOf(side, first.time) > watermark) return
      queue.pop()
      const rows = this.rows[side].get(first.key) as Waiting[]
      if (rows.length === 1) this.rows[side].delete(first.key)
      else rows.splice(rows.indexOf(first), 1)
      if (!first.paired && this.outer[side]) this.out.change(null, this.pad(side, first.row))
    }
  }

  private pad(side: JoinSide, row: Row): Row {
    return side === 'left' ? this.functions.row(row, null) : this.functions.row(null, row)
  }
}
