import type { Row } from '../operators/operator.ts'

/** A table in which rows are looked up by key. */
export interface LookupTable {
  /** From here on what has changed is seen; for a block of lines, which is worked on with what is known by then. */
  begin(): void
  /**
   * The rows of a key; undefined when they are not here, and have to be fetched.
   * Throws RowError for a row that cannot be read as it is declared.
   * @param left the row that is joined with them
   */
  rows(key: unknown, left: Row): readonly Row[] | undefined
  /** Whether rows were asked for that are not here. */
  readonly wants?: boolean
  /** Gets the rows that were asked for and are not here; absent for a table that is here whole. */
  fetch?(): Promise<void>
}
