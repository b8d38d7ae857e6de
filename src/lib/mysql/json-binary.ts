import { ToolError } from '../cli/index.ts'
import { ColumnType } from './column.ts'
import { decimalSize, writeDecimal } from './encode.ts'

/**
 * MySQL's binary JSON as the text that SELECT shows: `{"a": 1, "b": [true, null]}`, keys in stored order, decimals and
 * 64-bit integers exact, opaque values (dates, times, decimals, bytes) as SELECT shows them.
 *
 * Source: "JSON binary format", mysql: sql-common/json_binary.h.
 */
export function jsonText(
  buffer: Buffer,
  start: number,
  end: number,
  style: JsonStyle = SELECT_STYLE
): string {
  return readJson(buffer, start, end, textBuilder(style), style)
}

/** What of a document's text is a matter of taste. */
export interface JsonStyle {
  readonly comma: string
  readonly colon: string
  readonly double: (value: number) => string
  /** A value of a type that JSON has not: `buffer[at..at + length)`. */
  readonly opaque: (type: number, buffer: Buffer, at: number, length: number) => string
}

/** What a value is made into: from the text of scalars, and from the parts of containers in their stored order. */
export interface JsonBuilder<T> {
  scalar(text: string): T
  object(names: readonly string[], values: readonly T[]): T
  array(values: readonly T[]): T
}

export function textBuilder({ comma, colon }: JsonStyle): JsonBuilder<string> {
  return {
    scalar: text => text,
    object: (names, values) =>
      `{${names.map((name, i) => `${JSON.stringify(name)}${colon}${values[i]}`).join(comma)}}`,
    array: values => `[${values.join(comma)}]`
  }
}

/** @throws ToolError INPUT for bytes that are no value */
export function readJson<T>(
  buffer: Buffer,
  start: number,
  end: number,
  builder: JsonBuilder<T>,
  style: JsonStyle
): T {
  if (start === end) return builder.scalar('null')
  try {
    return readValue({ buffer, end, style, left: end - start }, buffer[start] as number, start + 1, builder)
  } catch (error) {
    if (error instanceof RangeError)
      throw new ToolError('INPUT', 'a JSON value in the log is damaged', { cause: error })
    throw error
  }
}

/** A JSON value that is being read. */
interface Document {
  readonly buffer: Buffer
  readonly end: number
  readonly style: JsonStyle
  /** Bytes that have not been read yet: as none is read twice, values that share bytes cannot make endless text. */
  left: number
}

function take(document: Document, at: number, bytes: number): void {
  document.left -= bytes
  if (document.left < 0 || at + bytes > document.end) {
    throw new ToolError('INPUT', 'a JSON value in the log is damaged')
  }
}

const SMALL_OBJECT = 0
const LARGE_OBJECT = 1
const SMALL_ARRAY = 2
const LARGE_ARRAY = 3
const LITERAL = 4
const INT16 = 5
const UINT16 = 6
const INT32 = 7
const UINT32 = 8
const INT64 = 9
const UINT64 = 10
const DOUBLE = 11
const STRING = 12
const OPAQUE = 15

function readValue<T>(document: Document, type: number, at: number, builder: JsonBuilder<T>): T {
  switch (type) {
    case SMALL_OBJECT:
      return readContainer(document, at, false, true, builder)
    case LARGE_OBJECT:
      return readContainer(document, at, true, true, builder)
    case SMALL_ARRAY:
      return readContainer(document, at, false, false, builder)
    case LARGE_ARRAY:
      return readContainer(document, at, true, false, builder)
    default:
      return builder.scalar(scalarText(document, type, at))
  }
}

function scalarText(document: Document, type: number, at: number): string {
  const { buffer } = document
  switch (type) {
    case LITERAL:
      return literalText(buffer[at] as number)
    case INT16:
      return String(buffer.readInt16LE(at))
    case UINT16:
      return String(buffer.readUInt16LE(at))
    case INT32:
      return String(buffer.readInt32LE(at))
    case UINT32:
      return String(buffer.readUInt32LE(at))
    case INT64:
      return buffer.readBigInt64LE(at).toString()
    case UINT64:
      return buffer.readBigUInt64LE(at).toString()
    case DOUBLE:
      return document.style.double(buffer.readDoubleLE(at))
    case STRING: {
      const [length, from] = variableLength(buffer, at)
      take(document, from, length)
      return JSON.stringify(buffer.toString('utf8', from, from + length))
    }
    case OPAQUE: {
      const [length, from] = variableLength(buffer, at + 1)
      take(document, from, length)
      return document.style.opaque(buffer[at] as number, buffer, from, length)
    }
    default:
      throw new ToolError('INPUT', `a JSON value in the log has the unknown type ${type}`)
  }
}

function literalText(code: number): string {
  const text = ['null', 'true', 'false'][code]
  if (text === undefined)
    throw new ToolError('INPUT', `a JSON literal in the log has the unknown code ${code}`)
  return text
}

