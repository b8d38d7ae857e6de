import { ToolError } from '../cli/index.ts'
import { checksumOf } from './checksum.ts'

/** Binlog event types (mysql: libbinlogevents/include/binlog_event.h; MariaDB: sql/log_event.h). */
export const EventType = {
  QUERY: 2,
  STOP: 3,
  ROTATE: 4,
  INTVAR: 5,
  APPEND_BLOCK: 9,
  DELETE_FILE: 11,
  RAND: 13,
  USER_VAR: 14,
  FORMAT_DESCRIPTION: 15,
  XID: 16,
  BEGIN_LOAD_QUERY: 17,
  EXECUTE_LOAD_QUERY: 18,
  TABLE_MAP: 19,
  WRITE_ROWS_V1: 23,
  UPDATE_ROWS_V1: 24,
  DELETE_ROWS_V1: 25,
  INCIDENT: 26,
  HEARTBEAT: 27,
  IGNORABLE: 28,
  ROWS_QUERY: 29,
  WRITE_ROWS: 30,
  UPDATE_ROWS: 31,
  DELETE_ROWS: 32,
  GTID: 33,
  ANONYMOUS_GTID: 34,
  PREVIOUS_GTIDS: 35,
  TRANSACTION_CONTEXT: 36,
  VIEW_CHANGE: 37,
  XA_PREPARE: 38,
  PARTIAL_UPDATE_ROWS: 39,
  TRANSACTION_PAYLOAD: 40,
  HEARTBEAT_V2: 41,
  GTID_TAGGED: 42,
  MARIADB_ANNOTATE_ROWS: 160,
  MARIADB_BINLOG_CHECKPOINT: 161,
  MARIADB_GTID: 162,
  MARIADB_GTID_LIST: 163,
  MARIADB_START_ENCRYPTION: 164
} as const

/** Events that say nothing of rows: statements' surroundings, files for LOAD DATA, and the log's own book-keeping. */
const WITHOUT_ROWS = new Set<number>([
  EventType.STOP,
  EventType.INTVAR,
  EventType.APPEND_BLOCK,
  EventType.DELETE_FILE,
  EventType.RAND,
  EventType.USER_VAR,
  EventType.BEGIN_LOAD_QUERY,
  EventType.HEARTBEAT,
  EventType.HEARTBEAT_V2,
  EventType.IGNORABLE,
  EventType.ROWS_QUERY,
  EventType.PREVIOUS_GTIDS,
  EventType.TRANSACTION_CONTEXT,
  EventType.VIEW_CHANGE,
  EventType.MARIADB_ANNOTATE_ROWS,
  EventType.MARIADB_BINLOG_CHECKPOINT,
  EventType.MARIADB_GTID_LIST,
  EventType.MARIADB_START_ENCRYPTION
])
/** LOG_EVENT_IGNORABLE_F: who does not know the type may pass the event over. */
const IGNORABLE_FLAG = 0x80

/** Whether an event can be passed over by who reads rows. */
export function isPassedOver(event: BinlogEvent): boolean {
  return WITHOUT_ROWS.has(event.type) || (event.flags & IGNORABLE_FLAG) !== 0
}

/** The common header: timestamp 4, type 1, server id 4, size 4, end position 4, flags 2. */
export const EVENT_HEADER = 19
export const CHECKSUM_SIZE = 4

/** One event in a buffer: `buffer[start..end)`, the checksum excluded. */
export interface BinlogEvent {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
  /** Seconds since the epoch. */
  readonly timestamp: number
  readonly type: number
  readonly serverId: number
  /** Size in the log, checksum included. */
  readonly size: number
  /** Position of the next event in the log's file; 0 for events made up by the server. */
  readonly nextPosition: number
  readonly flags: number
}

/** @throws ToolError INPUT when the bytes cannot be an event, or its checksum does not hold */
export function readEvent(
  buffer: Buffer,
  start: number,
  end: number,
  checksum: boolean,
  where: () => string
): BinlogEvent {
  if (!checksum) return readHeader(buffer, start, end - start, end, where)
  const bodyEnd = end - CHECKSUM_SIZE
  const event = readHeader(buffer, start, end - start, bodyEnd, where)
  if (buffer.readUInt32LE(bodyEnd) !== checksumOf(buffer, start, bodyEnd)) throw checksumError(where)
  return event
}

export function checksumError(where: () => string): ToolError {
  return new ToolError('INPUT', `${where()}: checksum of the event is wrong: the log is damaged`, {
    hint: 'check the server’s binlog files with mysqlbinlog --verify-binlog-checksum'
  })
}

/** An event of `found` bytes, as its header has it. @throws ToolError INPUT when that says something else */
export function readHeader(
  buffer: Buffer,
  start: number,
  found: number,
  end: number,
  where: () => string
): BinlogEvent {
  if (found < EVENT_HEADER) {
    throw new ToolError('INPUT', `${where()}: ${found} bytes are too few for a binlog event`)
  }
  const size = buffer.readUInt32LE(start + 9)
  if (size !== found) {
    throw new ToolError('INPUT', `${where()}: event of ${found} bytes says that it has ${size}`)
  }
  return {
    buffer,
    start,
    end,
    timestamp: buffer.readUInt32LE(start),
    type: buffer[start + 4] as number,
    serverId: buffer.readUInt32LE(start + 5),
    size,
    nextPosition: buffer.readUInt32LE(start + 13),
    flags: buffer.readUInt16LE(start + 17)
  }
}

