import type { Socket } from 'node:net'
import { ToolError } from '../../cli/index.ts'
import type { MysqlConnection } from '../connection.ts'
import type { Source } from '../envelope.ts'
import { commandPacket, PacketReader, readErrorPacket, readLengthEncoded } from '../packets.ts'
import { rowLines, type Shape } from '../shape.ts'
import { TextRows } from '../text-row.ts'
import type { Key } from './key-order.ts'
import { keyReader, selectStatement, type TableToRead } from './selection.ts'
import { BLOCK, type SharedOutput } from './shared-output.ts'

const COM_QUERY = 0x03
const PATIENCE_MS = 3_600_000

/** Errors that say that a view cannot be read from any more, but a new one can: the table was altered. */
const VIEW_IS_OUTDATED = new Set([1412, 1054, 1146])
/** Errors of a server that goes down, or a connection that was killed, by the names that `isLost` knows. */
const CONNECTION_IS_LOST: Readonly<Record<number, string>> = {
  1053: 'ER_SERVER_SHUTDOWN',
  1317: 'ER_QUERY_INTERRUPTED',
  1927: 'PROTOCOL_CONNECTION_LOST'
}

/** The table was altered, or is gone, since the view was opened. */
export class OutdatedViewError extends ToolError {}

/** Reads tables through one view, one after another, and writes their rows as `r` events. */
export class ViewReader {
  /** Rows of the present table that have been written. */
  rows = 0
  readonly #connection: MysqlConnection
  readonly #shape: Shape
  readonly #socket: Socket
  readonly #packets: PacketReader
  #readKey: ((row: Buffer, at: number) => Key) | null = null
  /** The packet of the last row that was written, as long as its memory lasts. */
  #row: Buffer | null = null
  #rowAt = 0
  #last: Key | null = null

  /** @param connection is used up */
  constructor(connection: MysqlConnection, shape: Shape) {
    this.#connection = connection
    this.#shape = shape
    this.#socket = connection.takeSocket()
    this.#packets = new PacketReader(this.#socket)
  }

  close(): void {
    this.#socket.destroy()
    this.#connection.destroy()
  }

  /** The key of the last row that was written; null when there is none, or the table has no such key. */
  get last(): Key | null {
    if (this.#row !== null && this.#readKey !== null) {
      this.#last = this.#readKey(this.#row, this.#rowAt)
      this.#row = null
    }
    return this.#last
  }

  /**
   * Writes the rows of a table.
   * @param source what their `source` has
   * @param opened called before the first row, when the table cannot be altered any more
   * @returns false when `stop` was aborted before the end
   * @throws OutdatedViewError; ToolError SERVER; the socket's error
   */
  async read(
    table: TableToRead,
    source: Omit<Source, 'committedMs'>,
    output: SharedOutput,
    opened: () => Promise<void>,
    stop: AbortSignal
  ): Promise<boolean> {
    this.rows = 0
    this.#readKey = null
    this.#row = null
    this.#last = null
    const packets = this.#packets
    const text = new TextRows(table.schema)
    const { database, name } = table.schema
    const envelopes = rowLines(this.#shape, database, name)
    if (!this.#shape.outbox.has(database, name)) this.#shape.schemas?.tell(output.writer.bytes, table.schema)
    this.#socket.write(commandPacket(COM_QUERY, Buffer.from(selectStatement(table))))
    await this.#skipHead(output)
    await opened()
    if (table.order !== null) this.#readKey = keyReader(table.schema, table.order)
    const begin = (): void => {
      const now = Date.now()
      envelopes.begin({ ...source, committedMs: now }, now)
    }
    begin()
    for (;;) {
      // Whoever waits with us may go on first, and begin the next one.
      while (output.marking !== null) await output.marking
      if (!packets.next()) {
        if (stop.aborted) return false
        // What has been read is not kept waiting for more.
        await output.pause()
        // The memory of the packets so far goes with the next ones.
        void this.last
        await packets.more(output.untilDue)
        begin()
        continue
      }
      const { buffer, start, end } = packets
      if (buffer[start] === 0xfe && end - start < 9) return true
      if (buffer[start] === 0xff) throw this.#failure()
      output.writer.rowsOf(table.schema)
      const w = output.writer.bytes
      const lineStart = w.length
      try {
        envelopes.onlyAfter(w)
        text.write(w, buffer, start)
        envelopes.end(w, 'r', 0)
      } catch (error) {
        // What is written is whole lines, whatever a value is like.
        w.length = lineStart
        throw error
      }
      this.rows++
      this.#row = buffer
      this.#rowAt = start
      if (w.length >= BLOCK) await output.flush()
    }
  }

  /** The number of columns, their definitions, and an EOF packet. */
  async #skipHead(output: SharedOutput): Promise<void> {
    const packets = this.#packets
    const deadline = Date.now() + PATIENCE_MS
    const next = async (): Promise<void> => {
      while (!packets.next()) {
        if (await packets.more(output.untilDue)) continue
        // A table may take long to sort, while others are read.
        await output.pause()
        if (Date.now() > deadline)
          throw new ToolError('SERVER', `${this.#connection.target.display}: no answer for an hour`)
      }
      if (packets.buffer[packets.start] === 0xff) throw this.#failure()
    }
    await next()
    const [columns] = readLengthEncoded(packets.buffer, packets.start)
    for (let i = 0; i < columns + 1; i++) await next()
  }

  #failure(): ToolError {
    const { buffer, start, end } = this.#packets
    const { code, message } = readErrorPacket(buffer, start, end)
    const text = `${this.#connection.target.display}: ${message} (error ${code})`
    if (VIEW_IS_OUTDATED.has(code)) return new OutdatedViewError('SERVER', text)
    const cause = { code: CONNECTION_IS_LOST[code] ?? `error ${code}` }
    return new ToolError('SERVER', text, { cause })
  }
}
