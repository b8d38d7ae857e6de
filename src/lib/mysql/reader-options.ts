import type { FileEpochs } from './file-epochs.ts'
import type { SchemaHistory } from './history/schema-history.ts'
import type { PreparedTransactions } from './prepared.ts'
import type { RowsWatch } from './row-event.ts'
import type { Shape } from './shape.ts'
import type { ResolveTable } from './table-cache.ts'
import type { TableFilter } from './tables.ts'

/** What a reader of a log is told of the log, and of what is wanted of it. */
export interface ReaderOptions {
  /** Version and name in the envelopes' `source`. */
  readonly version: string
  readonly name: string
  readonly tables: TableFilter
  readonly resolve: ResolveTable
  /** Follows the tables by the statements that define them, for `resolve`. */
  readonly history?: SchemaHistory
  /** Writes the statements that define tables, too. */
  readonly emitDdl?: boolean
  /** Rows of XA transactions that are held back; in memory and temporary files, unless given. */
  readonly prepared?: PreparedTransactions
  /** Numbers the files over all servers; without, one server is read. */
  readonly epochs?: FileEpochs
  /** All as it is, unless given. */
  readonly shape?: Shape
  /** Sees rows before they are written. */
  readonly watch?: RowsWatch
  /** Whether events end with a checksum until a FORMAT_DESCRIPTION says so. */
  readonly checksum: boolean
}
