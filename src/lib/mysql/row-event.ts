import { ToolError } from '../cli/index.ts'
import type { Op } from './envelope.ts'
import { type BinlogEvent, EVENT_HEADER, EventType } from './events.ts'
import { readLengthEncoded } from './packets.ts'
import type { RowDecoder } from './row-decoder.ts'
import { allPresent, type MappedTable } from './table-cache.ts'

/** The rows of an event that are still to be written. */
export interface Rows {
  readonly buffer: Buffer
  readonly op: Op
  readonly first: RowDecoder
  readonly second: RowDecoder | null
  /** Some of the columns are not in the images. */
  readonly isPartial: boolean
  readonly beforeKeys: Int32Array
  at: number
  readonly end: number
}

/** What of a row's change is written: a choice of the image before (1 or 2) and one of the image after (4 or 8). */
export const Choice = {
  BEFORE: 1,
  /** The row as it was, as a row that is read, and then its deletion. */
  BEFORE_WITH_READ: 2,
  AFTER: 4,
  /** The row as it is, as a row that is read. */
  AFTER_AS_READ: 8,
  /** The change as it is. */
  GIVEN: 5,
  /** A row that was not given before, and is to be read later, if it is still there. */
  NOT_GIVEN: 2
} as const

/** Database and name, each. */
export type RenamedTable = readonly [
  from: readonly [database: string, name: string],
  to: readonly [database: string, name: string]
]

/** Looks at rows before they are written, and chooses what is written of them: for each row, or for all the same. */
export interface RowsWatch {
  /** False: all rows are written as they are. */
  readonly isActive: boolean
  /** A table was emptied. */
  truncated(database: string, table: string): void
  /** A statement gave tables other names, one pair after the other. */
  renamed?(pairs: readonly RenamedTable[]): void
  choose(rows: Rows, mapped: MappedTable): Uint8Array | number | Promise<Uint8Array | number>
}

/** Post-header: table id 6, flags 2, and in version 2 extra data with its length 2; then columns, present bits, rows. */
export function openRows(event: BinlogEvent, op: Op, mapped: MappedTable): Rows {
  const { buffer, type, end } = event
  let at = event.start + EVENT_HEADER + 8
  if (type >= EventType.WRITE_ROWS) at += buffer.readUInt16LE(at)
  let count: number
  ;[count, at] = readLengthEncoded(buffer, at)
  if (count !== mapped.table.columns.length) {
    throw new ToolError('INPUT', `rows of ${count} columns for a table map of ${mapped.table.columns.length}`)
  }
  const size = (count + 7) >> 3
  if (type === EventType.PARTIAL_UPDATE_ROWS) {
    const { before, after } = mapped.partialJson(buffer, at)
    return rowsOf(buffer, op, before, after, at + 2 * size, end)
  }
  const decoderAt = (bits: number): RowDecoder =>
    allPresent(buffer, bits, count) ? mapped.decoder : mapped.partial(buffer, bits)
  const first = decoderAt(at)
  at += size
  let second: RowDecoder | null = null
  if (op === 'u') {
    second = decoderAt(at)
    at += size
  }
  return rowsOf(buffer, op, first, second, at, end)
}

function rowsOf(
  buffer: Buffer,
  op: Op,
  first: RowDecoder,
  second: RowDecoder | null,
  at: number,
  end: number
): Rows {
  const isPartial = first.isPartial || second?.isPartial === true
  return { buffer, op, first, second, isPartial, beforeKeys: new Int32Array(first.keySpans.length), at, end }
}

/** Whether the bytes of the key are the same; columns that an image lacks did not change. */
export function sameKey(buffer: Buffer, before: Int32Array, after: Int32Array): boolean {
  for (let i = 0; i < after.length; i += 2) {
    const beforeStart = before[i] as number
    const afterStart = after[i] as number
    if (beforeStart < 0 || afterStart < 0) continue
    if (buffer.compare(buffer, afterStart, after[i + 1], beforeStart, before[i + 1]) !== 0) return false
  }
  return true
}
