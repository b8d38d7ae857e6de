import { type BinlogEvent, EVENT_HEADER, EventType } from '../events.ts'

/** A statement as a QUERY event has it, and how its session was set. */
export interface LoggedStatement {
  /** The session's database. */
  readonly database: string
  /** The statement, in the session's character set. */
  readonly bytes: Buffer
  /** sql_mode; 0 where the event does not tell. */
  readonly sqlMode: number
  /** Collation ids of the statement itself and of the server's default; null where the event does not tell. */
  readonly clientCollation: number | null
  readonly serverCollation: number | null
  /** explicit_defaults_for_timestamp; null where the event does not tell. */
  readonly explicitTimestamps: boolean | null
}

/**
 * Sizes of the status variables by their codes; a function for those that say it themselves. What is not listed ends
 * the reading, as it does for a replica. Source: mysql: libbinlogevents/include/statement_events.h; MariaDB:
 * sql/log_event.h.
 */
const SIZES: Readonly<Record<number, number | ((buffer: Buffer, at: number) => number)>> = {
  0: 4,
  1: 8,
  2: (buffer, at) => (buffer[at] as number) + 2,
  3: 4,
  4: 6,
  5: (buffer, at) => (buffer[at] as number) + 1,
  6: (buffer, at) => (buffer[at] as number) + 1,
  7: 2,
  8: 2,
  9: 8,
  10: 4,
  11: (buffer, at) => {
    const user = (buffer[at] as number) + 1
    return user + (buffer[at + user] as number) + 1
  },
  12: updatedDatabasesSize,
  13: 3,
  16: 1,
  17: 8,
  18: 2,
  19: 1,
  20: 1,
  128: 3,
  129: 8
}
const SQL_MODE = 1
const CHARSETS = 4
const EXPLICIT_TIMESTAMPS = 16

/** A count, then names that end with a zero; too many are not named. */
function updatedDatabasesSize(buffer: Buffer, at: number): number {
  const count = buffer[at] as number
  let end = at + 1
  if (count === 254) return 1
  for (let i = 0; i < count; i++) end = buffer.indexOf(0, end) + 1
  return end - at
}

/** What EXECUTE_LOAD_QUERY has before the status variables. */
const LOAD_FIELDS = 13

/** QUERY: thread 4, seconds 4, length of the database's name 1, error 2, length of status variables 2. */
export function readStatement(event: BinlogEvent): LoggedStatement {
  const { buffer, end } = event
  const body = event.start + EVENT_HEADER
  const nameLength = buffer[body + 8] as number
  const first = body + 13 + (event.type === EventType.EXECUTE_LOAD_QUERY ? LOAD_FIELDS : 0)
  const name = first + buffer.readUInt16LE(body + 11)
  let sqlMode = 0
  let clientCollation: number | null = null
  let serverCollation: number | null = null
  let explicitTimestamps: boolean | null = null
  for (let at = first; at < name; ) {
    const code = buffer[at++] as number
    const size = SIZES[code]
    if (size === undefined) break
    if (code === SQL_MODE) sqlMode = buffer.readUInt32LE(at)
    else if (code === CHARSETS) {
      clientCollation = buffer.readUInt16LE(at)
      serverCollation = buffer.readUInt16LE(at + 4)
    } else if (code === EXPLICIT_TIMESTAMPS) explicitTimestamps = buffer[at] !== 0
    at += typeof size === 'number' ? size : size(buffer, at)
  }
  return {
    database: buffer.toString('utf8', name, name + nameLength),
    bytes: buffer.subarray(name + nameLength + 1, end),
    sqlMode,
    clientCollation,
    serverCollation,
    explicitTimestamps
  }
}
