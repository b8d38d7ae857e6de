import { Backoff, ToolError } from '../cli/index.ts'
import { OutputWriter } from '../stream/index.ts'
import { BinlogReader } from './binlog-reader.ts'
import { isLost, type MysqlConnection, unreachable } from './connection.ts'
import { type Dump, openDump, takeEvent } from './dump.ts'
import { EventType } from './events.ts'
import { hasReached, type LogPosition } from './position.ts'
import { currentPosition, type ServerInfo } from './server.ts'
import { TableFilter } from './tables.ts'

export interface TimeSearchOptions {
  readonly serverId: number
  readonly retryFor: number | undefined
  readonly stop: AbortSignal
}

const FILE_START = 4
const ANSWER_MS = 60_000

/**
 * The place before the first transaction that was committed at or after a moment; the end of the log when there is
 * none. Files are told apart by when they were begun, the timestamp of their first event; then the one that was open
 * at the moment is read through.
 * @throws ToolError SERVER when the log of that time is purged
 */
export async function positionAt(
  connection: MysqlConnection,
  server: ServerInfo,
  ms: number,
  options: TimeSearchOptions
): Promise<LogPosition> {
  const end = await currentPosition(connection, server)
  const files = (await connection.query('SHOW BINARY LOGS')).map(row => row.Log_name as string)
  const read = <T>(file: string, use: (dump: Dump) => Promise<T>): Promise<T> =>
    withDump(connection, server, { file, position: FILE_START, gtids: null }, options, use)
  let [low, high] = [0, files.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((await read(files[middle] as string, endOfFirstSecond)) <= ms) low = middle + 1
    else high = middle
  }
  const file = files[Math.max(0, low - 1)] as string
  const { position, isFirst } = await read(file, dump => firstSince(dump, file, server, ms, end))
  if (low === 0 && isFirst && !/\.0*1$/.test(file)) {
    throw new ToolError(
      'SERVER',
      `${connection.target.display}: the log of ${new Date(ms).toISOString()} is purged, ${file} is the oldest and began later`,
      { hint: '--start earliest begins there' }
    )
  }
  return position
}

async function withDump<T>(
  { target }: MysqlConnection,
  server: ServerInfo,
  from: LogPosition,
  { serverId, retryFor, stop }: TimeSearchOptions,
  use: (dump: Dump) => Promise<T>
): Promise<T> {
  const dump = await openDump(target, server, from, { serverId }, new Backoff(retryFor, stop))
  try {
    return await use(dump)
  } catch (error) {
    throw isLost(error) ? unreachable(target, error) : error
  } finally {
    dump.close()
  }
}

/** Goes to the next event; it begins at the second byte of its packet. */
async function nextEvent({ packets }: Dump): Promise<void> {
  while (!packets.next()) {
    if (!(await packets.more(ANSWER_MS))) throw Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })
  }
  if (packets.buffer[packets.start] !== 0) throw new ToolError('SERVER', 'the server does not send its log')
}

/** When a file had surely begun, milliseconds: its first event has whole seconds. */
async function endOfFirstSecond(dump: Dump): Promise<number> {
  const { packets } = dump
  do await nextEvent(dump)
  while (packets.buffer[packets.start + 5] !== EventType.FORMAT_DESCRIPTION)
  return packets.buffer.readUInt32LE(packets.start + 1) * 1000 + 1000
}

/** Where the first transaction since a moment begins, and whether there is none before it in the file. */
async function firstSince(
  dump: Dump,
  file: string,
  server: ServerInfo,
  ms: number,
  end: LogPosition
): Promise<{ position: LogPosition; isFirst: boolean }> {
  // Those that log no time of commit have the event's, in whole seconds: of one that has begun nothing is left out.
  const slack = server.isMariadb || server.version.startsWith('5.') ? 999 : 0
  const reader = new BinlogReader({ file, position: FILE_START, gtids: null }, new OutputWriter(NOWHERE), {
    version: '',
    name: '',
    tables: new TableFilter([], '', ['*.*']),
    checksum: server.checksum,
    resolve: () => {
      throw new Error('no table is wanted')
    }
  })
  const byFile = { ...end, gtids: null }
  let before = reader.position
  let seen = 0
  while (!hasReached(reader.position, byFile)) {
    await nextEvent(dump)
    await takeEvent(dump, reader)
    if (reader.transactions > seen && reader.eventMs + slack >= ms)
      return { position: before, isFirst: seen === 0 }
    seen = reader.transactions
    if (reader.isBetweenTransactions) before = reader.position
  }
  return { position: byFile, isFirst: seen === 0 }
}

const NOWHERE = {
  name: 'nowhere',
  takesMarks: false,
  write: async () => {},
  sync: async () => null,
  close: async () => {}
}
