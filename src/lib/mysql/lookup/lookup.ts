import { type Backoff, messageOf, usageError } from '../../cli/index.ts'
import { suggest } from '../../cli/suggest.ts'
import { ByteWriter } from '../../stream/index.ts'
import { isLost, MysqlConnection, unreachable } from '../connection.ts'
import { readLengthEncoded } from '../packets.ts'
import { ResultReader } from '../result-reader.ts'
import { SESSION } from '../row-source.ts'
import { type ColumnSchema, readTableSchema, sqlName, sqlString } from '../schema.ts'
import { selectExpression, TextRows } from '../text-row.ts'
import type { MysqlTarget } from '../url.ts'
import { anyOf, checkKind, type KeyColumn, type KeyKind, literalOf, matchText, oneOf } from './keys.ts'

/** What is looked up in a table. */
export type LookupQuery = {
  /** `table` or `database.table`; without one the database is the URL's. */
  readonly table: string
  /** The columns that are read; a `isBoolean` one as true and false. */
  readonly columns: readonly { readonly name: string; readonly isBoolean: boolean }[]
  /** The columns that make a key. */
  readonly keys: readonly { readonly name: string; readonly kind: KeyKind }[]
}

/** Rows as lines of JSON, and for each line the indexes of the keys that it has. */
export type FoundRows = { readonly lines: Buffer; readonly owners: readonly (readonly number[])[] }

/** What there is to know of a table before rows are looked up in it. */
type Described = { select: string; rows: TextRows; keys: KeyColumn[]; from: string }

/** Rows are asked for by so many keys at once: a statement has to be planned, and is bounded in size. */
const KEYS_AT_ONCE = 1000
const PARTS_AT_ONCE = 200
/** The first byte of a NULL column in a text result. */
const NULL_MARK = 0xfb

/**
 * Looks rows of a table up by keys, many at once. Which rows a key has is the server's word: `=` with the collation of
 * its column. Values are written as those of the log are. A server that is away is waited for.
 */
export class MysqlLookup {
  readonly #target: MysqlTarget
  readonly #query: LookupQuery
  readonly #backoff: Backoff
  readonly #warn: (message: string) => void
  #reader: ResultReader | undefined
  #described: Described | undefined

  constructor(target: MysqlTarget, query: LookupQuery, backoff: Backoff, warn: (message: string) => void) {
    this.#target = target
    this.#query = query
    this.#backoff = backoff
    this.#warn = warn
  }

