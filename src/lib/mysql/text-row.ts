import { ToolError } from '../cli/index.ts'
import { type ByteWriter, Constant } from '../stream/index.ts'
import * as encode from './encode.ts'
import { writeGeometry } from './geometry.ts'
import { type Mask, maskValue } from './mask.ts'
import { readLengthEncoded } from './packets.ts'
import { type ColumnSchema, sqlName, type TableSchema } from './schema.ts'
import { debeziumTextWriter } from './text-row-debezium.ts'
import { writeVector } from './vector.ts'

/** Writes a column's text, as the server sends it in a result, as a JSON value. */
export type WriteText = (w: ByteWriter, buffer: Buffer, start: number, end: number) => void

const NULL = new Constant('null')
/** The first byte of a NULL column in a text result. */
const NULL_MARK = 0xfb

/**
 * Writes rows of a text result as JSON objects, byte for byte as the row decoder writes the same values from the log.
 */
export class TextRows {
  readonly #keys: Constant[]
  readonly #writers: WriteText[]

  constructor(table: TableSchema) {
    this.#keys = table.columns.map(
      (column, i) => new Constant(`${i === 0 ? '{' : ','}${JSON.stringify(column.name)}:`)
    )
    this.#writers = table.columns.map(column => {
      const name = `${table.database}.${table.name}`
      const encoded = table.debezium === true ? debeziumTextWriter(column) : null
      const write = encoded ?? textValueWriter(column, name)
      const { treatment } = column
      return treatment === undefined || treatment === 'drop' ? write : masked(write, treatment)
    })
  }

  /** `buffer[at..)` is the payload of a row packet. */
  write(w: ByteWriter, buffer: Buffer, at: number): void {
    const keys = this.#keys
    for (let i = 0; i < keys.length; i++) {
      w.constant(keys[i] as Constant)
      const first = buffer[at] as number
      if (first === NULL_MARK) {
        w.constant(NULL)
        at++
        continue
      }
      let length = first
      let start = at + 1
      if (first > 250) [length, start] = readLengthEncoded(buffer, at)
      at = start + length
      ;(this.#writers[i] as WriteText)(w, buffer, start, at)
    }
    w.ensure(2)
    if (keys.length === 0) w.buffer[w.length++] = 123
    w.buffer[w.length++] = 125
  }
}

function masked(write: WriteText, mask: Mask): WriteText {
  return (w, buffer, start, end) => {
    const from = w.length
    write(w, buffer, start, end)
    maskValue(w, from, mask)
  }
}

/**
 * What to select for a column so that its text is exact: single-precision numbers are printed with six digits only and
 * those of DOUBLE(M,D) with D, but exactly as doubles; zero-filled ones with zeros that JSON does not take.
 */
