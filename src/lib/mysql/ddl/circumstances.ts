import type { Dialect } from './dialect.ts'
import type { TableModel } from './model.ts'

/** What besides the catalog says how a statement works. */
export interface Circumstances {
  readonly dialect: Dialect
  /** The character set of the server's default collation; null when it is not known. */
  readonly serverCharset: string | null
  readonly nullableTimestamps: boolean
  /** Whether the definition of a table has this statement in it already, or may have. */
  readonly hasSeen: (table: TableModel | undefined) => 'yes' | 'no' | 'perhaps'
}
