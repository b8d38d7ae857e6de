import { existsSync, readFileSync } from 'node:fs'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { type RunningServer, startServer } from '../../servers/index.ts'
import { cachedFolder } from './cache.ts'
import { type Join, join, joinColumns } from './joins.ts'

/** Where the rows lie in the server's log: one file, from a position to its end. */
interface Place {
  readonly file: string
  readonly position: number
}

export interface LoadedServer extends Place {
  readonly server: RunningServer
  /** Bytes of the log file. */
  readonly size: number
}

/**
 * A MySQL server with the table `bench.joins` of this many rows, which were inserted `transactionRows` a transaction. It
 * is loaded once: the data folder stays, and a later run starts the server on it again.
 */
export async function startLoadedServer(
  rows: number,
  transactionRows: number,
  log: (message: string) => void
): Promise<LoadedServer> {
  const dataDir = await cachedFolder(`mysql-${rows}-by-${transactionRows}`)
  const marker = joinPath(dataDir, 'loaded.json')
  if (!existsSync(marker)) await rm(dataDir, { recursive: true }) // one that was cut off is not taken up
  const server = await startServer('mysql', { dataDir, log })
  try {
    if (!existsSync(marker)) {
      log(`inserts ${rows.toLocaleString('en')} rows into MySQL (once)`)
      await writeFile(marker, JSON.stringify(await load(server.url, rows, transactionRows)))
    }
    const place = JSON.parse(readFileSync(marker, 'utf8')) as Place
    const { size } = await stat(joinPath(dataDir, 'db', place.file))
    return { server, size, ...place }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** A multiple of the rows of a transaction. */
const rowsInARequest = 10_000

async function load(url: string, rows: number, transactionRows: number): Promise<Place> {
  const connection = await createConnection({ uri: url, multipleStatements: true })
  try {
    await connection.query('CREATE DATABASE bench')
    await connection.query(`CREATE TABLE bench.joins (${joinColumns})`)
    await connection.query('FLUSH BINARY LOGS') // the rows have a file to themselves
    const place = await currentPlace(connection)
    for (let from = 0; from < rows; from += rowsInARequest) {
      const to = Math.min(from + rowsInARequest, rows)
      await connection.query(inserts(from, to, transactionRows))
    }
    const { file } = await currentPlace(connection)
    if (file !== place.file) throw new Error(`${rows} rows do not fit into one file of the log`)
    return place
  } finally {
    await connection.end()
  }
}

/** Statements for the joins from `from` up to `to`, each a transaction of its own. */
function inserts(from: number, to: number, transactionRows: number): string {
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

async function currentPlace(connection: Connection): Promise<Place> {
  const [[row]] = await connection.query<RowDataPacket[]>('SHOW BINARY LOG STATUS')
  return { file: row?.File, position: Number(row?.Position) }
}