/** What a FORMAT_DESCRIPTION event says of those that follow it. */
export interface LogFormat {
  readonly serverVersion: string
  readonly checksum: boolean
}

/**
 * Body: binlog version 2, server version 50, creation time 4, header length 1, a post-header length for each event
 * type, checksum algorithm 1 (since 5.6.1), checksum 4.
 * @throws ToolError INPUT for an algorithm or a version that is not known
 */
export function readFormatDescription(event: BinlogEvent): LogFormat {
  const { buffer } = event
  const body = event.start + EVENT_HEADER
  const binlogVersion = buffer.readUInt16LE(body)
  if (binlogVersion !== 4) {
    throw new ToolError(
      'INPUT',
      `binlog version ${binlogVersion} is not supported, only 4 (MySQL 5.0 and later)`
    )
  }
  const serverVersion = buffer.toString('latin1', body + 2, body + 52).replace(/\0.*$/s, '')
  // The event always has room for a checksum, whether or not the others have one.
  const algorithm = buffer[event.start + event.size - CHECKSUM_SIZE - 1]
  if (algorithm !== 0 && algorithm !== 1) {
    throw new ToolError(
      'INPUT',
      `binlog checksum algorithm ${algorithm} is not known (server ${serverVersion})`
    )
  }
  return { serverVersion, checksum: algorithm === 1 }
}

/** The transaction's GTID, and when it was committed on the server that is read. */
export interface GtidEvent {
  /** `uuid` or `uuid:tag`, or null for an anonymous transaction. */
  readonly source: string | null
  readonly number: number
  /** Milliseconds since the epoch; 0 when the event does not tell. */
  readonly committedMs: number
  /** The same in microseconds. */
  readonly committedUs: number
}

/**
 * Reads GTID_LOG_EVENTs: flags 1, uuid 16, number 8, and since 5.7 logical clock type 1, two clocks of 8, since 8.0.1
 * immediate commit timestamp 7 (microseconds; bit 55 says that the original one follows). Keeps the uuid's text: it is
 * nearly always the one before.
 */
export class GtidReader {
  #bytes: Buffer = Buffer.alloc(16)
  #uuid = '00000000-0000-0000-0000-000000000000'

  read(event: BinlogEvent): GtidEvent {
    const { buffer, end } = event
    const body = event.start + EVENT_HEADER
    if (!hasBytes(buffer, body + 1, this.#bytes)) {
      this.#bytes = Buffer.from(buffer.subarray(body + 1, body + 17))
      this.#uuid = formatUuid(this.#bytes)
    }
    const commit = body + 42
    const committedUs =
      end >= commit + 7 ? buffer.readUIntLE(commit, 6) + ((buffer[commit + 6] as number) & 0x7f) * 2 ** 48 : 0
    return {
      source: event.type === EventType.ANONYMOUS_GTID ? null : this.#uuid,
      number: buffer.readUInt32LE(body + 17) + buffer.readUInt32LE(body + 21) * 2 ** 32,
      committedMs: Math.floor(committedUs / 1000),
      committedUs
    }
  }
}

export function formatUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** ROTATE: position 8, file name to the end. @throws ToolError INPUT for what is no name of a log file */
export function readRotate(event: BinlogEvent): { file: string; position: number } {
  const body = event.start + EVENT_HEADER
  const file = event.buffer.toString('utf8', body + 8, event.end)
  if (!/^\P{Cc}+\.\d+$/u.test(file)) {
    throw new ToolError('INPUT', 'a rotation names no log file: the log is damaged')
  }
  return { file, position: Number(event.buffer.readBigUInt64LE(body)) }
}

/** What EXECUTE_LOAD_QUERY (LOAD DATA as a statement) has before the status variables: file and places in its text. */
const LOAD_FIELDS = 13

const BEGIN = Buffer.from('\0BEGIN')

/** Whether a QUERY event is `BEGIN`, told by its last bytes: every transaction has one. */
export function isBegin(event: BinlogEvent): boolean {
  const { buffer, end } = event
  return buffer[end - 1] === 78 && hasBytes(buffer, end - BEGIN.length, BEGIN)
}

/** Whether `expected` stands at an offset; of few bytes that is told sooner than by a call out of JavaScript. */
export function hasBytes(buffer: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) if (buffer[at + i] !== expected[i]) return false
  return true
}

/** The id of the connection that a QUERY event is from. */
export function readThread(event: BinlogEvent): number {
  return event.buffer.readUInt32LE(event.start + EVENT_HEADER)
}

/** QUERY: thread 4, seconds 4, length of the database's name 1, error 2, length of status variables 2. */
export function readQuery(event: BinlogEvent): { database: string; sql: string } {
  const { buffer, end } = event
  const body = event.start + EVENT_HEADER
  const nameLength = buffer[body + 8] as number
  const statusLength = buffer.readUInt16LE(body + 11)
  const name = body + 13 + (event.type === EventType.EXECUTE_LOAD_QUERY ? LOAD_FIELDS : 0) + statusLength
  return {
    database: buffer.toString('utf8', name, name + nameLength),
    sql: buffer.toString('utf8', name + nameLength + 1, end)
  }
}
