import type { JoinFunctions } from '../generate-join.ts'
import type { Join, JoinSide, JoinTime, Membership } from '../plan.ts'
import type { MapState } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import { KeptRows } from './kept-rows.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import type { KeptRow } from './row-bag.ts'
import { Watermarks } from './watermarks.ts'

type OpenWindow = Record<JoinSide, KeptRows>
type State = { windows: ({ end: number } & Record<JoinSide, MapState>)[]; watermarks: number[] }

/**
 * A join of the rows of a window: pairs, and rows of an outer side that are in none, come out when the watermark has
 * reached the window's last millisecond; of a semi or anti join the rows of the left side that are in a pair, or in none.
 * Rows for a window that is closed are late.
 * Source: Flink's WindowJoinOperator; rows can be taken back here as long as their window is open.
 */
export class WindowJoin implements Stateful {
  readonly left: Operator = this.port('left')
  readonly right: Operator = this.port('right')
  private readonly functions: JoinFunctions
  private readonly kept: Membership | undefined
  private readonly outer: Record<JoinSide, boolean>
  private readonly memory: StateMemory
  private readonly ends: JoinTime & { kind: 'window' }
  private readonly windows = new Map<number, OpenWindow>()
  /** The end of the window that closes next. */
  private nextEnd = Number.POSITIVE_INFINITY
  private readonly watermarks: Watermarks
  private readonly onLate: () => void
  private readonly out: Operator

  /** @param ends where the rows have the ends of their windows */
  constructor(
    { type, kept }: Pick<Join, 'type' | 'kept'>,
    ends: JoinTime & { kind: 'window' },
    functions: JoinFunctions,
    memory: StateMemory,
    onLate: () => void,
    out: Operator
  ) {
    this.functions = functions
    this.ends = ends
    this.kept = kept
    this.memory = memory
    this.outer = { left: type === 'left' || type === 'full', right: type === 'right' || type === 'full' }
    this.onLate = onLate
    this.out = out
    this.watermarks = new Watermarks(2, watermark => {
      if (this.nextEnd - 1 <= watermark) this.close(watermark)
      out.advance(watermark)
    })
  }

  state(): State {
    const windows = [...this.windows].map(([end, { left, right }]) => ({
      end,
      left: left.state(),
      right: right.state()
    }))
    return { windows, watermarks: this.watermarks.inputs }
  }

  restore(state: unknown): void {
    const { windows, watermarks } = state as State
    for (const { end, left, right } of windows) {
      const window = this.windowOf(end)
      window.left.restore(left)
      window.right.restore(right)
    }
    this.watermarks.restore(watermarks)
  }

  private port(side: JoinSide): Operator {
    return {
      change: (before, after) => {
        if (before !== null) this.takeBack(side, before)
        if (after !== null) this.rowsOf(side, after)?.add(this.key(side, after), after, 0)
      },
      advance: watermark => this.watermarks.advance(side === 'left' ? 0 : 1, watermark),
      clear: () => {
        for (const window of this.windows.values()) window[side].clear()
      }
    }
  }

  private takeBack(side: JoinSide, row: Row): void {
    const rows = this.rowsOf(side, row)
    const key = this.key(side, row)
    const kept = rows?.find(key, row)
    if (kept !== undefined) rows?.remove(key, kept)
  }

  private key(side: JoinSide, row: Row): unknown {
    return side === 'left' ? this.functions.leftKey(row) : this.functions.rightKey(row)
  }

  /** Where a row is kept with others of its window; undefined when the window is closed. */
  private rowsOf(side: JoinSide, row: Row): KeptRows | undefined {
    const end = Number(row[this.ends[side]])
    if (end - 1 <= this.watermarks.current) {
      this.onLate()
      return undefined
    }
    return this.windowOf(end)[side]
  }

  private windowOf(end: number): OpenWindow {
    let window = this.windows.get(end)
    if (window === undefined) {
      const { memory, outer } = this
      // Whether a row has a partner is asked of the right side when the window closes.
      window = { left: new KeptRows(memory, false), right: new KeptRows(memory, outer.right) }
      this.windows.set(end, window)
      this.nextEnd = Math.min(this.nextEnd, end)
    }
    return window
  }

  private close(watermark: number): void {
    const closed = [...this.windows.keys()].filter(end => end - 1 <= watermark).sort((a, b) => a - b)
    for (const end of closed) {
      const window = this.windows.get(end) as OpenWindow
      this.windows.delete(end)
      this.pair(window)
      window.left.end()
      window.right.end()
    }
    this.nextEnd = Math.min(Number.POSITIVE_INFINITY, ...this.windows.keys())
  }

  private pair({ left, right }: OpenWindow): void {
    for (const [key, rows] of left.all()) {
      // A key that is NULL is equal to none.
      const partners = key === null ? [] : right.under(key)
      for (const { row } of rows) {
        if (this.kept === undefined) this.pairRow(row, key, partners, right)
        else if (this.isPaired(row, partners) === (this.kept === 'paired'))
          this.out.change(null, this.functions.row(row, null))
      }
    }
    if (!this.outer.right) return
    for (const [, rows] of right.all())
      for (const { row, matches } of rows)
        if (matches === 0) this.out.change(null, this.functions.row(null, row))
  }

  private isPaired(row: Row, partners: readonly KeptRow[]): boolean {
    const { functions } = this
    return partners.some(partner => functions.matches(functions.row(row, partner.row)))
  }

  private pairRow(row: Row, key: unknown, partners: readonly KeptRow[], right: KeptRows): void {
    const { functions } = this
    let isPaired = false
    for (const partner of partners) {
      const joined = functions.row(row, partner.row)
      if (!functions.matches(joined)) continue
      isPaired = true
      if (this.outer.right) right.count(key, partner, 1)
      this.out.change(null, joined)
    }
    if (!isPaired && this.outer.left) this.out.change(null, functions.row(row, null))
  }
}
