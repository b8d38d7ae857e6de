import { ToolError } from '../../cli/index.ts'
import { ByteWriter } from '../../stream/index.ts'
import { type Column, ColumnType, type Table } from '../column.ts'
import { compileRowDecoder, type RowDecoder } from '../row-decoder.ts'
import type { Rows } from '../row-event.ts'
import { isKeptAsBytes, type Key, type KeyOrder } from './key-order.ts'

/** Keys of a row of the log: as it was and as it is; only one of them for rows that came or went. */
export interface RowKeys {
  readonly before: Key | null
  readonly after: Key | null
}

/** Reads the primary keys of a table's rows in the log, in the form of `Key`. */
export class LogKeys {
  readonly #name: string
  readonly #names: readonly string[]
  /** Reads a row that consists of the key alone. */
  readonly #decoder: RowDecoder
  readonly #images = new ByteWriter(4096)
  readonly #key = new ByteWriter(256)

  /** @throws ToolError DATA when the log tells of another primary key */
  constructor(table: Table, order: KeyOrder) {
    const names = table.key.map(i => table.columns[i]?.name ?? '')
    const expected = order.columns.map(({ name }) => name)
    this.#name = `${table.database}.${table.name}`
    if (names.join('\0') !== expected.join('\0')) {
      throw new ToolError(
        'DATA',
        `${this.#name} had the primary key (${names.join(', ')}) when the log was written, and has (${expected.join(', ')}) now`,
        { hint: 'its snapshot cannot be taken up again: start with a new --state directory' }
      )
    }
    this.#names = names
    const columns = table.key.map((at, i): Column => {
      // Unmasked; of text in foreign character sets, the bytes.
      const { treatment: _, ...plain } = table.columns[at] as Column
      const inKey = order.columns[i]
      return inKey !== undefined && isKeptAsBytes(inKey)
        ? { ...plain, type: ColumnType.VARCHAR, charset: 'binary' }
        : plain
    })
    this.#decoder = compileRowDecoder({ ...table, debezium: false, columns, key: [] })
  }

  /** The keys of all rows of an event. */
  read(rows: Rows): RowKeys[] {
    const { buffer, op, first, second, beforeKeys, end } = rows
    const keys: RowKeys[] = []
    for (let at = rows.at; at < end; ) {
      this.#images.clear()
      let next = first.decode(buffer, at, this.#images)
      const before = this.#keyAt(buffer, first.keySpans, null)
      if (second === null) keys.push(op === 'd' ? { before, after: null } : { before: null, after: before })
      else {
        beforeKeys.set(first.keySpans)
        next = second.decode(buffer, next, this.#images)
        keys.push({ before, after: this.#keyAt(buffer, second.keySpans, beforeKeys) })
      }
      if (!(next > at && next <= end))
        throw new ToolError('INPUT', 'a row is longer than its event: the log is damaged')
      at = next
    }
    return keys
  }

  /** @param before key columns that an image after a change lacks did not change */
  #keyAt(buffer: Buffer, spans: Int32Array, before: Int32Array | null): Key {
    const parts: Buffer[] = [Buffer.alloc((this.#names.length + 7) >> 3)]
    for (let i = 0; i < this.#names.length; i++) {
      const isThere = (spans[i * 2] as number) >= 0
      const [start = -1, end = -1] = ((isThere ? spans : before) ?? spans).subarray(i * 2, i * 2 + 2)
      if (start < 0) {
        throw new ToolError(
          'DATA',
          `a row of ${this.#name} lacks ${this.#names[i]}, which is in its primary key`
        )
      }
      parts.push(buffer.subarray(start, end))
    }
    this.#key.clear()
    this.#decoder.decode(Buffer.concat(parts), 0, this.#key)
    const values = JSON.parse(this.#key.written().toString()) as Record<string, string | number>
    return this.#names.map(name => values[name] as string | number)
  }
}
