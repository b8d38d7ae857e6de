import { existsSync, readFileSync } from 'node:fs'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { type RunningServer, startServer } from '../../servers/index.ts'
import { cachedFolder } from './cache.ts'
import { type Join, join, joinColumns } from './joins.ts'

/** Where the rows lie in the server's log: one file, from a position to its end. */
export interface Place {
  readonly file: string
  readonly position: number
}

export interface LoadedServer extends Place {
  readonly server: RunningServer
  /** Bytes of the log file. */
  readonly size: number
}

/** A table and how its rows are put in. */
export interface Load {
  /** Of the folder in which the data are kept. */
  readonly name: string
  /** What a person should know while it takes its time. */
  readonly what: string
  readonly createTable: string
  /** Statements, several in each text. */
  inserts(): Iterable<string>
}

/**
 * A MySQL server with a table in the database `bench`. It is loaded once: the data folder stays, and a later run starts
 * the server on it again.
 */
export async function startLoadedServer(load: Load, log: (message: string) => void): Promise<LoadedServer> {
  const dataDir = await cachedFolder(`mysql-${load.name}`)
  const marker = joinPath(dataDir, 'loaded.json')
  if (!existsSync(marker)) await rm(dataDir, { recursive: true }) // one that was cut off is not taken up
  const server = await startServer('mysql', { dataDir, log })
  try {
    if (!existsSync(marker)) {
      log(`inserts ${load.what} into MySQL (once)`)
      await writeFile(marker, JSON.stringify(await fill(server.url, load)))
    }
    const place = JSON.parse(readFileSync(marker, 'utf8')) as Place
    const { size } = await stat(joinPath(dataDir, 'db', place.file))
    return { server, size, ...place }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** Creates the table and puts its rows in; the place is where in the log they begin. */
export async function fill(url: string, load: Load): Promise<Place> {
  const connection = await createConnection({ uri: url, multipleStatements: true })
  try {
    await connection.query('CREATE DATABASE bench; USE bench')
    await connection.query(load.createTable)
    await connection.query('FLUSH BINARY LOGS') // the rows have a file to themselves
    const place = await currentPlace(connection)
    for (const statements of load.inserts()) await connection.query(statements)
    const { file } = await currentPlace(connection)
    if (file !== place.file) throw new Error(`${load.what} do not fit into one file of the log`)
    return place
  } finally {
    await connection.end()
  }
}

/** A multiple of the rows of a transaction. */
const rowsInARequest = 10_000

/** The table `joins` of the cases. */
export function joinsLoad(rows: number, transactionRows: number, compressed = false): Load {
  return {
    name: `${rows}-by-${transactionRows}${compressed ? '-compressed' : ''}`,
    what: `${rows.toLocaleString('en')} rows`,
    createTable: `CREATE TABLE joins (${joinColumns})`,
    *inserts() {
      if (compressed) yield 'SET SESSION binlog_transaction_compression = ON'
      for (let from = 0; from < rows; from += rowsInARequest) {
        yield joinInserts(from, Math.min(from + rowsInARequest, rows), transactionRows)
      }
    }
  }
}

/** Statements for the joins from `from` up to `to`, each a transaction of its own. */
export function joinInserts(from: number, to: number, transactionRows: number): string {
  const statements: string[] = []
  for (let at = from; at < to; at += transactionRows) {
    const count = Math.min(transactionRows, to - at)
    const values = Array.from({ length: count }, (_, i) => valuesOf(join(at + i)))
    statements.push(`INSERT INTO bench.joins VALUES ${values.join(',')}`)
  }
  return statements.join(';')
}

function valuesOf({ id, userId, quantity, amount, status, createdAt }: Join): string {
  return `(${id},${userId},${quantity},${amount},'${status}','${createdAt}')`
}

export async function currentPlace(connection: Connection): Promise<Place> {
  const [[row]] = await connection.query<RowDataPacket[]>('SHOW BINARY LOG STATUS')
  return { file: row?.File, position: Number(row?.Position) }
}
