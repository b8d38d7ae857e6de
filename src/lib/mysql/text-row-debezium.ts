import type { ByteWriter } from '../stream/index.ts'
import * as encode from './encode.ts'
import * as debezium from './encode-debezium.ts'
import type { ColumnSchema } from './schema.ts'
import type { WriteText } from './text-row.ts'

const COLON = 58

/** Writes a value in at most 64 bytes. */
type WriteShort = (out: Buffer, o: number, buffer: Buffer, start: number, end: number) => number

/** How a column's text in a result is written with Debezium's encodings; null when that is as without them. */
export function debeziumTextWriter(column: ColumnSchema): WriteText | null {
  const { dataType, nullable, fraction } = column
  switch (dataType) {
    case 'bigint':
      return short(/ unsigned/i.test(column.columnType) ? writeUnsignedLong : copyDigits)
    case 'decimal':
      return short(debezium.writeDecimalText)
    case 'bit': {
      const bits = Number(/\d+/.exec(column.columnType)?.[0] ?? 1)
      return short(
        bits === 1
          ? (out, o, buffer, start) => debezium.writeBoolean(out, o, buffer[start] as number)
          : debezium.writeBitBytes
      )
    }
    case 'date':
      return short((out, o, buffer, start) => {
        const { year, month, day } = dateAt(buffer, start)
        return debezium.writeDays(out, o, year, month, day, nullable)
      })
    case 'datetime':
      return short((out, o, buffer, start, end) => {
        const { year, month, day } = dateAt(buffer, start)
        const { seconds, microseconds } = clockAt(buffer, start + 11, end)
        return debezium.writeEpochDatetime(
          out,
          o,
          year,
          month,
          day,
          seconds,
          microseconds,
          fraction,
          nullable
        )
      })
    case 'timestamp':
      return short((out, o, buffer, start, end) => writeTimestamp(out, o, buffer, start, end, nullable))
    case 'time':
      return short((out, o, buffer, start, end) => {
        const negative = buffer[start] === 45
        const { seconds, microseconds } = clockAt(buffer, negative ? start + 1 : start, end)
        const value = seconds * 1e6 + microseconds
        return encode.writeInt(out, o, negative ? -value : value)
      })
    case 'json':
      return encode.writeLongUtf8
    case 'point':
      return (w, buffer, start, end) => debezium.writeGeometryBytes(w, buffer, start, end, true)
    case 'geometry':
    case 'linestring':
    case 'polygon':
    case 'multipoint':
    case 'multilinestring':
    case 'multipolygon':
    case 'geomcollection':
    case 'geometrycollection':
      return (w, buffer, start, end) => debezium.writeGeometryBytes(w, buffer, start, end, false)
    default:
      return null
  }
}

function short(write: WriteShort): WriteText {
  return (w: ByteWriter, buffer: Buffer, start: number, end: number) => {
    w.ensure(64)
    w.length = write(w.buffer, w.length, buffer, start, end)
  }
}

function copyDigits(out: Buffer, o: number, buffer: Buffer, start: number, end: number): number {
  for (let i = start; i < end; i++) out[o++] = buffer[i] as number
  return o
}

function writeUnsignedLong(out: Buffer, o: number, buffer: Buffer, start: number, end: number): number {
  if (end - start < 19) return copyDigits(out, o, buffer, start, end)
  const value = BigInt.asIntN(64, BigInt(buffer.toString('latin1', start, end)))
  return encode.writeAscii(out, o, value.toString())
}

function numberAt(buffer: Buffer, at: number, digits: number): number {
  let value = 0
  for (let i = at; i < at + digits; i++) value = value * 10 + (buffer[i] as number) - 48
  return value
}

/** `2026-11-24` */
function dateAt(buffer: Buffer, at: number): { year: number; month: number; day: number } {
  return {
    year: numberAt(buffer, at, 4),
    month: numberAt(buffer, at + 5, 2),
    day: numberAt(buffer, at + 8, 2)
  }
}

/** `10:00:00.123` or `838:59:59` */
function clockAt(buffer: Buffer, at: number, end: number): { seconds: number; microseconds: number } {
  let colon = at + 2
  while (buffer[colon] !== COLON && colon < end) colon++
  const hours = numberAt(buffer, at, colon - at)
  const seconds = hours * 3600 + numberAt(buffer, colon + 1, 2) * 60 + numberAt(buffer, colon + 4, 2)
  const point = colon + 6
  if (point >= end) return { seconds, microseconds: 0 }
  const digits = end - point - 1
  return { seconds, microseconds: numberAt(buffer, point + 1, digits) * 10 ** (6 - digits) }
}

/** `2026-11-24 10:00:00.120` in the session's time zone, which is UTC; the fraction without zeros at its end. */
function writeTimestamp(
  out: Buffer,
  o: number,
  buffer: Buffer,
  start: number,
  end: number,
  nullable: boolean
): number {
  if (numberAt(buffer, start, 4) === 0) {
    return encode.writeAscii(out, o, nullable ? 'null' : '"1970-01-01T00:00:00Z"')
  }
  if (end - start > 19) {
    while (buffer[end - 1] === 48) end--
    if (buffer[end - 1] === 46) end--
  }
  out[o++] = 34
  o = copyDigits(out, o, buffer, start, end)
  out[o - (end - start) + 10] = 84
  out[o++] = 90
  out[o++] = 34
  return o
}