/** Count and size, then (objects) key entries of offset and length 2, then value entries of type 1 and offset or value. */
function readContainer<T>(
  document: Document,
  at: number,
  large: boolean,
  object: boolean,
  builder: JsonBuilder<T>
): T {
  const { buffer, end } = document
  const wide = large ? 4 : 2
  const number = (offset: number): number =>
    large ? buffer.readUInt32LE(offset) : buffer.readUInt16LE(offset)
  const count = number(at)
  const keys = at + 2 * wide
  const values = object ? keys + count * (wide + 2) : keys
  if (values + count * (1 + wide) > end)
    throw new ToolError('INPUT', 'a JSON container in the log is cut off')
  take(document, at, values - at + count * (1 + wide))
  const names: string[] = []
  const items: T[] = []
  for (let i = 0; i < count; i++) {
    const entry = values + i * (1 + wide)
    const type = buffer[entry] as number
    const inline =
      type === LITERAL || type === INT16 || type === UINT16 || (large && (type === INT32 || type === UINT32))
    items.push(readValue(document, type, inline ? entry + 1 : at + number(entry + 1), builder))
    if (object) {
      const key = keys + i * (wide + 2)
      const from = at + number(key)
      const length = buffer.readUInt16LE(key + wide)
      take(document, from, length)
      names.push(buffer.toString('utf8', from, from + length))
    }
  }
  return object ? builder.object(names, items) : builder.array(items)
}

/** Seven bits a byte, the highest bit set while more follow. */
function variableLength(buffer: Buffer, at: number): [length: number, next: number] {
  let length = 0
  for (let i = 0; i < 5; i++) {
    const byte = buffer[at + i] as number
    length += (byte & 0x7f) * 2 ** (7 * i)
    if ((byte & 0x80) === 0) return [length, at + i + 1]
  }
  throw new ToolError('INPUT', 'a length in a JSON value in the log is damaged')
}

/** As MySQL prints doubles in JSON: always with a point or an exponent; exponents for whole numbers from 1e15 on, without plus. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value))
    throw new ToolError('INPUT', `a JSON value in the log is ${value}: it is damaged`)
  if (Object.is(value, -0)) return '-0.0'
  const magnitude = Math.abs(value)
  const isLarge = magnitude >= 1e15 && Number.isInteger(value)
  if (magnitude !== 0 && (isLarge || magnitude < 1e-15)) {
    return value.toExponential().replace('e+', 'e')
  }
  // JavaScript goes over to exponents below 1e-6.
  const text = magnitude !== 0 && magnitude < 1e-6 ? plainFraction(value) : String(value)
  return text.includes('.') ? text : `${text}.0`
}

/** A number below 1 without exponent: 1.5e-7 → 0.00000015. */
function plainFraction(value: number): string {
  const [, sign, digits, fraction = '', exponent] =
    /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(value.toExponential()) ?? []
  return `${sign}0.${'0'.repeat(Number(exponent) - 1)}${digits}${fraction}`
}

/** Opaque values as SELECT shows them. */
export function opaqueText(type: number, buffer: Buffer, at: number, length: number): string {
  switch (type) {
    case ColumnType.NEWDECIMAL: {
      const precision = buffer[at] as number
      const scale = buffer[at + 1] as number
      if (precision < 1 || precision > 65 || scale > precision) {
        throw new ToolError('INPUT', `a JSON value in the log cannot be a DECIMAL(${precision},${scale})`)
      }
      const out = Buffer.allocUnsafe(decimalSize(precision, scale) * 3 + 8)
      const written = writeDecimal(out, 0, buffer, at + 2, precision, scale)
      return out.toString('latin1', 1, written - 1)
    }
    case ColumnType.DATE:
    case ColumnType.DATETIME:
    case ColumnType.TIMESTAMP:
      return packedDatetime(buffer.readBigInt64LE(at), type === ColumnType.DATE)
    case ColumnType.TIME:
      return packedTime(buffer.readBigInt64LE(at))
    default:
      // The server breaks base64 into lines of 76 characters, here too.
      return `"base64:type${type}:${buffer.toString('base64', at, at + length).replace(/.{76}(?=.)/g, '$&\\n')}"`
  }
}

const pad = (value: bigint, digits: number): string => value.toString().padStart(digits, '0')

/** 64 bits: (year · 13 + month) 17, day 5, hour 5, minute 6, second 6, microseconds 24. */
function packedDatetime(packed: bigint, dateOnly: boolean): string {
  const yearMonth = packed >> 46n
  const date = `${pad(yearMonth / 13n, 4)}-${pad(yearMonth % 13n, 2)}-${pad((packed >> 41n) & 31n, 2)}`
  return dateOnly ? `"${date}"` : `"${date} ${packedClock(packed, 31n)}"`
}

function packedTime(packed: bigint): string {
  const magnitude = packed < 0n ? -packed : packed
  return `"${packed < 0n ? '-' : ''}${packedClock(magnitude, 0x3ffn)}"`
}

function packedClock(packed: bigint, hourMask: bigint): string {
  const hour = (packed >> 36n) & hourMask
  const clock = `${pad(hour, 2)}:${pad((packed >> 30n) & 63n, 2)}:${pad((packed >> 24n) & 63n, 2)}`
  return `${clock}.${pad(packed & 0xffffffn, 6)}`
}

export const SELECT_STYLE: JsonStyle = { comma: ', ', colon: ': ', double: doubleText, opaque: opaqueText }
