import { usageError } from '../../cli/index.ts'
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

  constructor(done: Iterable<string> = [], at: Iterable<readonly [string, TableProgress]> = []) {
    this.done = new Set(done)
    this.at = new Map(at)
  }

  /** `{"done":["db.t1"],"at":{"db.t2":{"key":"id integer","after":[7],"rows":7}}}` */
  format(): Record<string, unknown> {
    return { done: [...this.done], at: Object.fromEntries(this.at) }
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
