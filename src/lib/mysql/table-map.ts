import { ToolError } from '../cli/index.ts'
import { ColumnType } from './column.ts'
import { type BinlogEvent, EVENT_HEADER } from './events.ts'
import { readLengthEncoded } from './packets.ts'

/** A TABLE_MAP event: the columns of the rows that follow, as far as the log itself tells. */
export interface TableMap {
  readonly tableId: number
  readonly database: string
  readonly table: string
  readonly types: readonly number[]
  readonly metas: readonly number[]
  /** Whether a column may be NULL. */
  readonly nullable: readonly boolean[]
  readonly optional: OptionalMetadata
}

/**
 * `binlog_row_metadata`: MINIMAL (8.0's default) has signedness and character sets, FULL adds names, labels and the
 * primary key; 5.7 has none.
 */
export interface OptionalMetadata {
  /** For each column; only numeric ones can be true. */
  unsigned?: boolean[]
  /** Collation id for each column, 0 where it has none. */
  collations?: number[]
  names?: string[]
  /** Labels for each column, in its character set; null for other types. */
  labels?: (Buffer[] | null)[]
  primaryKey?: number[]
  /** For each geometry column, in their order: 0 any, 1 point, … as in well-known binary. */
  geometryTypes?: number[]
  /** For each vector column, in their order, how many numbers it may have (9.x). */
  dimensions?: number[]
}

/** The table id: 6 bytes, at the start of the post-header of TABLE_MAP and row events alike. */
export function readTableId(event: BinlogEvent): number {
  return event.buffer.readUIntLE(event.start + EVENT_HEADER, 6)
}

/** The table that a TABLE_MAP is about, which may have columns of types that are not known. */
export function readTableName(event: BinlogEvent): { database: string; table: string; end: number } {
  const { buffer } = event
  let at = event.start + EVENT_HEADER + 8
  const databaseLength = buffer[at] as number
  const database = buffer.toString('utf8', at + 1, at + 1 + databaseLength)
  at += databaseLength + 2
  const tableLength = buffer[at] as number
  const table = buffer.toString('utf8', at + 1, at + 1 + tableLength)
  return { database, table, end: at + tableLength + 2 }
}

/**
 * @param byMariadb whether MariaDB wrote it: it lists geometries among the collations, MySQL vectors
 * @throws ToolError INPUT when the bytes cannot be read
 */
export function readTableMap(event: BinlogEvent, byMariadb = false): TableMap {
  const { buffer, end } = event
  const { database, table, end: nameEnd } = readTableName(event)
  let at = nameEnd
  const [count, typesAt] = readLengthEncoded(buffer, at)
  if (count > MOST_COLUMNS || typesAt + count > end) {
    throw new ToolError('INPUT', `table map of ${database}.${table}: it cannot have ${count} columns`)
  }
  const rawTypes = buffer.subarray(typesAt, typesAt + count)
  const [metaLength, metasAt] = readLengthEncoded(buffer, typesAt + count)
  at = metasAt
  const metaEnd = at + metaLength
  const types: number[] = []
  const metas: number[] = []
  for (const raw of rawTypes) {
    const [type, meta, next] = readMeta(buffer, at, raw)
    if (!isPossible(type, meta)) {
      throw new ToolError(
        'INPUT',
        `table map of ${database}.${table}: type ${type} cannot have the metadata ${meta}`
      )
    }
    types.push(type)
    metas.push(meta)
    at = next
  }
  if (at !== metaEnd || metaEnd > end) {
    throw new ToolError('INPUT', `table map of ${database}.${table}: its column metadata cannot be read`)
  }
  const nullable = types.map((_, i) => ((buffer[at + (i >> 3)] as number) & (1 << (i & 7))) !== 0)
  at += (count + 7) >> 3
  return {
    tableId: readTableId(event),
    database,
    table,
    types,
    metas,
    nullable,
    optional: readOptional(buffer, at, end, types, byMariadb ? MARIADB_CHARACTER : MYSQL_CHARACTER)
  }
}

