import { type Column, ColumnType } from './column.ts'
import { decimalSize } from './encode-decimal.ts'
import { fractionSize } from './encode-time.ts'

/** A call that writes a value of `size` bytes at `p` to `out` at `o`, in at most `bound` bytes. */
interface FixedValue {
  readonly call: string
  readonly size: number
  readonly bound: number
}

/** A call that writes a value of `n` bytes at `p`, behind a length of `lengthBytes`, through the byte writer `w`. */
interface LongValue {
  readonly call: string
  readonly lengthBytes: number
}

/** How a column's value is written with Debezium's encodings; null when that is as without them. */
export function debeziumValue(column: Column): FixedValue | LongValue | null {
  const { meta, nullable = true } = column
  switch (column.type) {
    case ColumnType.LONGLONG:
      return { call: 'h.writeLong(out, o, buf, p)', size: 8, bound: 20 }
    case ColumnType.NEWDECIMAL: {
      const precision = meta >> 8
      const scale = meta & 255
      return {
        call: `h.writeDecimalBytes(out, o, buf, p, ${precision}, ${scale})`,
        size: decimalSize(precision, scale),
        bound: 44
      }
    }
    case ColumnType.YEAR:
      return { call: 'h.writeUint(out, o, buf[p] === 0 ? 0 : 1900 + buf[p])', size: 1, bound: 4 }
    case ColumnType.DATE:
      return { call: `h.writeDateDays(out, o, buf, p, ${nullable})`, size: 3, bound: 12 }
    case ColumnType.DATETIME2:
      return {
        call: `h.writeDatetime2Epoch(out, o, buf, p, ${meta}, ${nullable})`,
        size: 5 + fractionSize(meta),
        bound: 24
      }
    case ColumnType.DATETIME:
      return { call: `h.writeOldDatetimeEpoch(out, o, buf, p, ${nullable})`, size: 8, bound: 24 }
    case ColumnType.TIMESTAMP2:
      return {
        call: `h.writeZonedTimestamp2(out, o, buf, p, ${meta})`,
        size: 4 + fractionSize(meta),
        bound: 32
      }
    case ColumnType.TIMESTAMP:
      return { call: 'h.writeZonedTimestamp(out, o, buf.readUInt32LE(p), 0, 0)', size: 4, bound: 24 }
    case ColumnType.TIME2:
      return { call: `h.writeMicroTime2(out, o, buf, p, ${meta})`, size: 3 + fractionSize(meta), bound: 20 }
    case ColumnType.TIME:
      return { call: 'h.writeOldMicroTime(out, o, buf, p)', size: 3, bound: 20 }
    case ColumnType.BIT: {
      const bits = (meta >> 8) * 8 + (meta & 255)
      if (bits === 1) return { call: 'h.writeBoolean(out, o, buf[p])', size: 1, bound: 5 }
      const size = (bits + 7) >> 3
      return { call: `h.writeBitBytes(out, o, buf, p, p + ${size})`, size, bound: 16 }
    }
    case ColumnType.JSON:
      return { call: 'h.writeText(w, h.debeziumJson(buf, p, p + n))', lengthBytes: meta }
    case ColumnType.GEOMETRY:
      return {
        call: `h.writeGeometryBytes(w, buf, p, p + n, ${column.isPoint === true})`,
        lengthBytes: meta
      }
    default:
      return null
  }
}
