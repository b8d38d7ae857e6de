import { charsetOfCollation } from './collations.ts'
import { ColumnType } from './column.ts'
import type { MysqlConnection } from './connection.ts'
import type { ColumnSchema } from './schema.ts'

/** A column's definition in the head of a result. */
export interface ResultField {
  readonly name: string
  /** A `ColumnType`. */
  readonly columnType: number
  /** The collation's id of the column; 63 for bytes. */
  readonly characterSet: number
  readonly flags: number
  /** In bytes; bits for BIT. */
  readonly columnLength: number
  /** Digits behind the point, or of a fraction; 31 for numbers of any. */
  readonly decimals: number
}

const UNSIGNED = 32
const ZEROFILL = 64
const ENUM = 256
const SET = 2048
const BYTES = 63
const ANY_DECIMALS = 31

const TYPES: Record<number, string> = {
  [ColumnType.TINY]: 'tinyint',
  [ColumnType.SHORT]: 'smallint',
  [ColumnType.INT24]: 'mediumint',
  [ColumnType.LONG]: 'int',
  [ColumnType.LONGLONG]: 'bigint',
  [ColumnType.FLOAT]: 'float',
  [ColumnType.DOUBLE]: 'double',
  [ColumnType.NEWDECIMAL]: 'decimal',
  [ColumnType.YEAR]: 'year',
  [ColumnType.DATE]: 'date',
  [ColumnType.TIME]: 'time',
  [ColumnType.DATETIME]: 'datetime',
  [ColumnType.TIMESTAMP]: 'timestamp',
  [ColumnType.BIT]: 'bit',
  [ColumnType.JSON]: 'json',
  [ColumnType.GEOMETRY]: 'geometry',
  [ColumnType.VECTOR]: 'vector'
}

/** The columns of a query's result, as those of a table are described. @param sql gives no rows */
export async function queryColumns(connection: MysqlConnection, sql: string): Promise<ColumnSchema[]> {
  return (await connection.fields(sql)).map(resultColumn)
}

function resultColumn(field: ResultField): ColumnSchema {
  const { name, columnType, characterSet, flags, columnLength, decimals } = field
  const isBytes = characterSet === BYTES
  const text = isBytes ? 'varbinary' : flags & ENUM ? 'enum' : flags & SET ? 'set' : 'varchar'
  const dataType = TYPES[columnType] ?? text
  const isFixed = dataType === 'double' && decimals < ANY_DECIMALS
  const size = dataType === 'bit' || isFixed ? `(${columnLength})` : ''
  const more = `${flags & UNSIGNED ? ' unsigned' : ''}${flags & ZEROFILL ? ' zerofill' : ''}`
  return {
    name,
    dataType,
    columnType: `${dataType}${size}${more}`,
    charset: TYPES[columnType] === undefined ? charsetOfCollation(characterSet) : null,
    labels: null,
    generated: false,
    nullable: true,
    fraction: decimals
  }
}