function readMeta(buffer: Buffer, at: number, type: number): [type: number, meta: number, next: number] {
  switch (type) {
    case ColumnType.FLOAT:
    case ColumnType.DOUBLE:
    case ColumnType.TIMESTAMP2:
    case ColumnType.DATETIME2:
    case ColumnType.TIME2:
    case ColumnType.BLOB:
    case ColumnType.JSON:
    case ColumnType.GEOMETRY:
    case ColumnType.VECTOR:
      return [type, buffer[at] as number, at + 1]
    case ColumnType.VARCHAR:
    case ColumnType.BIT:
    case ColumnType.VAR_STRING:
      return [type, buffer.readUInt16LE(at), at + 2]
    case ColumnType.NEWDECIMAL:
      return [type, ((buffer[at] as number) << 8) | (buffer[at + 1] as number), at + 2]
    case ColumnType.ENUM:
    case ColumnType.SET:
    case ColumnType.STRING: {
      const first = buffer[at] as number
      const second = buffer[at + 1] as number
      // A CHAR of more than 255 bytes has the upper bits of its length, inverted, in the type byte.
      if ((first & 0x30) !== 0x30) {
        return [first | 0x30, second | (((first & 0x30) ^ 0x30) << 4), at + 2]
      }
      return [first, second, at + 2]
    }
    default:
      return [type, 0, at]
  }
}

const MOST_COLUMNS = 4096

/** Whether a decoder can be made for it: its code writes as many bytes as the metadata ask for. */
function isPossible(type: number, meta: number): boolean {
  switch (type) {
    case ColumnType.NEWDECIMAL:
      return meta >> 8 >= 1 && meta >> 8 <= 65 && (meta & 255) <= meta >> 8
    case ColumnType.TIME2:
    case ColumnType.DATETIME2:
    case ColumnType.TIMESTAMP2:
      return meta <= 6
    case ColumnType.BLOB:
    case ColumnType.JSON:
    case ColumnType.GEOMETRY:
    case ColumnType.VECTOR:
      return meta >= 1 && meta <= 4
    case ColumnType.ENUM:
      return meta === 1 || meta === 2
    case ColumnType.SET:
      return meta >= 1 && meta <= 8
    case ColumnType.BIT:
      return (meta >> 8) * 8 + (meta & 255) <= 64
    default:
      return true
  }
}

const NUMERIC = new Set<number>([
  ColumnType.TINY,
  ColumnType.SHORT,
  ColumnType.INT24,
  ColumnType.LONG,
  ColumnType.LONGLONG,
  ColumnType.NEWDECIMAL,
  ColumnType.FLOAT,
  ColumnType.DOUBLE,
  ColumnType.YEAR
])
const CHARACTER = new Set<number>([
  ColumnType.STRING,
  ColumnType.VAR_STRING,
  ColumnType.VARCHAR,
  ColumnType.BLOB
])
const MYSQL_CHARACTER = new Set<number>([...CHARACTER, ColumnType.VECTOR])
const MARIADB_CHARACTER = new Set<number>([...CHARACTER, ColumnType.GEOMETRY])
const LABELLED = new Set<number>([ColumnType.ENUM, ColumnType.SET])

/** Whether columns of this type are listed among the collations, be it as `binary`. */
export function hasCollation(type: number): boolean {
  return CHARACTER.has(type) || LABELLED.has(type)
}

