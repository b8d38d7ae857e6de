import type { RankFunctions } from '../generate-rank.ts'
import { type MapState, StateMap } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import type { RankOptions } from './rank.ts'
import { SortedRows, sortedRowsPacking } from './sorted-rows.ts'

type State = { watermark: number; windows: [end: number, partitions: MapState][] }

/**
 * The rows of each partition of a window at some places in an order. They come out when the watermark has reached the
 * window's last millisecond; rows for a window that is closed are late.
 * Source: Flink's WindowRankOperator and WindowDeduplicateOperator; rows can be taken back here as long as their window is open.
 */
export class WindowRank implements Stateful, Operator {
  private readonly functions: RankFunctions
  private readonly options: RankOptions
  private readonly end: number
  private readonly memory: StateMemory
  private readonly onLate: () => void
  private readonly out: Operator
  private readonly windows = new Map<number, StateMap<SortedRows>>()
  private watermark = Number.NEGATIVE_INFINITY
  /** The end of the window that closes next. */
  private nextEnd = Number.POSITIVE_INFINITY

  /** @param end index of the end of a row's window in the row */
  constructor(
    functions: RankFunctions,
    options: RankOptions,
    end: number,
    memory: StateMemory,
    onLate: () => void,
    out: Operator
  ) {
    this.functions = functions
    this.options = options
    this.end = end
    this.memory = memory
    this.onLate = onLate
    this.out = out
  }

  change(before: Row | null, after: Row | null): void {
    if (before !== null) this.rowsOf(before)?.remove(before)
    if (after === null) return
    const rows = this.rowsOf(after)
    if (rows !== undefined) this.add(rows, after)
  }

  advance(watermark: number): void {
    if (watermark <= this.watermark) return
    this.watermark = watermark
    if (this.nextEnd - 1 <= watermark) this.close()
    this.out.advance(watermark)
  }

  clear(): void {
    for (const partitions of this.windows.values()) partitions.end()
    this.windows.clear()
    this.nextEnd = Number.POSITIVE_INFINITY
  }

  state(): State {
    const windows = [...this.windows].map(
      ([end, partitions]) => [end, partitions.state()] as [number, MapState]
    )
    return { watermark: this.watermark, windows }
  }

  restore(state: unknown): void {
    const { watermark, windows } = state as State
    this.watermark = watermark
    for (const [end, partitions] of windows) this.partitionsOf(end).restore(partitions)
  }

  /** The rows of a row's partition; undefined when its window is closed. */
  private rowsOf(row: Row): SortedRows | undefined {
    const end = Number(row[this.end])
    if (end - 1 <= this.watermark) {
      this.onLate()
      return undefined
    }
    const partitions = this.partitionsOf(end)
    const key = this.functions.key(row)
    let rows = partitions.get(key)
    if (rows === undefined) {
      rows = new SortedRows(this.functions.compare)
      partitions.set(key, rows)
    }
    return rows
  }

  private partitionsOf(end: number): StateMap<SortedRows> {
    let partitions = this.windows.get(end)
    if (partitions === undefined) {
      partitions = new StateMap(this.memory, { packing: sortedRowsPacking(this.functions.compare) })
      this.windows.set(end, partitions)
      this.nextEnd = Math.min(this.nextEnd, end)
    }
    return partitions
  }

  /** Where rows are only added, those behind the last place are of no use. */
  private add(rows: SortedRows, row: Row): void {
    const { to, isAppendOnly, isLastFirst } = this.options
    const isFull = isAppendOnly && rows.size >= to
    if (isFull) {
      const order = this.functions.compare(row, rows.at(to - 1) as Row)
      if (order > 0 || (order === 0 && !isLastFirst)) return
    }
    rows.add(row.map(keep), isLastFirst)
    if (isFull) rows.pop()
  }

  private close(): void {
    const { watermark, windows, out } = this
    const { from, to } = this.options
    const closed = [...windows.keys()].filter(end => end - 1 <= watermark).sort((a, b) => a - b)
    for (const end of closed) {
      const partitions = windows.get(end) as StateMap<SortedRows>
      windows.delete(end)
      for (const [, rows] of partitions.take())
        for (const [i, row] of rows.slice(from - 1, to).entries())
          out.change(null, this.placed(row, from + i))
      partitions.end()
    }
    this.nextEnd = Math.min(Number.POSITIVE_INFINITY, ...windows.keys())
  }

  private placed(row: Row, place: number): Row {
    if (!this.options.isNumbered) return row
    const placed = [...row]
    placed[0] = place
    return placed
  }
}
