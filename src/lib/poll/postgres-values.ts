import type { ByteWriter } from '../stream/index.ts'
import { type WriteValue, writeBase64, writeFloat, writeInteger, writeString } from './json.ts'
import { type ArrayText, parseArray } from './postgres-array.ts'

/** A type as pg_type has it. */
export interface PostgresType {
  readonly name: string
  /** The elements' type, for arrays. */
  readonly element: PostgresType | null
  /** Between the elements of an array of this type. */
  readonly delimiter: string
}

/** The most digits of a fraction of seconds, and the number of a column that declares none. */
const MOST_DIGITS = 6

/**
 * How values of a type are written, from their text in a session with DateStyle ISO, TimeZone UTC, IntervalStyle iso_8601 and
 * bytea_output hex. Types that JSON has no form for are strings as PostgreSQL prints them.
 *
 * @param modifier atttypmod: the declared precision of times; -1 without one
 */
export function valueWriter(type: PostgresType, modifier: number): WriteValue<string> {
  if (type.element !== null) return arrayWriter(type.element, modifier)
  switch (type.name) {
    case 'int2':
    case 'int4':
    case 'int8':
    case 'oid':
      return writeInteger
    case 'float4':
    case 'float8':
      return (w, text) => writeFloat(w, Number(text))
    case 'bool':
      return (w, text) => w.text(text === 't' ? 'true' : 'false')
    case 'json':
    case 'jsonb':
      return writeJson
    case 'vector':
    case 'halfvec':
      return (w, text) => w.text(text)
    case 'bytea':
      return (w, text) => writeBase64(w, Buffer.from(text.slice(2), 'hex'))
    case 'timestamp':
      return (w, text) => writeTime(w, text, modifier, '')
    case 'timestamptz':
      return (w, text) => writeTime(w, text, modifier, 'Z')
    case 'time':
      return (w, text) => writeString(w, withDigits(text, modifier))
    default:
      return writeString
  }
}

/** JSON may be kept as it was written, with line feeds between its tokens, which a line must not have. */
function writeJson(w: ByteWriter, text: string): void {
  w.text(/[\n\r]/.test(text) ? text.replace(/[\n\r]/g, ' ') : text)
}

/** `2026-11-24 10:00:00.5+00`; times that ISO 8601 has no form for (infinity, BC) stay as they are printed. */
function writeTime(w: ByteWriter, text: string, modifier: number, zone: string): void {
  const [, date, time] = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?$/.exec(text) ?? []
  if (date === undefined || time === undefined) writeString(w, text)
  else w.text(`"${date}T${withDigits(time, modifier)}${zone}"`)
}

/** PostgreSQL leaves out zeros at the end of a fraction. */
function withDigits(time: string, modifier: number): string {
  const digits = modifier < 0 ? MOST_DIGITS : modifier
  if (digits === 0) return time
  const [whole, fraction = ''] = time.split('.')
  return `${whole}.${fraction.padEnd(digits, '0')}`
}

function arrayWriter(element: PostgresType, modifier: number): WriteValue<string> {
  const write = valueWriter(element, modifier)
  const writeList = (w: ByteWriter, list: ArrayText): void => {
    w.text('[')
    list.forEach((value, i) => {
      if (i > 0) w.text(',')
      if (value === null) w.text('null')
      else if (typeof value === 'string') write(w, value)
      else writeList(w, value)
    })
    w.text(']')
  }
  return (w, text) => writeList(w, parseArray(text, element.delimiter))
}
