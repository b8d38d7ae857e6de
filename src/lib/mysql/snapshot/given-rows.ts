import { ToolError } from '../../cli/index.ts'
import type { Row } from '../connection.ts'
import { Choice, type RenamedTable, type Rows, type RowsWatch } from '../row-event.ts'
import type { MappedTable } from '../table-cache.ts'
import type { Key, KeyOrder } from './key-order.ts'
import { LogKeys, type RowKeys } from './log-keys.ts'
import { type SnapshotProgress, tableId } from './progress.ts'
import { TextOrder } from './text-order.ts'

/**
 * Chooses from the log what concerns rows that an unfinished snapshot has given already: they are kept up to date until
 * the view from which the rest is read. Of the others nothing is written, as that view has them as they are then. But a
 * row that is gone by then may have been given after the mark that this run resumes from, to a sink that keeps it: it
 * is told as read and deleted, as the unbroken run would have.
 */
export class GivenRows implements RowsWatch {
  readonly isActive = true
  readonly #progress: SnapshotProgress
  readonly #orders: ReadonlyMap<string, KeyOrder>
  readonly #isRead: (database: string, name: string) => boolean
  readonly #texts: TextOrder
  readonly #keys = new WeakMap<MappedTable, LogKeys>()

  /**
   * @param orders of the tables of which a part has been given
   * @param isRead whether a table's rows are read
   */
  constructor(
    progress: SnapshotProgress,
    orders: ReadonlyMap<string, KeyOrder>,
    isRead: (database: string, name: string) => boolean,
    query: (sql: string) => Promise<Row[]>
  ) {
    this.#progress = progress
    this.#orders = orders
    this.#isRead = isRead
    this.#texts = new TextOrder(query)
  }

  /** What was given is gone, what comes into its place does so in the log, and the cursor stays where it is. */
  truncated(): void {}

  renamed(pairs: readonly RenamedTable[]): void {
    this.#progress.rename(pairs, this.#isRead)
  }

  choose(rows: Rows, mapped: MappedTable): Uint8Array | number | Promise<Uint8Array | number> {
    const id = tableId(mapped.table)
    if (this.#progress.done.has(id)) return Choice.GIVEN
    const progress = this.#progress.at.get(id)
    if (progress === undefined) return Choice.NOT_GIVEN
    const order = this.#orders.get(id)
    if (order === undefined) throw new ToolError('DATA', `${id} has no primary key any more`)
    const keys = this.#keysOf(mapped, order).read(rows)
    return this.#among(keys, order, progress.after) ?? this.#asking(keys, order, progress.after)
  }

  /** Notes what will have to be asked about rows that come later. */
  readonly ahead: RowsWatch = {
    isActive: true,
    truncated() {},
    choose: (rows, mapped) => {
      const id = tableId(mapped.table)
      const progress = this.#progress.done.has(id) ? undefined : this.#progress.at.get(id)
      const order = this.#orders.get(id)
      if (progress !== undefined && order !== undefined)
        this.#among(this.#keysOf(mapped, order).read(rows), order, progress.after)
      return 0
    }
  }

  /** Asks about all that was noted. */
  learn(): Promise<void> {
    return this.#texts.learn()
  }

  #keysOf(mapped: MappedTable, order: KeyOrder): LogKeys {
    let reader = this.#keys.get(mapped)
    if (reader === undefined) {
      reader = new LogKeys(mapped.table, order)
      this.#keys.set(mapped, reader)
    }
    return reader
  }

  async #asking(keys: readonly RowKeys[], order: KeyOrder, last: Key): Promise<Uint8Array> {
    for (;;) {
      await this.#texts.learn()
      const choices = this.#among(keys, order, last)
      if (choices !== undefined) return choices
    }
  }

  /** The choice for each row; undefined when the server has to be asked for the order of some. */
  #among(keys: readonly RowKeys[], order: KeyOrder, last: Key): Uint8Array | undefined {
    const choices = new Uint8Array(keys.length)
    let complete = true
    const isGiven = (key: Key | null): boolean => {
      if (key === null) return false
      const compared = order.compare(key, last, this.#texts.known)
      if (compared === undefined) complete = false
      return compared !== undefined && compared <= 0
    }
    for (const [i, { before, after }] of keys.entries()) {
      choices[i] =
        (isGiven(before) ? Choice.BEFORE : Choice.BEFORE_WITH_READ) | (isGiven(after) ? Choice.AFTER : 0)
    }
    return complete ? choices : undefined
  }
}