/** Type, length, value; the lists are over the columns of a kind. Source: Table_map_event, binlog/event/rows_event.h. */
function readOptional(
  buffer: Buffer,
  at: number,
  end: number,
  types: readonly number[],
  character: Set<number>
): OptionalMetadata {
  const optional: OptionalMetadata = {}
  const indexesOf = (kinds: Set<number>): number[] => types.flatMap((type, i) => (kinds.has(type) ? [i] : []))
  while (at < end) {
    const field = buffer[at] as number
    let length: number
    ;[length, at] = readLengthEncoded(buffer, at + 1)
    const stop = at + length
    if (stop > end) throw new ToolError('INPUT', 'table map: its optional metadata is cut off')
    switch (field) {
      case 1:
        optional.unsigned = readBits(buffer, at, types, indexesOf(NUMERIC))
        break
      case 2:
      case 10:
        optional.collations ??= types.map(() => 0)
        readDefaultCollations(
          buffer,
          at,
          stop,
          indexesOf(field === 2 ? character : LABELLED),
          optional.collations
        )
        break
      case 3:
      case 11:
        optional.collations ??= types.map(() => 0)
        readCollations(buffer, at, stop, indexesOf(field === 3 ? character : LABELLED), optional.collations)
        break
      case 4:
        optional.names = readStrings(buffer, at, stop)
        break
      case 5:
      case 6:
        optional.labels ??= types.map(() => null)
        readLabels(buffer, at, stop, types, field === 5 ? ColumnType.SET : ColumnType.ENUM, optional.labels)
        break
      case 7:
        optional.geometryTypes = readNumbers(buffer, at, stop)
        break
      case 13:
        optional.dimensions = readNumbers(buffer, at, stop)
        break
      case 8:
        optional.primaryKey = readNumbers(buffer, at, stop)
        break
      case 9:
        // Pairs of column and prefix length.
        optional.primaryKey = readNumbers(buffer, at, stop).filter((_, i) => i % 2 === 0)
        break
    }
    at = stop
  }
  const { names, primaryKey = [] } = optional
  if ((names !== undefined && names.length !== types.length) || primaryKey.some(i => i >= types.length)) {
    throw new ToolError('INPUT', 'table map: its optional metadata is for other columns')
  }
  return optional
}

function readBits(
  buffer: Buffer,
  at: number,
  types: readonly number[],
  indexes: readonly number[]
): boolean[] {
  const bits = types.map(() => false)
  indexes.forEach((column, i) => {
    bits[column] = ((buffer[at + (i >> 3)] as number) & (0x80 >> (i & 7))) !== 0
  })
  return bits
}

function readNumbers(buffer: Buffer, at: number, stop: number): number[] {
  const numbers: number[] = []
  while (at < stop) {
    let value: number
    ;[value, at] = readLengthEncoded(buffer, at)
    numbers.push(value)
  }
  return numbers
}

/** A default for all columns of the kind, then pairs of index and collation for the others. */
function readDefaultCollations(
  buffer: Buffer,
  at: number,
  stop: number,
  indexes: readonly number[],
  collations: number[]
): void {
  const [fallback = 0, ...pairs] = readNumbers(buffer, at, stop)
  for (const column of indexes) collations[column] = fallback
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    collations[indexes[pairs[i] as number] as number] = pairs[i + 1] as number
  }
}

function readCollations(
  buffer: Buffer,
  at: number,
  stop: number,
  indexes: readonly number[],
  collations: number[]
): void {
  readNumbers(buffer, at, stop).forEach((collation, i) => {
    collations[indexes[i] as number] = collation
  })
}

function readStrings(buffer: Buffer, at: number, stop: number): string[] {
  const strings: string[] = []
  while (at < stop) {
    const [length, from] = readLengthEncoded(buffer, at)
    at = from + length
    if (at > stop) throw new ToolError('INPUT', 'table map: a name is cut off')
    strings.push(buffer.toString('utf8', from, at))
  }
  return strings
}

function readLabels(
  buffer: Buffer,
  at: number,
  stop: number,
  types: readonly number[],
  kind: number,
  labels: (Buffer[] | null)[]
): void {
  types.forEach((type, column) => {
    if (type !== kind) return
    let count: number
    ;[count, at] = readLengthEncoded(buffer, at)
    const list: Buffer[] = []
    for (let i = 0; i < count; i++) {
      const [length, from] = readLengthEncoded(buffer, at)
      at = from + length
      if (at > stop) throw new ToolError('INPUT', 'table map: a label is cut off')
      list.push(Buffer.from(buffer.subarray(from, at)))
    }
    labels[column] = list
  })
}
