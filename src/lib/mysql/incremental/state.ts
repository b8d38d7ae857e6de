import { usageError } from '../../cli/index.ts'
import type { Key } from '../snapshot/key-order.ts'

/** A table whose rows were asked for. */
export interface Wanted {
  /** `db.table` */
  readonly table: string
  /** A condition on the rows, '' for all. */
  readonly where: string
  /** It was not read before: of rows that have not been given, nothing is written yet. */
  readonly isNew: boolean
}

/** A table of which a part may have been given. */
export interface Taking extends Wanted {
  /** `KeyOrder.signature` of the key that the keys here are of; '' before anything was given. */
  readonly key: string
  /** The rows up to here have been given; null: none. */
  readonly after: Key | null
  readonly rows: number
  /** Rows after it that have been given, as they changed. */
  readonly also: readonly Key[]
}

/** What marks carry of incremental snapshots: what is asked for, how far it is, and what is read beside `--tables`. */
export interface IncrementalState {
  readonly taking: Taking | null
  readonly queue: readonly Wanted[]
  /** Tables that are read although `--tables` does not name them. */
  readonly followed: readonly string[]
  /** Requests that are in the above. */
  readonly taken: readonly string[]
}

export const NOTHING: IncrementalState = { taking: null, queue: [], followed: [], taken: [] }

/** @throws ToolError USAGE when a mark's is not of this form */
export function parseIncremental(value: unknown): IncrementalState {
  if (value === undefined) return NOTHING
  const state = value as Partial<IncrementalState> | null
  if (!Array.isArray(state?.queue) || !Array.isArray(state.followed) || !Array.isArray(state.taken)) {
    throw usageError(`the mark to resume from has no incremental snapshot: ${JSON.stringify(value)}`)
  }
  return { ...NOTHING, ...state }
}
