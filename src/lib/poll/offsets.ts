import { ToolError } from '../cli/index.ts'
import type { Heights } from './heights.ts'
import type { PollMode } from './order.ts'

/** Where a table's polls stand: what a mark tells of it. */
export interface Offset {
  /** Up to where (a time or an id) the window does not reach back; null: nothing was read. */
  readonly from: string | null
  /** The end of the poll that is going on; null between two. */
  readonly to: string | null
  /** The row that the poll has come to, by the terms of its order. */
  readonly after: readonly string[] | null
  /** `from` of the poll to come. */
  readonly next: string | null
  /** The highest id that was told before this poll, and with it. */
  readonly highest: string | null
  readonly reached: string | null
  readonly heights: Heights
  /** The clock at the last poll, milliseconds since the epoch; null before the first. */
  readonly polledMs: number | null
  /** The rows that were there at the start have been read. */
  readonly isBegun: boolean
}

export const NOTHING: Offset = {
  from: null,
  to: null,
  after: null,
  next: null,
  highest: null,
  reached: null,
  heights: [],
  polledMs: null,
  isBegun: false
}

/** The `at` of a polling run's marks. */
export interface PollPosition {
  readonly poll: PollMode
  /** The file with the windows of that moment; 0: they were empty. */
  readonly window: number
  readonly tables: Readonly<Record<string, Offset>>
}

/** @throws ToolError STATE for a mark that another kind of run has written */
export function readPosition(at: Readonly<Record<string, unknown>>, mode: PollMode): PollPosition {
  const { poll, window, tables } = at
  if (poll !== mode) {
    const other = typeof poll === 'string' ? `with --poll ${poll}` : 'without --poll'
    throw new ToolError('STATE', `the state directory is that of a run ${other}`, {
      hint: 'a pipeline goes on as it began; begin another with a --state directory of its own'
    })
  }
  if (typeof window !== 'number' || typeof tables !== 'object' || tables === null) {
    throw new ToolError('STATE', `the mark to resume from cannot be read: ${JSON.stringify(at)}`)
  }
  return { poll: mode, window, tables: tables as Record<string, Offset> }
}
