import { isIP, type Socket } from 'node:net'
import { checkServerIdentity, type TLSSocket } from 'node:tls'
import { type Connection, createConnection } from 'mysql2'
import { type Backoff, errnoOf, messageOf, ToolError } from '../cli/index.ts'
import type { ResultField } from './query-columns.ts'
import type { MysqlTarget, TlsOptions } from './url.ts'

export type Row = Record<string, string | null>

/**
 * A connection: log in, TLS and queries by mysql2. For a binlog dump or a large result the socket is taken over
 * (`takeSocket`) and its packets are read by our own code.
 */
export class MysqlConnection {
  readonly target: MysqlTarget
  readonly #connection: Connection

  private constructor(target: MysqlTarget, connection: Connection) {
    this.target = target
    this.#connection = connection
    // Failures reach the caller through the query or the socket that they concern.
    connection.on('error', () => {})
  }

  /**
   * Connects, trying again while the server is away.
   * @throws ToolError SERVER: access denied at once, unreachable past the back-off's limit
   */
  static async open(target: MysqlTarget, backoff: Backoff): Promise<MysqlConnection> {
    for (;;) {
      try {
        const connection = await connectAsAsked(target)
        backoff.succeeded()
        return new MysqlConnection(target, connection)
      } catch (error) {
        if (!isTemporary(error)) throw loginError(target, error)
        const reason = messageOf(error) || errnoOf(error)
        if (!(await backoff.wait(target.display, reason))) throw unreachable(target, error)
      }
    }
  }

  /** All values come as text, NULL as null. @throws ToolError SERVER with the statement and the server's message */
  query(sql: string): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#connection.query({ sql, typeCast: field => field.string() }, (error, rows) => {
        if (error) reject(queryError(this.target, sql, error))
        else resolve((Array.isArray(rows) ? rows : []) as Row[])
      })
    })
  }

  /** The definitions of a result's columns. */
  fields(sql: string): Promise<ResultField[]> {
    return new Promise((resolve, reject) => {
      this.#connection.query(sql, (error, _rows, fields) => {
        if (error) reject(queryError(this.target, sql, error))
        else resolve(fields as unknown as ResultField[])
      })
    })
  }

  /** The first row's first value; null when there is no row. */
  async value(sql: string): Promise<string | null> {
    const row = (await this.query(sql))[0]
    return row === undefined ? null : (Object.values(row)[0] ?? null)
  }

  /**
   * Takes the socket (plain or TLS) out of mysql2's hands, between two commands: from now on its bytes are the
   * caller's, and `query` may not be used.
   */
  takeSocket(): Socket {
    const socket = (this.#connection as unknown as { stream: Socket }).stream
    for (const event of ['data', 'end', 'close', 'error']) socket.removeAllListeners(event)
    socket.pause()
    return socket
  }

  /** Ends the connection without waiting for the server. */
  destroy(): void {
    this.#connection.destroy()
  }
}

async function connectAsAsked(target: MysqlTarget): Promise<Connection> {
  try {
    return await connectOnce(target, target.tls)
  } catch (error) {
    if (target.tls?.optional !== true || errnoOf(error) !== 'HANDSHAKE_NO_SSL_SUPPORT') throw error
    return await connectOnce(target, undefined)
  }
}

function connectOnce(target: MysqlTarget, tls: TlsOptions | undefined): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const connection = createConnection({
      ...(target.socketPath === undefined
        ? { host: target.host, port: target.port }
        : { socketPath: target.socketPath }),
      user: target.user,
      password: target.password,
      charset: 'utf8mb4',
      // Queries sent on a socket that was taken over are written in the classic form.
      flags: ['-CLIENT_QUERY_ATTRIBUTES'],
      connectTimeout: 10_000,
      supportBigNumbers: true,
      enableKeepAlive: true,
      ...(tls === undefined ? {} : { ssl: sslOptions(tls, target.host) })
    })
    if (tls?.verifyIdentity === true && isIP(target.host) !== 0) checkAddress(connection, target.host)
    connection.once('error', reject)
    connection.once('connect', () => {
      connection.removeListener('error', reject)
      resolve(connection)
    })
  })
}

/** mysql2 compares certificates with host names only: of an address it would ask whether it is `localhost`. */
function checkAddress(connection: Connection, address: string): void {
  const secured = connection as unknown as {
    stream: TLSSocket
    startTLS(onSecure: (error?: Error) => void): void
  }
  const startTls = secured.startTLS
  // Before the credentials are sent, which come after onSecure.
  secured.startTLS = onSecure =>
    startTls.call(secured, error =>
      onSecure(error ?? checkServerIdentity(address, secured.stream.getPeerCertificate()))
    )
}

function sslOptions(tls: TlsOptions, host: string): Record<string, unknown> {
  const { optional: _, verifyCertificate, verifyIdentity, ...files } = tls
  return {
    ...files,
    rejectUnauthorized: verifyCertificate,
    verifyIdentity: verifyIdentity && isIP(host) === 0
  }
}

const NETWORK_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ENOENT',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  // Before it goes down, a server interrupts what it is asked.
  'ER_QUERY_INTERRUPTED',
  'ER_USER_LIMIT_REACHED'
])

/** Whether a later attempt may succeed without anybody changing the command. */
export function isTemporary(error: unknown): boolean {
  return NETWORK_ERRORS.has(errnoOf(error) ?? '')
}

/** Whether the connection behind a failed query or dump is gone; what failed may succeed on another one. */
export function isLost(error: unknown): boolean {
  const cause = error instanceof ToolError ? error.cause : error
  // mysql2 gives no code to queries on a connection that it knows to be closed.
  const isClosed = errnoOf(cause) === undefined && (cause as { fatal?: unknown } | undefined)?.fatal === true
  return isTemporary(cause) || isClosed
}

function loginError(target: MysqlTarget, error: unknown): ToolError {
  const code = errnoOf(error) ?? ''
  const hints: Record<string, string> = {
    ER_ACCESS_DENIED_ERROR:
      'user and password stand in the URL: mysql://user:${MYSQL_PASSWORD}@host/database',
    ENOTFOUND: 'is the host name right?',
    HANDSHAKE_NO_SSL_SUPPORT: 'the server has no TLS: leave ssl-mode away'
  }
  const hint = hints[code]
  return new ToolError('SERVER', `${target.display}: ${messageOf(error)}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint })
  })
}

export function unreachable(target: MysqlTarget, error: unknown): ToolError {
  return new ToolError('SERVER', `cannot reach ${target.display}: ${messageOf(error) || errnoOf(error)}`, {
    cause: error,
    hint: 'is the server up, and the URL right? --retry-for 5m waits longer'
  })
}

function queryError(target: MysqlTarget, sql: string, error: unknown): ToolError {
  const statement = sql.length > 120 ? `${sql.slice(0, 117)}…` : sql
  return new ToolError('SERVER', `${target.display}: ${messageOf(error)} (in ${statement})`, { cause: error })
}

/** The server's error name (`ER_…`) behind a failed query. */
export function serverErrorCode(error: unknown): string | undefined {
  return error instanceof ToolError ? errnoOf(error.cause) : errnoOf(error)
}
