import { type ByteWriter, formatSchema, type RowSchema } from '../stream/index.ts'
import { type Column, ColumnType, type Table } from './column.ts'
import { bytesPerCharacter } from './ddl/charset.ts'
import type { Treatment } from './mask.ts'
import type { ColumnSchema, TableSchema } from './schema.ts'

/*
 * A column is described by the log's table map or by a definition; the same column has to come out the same. What only
 * one of them knows is left out: display widths, ZEROFILL, the kind of a geometry that is no point.
 */

/** Writes what the rows of tables are: before the first row of each, and again when it has changed. */
export class SchemaWriter {
  /** The last table whose rows came. */
  #last: Table | TableSchema | null = null
  /** What was told of each table, by its full name. */
  readonly #told = new Map<string, { table: Table | TableSchema; line: string }>()

  /** Call it between lines. @param table with the treatments of its columns */
  tell(w: ByteWriter, table: Table | TableSchema): void {
    if (table === this.#last) return
    this.#last = table
    const id = JSON.stringify([table.database, table.name])
    const told = this.#told.get(id)
    if (told?.table === table) return
    const line = formatSchema(rowSchema(table))
    this.#told.set(id, { table, line })
    if (told?.line !== line) w.text(line)
  }
}

function rowSchema({ database, name, columns, key }: Table | TableSchema): RowSchema {
  return {
    db: database,
    table: name,
    key: key.map(i => columns[i]?.name ?? ''),
    columns: columns
      .filter(({ treatment }) => treatment !== 'drop')
      .map(column => ({
        name: column.name,
        type:
          maskedType(column.treatment) ?? ('dataType' in column ? definedType(column) : loggedType(column))
      }))
  }
}

/** The longest VARCHAR that every character set has. */
const LONGEST_VARCHAR = 16_383

function maskedType(treatment: Treatment): string | null {
  if (treatment === undefined || treatment === 'drop') return null
  return treatment.length > LONGEST_VARCHAR ? 'longtext' : `varchar(${treatment.length})`
}

/** Of a column as information_schema and the statements in the log define it. */
function definedType({ dataType, columnType, labels, fraction }: ColumnSchema): string {
  const unsigned = / unsigned/i.test(columnType) ? ' unsigned' : ''
  const [first, second] = (/\(([\d,]+)\)/.exec(columnType)?.[1] ?? '').split(',')
  switch (dataType) {
    case 'enum':
    case 'set':
      return labelled(dataType, labels ?? [])
    case 'decimal':
      return `decimal(${first || 10},${second ?? 0})${unsigned}`
    case 'char':
    case 'binary':
    case 'bit':
      return `${dataType}(${first || 1})`
    case 'varchar':
    case 'varbinary':
    case 'vector':
      return `${dataType}(${first})`
    case 'time':
    case 'datetime':
    case 'timestamp':
      return withFraction(dataType, fraction)
    default:
      return GEOMETRIES.test(dataType) ? 'geometry' : `${dataType}${unsigned}`
  }
}

const GEOMETRIES = /^(?:linestring|polygon|multi(?:point|linestring|polygon)|geom(?:etry)?collection)$/

const INTEGERS: Readonly<Record<number, string>> = {
  [ColumnType.TINY]: 'tinyint',
  [ColumnType.SHORT]: 'smallint',
  [ColumnType.INT24]: 'mediumint',
  [ColumnType.LONG]: 'int',
  [ColumnType.LONGLONG]: 'bigint',
  [ColumnType.FLOAT]: 'float',
  [ColumnType.DOUBLE]: 'double'
}
const OTHERS: Readonly<Record<number, string>> = {
  [ColumnType.YEAR]: 'year',
  [ColumnType.DATE]: 'date',
  [ColumnType.TIME]: 'time',
  [ColumnType.DATETIME]: 'datetime',
  [ColumnType.TIMESTAMP]: 'timestamp',
  [ColumnType.JSON]: 'json'
}
const FRACTIONED: Readonly<Record<number, string>> = {
  [ColumnType.TIME2]: 'time',
  [ColumnType.DATETIME2]: 'datetime',
  [ColumnType.TIMESTAMP2]: 'timestamp'
}
/** By the bytes that the length of a value takes. */
const SIZES = ['', 'tiny', '', 'medium', 'long']

/** Of a column as a table map has it. */
function loggedType(column: Column): string {
  const { type, meta, charset } = column
  const unsigned = column.unsigned ? ' unsigned' : ''
  const isBinary = charset === null || charset === 'binary'
  const length = isBinary ? meta : Math.floor(meta / bytesPerCharacter(charset))
  switch (type) {
    case ColumnType.NEWDECIMAL:
      return `decimal(${meta >> 8},${meta & 255})${unsigned}`
    case ColumnType.BIT:
      return `bit(${(meta >> 8) * 8 + (meta & 255)})`
    case ColumnType.ENUM:
      return labelled('enum', column.labels ?? [])
    case ColumnType.SET:
      return labelled('set', column.labels ?? [])
    case ColumnType.STRING:
      return `${isBinary ? 'binary' : 'char'}(${length})`
    case ColumnType.VARCHAR:
    case ColumnType.VAR_STRING:
      return `${isBinary ? 'varbinary' : 'varchar'}(${length})`
    case ColumnType.BLOB:
      return `${SIZES[meta]}${isBinary ? 'blob' : 'text'}`
    case ColumnType.GEOMETRY:
      return column.isPoint === true ? 'point' : 'geometry'
    case ColumnType.VECTOR:
      return column.dimensions === undefined ? 'vector' : `vector(${column.dimensions})`
    default: {
      const time = FRACTIONED[type]
      if (time !== undefined) return withFraction(time, meta)
      const number = INTEGERS[type]
      return number === undefined ? (OTHERS[type] ?? `type ${type}`) : `${number}${unsigned}`
    }
  }
}

function labelled(type: string, labels: readonly string[]): string {
  return `${type}(${labels.map(label => `'${label.replaceAll("'", "''")}'`).join(',')})`
}

function withFraction(type: string, digits: number): string {
  return digits === 0 ? type : `${type}(${digits})`
}