export function selectExpression(column: ColumnSchema): string {
  const name = sqlName(column.name)
  // A product keeps the sign of zero.
  if (column.dataType === 'float' || /^double.*\(/i.test(column.columnType)) return `${name} * 1e0`
  if (/zerofill/i.test(column.columnType)) return `${name} + 0`
  return name
}

/** The place of a column's text in a row packet, whose payload begins at `at`. The column must not be NULL. */
export function columnSlice(buffer: Buffer, at: number, column: number): [start: number, end: number] {
  for (let i = 0; ; i++) {
    if (buffer[at] === NULL_MARK && i < column) {
      at++
      continue
    }
    const [length, start] = readLengthEncoded(buffer, at)
    if (i === column) return [start, start + length]
    at = start + length
  }
}

/** The writer of a column's values, whatever its treatment. */
export function textValueWriter(column: ColumnSchema, table: string): WriteText {
  switch (column.dataType) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'year':
      return writeNumber
    case 'bigint':
      return writeBigint
    case 'decimal':
      return writeQuotedAscii
    case 'float':
      return (w, buffer, start, end) => {
        w.ensure(32)
        w.length = encode.writeFloat(
          w.buffer,
          w.length,
          Math.fround(Number(buffer.toString('latin1', start, end)))
        )
      }
    case 'double':
      return (w, buffer, start, end) => {
        w.ensure(32)
        w.length = encode.writeDouble(w.buffer, w.length, Number(buffer.toString('latin1', start, end)))
      }
    case 'date':
    case 'time':
      return writeQuotedAscii
    case 'datetime':
      return (w, buffer, start, end) => writeDatetime(w, buffer, start, end, false)
    case 'timestamp':
      return (w, buffer, start, end) => writeDatetime(w, buffer, start, end, true)
    case 'json':
      return writeJson
    case 'bit': {
      const bits = Number(/\d+/.exec(column.columnType)?.[0] ?? 1)
      return (w, buffer, start, end) => {
        w.ensure(32)
        w.length = encode.writeBit(w.buffer, w.length, buffer, start, end, bits)
      }
    }
    case 'vector':
      return writeVector
    case 'geometry':
    case 'point':
    case 'linestring':
    case 'polygon':
    case 'multipoint':
    case 'multilinestring':
    case 'multipolygon':
    case 'geomcollection':
    case 'geometrycollection':
      return writeGeometry
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return encode.writeBase64
    default:
      if (column.charset === null) {
        throw new ToolError(
          'DATA',
          `column ${table}.${column.name}: type ${column.dataType} is not supported yet`,
          {
            hint: 'leave the table out with --tables'
          }
        )
      }
      return writeUtf8
  }
}

function writeUtf8(w: ByteWriter, buffer: Buffer, start: number, end: number): void {
  if (end - start > encode.SHORT_VALUE) {
    encode.writeLongUtf8(w, buffer, start, end)
    return
  }
  w.ensure((end - start) * 6 + 2)
  w.length = encode.writeUtf8(w.buffer, w.length, buffer, start, end)
}

/** MySQL 5.7 breaks the base64 of opaque values into lines without escaping the line feeds, as later versions do. */
function writeJson(w: ByteWriter, buffer: Buffer, start: number, end: number): void {
  const text = buffer.subarray(start, end)
  let from = 0
  for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, from)) {
    w.append(text, from, at)
    w.text('\\n')
    from = at + 1
  }
  w.append(text, from)
}

function writeNumber(w: ByteWriter, buffer: Buffer, start: number, end: number): void {
  // YEAR 0000 is the only one with zeros in front.
  while (start < end - 1 && buffer[start] === 48) start++
  w.append(buffer, start, end)
}

function writeBigint(w: ByteWriter, buffer: Buffer, start: number, end: number): void {
  // Numbers past 2^53 may round to it, so that is told by its digits.
  const text = end - start < 16 ? '' : buffer.toString('latin1', start, end)
  if (text === '' || Number.isSafeInteger(Number(text)) || /^-?9007199254740992$/.test(text))
    writeNumber(w, buffer, start, end)
  else writeQuotedAscii(w, buffer, start, end)
}

function writeQuotedAscii(w: ByteWriter, buffer: Buffer, start: number, end: number): void {
  w.ensure(end - start + 2)
  const out = w.buffer
  let o = w.length
  out[o++] = 34
  for (let i = start; i < end; i++) out[o++] = buffer[i] as number
  out[o++] = 34
  w.length = o
}

/** `2026-11-24 10:00:00.123` in the session's time zone, which is UTC. */
function writeDatetime(w: ByteWriter, buffer: Buffer, start: number, end: number, utc: boolean): void {
  w.ensure(40)
  const out = w.buffer
  let o = w.length
  let zero = true
  out[o++] = 34
  for (let i = start; i < end; i++) {
    const byte = buffer[i] as number
    if (byte >= 49 && byte <= 57) zero = false
    out[o++] = byte === 32 ? 84 : byte
  }
  if (zero) {
    w.length = encode.writeAscii(out, w.length, encode.ZERO_DATETIME)
    return
  }
  if (utc) out[o++] = 90
  out[o++] = 34
  w.length = o
}
