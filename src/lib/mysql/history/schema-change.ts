import { type ColumnModel, isKnown, type KnownTable, keyOf, type TableModel } from '../ddl/model.ts'
import type { DdlStatement, TableName } from '../ddl/statement.ts'
import type { Source } from '../envelope.ts'
import type { TableFilter } from '../tables.ts'
import type { SchemaChange } from './schema-history.ts'

/** What the lines of statements are for. */
export interface SchemaLines {
  readonly tables: TableFilter
  /** All fields of Debezium's `source`. */
  readonly debezium: boolean
}

/** java.sql.Types, as Debezium's parser of MySQL's statements assigns them. */
const JDBC_TYPES: Readonly<Record<string, number>> = {
  bit: -7,
  tinyint: 5,
  smallint: 5,
  mediumint: 4,
  int: 4,
  bigint: -5,
  decimal: 3,
  float: 6,
  double: 8,
  date: 91,
  time: 92,
  datetime: 93,
  timestamp: 2014,
  year: 4,
  char: 1,
  varchar: 12,
  tinytext: 12,
  text: 12,
  mediumtext: 12,
  longtext: 12,
  enum: 1,
  set: 1,
  binary: -2,
  varbinary: -3,
  tinyblob: 2004,
  blob: 2004,
  mediumblob: 2004,
  longblob: 2004
}
const OTHER = 1111

/**
 * A statement as a line in the form of Debezium's schema change topic, without defaults and comments of columns.
 * @param source of the event; its table is not looked at
 * @returns null for a statement that concerns no table that is read, nor a database that such tables may be in
 */
export function formatSchemaChange(change: SchemaChange, source: Source, lines: SchemaLines): string | null {
  const { sql, statement, changes } = change
  const { tables } = lines
  const concerned = concernedTables(change)
  const wanted = concerned.filter(name => tables.includes(...name))
  const database = databaseOf(statement)
  if (wanted.length === 0 && (database === null || !tables.mayBeIn(database))) return null
  const databaseName = database ?? wanted[0]?.[0] ?? change.database
  const line = {
    source: formatSource(source, databaseName, subjects(statement) ?? concerned, lines.debezium),
    ts_ms: Date.now(),
    databaseName,
    schemaName: null,
    ddl: sql,
    tableChanges: changes.tables.flatMap(([name, table]) =>
      tables.includes(...name) ? formatChange(statement, name, table) : []
    )
  }
  return `${JSON.stringify(line)}\n`
}

/** The tables that a statement names, and those that it changed. */
function concernedTables({ statement, changes }: SchemaChange): TableName[] {
  const names = [...namedTables(statement), ...changes.tables.map(([name]) => name)]
  return names.filter(
    (name, i) => names.findIndex(other => other[0] === name[0] && other[1] === name[1]) === i
  )
}

/** Tables that get another name are named by that; null for statements that give none. */
function subjects(statement: DdlStatement | null): TableName[] | null {
  if (statement?.kind === 'rename-tables') return statement.pairs.map(([, to]) => to)
  if (statement?.kind !== 'alter-table') return null
  return [statement.actions.findLast(action => action.kind === 'rename-table')?.to ?? statement.table]
}

function namedTables(statement: DdlStatement | null): TableName[] {
  switch (statement?.kind) {
    case 'create-table':
    case 'create-like':
    case 'alter-table':
    case 'create-index':
    case 'drop-index':
      return [statement.table]
    case 'rename-tables':
      return statement.pairs.flat()
    default:
      return []
  }
}

function databaseOf(statement: DdlStatement | null): string | null {
  switch (statement?.kind) {
    case 'create-database':
    case 'alter-database':
    case 'drop-database':
      return statement.name
    default:
      return null
  }
}

function formatSource(
  source: Source,
  database: string,
  tables: readonly TableName[],
  debezium: boolean
): Record<string, unknown> {
  const { version, name, committedMs, committedUs, serverId, gtid, file, position } = source
  const micros = committedUs ?? committedMs * 1000
  const full = debezium ? { sequence: null, ts_us: micros, ts_ns: micros * 1000 } : {}
  return {
    version,
    connector: 'mysql',
    name,
    ts_ms: committedMs,
    snapshot: 'false',
    db: database,
    ...full,
    table: tables.length === 0 ? null : tables.map(([, table]) => table).join(','),
    server_id: serverId,
    gtid,
    file,
    pos: position,
    row: 0,
    ...(debezium ? { thread: null, query: null } : {})
  }
}

function formatChange(
  statement: DdlStatement | null,
  [database, name]: TableName,
  table: TableModel | null
): object[] {
  const id = [database, name].map(part => `"${part.replaceAll('"', '""')}"`).join('.')
  if (table === null) {
    const isGone = statement?.kind === 'drop-tables' || statement?.kind === 'drop-database'
    return isGone ? [{ type: 'DROP', id, table: null }] : []
  }
  const isNew = statement?.kind === 'create-table' || statement?.kind === 'create-like'
  return isKnown(table) ? [{ type: isNew ? 'CREATE' : 'ALTER', id, table: formatTable(table) }] : []
}

function formatTable(table: KnownTable): object {
  return {
    defaultCharsetName: table.charset,
    primaryKeyColumnNames: keyOf(table).map(i => table.columns[i]?.name),
    columns: table.columns.map(formatColumn)
  }
}

function formatColumn(column: ColumnModel, index: number): object {
  const { name, type, charset, scale, labels } = column
  const unsigned = column.unsigned === true ? ' UNSIGNED' : ''
  const typeName = `${type.toUpperCase()}${unsigned}${column.zerofill === true ? ' ZEROFILL' : ''}`
  return {
    name,
    jdbcType: JDBC_TYPES[type] ?? OTHER,
    nativeType: null,
    typeName,
    typeExpression: typeName,
    charsetName: charset ?? null,
    length: lengthOf(column),
    scale: scale ?? null,
    position: index + 1,
    optional: column.nullable === true,
    autoIncremented: column.autoIncrement === true,
    generated: column.autoIncrement === true || column.generated === true,
    enumValues: labels?.map(label => `'${label.replaceAll("'", "''")}'`) ?? null
  }
}

/** Labels have the length of the longest value as a number of them: one, or all with commas between. */
function lengthOf({ type, length, labels }: ColumnModel): number | null {
  if (labels === undefined) return length ?? null
  return type === 'enum' ? 1 : labels.length * 2 - 1
}
