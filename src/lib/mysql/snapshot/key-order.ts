import { ToolError } from '../../cli/index.ts'
import { isUtf8Charset } from '../charsets.ts'
import type { MysqlConnection } from '../connection.ts'

import { parseLabels, sqlName, sqlString, type TableSchema } from '../schema.ts'

/**
 * The values of a primary key's columns, in its order, as they stand in events; but text of a character set other than
 * UTF-8 is its bytes in base64, since not every character set survives the way to UTF-8 and back.
 */
export type Key = readonly (string | number)[]

/** How the values of a column are ordered. */
type Kind = 'integer' | 'decimal' | 'real' | 'moment' | 'time' | 'bytes' | 'enum' | 'set' | 'text'

const KINDS: Readonly<Record<string, Kind>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  year: 'integer',
  bit: 'integer',
  decimal: 'decimal',
  float: 'real',
  double: 'real',
  date: 'moment',
  datetime: 'moment',
  timestamp: 'moment',
  time: 'time',
  binary: 'bytes',
  varbinary: 'bytes',
  enum: 'enum',
  set: 'set',
  char: 'text',
  varchar: 'text'
}

export interface KeyColumn {
  readonly name: string
  readonly kind: Kind
  readonly dataType: string
  readonly charset: string | null
  readonly collation: string | null
  readonly labels: readonly string[]
  readonly descending: boolean
}

/** The order of two values of a column of text: negative, 0, positive; undefined when it is not known yet. */
export type KnownOrder = (column: KeyColumn, a: string, b: string) => number | undefined

/** The order of a table's rows by its primary key, which is the order in which they are read. */
export class KeyOrder {
  readonly columns: readonly KeyColumn[]

  constructor(columns: readonly KeyColumn[]) {
    this.columns = columns
  }

  /** What a cursor depends on: one that was taken with another key says nothing. */
  get signature(): string {
    return this.columns
      .map(({ name, kind, collation, descending, labels }) =>
        [name, kind, collation ?? '', labels.length > 0 ? labels.join(',') : '', descending ? 'desc' : '']
          .filter(part => part !== '')
          .join(' ')
      )
      .join(', ')
  }

  /**
   * Compares two keys in the server's order.
   * @param known asked for text, whose order only the server knows
   * @returns negative, 0, positive; undefined where `known` did not know
   */
  compare(a: Key, b: Key, known: KnownOrder): number | undefined {
    for (const [i, column] of this.columns.entries()) {
      const x = a[i] as string | number
      const y = b[i] as string | number
      if (x === y) continue
      const order =
        column.kind === 'text' ? known(column, x as string, y as string) : compareValues(column, x, y)
      if (order === undefined) return undefined
      if (order !== 0) return column.descending ? -order : order
    }
    return 0
  }

  /** `ORDER BY` this key. */
  get orderBy(): string {
    return `ORDER BY ${this.columns
      .map(({ name, descending }) => sqlName(name) + (descending ? ' DESC' : ''))
      .join(', ')}`
  }

  /** The condition for rows after a key. */
  after(key: Key): string {
    return this.#beyond(key, 0, column => (column.descending ? '<' : '>'), false)
  }

  /** The condition for rows up to a key, itself included. */
  upTo(key: Key): string {
    return this.#beyond(key, 0, column => (column.descending ? '>' : '<'), true)
  }

  /** `a > 1`, or for several columns `a >= 1 AND (a > 1 OR b > 2)`, by which the server finds a range in the index. */
  #beyond(key: Key, i: number, operator: (column: KeyColumn) => string, inclusive: boolean): string {
    const column = this.columns[i] as KeyColumn
    const value = sqlValue(column, key[i] as string | number)
    const expression =
      column.kind === 'enum' || column.kind === 'set' ? `(${sqlName(column.name)} + 0)` : sqlName(column.name)
    const beyond = operator(column)
    if (i === this.columns.length - 1) return `${expression} ${beyond}${inclusive ? '=' : ''} ${value}`
    const rest = this.#beyond(key, i + 1, operator, inclusive)
    return `(${expression} ${beyond}= ${value} AND (${expression} ${beyond} ${value} OR (${rest})))`
  }
}

/**
 * The order of a table's primary key, or the reason why rows cannot be told apart by it.
 * @param schema with the columns' treatments: a masked key is not to be shown in marks
 */
