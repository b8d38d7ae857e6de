import { ToolError, usageError } from '../../cli/index.ts'
import type { RenamedTable } from '../row-event.ts'
import type { TableName } from '../tables.ts'
import type { Key } from './key-order.ts'

/** How far a table has been read. */
export interface TableProgress {
  /** `KeyOrder.signature` of the key that `after` is of. */
  readonly key: string
  /** The last row that was given. */
  readonly after: Key
  /** Rows given. */
  readonly rows: number
}

/**
 * Which rows of a snapshot have been given. Marks carry it beside a position: what was written before the mark is,
 * for these rows, the state of the tables at that position, and of all other rows there is nothing.
 */
export class SnapshotProgress {
  readonly done: Set<string>
  readonly at: Map<string, TableProgress>
  /** `done` has changed with the names of tables; not in marks. */
  hasRenamed = false
  /** Tables of which a part was given and that are not there any more; not in marks. */
  readonly gone = new Set<string>()

  constructor(done: Iterable<string> = [], at: Iterable<readonly [string, TableProgress]> = []) {
    this.done = new Set(done)
    this.at = new Map(at)
  }

  /** `{"done":["db.t1"],"at":{"db.t2":{"key":"id integer","after":[7],"rows":7}}}` */
  format(): Record<string, unknown> {
    return { done: [...this.done], at: Object.fromEntries(this.at) }
  }

  /**
   * Follows a statement that gives tables other names: what has been given of a table, it has under its new name. Where
   * a table that is not read takes a name, as those of online schema changes do, it stands for the one that had it.
   * @param pairs one after the other
   * @throws ToolError DATA for a table of which a part has been given: the rest would come under another name
   */
  rename(pairs: readonly RenamedTable[], isRead: (database: string, name: string) => boolean): void {
    /** The tables that had other names before the statement, by their new ones. */
    const moved = new Map<string, TableName>()
    const idOf = ([database, name]: RenamedTable[0]): string => tableId({ database, name })
    for (const [from, to] of pairs) {
      const origin = moved.get(idOf(from)) ?? { database: from[0], name: from[1] }
      moved.delete(idOf(from))
      moved.set(idOf(to), origin)
    }
    const before = new Set(this.done)
    for (const { database, name } of moved.values()) {
      const id = tableId({ database, name })
      if (!isRead(database, name)) continue
      if (this.at.has(id) || this.gone.has(id)) {
        throw new ToolError('DATA', `${id} was given another name when a part of its rows had been read`, {
          hint: 'its snapshot cannot be taken up again: start with a new --state directory'
        })
      }
      if (!moved.has(id)) this.done.delete(id)
    }
    for (const [id, origin] of moved) {
      if (!isRead(origin.database, origin.name)) continue
      if (before.has(tableId(origin))) this.done.add(id)
      else this.done.delete(id)
      this.hasRenamed = true
    }
  }

  /** @throws ToolError USAGE when a mark's is not of this form */
  static parse(value: unknown): SnapshotProgress {
    const { done, at } = (value ?? {}) as { done?: unknown; at?: unknown }
    if (!Array.isArray(done) || at === null || typeof at !== 'object') {
      throw usageError(`the mark to resume from has no progress of the snapshot: ${JSON.stringify(value)}`)
    }
    return new SnapshotProgress(done.map(String), Object.entries(at as Record<string, TableProgress>))
  }
}

export function tableId({ database, name }: TableName): string {
  return `${database}.${name}`
}
