import type { Socket } from 'node:net'
import { ToolError } from '../cli/index.ts'
import { isTemporary, type MysqlConnection } from './connection.ts'
import { commandPacket, PacketReader, readErrorPacket, readLengthEncoded } from './packets.ts'

const COM_QUERY = 0x03
/** A server that answers nothing for so long while it looks for rows is not waited for any more. */
const PATIENCE_MS = 3_600_000
/** ER_SERVER_SHUTDOWN, ER_NORMAL_SHUTDOWN, ER_SHUTDOWN_COMPLETE, ER_CONNECTION_KILLED. */
const SHUTDOWN = new Set([1053, 1077, 1079, 1927])

/** Reads results of any size, a packet at a time, over a connection that it takes over. */
export class ResultReader {
  readonly #connection: MysqlConnection
  readonly #socket: Socket
  readonly #packets: PacketReader

  constructor(connection: MysqlConnection) {
    this.#connection = connection
    this.#socket = connection.takeSocket()
    this.#packets = new PacketReader(this.#socket)
  }

  /**
   * Sends a query and reads its rows.
   * @param row takes the payload of a row's packet, `buffer[start..)`
   * @param pause is called when the rows that have come are read; false ends the reading, and the connection
   * @returns false when it was ended
   * @throws ToolError SERVER; a network error as it is
   */
  async read(
    sql: string,
    row: (buffer: Buffer, start: number) => void,
    pause: () => Promise<boolean>
  ): Promise<boolean> {
    this.#socket.write(commandPacket(COM_QUERY, Buffer.from(sql)))
    if (!(await this.#skipHead(sql, pause))) return false
    const packets = this.#packets
    for (;;) {
      if (!packets.next()) {
        if (!(await pause())) return false
        await packets.more(PATIENCE_MS)
        continue
      }
      const { buffer, start, end } = packets
      if (buffer[start] === 0xfe && end - start < 9) return pause()
      if (buffer[start] === 0xff) throw this.#failure(sql)
      row(buffer, start)
    }
  }

  /** Ends the wait for rows that is going on, or the next one, early: `pause` is asked then. */
  interrupt(): void {
    this.#packets.interrupt()
  }

  close(): void {
    this.#socket.destroy()
    this.#connection.destroy()
  }

  /** The number of columns, their definitions, and an EOF packet. */
  async #skipHead(sql: string, pause: () => Promise<boolean>): Promise<boolean> {
    const packets = this.#packets
    let left = 1
    for (let i = 0; i < left; i++) {
      while (!packets.next()) {
        if (!(await pause())) return false
        await packets.more(PATIENCE_MS)
      }
      if (packets.buffer[packets.start] === 0xff) throw this.#failure(sql)
      if (i === 0) left += readLengthEncoded(packets.buffer, packets.start)[0] + 1
    }
    return true
  }

  #failure(sql: string): Error {
    const { code, message } = readErrorPacket(this.#packets.buffer, this.#packets.start, this.#packets.end)
    const cause = Object.assign(
      new Error(message),
      { errno: code },
      SHUTDOWN.has(code) ? { code: 'ER_SERVER_SHUTDOWN' } : {}
    )
    if (isTemporary(cause)) return cause
    const statement = sql.length > 120 ? `${sql.slice(0, 117)}…` : sql
    return new ToolError(
      'SERVER',
      `${this.#connection.target.display}: ${message} (error ${code}, in ${statement})`,
      { cause }
    )
  }
}
