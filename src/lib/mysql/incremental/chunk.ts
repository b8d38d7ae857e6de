import { ByteWriter, type OutputWriter } from '../../stream/index.ts'
import type { Source } from '../envelope.ts'
import { rowLines, type Shape } from '../shape.ts'
import type { Key } from '../snapshot/key-order.ts'
import { keyReader, selectStatement, type TableToRead } from '../snapshot/selection.ts'
import { TextRows } from '../text-row.ts'
import type { RowSession } from './session.ts'

/** Held rows may take this much; what is beyond waits for the next chunk. */
const MOST_BYTES = 16 * 1024 * 1024

/** Rows of a table as of one view, held until the log has been read up to that view. */
export interface Chunk {
  /** Rows up to here are in it, if they were there; null: to the table's end. */
  readonly end: Key | null
  readonly rows: number
  /**
   * Writes its rows but for those that have changed since.
   * @returns how many were written
   */
  write(output: OutputWriter, source: Source, isChanged: (key: string) => boolean): number
}

/** The key that ends a chunk of `count` rows; null when there are fewer left. */
export async function chunkEnd(
  session: RowSession,
  table: TableToRead & { readonly order: NonNullable<TableToRead['order']> },
  count: number
): Promise<Key | null> {
  const read = keyReader(table.schema, table.order)
  let end: Key | null = null
  await session.select(`${selectStatement(table)} LIMIT ${count - 1}, 1`, (packet, at) => {
    end = read(packet, at)
    return true
  })
  return end
}

export async function readChunk(
  session: RowSession,
  table: TableToRead & { readonly order: NonNullable<TableToRead['order']> },
  shape: Shape
): Promise<Chunk> {
  const { schema, order } = table
  const text = new TextRows(schema)
  const read = keyReader(schema, order)
  const images = new ByteWriter(64 * 1024)
  const ends: number[] = []
  const keys: string[] = []
  let last: Key | null = null
  let isCut = false
  await session.select(selectStatement(table), (packet, at) => {
    if (images.length >= MOST_BYTES) {
      isCut = true
      return false
    }
    text.write(images, packet, at)
    ends.push(images.length)
    last = read(packet, at)
    keys.push(JSON.stringify(last))
    return true
  })
  return {
    end: isCut ? last : (table.upTo ?? null),
    rows: keys.length,
    write(output, source, isChanged) {
      output.rowsOf(schema)
      const w = output.bytes
      const lines = rowLines(shape, schema.database, schema.name)
      if (!shape.outbox.has(schema.database, schema.name)) shape.schemas?.tell(w, schema)
      lines.begin(source, Date.now())
      let written = 0
      for (const [i, key] of keys.entries()) {
        if (isChanged(key)) continue
        lines.onlyAfter(w)
        w.append(images.buffer, ends[i - 1] ?? 0, ends[i])
        lines.end(w, 'r', 0)
        written++
      }
      return written
    }
  }
}
