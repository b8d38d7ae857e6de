import type { Idleness } from './idleness.ts'
import type { Prefetch } from './lookup/prefetch.ts'
import type { LookupJoin } from './operators/lookup-join.ts'
import type { Pieces } from './values/block-text.ts'

/** One line of a block, as bytes and as text of one character a byte. */
export type Line = { bytes: Buffer; text: Pieces; start: number; end: number }

/** The work of one query. */
export interface Pipeline {
  /** Event time that has passed, ms; undefined for queries that keep no time. */
  readonly watermark: number | undefined
  /** Its joins with tables that are looked up, those nearest to the input first. */
  readonly lookups: readonly LookupJoin[]
  /** Asks for what these need for a line, beforehand; undefined where that cannot be known, or nothing is to be fetched. */
  readonly prefetch: Prefetch | undefined
  begin(block: Buffer): void
  /** Reads what the line holds for the query. @throws LineError, RowError. @returns whether it holds anything */
  read(line: Line): boolean
  /**
   * Applies the line that was read last. @throws ResultError, once all of the line has taken effect that can; RowError,
   * of which nothing has. @returns whether a row of it was late
   */
  apply(line: Line): boolean
  /** Goes on with the last line where its joins waited for rows. Throws and returns what `apply` does. */
  resume(): boolean
  /** The block is gone after this. */
  finish(): void
  /** What tables without rows do to its time; undefined where there is one table, or none with time. */
  readonly idleness: Idleness | undefined
  /** Whether marks are to be told of. */
  readonly takesMarks: boolean
  /** A mark was made at `time` (ms since the epoch). Throws ResultError. */
  passTime(time: number): void
  /** Ends time: closes all windows. Throws ResultError. */
  end(): void
  /** What each operator that keeps something is, as in the plan. */
  readonly labels: readonly string[]
  /** What each operator keeps between lines: plain data, with Maps and bigints. */
  state(): unknown[]
  restore(states: unknown[]): void
  /** Messages for the user, each once. */
  warnings(): string[]
  /** What to say at the end when no event of the query's table came. */
  missing(): string | undefined
}

/** What has no state. */
export abstract class Stateless {
  readonly labels = []
  readonly watermark = undefined
  readonly lookups = []
  readonly prefetch = undefined

  resume(): boolean {
    return false
  }

  finish(): void {}

  readonly idleness = undefined
  readonly takesMarks = false

  passTime(): void {}

  end(): void {}

  state(): unknown[] {
    return []
  }

  restore(): void {}
}
