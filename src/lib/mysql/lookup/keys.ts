import { usageError } from '../../cli/index.ts'
import { sqlName, sqlString } from '../schema.ts'

/** What the values of a key's column are, as the table is declared. */
export type KeyKind = 'number' | 'text' | 'date' | 'time' | 'timestamp'

/** A column that rows are looked up by. */
export type KeyColumn = {
  readonly name: string
  readonly kind: KeyKind
  /** `varchar`, `int`, … */
  readonly dataType: string
  readonly collation: string | null
  /** Digits of a fraction of seconds. */
  readonly fraction: number
}

const KINDS: Record<string, KeyKind> = Object.fromEntries([
  ...['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'year'].map(type => [type, 'number']),
  ...['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'enum', 'set'].map(type => [
    type,
    'text'
  ]),
  ['date', 'date'],
  ['time', 'time'],
  ['datetime', 'timestamp'],
  ['timestamp', 'timestamp']
])

const DECLARED: Record<KeyKind, string> = {
  number: 'a number',
  text: 'STRING',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP'
}

/**
 * The server compares values of different kinds by converting one ('1abc' = 1 is true, and 'abc' = 0), which no other
 * program would call equal. @throws ToolError USAGE
 */
export function checkKind({ name, kind, dataType }: KeyColumn, table: string): void {
  const own = KINDS[dataType]
  if (own === kind) return
  if (own === undefined) throw usageError(`${table}.${name} is ${dataType}: rows cannot be looked up by it`)
  throw usageError(
    `${table}.${name} is ${dataType} on the server and ${DECLARED[kind]} in its declaration: rows are looked up by it, which needs the same`,
    `declare it as ${DECLARED[own]}`
  )
}

const FORMS: Record<Exclude<KeyKind, 'text'>, RegExp> = {
  number: /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/,
  date: /^\d{4}-\d\d-\d\d$/,
  time: /^\d\d:\d\d:\d\d(\.\d+)?$/,
  timestamp: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/
}

/** A value as a literal of SQL; undefined when no value of the column can be equal to it. */
export function literalOf({ kind, fraction }: KeyColumn, text: string): string | undefined {
  if (kind === 'text') return text.isWellFormed() ? sqlString(text) : undefined
  if (!FORMS[kind].test(text)) return undefined
  if (kind === 'number') return text
  // The server rounds it to the column's digits before it compares.
  const short = withoutZeros(text)
  const digits = short.split('.')[1]?.length ?? 0
  return digits > fraction ? undefined : sqlString(short)
}

/** Characters that every collation below tells apart, but for upper and lower case. */
const PLAIN = /^[\w.:@/+-]*$/
/** Collations in which texts of such characters are equal if they are the same, or the same but for the case. */
const PLAIN_COLLATION =
  /^(?:(?:utf8|utf8mb3|utf8mb4|latin1|ascii)_general_ci|latin1_swedish_ci|(?:utf8|utf8mb3|utf8mb4)_(?:unicode|unicode_520)(?:_nopad)?_ci|utf8mb4_0900_(?:ai_ci|as_ci|as_cs)|(?:\w+_)?uca1400(?:_nopad)?_a[is]_c[is]|\w+_bin)$/
const CASE_SENSITIVE = /_(?:cs|bin)$/

/**
 * The value by which a key and the rows that the server finds for it are brought together here: the same text exactly
 * if the server calls the values equal; undefined where only the server can tell.
 */
export function matchText({ kind, collation }: KeyColumn, text: string): string | undefined {
  if (kind === 'text') {
    if (collation === null || !PLAIN_COLLATION.test(collation) || !PLAIN.test(text)) return undefined
    return CASE_SENSITIVE.test(collation) ? text : text.toLowerCase()
  }
  if (kind !== 'number') return withoutZeros(text)
  if (/e/i.test(text)) return undefined
  const digits = withoutZeros(text).replace(/^(-?)0+(?=\d)/, '$1')
  return digits === '-0' ? '0' : digits
}

/** Without zeros at the end of a fraction. */
const withoutZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

/** A condition for the rows of any of these keys. @param keys literals in the order of the columns */
export function anyOf(columns: readonly KeyColumn[], keys: readonly (readonly string[])[]): string {
  const names = columns.map(column => sqlName(column.name))
  if (names.length === 1) return `${names[0]} IN (${keys.map(([key]) => key).join(',')})`
  return `(${names.join(',')}) IN (${keys.map(key => `(${key.join(',')})`).join(',')})`
}

/** A condition for the rows of one key. */
export const oneOf = (columns: readonly KeyColumn[], key: readonly string[]): string =>
  columns.map((column, i) => `${sqlName(column.name)} = ${key[i]}`).join(' AND ')
