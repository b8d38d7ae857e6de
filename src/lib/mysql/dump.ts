import { randomUUID } from 'node:crypto'
import { type Backoff, ToolError } from '../cli/index.ts'
import type { BinlogReader } from './binlog-reader.ts'
import { MysqlConnection } from './connection.ts'
import { EventType } from './events.ts'
import { GtidSet } from './gtid-set.ts'
import { Spool } from './large-event.ts'
import { MariadbGtids } from './mariadb-gtids.ts'
import { commandPacket, PacketReader, readErrorPacket } from './packets.ts'
import type { LogPosition } from './position.ts'
import type { ServerInfo } from './server.ts'
import type { MysqlTarget } from './url.ts'

const COM_BINLOG_DUMP = 0x12
const COM_REGISTER_SLAVE = 0x15
const COM_BINLOG_DUMP_GTID = 0x1e

/** The server speaks at least this often, so that a dead connection is told from an idle one. */
export const HEARTBEAT_SECONDS = 5

export interface DumpOptions {
  readonly serverId: number
  /** Where compressed transactions of 16 MiB and more are kept while they are read; the system's place if undefined. */
  readonly spoolDirectory?: string | undefined
}

/** Packets of one byte 0x00 and an event each. */
export type Packets = Pick<
  PacketReader<Spool>,
  'buffer' | 'start' | 'end' | 'sink' | 'next' | 'more' | 'interrupt'
>

/** An open binlog dump. */
export interface Dump {
  readonly packets: Packets
  close(): void
}

/** Hands the event of a packet over. */
export function takeEvent({ packets }: Dump, reader: BinlogReader): Promise<void> | undefined {
  const { sink, buffer, start, end } = packets
  return sink === null ? reader.take(buffer, start + 1, end) : reader.takeLarge(sink)
}

/** The type of an event is the sixth byte of its packet. */
function isPayload(head: Buffer): boolean {
  return head[0] === 0 && head[5] === EventType.TRANSACTION_PAYLOAD
}

/**
 * Logs in as a replica and asks for the log from a position on: by GTID set where there is one, else by file.
 * @throws ToolError SERVER
 */
export async function openDump(
  target: MysqlTarget,
  server: ServerInfo,
  from: LogPosition,
  options: DumpOptions,
  backoff: Backoff
): Promise<Dump> {
  const connection = await MysqlConnection.open(target, backoff)
  // Without a heartbeat period some servers send one heartbeat for each event that they skip.
  const period = HEARTBEAT_SECONDS * 1_000_000_000
  const uuid = randomUUID()
  await connection.query(
    `SET @master_heartbeat_period = ${period}, @source_heartbeat_period = ${period}, ` +
      `@master_binlog_checksum = @@GLOBAL.binlog_checksum, @source_binlog_checksum = @@GLOBAL.binlog_checksum, ` +
      `@slave_uuid = '${uuid}', @replica_uuid = '${uuid}'`
  )
  if (server.isMariadb) await connection.query('SET @mariadb_slave_capability = 4')
  // Not the next one that the log has, if the last one that was read should be missing there.
  if (from.gtids instanceof MariadbGtids) {
    await connection.query(`SET @slave_connect_state = '${from.gtids}', @slave_gtid_strict_mode = 1`)
  }
  await connection.query('SET SESSION net_write_timeout = 3600')
  const socket = connection.takeSocket()
  const packets = new PacketReader<Spool>(socket, head =>
    isPayload(head) ? new Spool(options.spoolDirectory) : null
  )
  socket.write(commandPacket(COM_REGISTER_SLAVE, registration(options.serverId)))
  await expectOk(packets, target)
  socket.write(
    from.gtids instanceof GtidSet
      ? commandPacket(COM_BINLOG_DUMP_GTID, dumpByGtids(from.gtids.encode(), options.serverId))
      : commandPacket(COM_BINLOG_DUMP, dumpByFile(from, options.serverId))
  )
  return {
    packets,
    close() {
      packets.unfinished?.close()
      socket.destroy()
      connection.destroy()
    }
  }
}

async function expectOk(packets: PacketReader<Spool>, target: MysqlTarget): Promise<void> {
  while (!packets.next()) await packets.more(60_000)
  if (packets.buffer[packets.start] === 0xff) throw dumpError(packets, target)
}

/** The error packet that a server ends a dump with. */
export function dumpError(packets: Packets, target: MysqlTarget): ToolError {
  const { code, message } = readErrorPacket(packets.buffer, packets.start, packets.end)
  const hints: Record<number, string> = {
    1227: 'GRANT REPLICATION SLAVE ON *.* to the user',
    1045: 'GRANT REPLICATION SLAVE ON *.* to the user',
    1236: 'if the log was purged: start again from a snapshot, with a new --state directory'
  }
  const hint = hints[code]
  return new ToolError(
    'SERVER',
    `${target.display}: ${message} (error ${code})`,
    hint === undefined ? {} : { hint }
  )
}

/** Server id 4, host name, user, password (each with its length), port 2, rank 4, source id 4. */
function registration(serverId: number): Buffer {
  const name = Buffer.from('millrace')
  const body = Buffer.alloc(4 + 1 + name.length + 2 + 2 + 8)
  body.writeUInt32LE(serverId, 0)
  body[4] = name.length
  name.copy(body, 5)
  return body
}

/** Position 4, flags 2, server id 4, file name. */
function dumpByFile(from: LogPosition, serverId: number): Buffer {
  const body = Buffer.alloc(10 + Buffer.byteLength(from.file))
  body.writeUInt32LE(from.position, 0)
  body.writeUInt32LE(serverId, 6)
  body.write(from.file, 10)
  return body
}

const BINLOG_THROUGH_GTID = 4

/** Flags 2, server id 4, length of a file name 4 (none), position 8, length of the set 4, the set. */
function dumpByGtids(set: Buffer, serverId: number): Buffer {
  const body = Buffer.alloc(22 + set.length)
  body.writeUInt16LE(BINLOG_THROUGH_GTID, 0)
  body.writeUInt32LE(serverId, 2)
  body.writeUInt32LE(0, 6)
  body.writeBigUInt64LE(4n, 10)
  body.writeUInt32LE(set.length, 18)
  set.copy(body, 22)
  return body
}
