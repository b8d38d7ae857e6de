import type { Client, FieldDef } from 'pg'
import { errnoOf, messageOf, ToolError } from '../cli/index.ts'
import type { PostgresTarget, PostgresTls } from './url.ts'

/** How values are printed, whatever the server's defaults are, and that nothing is written. */
const SESSION = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'iso_8601',
  bytea_output: 'hex',
  extra_float_digits: '1',
  cursor_tuple_fraction: '1',
  standard_conforming_strings: 'on',
  default_transaction_read_only: 'on',
  statement_timeout: '0'
}

/** A row as texts of its values, null for NULL. */
export type Values = readonly (string | null)[]

/** A connection whose values are all text, in forms that do not depend on the server's settings. */
export class PostgresConnection {
  /** The time zone that the server has for this user and database. */
  zone = 'UTC'
  readonly #display: string
  readonly #client: Client

  private constructor(display: string, client: Client) {
    this.#display = display
    this.#client = client
  }

  /** One attempt. @throws ToolError SERVER; a failure that `isLost` as it is */
  static async open(target: PostgresTarget): Promise<PostgresConnection> {
    // Loaded here: most runs read a MySQL's log.
    const { default: pg } = await import('pg')
    const { host, port, user, password, database, tls, display } = target
    const client = new pg.Client({
      host,
      port,
      user: user === '' ? undefined : user,
      password: password === '' ? undefined : password,
      database,
      ssl: tls === null ? false : tlsOptions(tls),
      application_name: 'cdc-tail',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      types: { getTypeParser: () => (text: string) => text }
    })
    // Failures reach the caller through the query that they concern.
    client.on('error', () => {})
    try {
      await client.connect()
    } catch (error) {
      if (isLost(error)) throw error
      throw new ToolError('SERVER', `${display}: ${messageOf(error)}`, {
        cause: error,
        ...(errnoOf(error)?.startsWith('28')
          ? { hint: 'user and password stand in the URL: postgres://user:${PGPASSWORD}@host/database' }
          : {})
      })
    }
    const connection = new PostgresConnection(display, client)
    const [row] = await connection.query("SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'")
    connection.zone = row?.[0] ?? 'UTC'
    const settings = Object.entries(SESSION).map(([name, value]) => `SET ${name} = ${quoteText(value)}`)
    await connection.query(settings.join('; '))
    return connection
  }

  /** The rows of the last of the statements. */
  async query(sql: string): Promise<Values[]> {
    return (await this.run(sql)).rows
  }

  /** @throws ToolError SERVER with the statement and the server's message */
  async run(sql: string): Promise<{ rows: Values[]; fields: FieldDef[] }> {
    try {
      const result: unknown = await this.#client.query<(string | null)[]>({ text: sql, rowMode: 'array' })
      return (Array.isArray(result) ? result.at(-1) : result) as { rows: Values[]; fields: FieldDef[] }
    } catch (error) {
      const statement = sql.length > 120 ? `${sql.slice(0, 117)}…` : sql
      throw new ToolError('SERVER', `${this.#display}: ${messageOf(error)} (in ${statement})`, {
        cause: error
      })
    }
  }

  /** Ends it without waiting for the server; a query that is going on fails as lost. */
  end(): void {
    this.#client.end().catch(() => {})
  }
}

/** Whether a failure may be mended by connecting again. */
export function isLost(error: unknown): boolean {
  const cause = error instanceof ToolError ? error.cause : error
  const code = errnoOf(cause)
  if (code === undefined) return /^(Connection terminated|timeout expired|Client )/i.test(messageOf(cause))
  // Classes of SQLSTATE: connection exceptions; too many connections; being shut down or not up yet.
  return /^(E[A-Z]+|08\d{3}|53300|57P0[1-5])$/.test(code) && code !== 'ENOTFOUND'
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function tlsOptions({ rejectUnauthorized, verifiesHost, ...files }: PostgresTls): object {
  return { rejectUnauthorized, ...files, ...(verifiesHost ? {} : { checkServerIdentity: () => undefined }) }
}
