/** Tables as the statements of a log define them. What is not so (unsigned, generated, …) is left out. */

export interface ColumnModel {
  readonly name: string
  /** As information_schema's DATA_TYPE: `int`, `varchar`. */
  readonly type: string
  /** What stands in parentheses: display width, characters, digits, precision of seconds. */
  readonly length?: number
  readonly scale?: number
  readonly unsigned?: true
  readonly zerofill?: true
  /** Of text, ENUM and SET; `binary` only of the latter two. */
  readonly charset?: string
  readonly labels?: readonly string[]
  readonly nullable?: true
  readonly generated?: true
  readonly autoIncrement?: true
  /** MariaDB: it tells from when or until when a row of a system-versioned table counts. */
  readonly rowTime?: true
}

/** A unique key besides the primary one. */
export interface UniqueKey {
  readonly name: string
  readonly columns: readonly string[]
  /** Over a part of a column or an expression: it tells no rows apart. */
  readonly partial?: true
}

export interface KnownTable {
  readonly database: string
  readonly name: string
  /** The default for new columns; null when it is not known. */
  readonly charset: string | null
  readonly columns: readonly ColumnModel[]
  readonly primaryKey: readonly string[]
  readonly uniqueKeys: readonly UniqueKey[]
  /** MariaDB: rows have two more columns, which no definition names. */
  readonly versioned?: true
  /** When the definition was read from the database, and which statements of the log it has seen already. */
  readonly asOf?: AsOf
}

/** Between these two places of the log a definition was read: it has what stands before `from`, perhaps what follows. */
export interface AsOf {
  readonly from: Readonly<Record<string, unknown>>
  readonly to: Readonly<Record<string, unknown>>
}

/** A table that was changed in a way that could not be followed. */
export interface UnknownTable {
  readonly database: string
  readonly name: string
  /** Why, for messages. */
  readonly unknown: string
}

export type TableModel = KnownTable | UnknownTable

export interface DatabaseModel {
  readonly name: string
  readonly charset: string
}

export function isKnown(table: TableModel | undefined): table is KnownTable {
  return table !== undefined && !('unknown' in table)
}

/** Column names are compared as MySQL does, without regard to case. */
export function sameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase()
}

export function findColumn(columns: readonly ColumnModel[], name: string): number {
  return columns.findIndex(column => sameName(column.name, name))
}

/**
 * Indexes of the columns that tell rows apart: the primary key's, else those of the first unique key whose columns are
 * all NOT NULL, as the server itself sees it (binlog_row_metadata=FULL names that one).
 */
export function keyOf({ columns, primaryKey, uniqueKeys }: KnownTable): number[] {
  const indexes = (names: readonly string[]): number[] => names.map(name => findColumn(columns, name))
  if (primaryKey.length > 0) return indexes(primaryKey)
  const unique = uniqueKeys.find(key => isNeverNull(key, columns))
  return unique === undefined ? [] : indexes(unique.columns)
}

function isNeverNull(key: UniqueKey, columns: readonly ColumnModel[]): boolean {
  return (
    key.partial !== true &&
    key.columns.every(name => {
      const column = columns[findColumn(columns, name)]
      return column !== undefined && column.nullable !== true
    })
  )
}

/** The server keeps the unique keys without NULL before the others, and each kind in the order of their coming. */
export function sortedKeys(keys: readonly UniqueKey[], columns: readonly ColumnModel[]): UniqueKey[] {
  const strong = keys.filter(key => isNeverNull(key, columns))
  return [...strong, ...keys.filter(key => !strong.includes(key))]
}

/** As information_schema's COLUMN_TYPE: `int(10) unsigned`, `enum('a','b')`. */
export function formatType(column: ColumnModel): string {
  const { type, length, scale, labels, unsigned, zerofill } = column
  let text = type
  if (labels !== undefined) text += `(${labels.map(label => `'${label.replaceAll("'", "''")}'`).join(',')})`
  else if (length !== undefined) text += `(${length}${scale === undefined ? '' : `,${scale}`})`
  if (unsigned === true) text += ' unsigned'
  if (zerofill === true) text += ' zerofill'
  return text
}
