import type { ToolError } from '../cli/index.ts'
import type { Control, Mark } from './control.ts'
import type { Memory } from './memory.ts'

/** A block of whole lines, none of them a control line. */
export interface Lines {
  readonly kind: 'lines'
  readonly bytes: Buffer
  /** The number of the block's first line in its input, from 1. */
  readonly firstLine: number
  /** The partition of the topics that they are of, where partitions are worked on apart. */
  readonly partition?: number
  /** Where the bytes lie, if it is given back: to be held by a receiver that needs them for longer than its turn. */
  readonly memory?: Memory
  /** Set by a receiver that has counted the lines anyway, so that they are not counted again. */
  count?: number
}

/** A control line with the bytes it came in. */
export type ControlLine = Control & { readonly bytes: Buffer }

/**
 * Where partitions are worked on apart, each with a state of its own: which ones are read from here on. Those that are
 * not named any more are another's.
 */
export interface PartitionsChange {
  readonly kind: 'partitions'
  readonly all: readonly number[]
  /** Those that were not read before, with what `PartitionStates.note` gave when they were committed last, or ''. */
  readonly fresh: ReadonlyMap<number, string>
  /** How many there are in all, whoever reads them. */
  readonly count: number
}

/** Keeps the states of partitions where every member of the group finds them. */
export interface PartitionStates {
  /** For messages. */
  readonly name: string
  /**
   * The state of a partition as it was committed last; null when it begins anew, undefined when the tool is to stop: what
   * a dead member has left open may take its time.
   * @param partitions how many there are in all
   * @throws ToolError STATE when it is not there any more, or another query's
   */
  read(partition: number, partitions: number, note: string): Promise<Buffer | null | undefined>
  /** Writes the state as of the mark that is committed next. */
  write(partition: number, state: Buffer): Promise<void>
  /** Time has ended: what comes later begins anew. */
  clear(): void
  /** What is to be committed with the offsets of a partition. */
  note(partition: number): string
}

/**
 * The end of input. `cut` is set when it cannot be read on: it ended inside a line that is not whole JSON, a line is
 * longer than the limit, or reading failed. All lines before that place were given.
 */
export interface InputEnd {
  readonly kind: 'end'
  readonly cut?: ToolError
}

export type Part = Lines | ControlLine | PartitionsChange | InputEnd

/**
 * Where events come from. Work is acknowledged later than it is read: a port that keeps positions (Kafka's offsets)
 * puts them into its own marks and is told through `acknowledge` which of them is durable downstream.
 */
export interface Input {
  /** For messages: `stdin`, a path, a topic. */
  readonly name: string
  /** All parts in order; the last is the end. May be iterated once. */
  parts(): AsyncGenerator<Part, void, void>
  /** Everything up to the mark with this number is durable. */
  acknowledge?(n: number): Promise<void>
  /** What a line of late was, where a number does not tell: `joins partition 3 offset 1042`. */
  locate?(line: number): string | undefined
  /** Ends the iteration early, at the next whole line. */
  stop(): void
}

/** Where events go. */
export interface Output {
  readonly name: string
  /** False for topics: marks are never written there. */
  readonly takesMarks: boolean
  /** Rows go to a topic of their table, under their key: they stand behind a line that tells both (`OutputWriter.rowsOf`). */
  readonly keepsTablesApart?: boolean
  /**
   * Writes whole lines. Resolves once the bytes have left the process (or are with the server), so that a slow reader
   * slows its writer, and the buffer may be used again.
   * @throws ToolError OUTPUT when the output cannot take them; an error with code EPIPE when the reader is gone
   */
  write(bytes: Buffer): Promise<void>
  /**
   * Makes all that was written before durable and returns the position after it, for outputs that can acknowledge
   * marks; null for those that cannot (pipes).
   * @param mark what it ends at, for an output that keeps this beside its data
   */
  sync(mark?: Mark): Promise<number | null>
  /** What was written behind the last mark stands, too: the results of an end. */
  finish?(): Promise<void>
  close(): Promise<void>
}
