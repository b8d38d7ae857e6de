import { suggest, ToolError, usageError } from '../cli/index.ts'
import type { MysqlConnection } from './connection.ts'
import { sqlString } from './schema.ts'

export const SYSTEM_DATABASES = new Set(['mysql', 'information_schema', 'performance_schema', 'sys'])

export interface TableName {
  readonly database: string
  readonly name: string
}

/** Which tables are read: `payments`, `dream.payments`, `dream.*`, `dream.log_*`. */
export class TableFilter {
  readonly #patterns: readonly { text: string; matches: RegExp; exact: boolean }[]
  readonly #excluded: readonly RegExp[]
  /** Tables that were added later. */
  readonly #followed = new Set<string>()
  /** The table whose rows are read, but not written. */
  #signals: string | null = null

  /**
   * @param names as given; one without a database is in the URL's
   * @param excluded of those, the ones that are not read
   * @throws ToolError USAGE
   */
  constructor(names: readonly string[], database: string, excluded: readonly string[] = []) {
    const parse = (flag: string, name: string): { text: string; matches: RegExp; exact: boolean } => {
      if (!name.includes('.') && database === '') {
        throw usageError(
          `${flag} ${name}: in which database?`,
          `write database.${name}, or name one in the URL: mysql://…/database`
        )
      }
      const text = name.includes('.') ? name : `${database}.${name}`
      const source = escapeRegExp(text).replaceAll('*', '.*')
      return { text, matches: new RegExp(`^${source}$`), exact: !text.includes('*') }
    }
    const all = names.length > 0 ? names : [database === '' ? '*.*' : `${database}.*`]
    this.#patterns = all.map(name => parse('--tables', name))
    this.#excluded = excluded.map(name => parse('--exclude-tables', name).matches)
  }

  /** Adds a table. */
  follow(table: string): void {
    this.#followed.add(table)
  }

  /** Names the table that signals are put into. */
  readSignalsOf(table: string): void {
    this.#signals = table
  }

  /** Whether rows of a table are of interest, be it for the signals in them alone. */
  reads(database: string, table: string): boolean {
    return this.includes(database, table) || `${database}.${table}` === this.#signals
  }

  /** Whether rows of a table are written. */
  includes(database: string, table: string): boolean {
    const name = `${database}.${table}`
    if (this.#followed.has(name)) return true
    return (
      !SYSTEM_DATABASES.has(database) &&
      this.#patterns.some(({ matches }) => matches.test(name)) &&
      !this.#excluded.some(matches => matches.test(name))
    )
  }

  /** Whether a database may have tables that are meant. */
  mayBeIn(database: string): boolean {
    const names = [...this.#patterns.map(({ text }) => text), ...this.#followed]
    return names.some(text =>
      new RegExp(`^${escapeRegExp(text.split('.')[0] ?? '').replaceAll('*', '.*')}$`).test(database)
    )
  }

  /**
   * Whether a statement in the log may have changed rows of these tables: named ones have to be mentioned, in whatever
   * case, which some servers do not tell apart.
   */
  mayBeChangedBy(sql: string, database: string): boolean {
    const followed = [...this.#followed].map(text => ({ text, exact: true }))
    return [...this.#patterns, ...followed].some(({ text, exact }) => {
      const [own = '', table = ''] = text.split('.')
      const sameDatabase =
        own.toLowerCase() === database.toLowerCase() || own.includes('*') || mentions(sql, own)
      return sameDatabase && (!exact || mentions(sql, table))
    })
  }

  /**
   * The server's tables that are meant, by name.
   * @throws ToolError USAGE for a table that was named and is not there
   */
  async list(connection: MysqlConnection): Promise<TableName[]> {
    return this.choose(await listTables(connection), connection.target.display)
  }

  /** Those of them that are there, whatever was named. */
  async present(connection: MysqlConnection): Promise<TableName[]> {
    return (await listTables(connection)).filter(({ database, name }) => this.includes(database, name))
  }

  /**
   * Of all tables of a server, those that are meant.
   * @throws ToolError USAGE for a table that was named and is not there
   */
  choose(known: readonly TableName[], server: string): TableName[] {
    const names = known.map(({ database, name }) => `${database}.${name}`)
    for (const { text, exact } of this.#patterns) {
      if (!exact || names.includes(text)) continue
      const near = suggest(text, names)
      throw new ToolError('USAGE', `table ${text} does not exist on ${server}, or the user may not see it`, {
        ...(near === undefined ? {} : { hint: `did you mean ${near}?` })
      })
    }
    return known.filter(({ database, name }) => this.includes(database, name))
  }
}

/** All tables of a server but its own. */
export async function listTables(connection: MysqlConnection): Promise<TableName[]> {
  const system = [...SYSTEM_DATABASES].map(sqlString).join(',')
  const rows = await connection.query(
    `SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES ` +
      `WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN (${system}) ORDER BY 1, 2`
  )
  return rows.map(row => ({ database: row.db as string, name: row.name as string }))
}

/** All but the star, which is a wildcard. */
function escapeRegExp(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
}

/** Whether a name stands in a statement, not as a part of another name. */
function mentions(sql: string, name: string): boolean {
  const inName = '[\\p{L}\\p{N}_$]'
  return new RegExp(`(?<!${inName})${escapeRegExp(name)}(?!${inName})`, 'iu').test(sql)
}
