import type { Window } from '../bound.ts'
import type { Accumulator, AggregateFunctions, InputRow } from '../generate-aggregate.ts'
import type { AttachedWindow } from '../plan.ts'
import type { GuardedResult } from '../result-errors.ts'
import { type MapState, StateMap } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import { eachWindow, windowStart } from '../window.ts'
import type { Operator, Stateful } from './operator.ts'

type WindowState = {
  watermark: number
  windows: [end: number, groups: MapState][]
}

/**
 * Aggregation in event-time windows. A window closes, and its groups come out, once the watermark has reached its last
 * millisecond; a row that belongs to closed windows only is late and takes no part.
 *
 * As in Flink, rows are judged by the watermark of the rows before them, and a group whose rows were all taken back
 * gives no result.
 */
export class WindowAggregate implements Stateful {
  /** ms; what no row can be older than and still count. */
  watermark = Number.NEGATIVE_INFINITY
  private readonly window: Window | AttachedWindow
  private readonly functions: GuardedResult<AggregateFunctions>
  private readonly out: Operator
  private readonly memory: StateMemory
  private readonly windows = new Map<number, StateMap<Accumulator>>()
  /** The end of the window that closes next. */
  private nextEnd = Number.POSITIVE_INFINITY
  // Consecutive rows mostly fall into one tumbling window.
  private currentStart = Number.NaN
  private current: StateMap<Accumulator> | undefined

  constructor(
    window: Window | AttachedWindow,
    functions: GuardedResult<AggregateFunctions>,
    memory: StateMemory,
    out: Operator
  ) {
    this.window = window
    this.memory = memory
    this.functions = functions
    this.out = out
  }

  /** Adds a row, or takes it back. @returns whether the row was late */
  accept(row: InputRow, retract: boolean): boolean {
    if (!row.passes) return false
    if (this.window.kind === 'TUMBLE') {
      const start = windowStart(row.time, this.window.size, this.window.offset)
      if (start + this.window.size - 1 <= this.watermark) return true
      if (start !== this.currentStart || this.current === undefined) {
        this.current = this.groupsOf(start + this.window.size)
        this.currentStart = start
      }
      this.update(this.current, row, retract)
      return false
    }
    if (this.window.kind === 'ATTACHED') {
      if (row.time - 1 <= this.watermark) return true
      this.update(this.groupsOf(row.time), row, retract)
      return false
    }
    let late = true
    eachWindow(this.window, row.time, (_, end) => {
      if (end - 1 <= this.watermark) return
      late = false
      this.update(this.groupsOf(end), row, retract)
    })
    return late
  }

  /** Moves the watermark on and closes what it has passed, windows in the order of their ends. */
  advance(watermark: number): void {
    if (watermark <= this.watermark) return
    this.watermark = watermark
    if (this.nextEnd - 1 <= watermark) this.close(watermark)
    this.out.advance(watermark)
  }

  private close(watermark: number): void {
    const closed = [...this.windows.keys()].filter(end => end - 1 <= watermark).sort((a, b) => a - b)
    for (const end of closed) {
      const groups = this.windows.get(end) as StateMap<Accumulator>
      this.windows.delete(end)
      const start = this.startOf(end)
      for (const [key, accumulator] of groups.take()) {
        const result = accumulator.n === 0 ? null : this.functions.result(accumulator, key, start, end)
        if (result !== null) this.out.change(null, result)
      }
      groups.end()
    }
    this.currentStart = Number.NaN
    this.nextEnd = Math.min(Number.POSITIVE_INFINITY, ...this.windows.keys())
  }

  /** Takes all rows back: the table was truncated. */
  clear(): void {
    for (const groups of this.windows.values()) groups.end()
    this.windows.clear()
    this.currentStart = Number.NaN
    this.nextEnd = Number.POSITIVE_INFINITY
  }

  state(): WindowState {
    const windows = [...this.windows].map(([end, groups]) => [end, groups.state()] as [number, MapState])
    return { watermark: this.watermark, windows }
  }

  restore(state: unknown): void {
    const { watermark, windows } = state as WindowState
    this.clear()
    this.watermark = watermark
    for (const [end, groups] of windows) this.groupsOf(end).restore(groups)
    this.nextEnd = Math.min(Number.POSITIVE_INFINITY, ...this.windows.keys())
  }

  private update(groups: StateMap<Accumulator>, row: InputRow, retract: boolean): void {
    const key = this.functions.key(row)
    let accumulator = groups.get(key)
    if (accumulator === undefined) {
      accumulator = this.functions.newAccumulator(row)
      groups.set(key, accumulator)
    }
    if (retract) this.functions.retract(accumulator, row)
    else this.functions.add(accumulator, row)
  }

  private groupsOf(end: number): StateMap<Accumulator> {
    let groups = this.windows.get(end)
    if (groups === undefined) {
      groups = new StateMap(this.memory)
      this.windows.set(end, groups)
      if (end < this.nextEnd) this.nextEnd = end
    }
    return groups
  }

  /** Where windows are attached, groups have their start. */
  private startOf(end: number): number {
    const { window } = this
    if (window.kind === 'ATTACHED') return Number.NaN
    return window.kind === 'CUMULATE' ? windowStart(end - 1, window.size, window.offset) : end - window.size
  }
}
