import { type Log, messageOf, ToolError } from '../cli/index.ts'
import type { OutputWriter } from '../stream/index.ts'
import { isTemporary, type MysqlConnection, serverErrorCode } from './connection.ts'
import { commandPacket, PacketReader, readErrorPacket, readLengthEncoded } from './packets.ts'
import type { LogPosition } from './position.ts'
import { readTableSchema, sqlName, type TableSchema } from './schema.ts'
import { currentPosition, type ServerInfo } from './server.ts'
import { rowLines, type Shape } from './shape.ts'
import type { TableFilter } from './tables.ts'
import { selectExpression, TextRows } from './text-row.ts'

const COM_QUERY = 0x03
const BLOCK = 256 * 1024
/** A global lock may have to wait for long queries; past this it is not asked for any more. */
const LOCK_WAIT_SECONDS = 10

export interface SnapshotOptions {
  readonly version: string
  readonly name: string
  readonly tables: TableFilter
  readonly shape: Shape
}

/** Tables as of one moment, and the place in the log of that moment. */
export interface Snapshot {
  readonly position: LogPosition
  /** Writes all rows as `r` events. Stops early, with false, when `stop` is aborted. */
  write(writer: OutputWriter, stop: AbortSignal): Promise<boolean>
  /** Rows written so far. */
  readonly rows: number
}

/**
 * Opens a consistent view of the tables: a lock over the moment in which the transaction begins and the log's position
 * is read, and none while the rows are read.
 *
 * @param connection is used up by the snapshot
 * @param locker a second connection, for the lock where the global one is not allowed
 */
export async function openSnapshot(
  connection: MysqlConnection,
  locker: MysqlConnection,
  server: ServerInfo,
  options: SnapshotOptions,
  log: Log
): Promise<Snapshot> {
  await connection.query("SET SESSION time_zone = '+00:00', net_write_timeout = 3600, wait_timeout = 86400")
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  const tables = await options.tables.list(connection)
  if (tables.length === 0) log.warn('no table matches --tables: the snapshot is empty')
  const unlock = await lockTables(locker, tables)
  const position = await currentPosition(locker, server)
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
  await unlock()
  const schemas: TableSchema[] = []
  for (const { database, name } of tables) {
    const schema = await readTableSchema(connection, database, name)
    if (schema !== null) schemas.push(options.shape.columns.applyToSchema(schema))
  }
  return new TableSnapshot(connection, position, schemas, server, options)
}

/** FLUSH TABLES WITH READ LOCK, or a lock on each table where the user may not (RDS, Aurora). */
async function lockTables(
  locker: MysqlConnection,
  tables: readonly { database: string; name: string }[]
): Promise<() => Promise<void>> {
  const unlock = async (): Promise<void> => {
    await locker.query('UNLOCK TABLES')
  }
  await locker.query(`SET SESSION lock_wait_timeout = ${LOCK_WAIT_SECONDS}`)
  try {
    await locker.query('FLUSH TABLES WITH READ LOCK')
    return unlock
  } catch (error) {
    const code = serverErrorCode(error)
    if (
      code !== 'ER_SPECIFIC_ACCESS_DENIED_ERROR' &&
      code !== 'ER_ACCESS_DENIED_ERROR' &&
      code !== 'ER_LOCK_WAIT_TIMEOUT'
    ) {
      throw error
    }
  }
  if (tables.length === 0) return async () => {}
  try {
    await locker.query('SET SESSION lock_wait_timeout = 60')
    await locker.query(
      `LOCK TABLES ${tables.map(({ database, name }) => `${sqlName(database, name)} READ`).join(', ')}`
    )
    return unlock
  } catch (error) {
    throw new ToolError('SERVER', `a consistent snapshot needs a short lock: ${(error as Error).message}`, {
      cause: error,
      hint: 'GRANT RELOAD ON *.* (or LOCK TABLES on the tables) to the user, or use --snapshot never'
    })
  }
}

class TableSnapshot implements Snapshot {
  readonly position: LogPosition
  rows = 0
  readonly #connection: MysqlConnection
  readonly #schemas: readonly TableSchema[]
  readonly #server: ServerInfo
  readonly #options: SnapshotOptions

  constructor(
    connection: MysqlConnection,
    position: LogPosition,
    schemas: readonly TableSchema[],
    server: ServerInfo,
    options: SnapshotOptions
  ) {
    this.#connection = connection
    this.position = position
    this.#schemas = schemas
    this.#server = server
    this.#options = options
  }

  async write(writer: OutputWriter, stop: AbortSignal): Promise<boolean> {
    const socket = this.#connection.takeSocket()
    const packets = new PacketReader(socket)
    try {
      for (const schema of this.#schemas) {
        if (!(await this.#writeTable(schema, packets, socket, writer, stop))) return false
      }
      return true
    } catch (error) {
      if (!isTemporary(error)) throw error
      throw new ToolError(
        'SERVER',
        `${this.#connection.target.display}: lost in the middle of the snapshot: ${messageOf(error)}`,
        {
          cause: error,
          hint: 'start again: the snapshot begins anew, and what it wrote before is overwritten'
        }
      )
    } finally {
      socket.destroy()
      this.#connection.destroy()
    }
  }

  async #writeTable(
    schema: TableSchema,
    packets: PacketReader,
    socket: { write(bytes: Buffer): boolean },
    writer: OutputWriter,
    stop: AbortSignal
  ): Promise<boolean> {
    const text = new TextRows(schema)
    const select = schema.columns.map(selectExpression).join(', ') || 'NULL'
    const where = this.#options.shape.where.of(schema.database, schema.name)
    socket.write(
      commandPacket(
        COM_QUERY,
        Buffer.from(`SELECT ${select} FROM ${sqlName(schema.database, schema.name)}${where}`)
      )
    )
    const envelopes = rowLines(this.#options.shape, schema.database, schema.name)
    const source = {
      version: this.#options.version,
      name: this.#options.name,
      snapshot: true,
      database: schema.database,
      table: schema.name,
      serverId: this.#server.serverId,
      gtid: null,
      file: this.position.file,
      position: this.position.position
    }
    await this.#skipHead(packets)
    const now = Date.now()
    envelopes.begin({ ...source, committedMs: now }, now)
    for (;;) {
      if (!packets.next()) {
        if (stop.aborted) return false
        const now = Date.now()
        envelopes.begin({ ...source, committedMs: now }, now)
        // What has been read is not kept waiting for more.
        await writer.flush()
        await packets.more(3_600_000)
        continue
      }
      const { buffer, start, end } = packets
      if (buffer[start] === 0xfe && end - start < 9) return true
      if (buffer[start] === 0xff) throw this.#failure(packets)
      const w = writer.bytes
      envelopes.onlyAfter(w)
      text.write(w, buffer, start)
      envelopes.end(w, 'r', 0)
      this.rows++
      if (w.length >= BLOCK) await writer.flush()
    }
  }

  /** The number of columns, their definitions, and an EOF packet. */
  async #skipHead(packets: PacketReader): Promise<void> {
    const next = async (): Promise<void> => {
      while (!packets.next()) await packets.more(3_600_000)
      if (packets.buffer[packets.start] === 0xff) throw this.#failure(packets)
    }
    await next()
    const [columns] = readLengthEncoded(packets.buffer, packets.start)
    for (let i = 0; i < columns + 1; i++) await next()
  }

  #failure(packets: PacketReader): ToolError {
    const { code, message } = readErrorPacket(packets.buffer, packets.start, packets.end)
    return new ToolError('SERVER', `${this.#connection.target.display}: ${message} (error ${code})`)
  }
}
