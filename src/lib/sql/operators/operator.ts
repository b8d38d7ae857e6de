/** A row between operators: the values of its columns by position. */
export type Row = readonly unknown[]

/** Takes a row that came (no `before`), went (no `after`) or changed. */
export type TakeChange = (before: Row | null, after: Row | null) => void

/** What takes the changes of a relation's rows and the passing of its time. */
export interface Operator {
  change(before: Row | null, after: Row | null): void
  /** From here on a row older than this (ms) is late. At the end of time it is Infinity. */
  advance(watermark: number): void
  /** All rows were taken back: the table was truncated. */
  clear(): void
}

/** An operator that keeps something between rows. */
export interface Stateful {
  /** Plain data, with Maps and bigints. */
  state(): unknown
  restore(state: unknown): void
}
