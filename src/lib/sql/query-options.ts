import type { Lookups } from './lookup/lookups.ts'
import type { ResultOptions } from './results.ts'
import type { StateMemory } from './state/state-memory.ts'

/** A line that the query could not take. */
export type RejectedLine = {
  /** Number of the line in its block, from 0. */
  index: number
  /** The line without its newline; valid until the call returns. */
  bytes: Buffer
  reason: string
  /** The line is no JSON at all. */
  notJson: boolean
  /** The line has taken effect: it is a result of it that cannot be computed. Else it is as if it had not come. */
  isApplied: boolean
}

export type QueryOptions = ResultOptions & {
  /** Told of each line that cannot be processed; may throw to stop. */
  reject(line: RejectedLine): void
  /** Told of each result that cannot be computed when time passes without a line; without it that is thrown. */
  leftOut?(reason: string): void
  /** Told of each line of which a row came too late for its window, with the line's number in its block from 0. */
  late?(bytes: Buffer, index: number): void
  /** Told of what is probably a mistake, such as a column that the table does not have. */
  warn?(message: string): void
  /** ms that the watermark stays behind the newest event time where no WATERMARK is declared; 0 by default. */
  watermarkDelay?: number
  /** Where lines come from, as in --in, for tables that are declared as topics. */
  input?: string
  /** Where the paths of CREATE FUNCTION begin; the working directory by default. */
  folder?: string
  /** ms after which a table without rows no longer holds time back, unless SET says otherwise; 0 by default: never. */
  idleTimeout?: number
  /** Whether time passes with the marks while no table has rows. */
  isMarkTime?: boolean
  /** The tables that are looked up; without it those in files are, below the working directory. */
  lookups?: Lookups
  /** What the state may take in memory, and where the rest goes; without it everything is in memory. */
  memory?: StateMemory
}
