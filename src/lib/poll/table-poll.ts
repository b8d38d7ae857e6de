import type { ByteWriter } from '../stream/index.ts'
import type { PollTable } from './database.ts'
import type { Offset } from './offsets.ts'
import type { Order } from './order.ts'

/** What the polls of a run have in common. */
export interface PollRun {
  readonly ops: ReadonlySet<string>
  /** Whether rows that are there at the start are told. */
  readonly tellsFirst: boolean
  /** Where to write now. */
  bytes(): ByteWriter
  /** Whose rows are written next. */
  rowsOf(table: PollTable): void
  /** Between rows. @returns false when the run is to end */
  pause(): Promise<boolean>
  /** Between pages, where a mark may be written. @returns false when the run is to end */
  between(): Promise<boolean>
}

/** One table's polls: what was told, and what is new. Its state is right after every row. */
export interface TablePoll {
  /** Polls once, or goes on with a poll that was broken off. @returns false when the run is to end */
  poll(table: PollTable, order: Order, run: PollRun): Promise<boolean>
  /** Rows told. */
  readonly rows: number
  /** When the newest of them was changed, milliseconds since the epoch. */
  readonly newestMs: number
  readonly offset: Offset
  /** Grows with each change of what `save` gives. */
  readonly revision: number
  /** What of the state is too much for a mark, as lines; none when there is nothing. */
  save(): string[]
  load(offset: Offset, lines: readonly string[]): void
}
