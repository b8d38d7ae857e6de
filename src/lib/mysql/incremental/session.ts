import type { Socket } from 'node:net'
import { Backoff, ToolError } from '../../cli/index.ts'
import { MysqlConnection } from '../connection.ts'
import { commandPacket, PacketReader, readErrorPacket, readLengthEncoded } from '../packets.ts'
import type { MysqlTarget } from '../url.ts'

const COM_QUERY = 0x03
const PATIENCE_MS = 3_600_000

/** A connection whose results are read as they come, packet by packet. */
export class RowSession {
  readonly #connection: MysqlConnection
  readonly #socket: Socket
  readonly #packets: PacketReader

  private constructor(connection: MysqlConnection) {
    this.#connection = connection
    this.#socket = connection.takeSocket()
    this.#packets = new PacketReader(this.#socket)
  }

  static async open(
    target: MysqlTarget,
    statements: readonly string[],
    retryFor: number | undefined,
    stop: AbortSignal
  ): Promise<RowSession> {
    const backoff = new Backoff(retryFor, stop)
    backoff.succeeded()
    const connection = await MysqlConnection.open(target, backoff)
    for (const statement of statements) await connection.query(statement)
    return new RowSession(connection)
  }

  close(): void {
    this.#socket.destroy()
    this.#connection.destroy()
  }

  /** Executes a statement that has no result. @throws ToolError SERVER, the socket's error */
  async run(sql: string): Promise<void> {
    this.#send(sql)
    await this.#next()
  }

  /** The rows of a small result, as text. */
  async values(sql: string): Promise<(string | null)[][]> {
    const rows: (string | null)[][] = []
    await this.select(sql, (packet, at, columns) => {
      const row: (string | null)[] = []
      for (let i = 0; i < columns; i++) {
        if (packet[at] === 0xfb) {
          row.push(null)
          at++
          continue
        }
        const [length, start] = readLengthEncoded(packet, at)
        at = start + length
        row.push(packet.toString('utf8', start, at))
      }
      rows.push(row)
      return true
    })
    return rows
  }

  /**
   * Reads the rows of a result.
   * @param take gets the payload of a row's packet, which begins at `at`; false: what is left is passed over
   * @throws ToolError SERVER, the socket's error
   */
  async select(sql: string, take: (packet: Buffer, at: number, columns: number) => boolean): Promise<void> {
    this.#send(sql)
    await this.#next()
    const packets = this.#packets
    const [columns] = readLengthEncoded(packets.buffer, packets.start)
    for (let i = 0; i < columns + 1; i++) await this.#next()
    let wanted = true
    for (;;) {
      await this.#next()
      const { buffer, start, end } = packets
      if (buffer[start] === 0xfe && end - start < 9) return
      if (wanted) wanted = take(buffer, start, columns)
    }
  }

  #send(sql: string): void {
    this.#socket.write(commandPacket(COM_QUERY, Buffer.from(sql)))
  }

  async #next(): Promise<void> {
    const packets = this.#packets
    while (!packets.next()) {
      if (!(await packets.more(PATIENCE_MS)))
        throw new ToolError('SERVER', `${this.#connection.target.display}: no answer for an hour`)
    }
    if (packets.buffer[packets.start] !== 0xff) return
    const { code, message } = readErrorPacket(packets.buffer, packets.start, packets.end)
    throw new ToolError('SERVER', `${this.#connection.target.display}: ${message} (error ${code})`, {
      cause: { code: NAMES[code] ?? `error ${code}` }
    })
  }
}

/** Errors that are told apart, by the server's names. */
const NAMES: Readonly<Record<number, string>> = {
  1044: 'ER_DBACCESS_DENIED_ERROR',
  1053: 'ER_SERVER_SHUTDOWN',
  1142: 'ER_TABLEACCESS_DENIED_ERROR',
  1205: 'ER_LOCK_WAIT_TIMEOUT',
  1317: 'ER_QUERY_INTERRUPTED',
  1412: 'ER_TABLE_DEF_CHANGED'
}
