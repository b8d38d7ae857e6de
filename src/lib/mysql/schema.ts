import { ToolError } from '../cli/index.ts'
import { charsetDecoder } from './charsets.ts'
import { type Column, ColumnType, type Table } from './column.ts'
import type { MysqlConnection, Row } from './connection.ts'
import { dialectOf } from './ddl/dialect.ts'
import { tokenize } from './ddl/lexer.ts'
import type { Treatment } from './mask.ts'
import { hasCollation, type TableMap } from './table-map.ts'

/** A column as information_schema describes it. */
export interface ColumnSchema {
  readonly name: string
  /** `varchar`, `int`, … */
  readonly dataType: string
  /** `int(10) unsigned`, `enum('a','b')`, … */
  readonly columnType: string
  readonly charset: string | null
  readonly labels: readonly string[] | null
  readonly generated: boolean
  /** Digits of a fraction of seconds. */
  readonly fraction: number
  readonly nullable: boolean
  readonly treatment?: Treatment
}

export interface TableSchema {
  readonly database: string
  readonly name: string
  readonly columns: readonly ColumnSchema[]
  readonly key: readonly number[]
  /** Values are written with Debezium's encodings. */
  readonly debezium?: boolean
}

export function sqlString(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}

export function sqlName(...parts: string[]): string {
  return parts.map(part => `\`${part.replaceAll('`', '``')}\``).join('.')
}

/** The table's columns as they are now; null when there is no such table. */
export async function readTableSchema(
  connection: MysqlConnection,
  database: string,
  name: string
): Promise<TableSchema | null> {
  const where = `TABLE_SCHEMA = ${sqlString(database)} AND TABLE_NAME = ${sqlString(name)}`
  const rows = await connection.query(
    `SELECT COLUMN_NAME AS name, DATA_TYPE AS dataType, COLUMN_TYPE AS columnType, CHARACTER_SET_NAME AS charset, ` +
      `EXTRA AS extra, DATETIME_PRECISION AS fraction, IS_NULLABLE AS nullable FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`
  )
  if (rows.length === 0) return null
  const columns = rows.map(
    (row): ColumnSchema => ({
      name: row.name as string,
      dataType: (row.dataType as string).toLowerCase(),
      columnType: row.columnType as string,
      charset: row.charset ?? null,
      labels: /^(enum|set)\(/i.test(row.columnType as string) ? parseLabels(row.columnType as string) : null,
      generated: /VIRTUAL|STORED|PERSISTENT/i.test(row.extra ?? ''),
      fraction: Number(row.fraction ?? 0),
      nullable: row.nullable !== 'NO'
    })
  )
  const names = await readKey(connection, database, name)
  const key = names.map(column => columns.findIndex(({ name }) => name === column))
  return { database, name, columns, key }
}

/**
 * The columns that tell rows apart: the primary key, else the first unique one whose columns are all NOT NULL, which
 * the server itself takes in its place. SHOW KEYS gives keys in the order in which the server has them.
 */
async function readKey(connection: MysqlConnection, database: string, name: string): Promise<string[]> {
  const rows = await connection.query(`SHOW KEYS FROM ${sqlName(database, name)}`)
  const unique = Map.groupBy(
    rows.filter(row => row.Non_unique === '0'),
    row => row.Key_name
  )
  const isWhole = (row: Row): boolean =>
    row.Column_name != null && row.Sub_part === null && row.Null !== 'YES'
  const key = unique.get('PRIMARY') ?? [...unique.values()].find(rows => rows.every(isWhole)) ?? []
  return key.map(row => row.Column_name as string)
}

const PLAIN = dialectOf('', 0)

/** `enum('a','it''s')` → the labels. The server escapes backslashes and control characters in them. */
export function parseLabels(columnType: string): string[] {
  return tokenize(columnType, PLAIN).flatMap(({ kind, text }) => (kind === 'string' ? [text] : []))
}

/**
 * The columns of a table map: names, labels and key from the log when it carries them (binlog_row_metadata=FULL), else
 * from a schema, be it of today or of the time of the log, as long as the two agree.
 *
 * @param charsetOf the character set of a collation id
 * @throws ToolError DATA when the log does not tell and the schema's table is another one
 */
export function resolveTable(
  map: TableMap,
  schema: TableSchema | null,
  charsetOf: (collation: number) => string
): Table {
  const { optional } = map
  const needsSchema = !describesItself(map)
  if (needsSchema) checkAgainst(map, schema)
  const geometryTypes = optional.geometryTypes?.values()
  const dimensions = optional.dimensions?.values()
  const columns = map.types.map((type, i): Column => {
    const geometryType = type === ColumnType.GEOMETRY ? geometryTypes?.next().value : undefined
    const most = type === ColumnType.VECTOR ? dimensions?.next().value : undefined
    const now = needsSchema ? schema?.columns[i] : undefined
    const collation = optional.collations?.[i] ?? 0
    const charset = collation > 0 ? charsetOf(collation) : (now?.charset ?? null)
    return {
      name: optional.names?.[i] ?? (now as ColumnSchema).name,
      type,
      meta: map.metas[i] as number,
      unsigned: optional.unsigned?.[i] ?? / unsigned/i.test(now?.columnType ?? ''),
      charset,
      labels: optional.labels?.[i]?.map(label => labelText(label, charset)) ?? now?.labels ?? null,
      nullable: map.nullable[i] as boolean,
      isPoint: geometryType === undefined ? now?.dataType === 'point' : geometryType === POINT,
      ...(most === undefined ? {} : { dimensions: most })
    }
  })
  const key = optional.names === undefined ? (schema?.key ?? []) : (optional.primaryKey ?? [])
  return { database: map.database, name: map.table, columns, key }
}

/** The type of well-known binary. */
const POINT = 1

/** Whether the log tells all that is needed to read the rows (binlog_row_metadata=FULL). */
export function describesItself({ types, optional }: TableMap): boolean {
  return optional.names !== undefined && (optional.collations !== undefined || !types.some(hasCollation))
}

function labelText(label: Buffer, charset: string | null): string {
  return charset === null || charset === 'binary' ? label.toString('utf8') : charsetDecoder(charset)(label)
}

/** information_schema's type names by the type in the log. */
const TYPE_NAMES: Record<number, readonly string[]> = {
  [ColumnType.TINY]: ['tinyint'],
  [ColumnType.SHORT]: ['smallint'],
  [ColumnType.INT24]: ['mediumint'],
  [ColumnType.LONG]: ['int'],
  [ColumnType.LONGLONG]: ['bigint'],
  [ColumnType.FLOAT]: ['float'],
  [ColumnType.DOUBLE]: ['double'],
  [ColumnType.NEWDECIMAL]: ['decimal'],
  [ColumnType.YEAR]: ['year'],
  [ColumnType.DATE]: ['date'],
  [ColumnType.TIME2]: ['time'],
  [ColumnType.DATETIME2]: ['datetime'],
  [ColumnType.TIMESTAMP2]: ['timestamp'],
  [ColumnType.BIT]: ['bit'],
  [ColumnType.ENUM]: ['enum'],
  [ColumnType.SET]: ['set'],
  [ColumnType.STRING]: ['char', 'binary'],
  [ColumnType.VARCHAR]: ['varchar', 'varbinary'],
  [ColumnType.VAR_STRING]: ['varchar', 'varbinary'],
  [ColumnType.JSON]: ['json'],
  [ColumnType.GEOMETRY]: [
    'geometry',
    'point',
    'linestring',
    'polygon',
    'multipoint',
    'multilinestring',
    'multipolygon',
    'geomcollection',
    'geometrycollection'
  ]
}

function checkAgainst(map: TableMap, schema: TableSchema | null): void {
  const difference =
    schema === null
      ? `${map.database}.${map.table} is in the log but not in the database, so its columns are not known`
      : differenceFrom(map, schema)
  if (difference === null) return
  throw new ToolError('DATA', schema === null ? difference : `${difference} now`, {
    hint: 'SET GLOBAL binlog_row_metadata=FULL lets the log tell its own columns; rows written before cannot be read'
  })
}

/** In what a table map cannot be of a table with these columns, in words; null when it can. */
export function differenceFrom(map: TableMap, schema: TableSchema): string | null {
  const name = `${map.database}.${map.table}`
  if (schema.columns.length !== map.types.length) {
    return `${name} had ${map.types.length} columns when the log was written and has ${schema.columns.length}`
  }
  for (const [i, type] of map.types.entries()) {
    const { name: column, dataType } = schema.columns[i] as ColumnSchema
    const expected = TYPE_NAMES[type]
    if (expected !== undefined && !expected.includes(dataType))
      return `${name}.${column} was ${expected[0]} when the log was written and is ${dataType}`
  }
  return null
}
