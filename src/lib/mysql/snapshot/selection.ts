import { ByteWriter } from '../../stream/index.ts'
import { type ColumnSchema, sqlName, type TableSchema } from '../schema.ts'
import { columnSlice, selectExpression, textValueWriter } from '../text-row.ts'
import { isKeptAsBytes, type Key, type KeyOrder } from './key-order.ts'

/** A table, or a part of it, to be read. */
export interface TableToRead {
  /** The columns that are written. */
  readonly schema: TableSchema
  /** Null for a table that cannot be read in the order of a key. */
  readonly order: KeyOrder | null
  /** Rows up to this key have been given. */
  readonly after: Key | null
  /** Rows after this key are not wanted yet. */
  readonly upTo?: Key | null
  /** A condition on the rows, '' for all. */
  readonly where: string
}

/** The statement whose result `TextRows` and `keyReader` read. */
export function selectStatement({ schema, order, after, upTo = null, where }: TableToRead): string {
  const columns = [...schema.columns.map(selectExpression), ...keyBytes(order)]
  const conditions = [
    ...(where === '' ? [] : [`(${where})`]),
    ...(order === null || after === null ? [] : [`(${order.after(after)})`]),
    ...(order === null || upTo === null ? [] : [`(${order.upTo(upTo)})`])
  ]
  return [
    `SELECT ${columns.join(', ') || 'NULL'} FROM ${sqlName(schema.database, schema.name)}`,
    // A condition of the user's may have a better index; without one the rows come from the disk in the key's order.
    ...(order !== null && where === '' ? ['FORCE INDEX (PRIMARY)'] : []),
    ...(conditions.length === 0 ? [] : [`WHERE ${conditions.join(' AND ')}`]),
    ...(order === null ? [] : [order.orderBy])
  ].join(' ')
}

/** Key columns whose bytes are read beside their text. */
function keyBytes(order: KeyOrder | null): string[] {
  return (order?.columns ?? []).filter(isKeptAsBytes).map(({ name }) => `CAST(${sqlName(name)} AS BINARY)`)
}

/** What the bytes of a key's text are read as. */
function bytesOf(column: ColumnSchema): ColumnSchema {
  return { ...column, dataType: 'varbinary', columnType: 'varbinary', charset: null }
}

/** Reads the key from a row packet, whose payload begins at `at`. */
export function keyReader(schema: TableSchema, order: KeyOrder): (packet: Buffer, at: number) => Key {
  let extra = schema.columns.length
  const parts = order.columns.map(column => {
    const own = schema.columns.findIndex(({ name }) => name === column.name)
    const described = schema.columns[own] as ColumnSchema
    const asBytes = isKeptAsBytes(column)
    const write = textValueWriter(
      asBytes ? bytesOf(described) : described,
      `${schema.database}.${schema.name}`
    )
    return { at: asBytes ? extra++ : own, write }
  })
  const w = new ByteWriter(1024)
  return (packet, from) =>
    parts.map(({ at, write }) => {
      const [start, end] = columnSlice(packet, from, at)
      w.clear()
      write(w, packet, start, end)
      return JSON.parse(w.written().toString()) as string | number
    })
}
