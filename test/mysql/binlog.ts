/** Binlog events made by hand, after the descriptions in mysql: libbinlogevents/include and sql/log_event.h. */
import { crc32 } from 'node:zlib'
import { type BinlogEvent, EventType, readEvent } from '../../src/lib/mysql/events.ts'

export const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562'

export function int(value: number | bigint, bytes: number): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)))
  return buffer.subarray(0, bytes)
}

export function lenenc(value: number): Buffer {
  return value < 251 ? int(value, 1) : Buffer.concat([int(252, 1), int(value, 2)])
}

/** One bit for each flag, the first in the lowest bit. */
export function bits(flags: readonly boolean[]): Buffer {
  const bytes = Buffer.alloc((flags.length + 7) >> 3)
  flags.forEach((flag, i) => {
    if (flag) bytes[i >> 3] = (bytes[i >> 3] as number) | (1 << (i & 7))
  })
  return bytes
}

/** A file of a log that is being written: events come with their places and, if wanted, checksums. */
export class LogFile {
  position = 4
  readonly checksum: boolean
  timestamp = 1_795_514_400

  constructor(checksum = true) {
    this.checksum = checksum
  }

  /** An event; one that the server makes up (`artificial`) has no place in the file. */
  event(type: number, body: Buffer, artificial = false): Buffer {
    // A FORMAT_DESCRIPTION has a checksum in any case.
    const checksum = this.checksum || type === EventType.FORMAT_DESCRIPTION
    const size = 19 + body.length + (checksum ? 4 : 0)
    if (!artificial) this.position += size
    const bytes = Buffer.concat([
      int(this.timestamp, 4),
      int(type, 1),
      int(1, 4),
      int(size, 4),
      int(artificial ? 0 : this.position, 4),
      int(artificial ? 0x20 : 0, 2),
      body
    ])
    return checksum ? Buffer.concat([bytes, int(crc32(bytes), 4)]) : bytes
  }

  /** `artificial`: as it comes before a place in the middle of a file. */
  formatDescription(artificial = false): Buffer {
    const head = [int(4, 2), Buffer.from('8.0.42'.padEnd(50, '\0')), int(0, 4), int(19, 1), Buffer.alloc(41)]
    return this.event(
      EventType.FORMAT_DESCRIPTION,
      Buffer.concat([...head, int(this.checksum ? 1 : 0, 1)]),
      artificial
    )
  }

  rotate(file: string, position = 4, artificial = true): Buffer {
    return this.event(EventType.ROTATE, Buffer.concat([int(position, 8), Buffer.from(file)]), artificial)
  }

  gtid(number: number, committedUs = 0n): Buffer {
    const body = [
      int(0, 1),
      Buffer.from(UUID.replaceAll('-', ''), 'hex'),
      int(number, 8),
      int(2, 1),
      int(0, 8),
      int(1, 8)
    ]
    if (committedUs > 0n) body.push(int(committedUs, 7))
    return this.event(EventType.GTID, Buffer.concat(body))
  }

  query(sql: string, database = 'db', type: number = EventType.QUERY): Buffer {
    const load = type === EventType.EXECUTE_LOAD_QUERY ? Buffer.alloc(13) : Buffer.alloc(0)
    const status = Buffer.from([0, 0, 0, 0, 0])
    const head = [
      int(7, 4),
      int(0, 4),
      int(database.length, 1),
      int(0, 2),
      int(status.length, 2),
      load,
      status
    ]
    return this.event(type, Buffer.concat([...head, Buffer.from(`${database}\0${sql}`)]))
  }

  xid(): Buffer {
    return this.event(EventType.XID, int(42, 8))
  }

  tableMap(map: MapFields): Buffer {
    return this.event(EventType.TABLE_MAP, tableMapBody(map))
  }

  /** Version 2 rows; each row's images follow one another. */
  rows(
    type: number,
    tableId: number,
    columns: number,
    present: readonly Buffer[],
    rows: readonly Buffer[]
  ): Buffer {
    return this.event(
      type,
      Buffer.concat([int(tableId, 6), int(1, 2), int(2, 2), lenenc(columns), ...present, ...rows])
    )
  }
}

export interface MapFields {
  readonly tableId: number
  readonly database?: string
  readonly table: string
  readonly types: readonly number[]
  readonly metas?: Buffer
  /** Optional metadata: type and value of each field. */
  readonly optional?: readonly (readonly [field: number, value: Buffer])[]
}

export function tableMapBody({
  tableId,
  database = 'db',
  table,
  types,
  metas = Buffer.alloc(0),
  optional = []
}: MapFields): Buffer {
  return Buffer.concat([
    int(tableId, 6),
    int(1, 2),
    int(database.length, 1),
    Buffer.from(`${database}\0`),
    int(Buffer.byteLength(table), 1),
    Buffer.from(`${table}\0`),
    lenenc(types.length),
    Buffer.from(types),
    lenenc(metas.length),
    metas,
    Buffer.alloc((types.length + 7) >> 3, 0xff),
    ...optional.flatMap(([field, value]) => [int(field, 1), lenenc(value.length), value])
  ])
}

/** Field 4: the columns' names. */
export function names(...columns: string[]): readonly [field: number, value: Buffer] {
  return [4, Buffer.concat(columns.flatMap(name => [lenenc(Buffer.byteLength(name)), Buffer.from(name)]))]
}

/** Field 8: the primary key. */
export function primaryKey(...columns: number[]): readonly [field: number, value: Buffer] {
  return [8, Buffer.concat(columns.map(lenenc))]
}

export function asEvent(bytes: Buffer, checksum = true): BinlogEvent {
  return readEvent(bytes, 0, bytes.length, checksum, () => 'test')
}
