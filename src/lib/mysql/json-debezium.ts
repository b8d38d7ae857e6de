import { ColumnType } from './column.ts'
import { type JsonStyle, jsonText, opaqueText } from './json-binary.ts'
import { patchedJsonText } from './json-diff.ts'

/**
 * MySQL's binary JSON as the text that Debezium's stream gives (JsonStringFormatter of its binlog client): without
 * spaces, doubles beyond 10^-3 to 10^7 as their exact decimal expansion, fractions of seconds without zeros behind, bytes
 * as plain base64.
 */
export function debeziumJson(buffer: Buffer, start: number, end: number): string {
  return jsonText(buffer, start, end, STYLE)
}

/** The same after a partial update, which Debezium passes over: see `patchedJsonText`. */
export function debeziumPatchedJson(
  buffer: Buffer,
  start: number,
  end: number,
  diffs: number,
  diffsEnd: number
): string {
  return patchedJsonText(buffer, start, end, diffs, diffsEnd, STYLE)
}

const STYLE: JsonStyle = { comma: ',', colon: ':', double: doubleText, opaque: opaque }

function doubleText(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e7)) return exactText(value)
  if (Object.is(value, -0)) return '-0.0'
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

const bits = new DataView(new ArrayBuffer(8))

/** All decimal digits of a double, as many as its binary ones ask for. */
function exactText(value: number): string {
  bits.setFloat64(0, value)
  const raw = bits.getBigUint64(0)
  const sign = value < 0 ? '-' : ''
  const exponent = Number((raw >> 52n) & 0x7ffn)
  let mantissa = raw & 0xfffffffffffffn
  let shift = exponent === 0 ? -1074 : exponent - 1075
  if (exponent > 0) mantissa |= 0x10000000000000n
  while ((mantissa & 1n) === 0n && shift < 0) {
    mantissa >>= 1n
    shift++
  }
  if (shift >= 0) return `${sign}${mantissa << BigInt(shift)}`
  // m / 2^s is m · 5^s / 10^s.
  const digits = (mantissa * 5n ** BigInt(-shift)).toString().padStart(1 - shift, '0')
  return `${sign}${digits.slice(0, shift)}.${digits.slice(shift)}`
}

function opaque(type: number, buffer: Buffer, at: number, length: number): string {
  switch (type) {
    case ColumnType.NEWDECIMAL:
    case ColumnType.DATE:
      return opaqueText(type, buffer, at, length)
    case ColumnType.DATETIME:
    case ColumnType.TIMESTAMP:
    case ColumnType.TIME:
      return opaqueText(type, buffer, at, length).replace(/\.?0+"$/, '"')
    default:
      return `"${buffer.toString('base64', at, at + length)}"`
  }
}
