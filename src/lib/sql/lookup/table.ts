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
  /** Gets the rows that were asked for and were not here. */
  fetch(): Promise<void>
}