  /** Connects, and looks at the table. @throws ToolError SERVER, USAGE for a table that is not as it is declared */
  async open(): Promise<void> {
    if (this.#reader !== undefined) return
    const connection = await MysqlConnection.open(this.#target, this.#backoff)
    try {
      for (const statement of SESSION) await connection.query(statement)
      this.#described ??= await this.#describe(connection)
      this.#reader = new ResultReader(connection)
    } catch (error) {
      connection.destroy()
      throw error
    }
  }

  close(): void {
    this.#reader?.close()
    this.#reader = undefined
  }

  /** The rows of keys, each given as the texts of its columns' values. @throws ToolError SERVER */
  async fetch(keys: readonly (readonly string[])[]): Promise<FoundRows> {
    for (;;) {
      try {
        await this.open()
        const found = await this.#fetch(keys)
        this.#backoff.succeeded()
        return found
      } catch (error) {
        this.close()
        if (!isLost(error)) throw error
        if (!(await this.#backoff.wait(this.#target.display, messageOf(error))))
          throw unreachable(this.#target, error)
      }
    }
  }

  async #fetch(keys: readonly (readonly string[])[]): Promise<FoundRows> {
    const columns = (this.#described as Described).keys
    const w = new ByteWriter(64 * 1024)
    const owners: number[][] = []
    const plain: Key[] = []
    const others: Key[] = []
    for (const [index, texts] of keys.entries()) {
      const literals = texts.map((text, i) => literalOf(columns[i] as KeyColumn, text))
      if (!literals.every(literal => literal !== undefined)) continue
      const match = matchOf(columns, texts)
      if (match === undefined) others.push({ index, literals, match: '' })
      else plain.push({ index, literals, match })
    }
    for (let at = 0; at < plain.length; at += KEYS_AT_ONCE) {
      const some = plain.slice(at, at + KEYS_AT_ONCE)
      if (!(await this.#selectAny(some, w, owners))) others.push(...some)
    }
    for (let at = 0; at < others.length; at += PARTS_AT_ONCE)
      await this.#selectEach(others.slice(at, at + PARTS_AT_ONCE), w, owners)
    return { lines: w.written(), owners }
  }

  /**
   * The rows of all keys, brought together with them here.
   * @returns false when a row came of which only the server can tell whose it is; nothing is written then
   */
  async #selectAny(keys: readonly Key[], w: ByteWriter, owners: number[][]): Promise<boolean> {
    const { keys: columns, select, from } = this.#described as Described
    const byMatch = new Map<string, number[]>()
    for (const { match, index } of keys) {
      const same = byMatch.get(match)
      if (same === undefined) byMatch.set(match, [index])
      else same.push(index)
    }
    const [length, count] = [w.length, owners.length]
    const names = columns.map(({ name }) => sqlName(name))
    const where = anyOf(
      columns,
      keys.map(key => key.literals)
    )
    let known = true
    await this.#read(
      `SELECT ${names.join(', ')}, ${select} FROM ${from} WHERE ${where}`,
      names.length,
      texts => {
        const match = matchOf(columns, texts)
        const owner = match === undefined ? undefined : byMatch.get(match)
        if (owner === undefined) known = false
        else owners.push(owner)
        return known
      },
      w
    )
    if (known) return true
    w.length = length
    owners.length = count
    return false
  }

  /** The rows of each key in a query of its own, several queries in a statement. */
  async #selectEach(keys: readonly Key[], w: ByteWriter, owners: number[][]): Promise<void> {
    const { keys: columns, select, from } = this.#described as Described
    const parts = keys.map(
      ({ index, literals }) => `SELECT ${index}, ${select} FROM ${from} WHERE ${oneOf(columns, literals)}`
    )
    try {
      await this.#read(parts.join(' UNION ALL '), 1, ([index]) => owners.push([Number(index)]) > 0, w)
    } catch (error) {
      if (!hasNoSuchCharacter(error)) throw error
      // The key with the character has no rows.
      const half = Math.floor(keys.length / 2)
      if (half === 0) return
      await this.#selectEach(keys.slice(0, half), w, owners)
      await this.#selectEach(keys.slice(half), w, owners)
    }
  }

  /** @param row takes the texts of the first columns, and says whether the others are written, as a line */
  async #read(
    sql: string,
    first: number,
    row: (texts: readonly string[]) => boolean,
    w: ByteWriter
  ): Promise<void> {
    const { rows } = this.#described as Described
    const texts: string[] = []
    await (this.#reader as ResultReader).read(
      sql,
      (buffer, start) => {
        let at = start
        for (let i = 0; i < first; i++) {
          // A key that is NULL is equal to none, so none of them is.
          const [length, from] = buffer[at] === NULL_MARK ? [0, at + 1] : readLengthEncoded(buffer, at)
          at = from + length
          texts[i] = buffer.toString('utf8', from, at)
        }
        if (!row(texts)) return
        rows.write(w, buffer, at)
        w.text('\n')
      },
      async () => true
    )
  }

  async #describe(connection: MysqlConnection): Promise<Described> {
    const [name = '', database = this.#target.database] = this.#query.table.split('.').reverse()
    if (database === '')
      throw usageError(
        `table ${name}: in which database?`,
        "'table-name' = 'database.table', or a URL with /database"
      )
    const schema = await readTableSchema(connection, database, name)
    if (schema === null)
      throw usageError(
        `${this.#target.display} has no table ${database}.${name}, or the user may not read it`
      )
    const table = `${database}.${name}`
    const find = (wanted: string): ColumnSchema => {
      const found = schema.columns.find(column => column.name.toLowerCase() === wanted.toLowerCase())
      if (found !== undefined) return { ...found, name: wanted }
      const near = suggest(
        wanted,
        schema.columns.map(column => column.name)
      )
      throw usageError(
        `${table} has no column ${wanted}${near === undefined ? '' : ` (did you mean ${near}?)`}`
      )
    }
    const collations = await connection.query(
      `SELECT COLUMN_NAME AS name, COLLATION_NAME AS collation FROM information_schema.COLUMNS ` +
        `WHERE TABLE_SCHEMA = ${sqlString(database)} AND TABLE_NAME = ${sqlString(name)}`
    )
    const keys = this.#query.keys.map((key): KeyColumn => {
      const { dataType, fraction } = find(key.name)
      const row = collations.find(({ name: other }) => other?.toLowerCase() === key.name.toLowerCase())
      return { ...key, dataType, fraction, collation: row?.collation ?? null }
    })
    for (const key of keys) checkKind(key, table)
    const columns = this.#query.columns.map(({ name: column, isBoolean }) => ({
      column: find(column),
      isBoolean
    }))
    const select = columns.map(({ column, isBoolean }) =>
      isBoolean ? booleanOf(sqlName(column.name)) : selectExpression(column)
    )
    const written = columns.map(({ column, isBoolean }) =>
      isBoolean ? { ...column, dataType: 'varchar', charset: 'utf8mb4' } : column
    )
    await this.#checkIndex(connection, database, name)
    return {
      keys,
      from: sqlName(database, name),
      // A row without columns is asked for too: that it is there is all that is wanted.
      select: select.length === 0 ? 'NULL' : select.join(', '),
      rows: new TextRows({ ...schema, columns: written, key: [] })
    }
  }

  async #checkIndex(connection: MysqlConnection, database: string, name: string): Promise<void> {
    const type = await connection.value(
      `SELECT TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${sqlString(database)} AND TABLE_NAME = ${sqlString(name)}`
    )
    if (type !== 'BASE TABLE') return
    const rows = await connection.query(`SHOW KEYS FROM ${sqlName(database, name)}`)
    const keys = this.#query.keys.map(key => key.name.toLowerCase())
    const isUsed = rows.some(
      row => row.Seq_in_index === '1' && keys.includes((row.Column_name ?? '').toLowerCase())
    )
    if (isUsed) return
    this.#warn(
      `${database}.${name} has no index that begins with ${keys.join(' or ')}: each lookup reads all of it`
    )
  }
}

const booleanOf = (name: string): string =>
  `CASE WHEN ${name} <> 0 THEN 'true' WHEN ${name} = 0 THEN 'false' END`

/** ER_CANT_AGGREGATE_2COLLATIONS: a text has characters that the column's character set has not. */
const hasNoSuchCharacter = (error: unknown): boolean =>
  (error as { cause?: { errno?: unknown } }).cause?.errno === 1267

/** A key: its index among those that were asked for, its values as literals, and as texts for `matchText`. */
type Key = { index: number; literals: string[]; match: string }

function matchOf(columns: readonly KeyColumn[], texts: readonly string[]): string | undefined {
  let match = ''
  for (const [i, column] of columns.entries()) {
    const text = matchText(column, texts[i] ?? '')
    if (text === undefined) return undefined
    match += `${text.length}:${text}`
  }
  return match
}