export async function readKeyOrder(
  connection: MysqlConnection,
  schema: TableSchema
): Promise<KeyOrder | string> {
  const { database, name } = schema
  const rows = await connection.query(
    'SELECT s.COLUMN_NAME AS name, s.SUB_PART AS part, s.COLLATION AS direction, c.DATA_TYPE AS dataType, ' +
      'c.COLUMN_TYPE AS columnType, c.CHARACTER_SET_NAME AS charset, c.COLLATION_NAME AS collation ' +
      'FROM information_schema.STATISTICS s JOIN information_schema.COLUMNS c ' +
      'ON c.TABLE_SCHEMA = s.TABLE_SCHEMA AND c.TABLE_NAME = s.TABLE_NAME AND c.COLUMN_NAME = s.COLUMN_NAME ' +
      `WHERE s.TABLE_SCHEMA = ${sqlString(database)} AND s.TABLE_NAME = ${sqlString(name)} AND s.INDEX_NAME = 'PRIMARY' ` +
      'ORDER BY s.SEQ_IN_INDEX'
  )
  if (rows.length === 0) return 'it has no primary key'
  const columns: KeyColumn[] = []
  for (const row of rows) {
    const column = row.name as string
    const dataType = (row.dataType as string).toLowerCase()
    const kind = KINDS[dataType]
    if (kind === undefined) return `the order of ${column} in its primary key (${dataType}) is not known here`
    if (row.part != null) return `its primary key has only the beginning of ${column}`
    if (schema.columns.find(each => each.name === column)?.treatment !== undefined)
      return `${column} in its primary key is masked`
    const labels = kind === 'enum' || kind === 'set' ? parseLabels(row.columnType as string) : []
    // An invalid ENUM is written as the empty text, too.
    if (labels.includes('')) return `${column} in its primary key has an empty label`
    columns.push({
      name: column,
      kind,
      dataType,
      charset: row.charset ?? null,
      collation: row.collation ?? null,
      labels,
      descending: row.direction === 'D'
    })
  }
  return new KeyOrder(columns)
}

/** Whether a column's key values are base64 of its bytes instead of its text. */
export function isKeptAsBytes({ kind, charset }: KeyColumn): boolean {
  return kind === 'text' && !isUtf8Charset(charset ?? '')
}

function compareValues(column: KeyColumn, x: string | number, y: string | number): number {
  switch (column.kind) {
    case 'integer':
      return typeof x === 'number' && typeof y === 'number' ? x - y : compare(BigInt(x), BigInt(y))
    case 'decimal':
      return compare(unscaled(x), unscaled(y))
    case 'real':
      return compare(Number(x), Number(y))
    case 'time':
      return compare(microseconds(String(x)), microseconds(String(y)))
    case 'bytes':
      return Buffer.compare(Buffer.from(String(x), 'base64'), Buffer.from(String(y), 'base64'))
    case 'enum':
    case 'set':
      return compare(labelValue(column, x), labelValue(column, y))
    default:
      // ISO forms of one length, in the order of time.
      return compare(String(x), String(y))
  }
}

function compare<T>(x: T, y: T): number {
  return x < y ? -1 : x > y ? 1 : 0
}

/** All values of a column have the same scale. */
function unscaled(value: string | number): bigint {
  return BigInt(String(value).replace('.', ''))
}

/** `-838:59:59.5` → microseconds. */
function microseconds(time: string): number {
  const [, sign, hours, minutes, seconds] = /^(-?)(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(time) ?? []
  const value = (Number(hours) * 3600 + Number(minutes) * 60) * 1e6 + Math.round(Number(seconds) * 1e6)
  return sign === '-' ? -value : value
}

/** ENUM and SET are ordered as the numbers that they are stored as. */
function labelValue({ name, kind, labels }: KeyColumn, value: string | number): bigint {
  const place = (label: string): bigint => {
    const at = labels.indexOf(label)
    if (at < 0) throw new ToolError('DATA', `column ${name}: '${label}' is not one of its labels any more`)
    return BigInt(at)
  }
  if (value === '') return 0n
  if (kind === 'enum') return place(String(value)) + 1n
  return String(value)
    .split(',')
    .reduce((bits, label) => bits | (1n << place(label)), 0n)
}

function sqlValue(column: KeyColumn, value: string | number): string {
  switch (column.kind) {
    case 'integer':
    case 'decimal':
      return String(value)
    case 'real': {
      const number = column.dataType === 'float' ? Math.fround(Number(value)) : Number(value)
      const text = String(number)
      // With an exponent it is a double, without one a decimal.
      return text.includes('e') ? text : `${text}e0`
    }
    case 'enum':
    case 'set':
      return String(labelValue(column, value))
    case 'bytes':
      return hexLiteral(Buffer.from(String(value), 'base64'))
    case 'text':
      return textLiteral(column, String(value))
    default:
      return sqlString(String(value).replace('T', ' ').replace('Z', ''))
  }
}

/** A text in the column's own character set, byte for byte. */
export function textLiteral(column: KeyColumn, value: string): string {
  return `_${column.charset}${hexLiteral(Buffer.from(value, isKeptAsBytes(column) ? 'base64' : 'utf8'))}`
}

function hexLiteral(bytes: Buffer): string {
  return ` X'${bytes.toString('hex')}'`
}
