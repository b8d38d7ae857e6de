import { groupKey } from '../aggregates-runtime.ts'
import type { SetOperation as Node } from '../plan.ts'
import type { MapState, StateMap } from '../state/state-map.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { Watermarks } from './watermarks.ts'

/** A row, and how often each side has it. */
export type Counted = { row: Row; left: number; right: number }

type State = { rows: MapState; watermarks: number[] }

/** How often a row comes out that the sides have so often. */
const shownTimes: Record<Node['operation'], (left: number, right: number) => number> = {
  intersect: (left, right) => Math.min(left, right),
  except: (left, right) => Math.max(left - right, 0)
}

/**
 * Rows that two sides have in common (INTERSECT), or that one has and the other has not (EXCEPT): each different row is
 * kept once with the number of times that it is there. What is taken back without having come changes nothing.
 */
export class SetOperation implements Stateful {
  readonly left: Operator = this.port('left')
  readonly right: Operator = this.port('right')
  private readonly operation: Node['operation']
  private readonly isAll: boolean
  private readonly rows: StateMap<Counted>
  private readonly watermarks: Watermarks
  private readonly out: Operator

  /** @param rows where they have a time to live, one that has not come or gone for so long is forgotten */
  constructor(operation: Node['operation'], isAll: boolean, rows: StateMap<Counted>, out: Operator) {
    this.operation = operation
    this.isAll = isAll
    this.rows = rows
    this.out = out
    this.watermarks = new Watermarks(2, watermark => out.advance(watermark))
  }

  state(): State {
    return { rows: this.rows.state(), watermarks: this.watermarks.inputs }
  }

  restore(state: unknown): void {
    const { rows, watermarks } = state as State
    this.rows.restore(rows)
    this.watermarks.restore(watermarks)
  }

  private port(side: 'left' | 'right'): Operator {
    return {
      change: (before, after) => this.change(side, before, after),
      advance: watermark => this.watermarks.advance(side === 'left' ? 0 : 1, watermark),
      clear: () => this.clear(side)
    }
  }

  private change(side: 'left' | 'right', before: Row | null, after: Row | null): void {
    const oldKey = before === null ? undefined : groupKey(...before)
    const newKey = after === null ? undefined : groupKey(...after)
    if (oldKey === newKey) return
    const old = before === null ? 0 : this.step(side, oldKey as string, before, -1)
    const now = after === null ? 0 : this.step(side, newKey as string, after, 1)
    // One that goes where another comes is one change.
    if (old * now < 0) this.out.change(old < 0 ? before : after, old < 0 ? after : before)
    else {
      this.emit(before, old)
      this.emit(after, now)
    }
  }

  private emit(row: Row | null, step: number): void {
    if (step < 0) this.out.change(row, null)
    else if (step > 0) this.out.change(null, row)
  }

  /** Counts a row once more or less on a side. @returns how much oftener it comes out */
  private step(side: 'left' | 'right', key: string, row: Row, step: 1 | -1): number {
    let counted = this.rows.get(key)
    if (counted === undefined) {
      if (step < 0) return 0
      counted = { row: row.map(keep), left: 0, right: 0 }
      this.rows.set(key, counted)
    } else if (step < 0 && counted[side] === 0) return 0
    const before = this.timesOf(counted)
    counted[side] += step
    if (counted.left === 0 && counted.right === 0) this.rows.delete(key)
    else this.rows.touch(key)
    return this.timesOf(counted) - before
  }

  private timesOf({ left, right }: Counted): number {
    const { isAll, operation } = this
    if (isAll) return shownTimes[operation](left, right)
    // Each row once: it is there, or it is not.
    if (operation === 'except') return left > 0 && right === 0 ? 1 : 0
    return left > 0 && right > 0 ? 1 : 0
  }

  private clear(side: 'left' | 'right'): void {
    for (const [key, counted] of this.rows.entries()) {
      for (let n = counted[side]; n > 0; n--)
        this.emit(counted.row, this.step(side, key as string, counted.row, -1))
    }
  }
}
