import { readFileSync } from 'node:fs'
import { type Connection, createConnection, type FieldPacket, type RowDataPacket } from 'mysql2/promise'
import { database, type TableName } from './evening.ts'
import { examples } from './places.ts'
import type { Document, Documents } from './store.ts'

/** A place in the server's log. */
export interface LogPosition {
  readonly file: string
  readonly pos: number
}

/** Column types whose values are not written as the server prints them. */
const TIMESTAMP = 7
const DATETIME = 12

/** The evening's database on a MySQL server: written by the players, and read again at the end. */
export class EveningDatabase implements AsyncDisposable {
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Connects and makes the database anew, without rows. One of the same name, from an earlier run, is dropped. */
  static async create(url: string): Promise<EveningDatabase> {
    const options = { uri: url, multipleStatements: true, dateStrings: true }
    const connection = await createConnection(options).catch(error => {
      throw new Error(`cannot log in to MySQL at ${new URL(url).host}: ${error.message}`, { cause: error })
    })
    const schema = readFileSync(`${examples}/schema.sql`, 'utf8')
    await connection.query(
      `SET time_zone = '+00:00', NAMES utf8mb4;
       DROP DATABASE IF EXISTS ${database}; CREATE DATABASE ${database}; USE ${database}; ${schema}`
    )
    return new EveningDatabase(connection)
  }

  /** Runs statements as one transaction, in one round trip. */
  async transact(statements: readonly string[]): Promise<void> {
    await this.#connection.query(`START TRANSACTION; ${statements.join('; ')}; COMMIT`)
  }

  async version(): Promise<string> {
    const [[row]] = await this.#connection.query<RowDataPacket[]>('SELECT VERSION() AS version')
    return String(row?.version)
  }

  /** Where the log ends now. */
  async position(): Promise<LogPosition> {
    const [[row]] = await this.#statusOfLog()
    if (row === undefined) throw new Error('the MySQL server writes no log: log_bin is off')
    return { file: row.File, pos: Number(row.Position) }
  }

  /** The statement got a new name in 8.2, and lost the old one in 8.4. */
  async #statusOfLog(): Promise<[RowDataPacket[], FieldPacket[]]> {
    try {
      return await this.#connection.query<RowDataPacket[]>('SHOW BINARY LOG STATUS')
    } catch (error) {
      if ((error as { code?: string }).code !== 'ER_PARSE_ERROR') throw error
      return await this.#connection.query<RowDataPacket[]>('SHOW MASTER STATUS')
    }
  }

  /** The rows of a table as the documents they should be, by id. */
  async documents(table: TableName): Promise<Documents> {
    const [rows, fields] = await this.#connection.query<RowDataPacket[]>(`SELECT * FROM ${table}`)
    const times = new Map(fields.map(field => [field.name, suffixOf(field)]))
    return new Map(
      rows.map(row => {
        const values = Object.entries(row).map(([name, value]) => {
          const suffix = times.get(name)
          return [
            name,
            suffix === undefined || value === null ? value : `${value.replace(' ', 'T')}${suffix}`
          ]
        })
        return [String(row.id), Object.fromEntries(values) as Document]
      })
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.end()
  }
}

function suffixOf(field: FieldPacket): string | undefined {
  if (field.type === TIMESTAMP) return 'Z'
  return field.type === DATETIME ? '' : undefined
}
