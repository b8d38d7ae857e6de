import { ToolError } from '../cli/index.ts'
import type { ByteWriter } from '../stream/index.ts'
import { isUtf8Charset } from './charsets.ts'
import { type Column, ColumnType, type Table } from './column.ts'
import { ColumnLoop } from './column-loop.ts'
import { debeziumValue } from './debezium-code.ts'
import * as encode from './encode.ts'
import * as debezium from './encode-debezium.ts'
import { writeGeometry } from './geometry.ts'
import { jsonText } from './json-binary.ts'
import { debeziumJson, debeziumPatchedJson } from './json-debezium.ts'
import { patchedJsonText } from './json-diff.ts'
import { type Mask, maskValue, type Treatment } from './mask.ts'
import { writeVector } from './vector.ts'

/**
 * Reads one row image (null bits, then the values of the columns that are there) at `at` and writes it as a JSON
 * object. Returns the offset behind the image.
 */
export type DecodeRow = (buffer: Buffer, at: number, out: ByteWriter) => number

export interface RowDecoder {
  readonly decode: DecodeRow
  /** Where the values of the primary key's columns lay in the last image: start and end for each; -1 when absent. */
  readonly keySpans: Int32Array
  /** The images lack columns that would be written. */
  readonly isPartial: boolean
}

/** The images of an event with partial JSON updates, which have to be read in pairs. */
export interface PartialJson {
  readonly image: 'before' | 'after'
  /** Where the document of each JSON column lies in the last image before: start and end; -1 when there is none. */
  readonly documents: Int32Array
}

/**
 * Makes a decoder for rows of a table by generating a function with one straight piece of code a column: no
 * interpretation of types, no object and no string on the way from log to JSON.
 *
 * @param present for images that lack columns: whether each column is there. Absent columns are left out, not null.
 * @param partial for one of the images of a partial update
 * @throws ToolError DATA for a column that cannot be decoded
 */
export function compileRowDecoder(
  table: Table,
  present?: readonly boolean[],
  partial?: PartialJson
): RowDecoder {
  const keySpans = new Int32Array(table.key.length * 2).fill(-1)
  const code: string[] = []
  const literals = new Literals()
  const masks: Mask[] = []
  const patches = partial?.image === 'after'
  let bound = 64
  let slot = 0
  let written = 0
  const columns = table.columns.map((column, i) => ({ column, i })).filter(({ i }) => present?.[i] ?? true)
  const loop = partial === undefined && columns.length > MOST_STRAIGHT ? new ColumnLoop() : null
  for (const { column, i } of columns) {
    const document = partial === undefined || column.type !== ColumnType.JSON ? -1 : documentIndex(table, i)
    const key = `${patches ? '' : written === 0 ? '{' : ','}${JSON.stringify(column.name)}:`
    const raw =
      partial === undefined || document < 0
        ? encodedValue(column, `${table.database}.${table.name}`, table.debezium === true)
        : documentCode(column, partial.image, document, table.debezium === true)
    const value = treated(raw, column.treatment, masks)
    if (column.treatment === 'drop') {
      if (loop === null)
        code.push(`if ((buf[at + ${slot >> 3}] & ${1 << (slot & 7)}) === 0) { ${value.code} }`)
      else loop.add(value.code, null, -1)
      bound += value.bound
      slot++
      continue
    }
    const keyAt = table.key.indexOf(i)
    const track = keyAt >= 0
    if (loop !== null) {
      loop.add(value.code, literals.place(key), keyAt)
      bound += Buffer.byteLength(key) + 8 + value.bound
      slot++
      written++
      continue
    }
    const columnCode = [
      literals.write(key),
      `if ((buf[at + ${slot >> 3}] & ${1 << (slot & 7)}) !== 0) {`,
      track ? `spans[${keyAt * 2}] = spans[${keyAt * 2 + 1}] = p;` : '',
      document >= 0 && !patches ? `documents[${document * 2}] = -1;` : '',
      literals.write('null'),
      '} else {',
      track ? `spans[${keyAt * 2}] = p;` : '',
      value.code,
      track ? `spans[${keyAt * 2 + 1}] = p;` : '',
      '}'
    ]
    if (patches) columnCode.push('out[o++] = 44;')
    if (patches && document >= 0 && !isConstant(column.treatment)) {
      // What a document has become cannot be told without the document: the column is absent.
      const unknown = `${isPatched(document)} && documents[${document * 2}] < 0`
      code.push(`if (${unknown}) { ${raw.skip} } else { ${columnCode.join('\n')} }`)
    } else code.push(columnCode.join('\n'))
    bound += Buffer.byteLength(key) + 8 + value.bound
    slot++
    written++
  }
  const documentCount = table.columns.filter(({ type }) => type === ColumnType.JSON).length
  // The bits of partial updates stand before the null bits, in images after an update only.
  const start = `
    const bits = at + 1, options = buf[at];
    if (options > 1) h.badOptions(options);
    at += options === 1 ? ${1 + ((documentCount + 7) >> 3)} : 1;`
  const body = `
    ${patches ? start : ''}
    w.ensure(${bound});
    let out = w.buffer, v = w.view, o = w.length, p = at + ${(columns.length + 7) >> 3}, n = 0;
    ${patches ? 'out[o++] = 123;' : ''}
    ${loop === null ? code.join('\n') : loop.body}
    ${patches ? 'if (out[o - 1] === 44) o--;' : written === 0 ? 'out[o++] = 123;' : ''}
    out[o++] = 125;
    w.length = o;
    return p;`
  const source = `${loop?.functions ?? ''} return (buf, at, w) => {${body}}`.replaceAll(
    'BOUND',
    String(bound)
  )
  const make = new Function('h', 'L', 'spans', 'masks', 'documents', source) as (
    helpers: typeof HELPERS,
    literals: Uint8Array,
    spans: Int32Array,
    masks: readonly Mask[],
    documents: Int32Array | undefined
  ) => DecodeRow
  return {
    decode: make(HELPERS, literals.bytes(), keySpans, masks, partial?.documents),
    keySpans,
    isPartial: table.columns.some(({ treatment }, i) => present?.[i] === false && treatment !== 'drop')
  }
}

/** Rows of more columns are read by a loop over them. */
const MOST_STRAIGHT = 64

/** The how manieth of the table's JSON columns one is. */
function documentIndex(table: Table, column: number): number {
  return table.columns.slice(0, column).filter(({ type }) => type === ColumnType.JSON).length
}

/** Code that tells whether a JSON column of an image after an update has diffs in the place of its value. */
function isPatched(document: number): string {
  return `options === 1 && (buf[bits + ${document >> 3}] & ${1 << (document & 7)}) !== 0`
}

function isConstant(treatment: Treatment): boolean {
  return typeof treatment === 'object' && treatment.isConstant
}

/** A JSON column of a partial update: the image before it notes where the document lies, the one after it has diffs. */
function documentCode(
  { meta }: Column,
  image: PartialJson['image'],
  document: number,
  asDebezium: boolean
): ValueCode {
  const [start, end] = [`documents[${document * 2}]`, `documents[${document * 2 + 1}]`]
  const whole = asDebezium ? 'h.debeziumJson(buf, p, p + n)' : 'h.jsonText(buf, p, p + n)'
  const written = (text: string): string => (asDebezium ? `h.writeText(w, ${text})` : `w.text(${text})`)
  if (image === 'before') return grown(meta, `${start} = p; ${end} = p + n; ${written(whole)}`)
  const patched = `h.${asDebezium ? 'debeziumPatchedJson' : 'patchedJsonText'}(buf, ${start}, ${end}, p, p + n)`
  return grown(meta, written(`${isPatched(document)} ? ${patched} : ${whole}`))
}

/** What comes of a column that is dropped or masked; for all others the code stays as it is. */
function treated(value: ValueCode, treatment: Treatment, masks: Mask[]): ValueCode {
  if (treatment === undefined) return value
  const { skip, bound } = value
  if (treatment === 'drop') {
    return skip === undefined
      ? { code: `{ const from = o; ${value.code} o = from; }`, bound }
      : { code: skip, bound: 0 }
  }
  masks.push(treatment)
  const code =
    treatment.isConstant && skip !== undefined ? `const from = o; ${skip}` : `const from = o; ${value.code}`
  return { code: `{ ${code} ${throughWriter(`h.maskValue(w, from, masks[${masks.length - 1}])`)} }`, bound }
}

const HELPERS = {
  ...encode,
  ...debezium,
  jsonText,
  patchedJsonText,
  debeziumJson,
  debeziumPatchedJson,
  maskValue,
  writeVector,
  writeGeometry,
  copyLiteral(out: Buffer, o: number, literals: Uint8Array, start: number, end: number): number {
    for (let i = start; i < end; i++) out[o++] = literals[i] as number
    return o
  },
  badLabel(kind: string, column: string, value: number): never {
    throw new ToolError('DATA', `column ${column}: ${kind} value ${value} has no label`, {
      hint: 'the table changed since the row was written; SET GLOBAL binlog_row_metadata=FULL lets the log tell its own columns'
    })
  },
  badOptions(options: number): never {
    throw new ToolError('INPUT', `value options ${options} of a row are not known`)
  },
  cutOff(): never {
    throw new ToolError('INPUT', 'a row is longer than its event: the log is damaged')
  },
  unsupported(column: string, type: number): never {
    throw new ToolError('DATA', `column ${column}: type ${type} is not supported yet`, {
      hint: 'leave the table out with --tables'
    })
  }
}

/** Constant text of the generated code. For the loop over very many columns it stands in one array. */
class Literals {
  #parts: Buffer[] = []
  #length = 0

  /** Code that writes the text in words of four bytes, the last of which may cover some of the one before. */
  write(text: string): string {
    const bytes = Buffer.from(text)
    if (bytes.length < 4) return [...bytes].map(byte => `out[o++] = ${byte};`).join('')
    const words: string[] = []
    for (let at = 0; at < bytes.length; at += 4) {
      const from = Math.min(at, bytes.length - 4)
      words.push(`v.setInt32(o + ${from}, ${bytes.readInt32LE(from)}, true);`)
    }
    return `${words.join(' ')} o += ${bytes.length};`
  }

  /** Where the text stands among the constants. */
  place(text: string): [start: number, end: number] {
    const bytes = Buffer.from(text)
    const start = this.#length
    this.#parts.push(bytes)
    this.#length += bytes.length
    return [start, this.#length]
  }

  bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts))
  }
}

/** Code that writes the value at `p` to `out` at `o` and moves both; `bound` is the most bytes it writes unasked. */
interface ValueCode {
  readonly code: string
  readonly bound: number
  /** Code that only moves `p` past the value. */
  readonly skip?: string
}

function encodedValue(column: Column, table: string, asDebezium: boolean): ValueCode {
  const value = asDebezium ? debeziumValue(column) : null
  if (value === null) return valueCode(column, table)
  return 'size' in value ? fixed(value.call, value.size, value.bound) : grown(value.lengthBytes, value.call)
}

function valueCode(column: Column, table: string): ValueCode {
  const { meta, unsigned } = column
  switch (column.type) {
    case ColumnType.TINY:
      return fixed(
        unsigned ? 'h.writeUint(out, o, buf[p])' : 'h.writeInt(out, o, (buf[p] << 24) >> 24)',
        1,
        4
      )
    case ColumnType.SHORT:
      return fixed(
        unsigned ? 'h.writeUint(out, o, buf.readUInt16LE(p))' : 'h.writeInt(out, o, buf.readInt16LE(p))',
        2,
        6
      )
    case ColumnType.INT24:
      return fixed(
        unsigned ? 'h.writeUint(out, o, buf.readUIntLE(p, 3))' : 'h.writeInt(out, o, buf.readIntLE(p, 3))',
        3,
        9
      )
    case ColumnType.LONG:
      return fixed(
        unsigned ? 'h.writeUint(out, o, buf.readUInt32LE(p))' : 'h.writeInt(out, o, buf.readInt32LE(p))',
        4,
        11
      )
    case ColumnType.LONGLONG:
      return fixed(unsigned ? 'h.writeUint64(out, o, buf, p)' : 'h.writeInt64(out, o, buf, p)', 8, 22)
    case ColumnType.FLOAT:
      return fixed('h.writeFloat(out, o, buf.readFloatLE(p))', 4, 32)
    case ColumnType.DOUBLE:
      return fixed('h.writeDouble(out, o, buf.readDoubleLE(p))', 8, 32)
    case ColumnType.NEWDECIMAL: {
      const precision = meta >> 8
      const scale = meta & 255
      const write = encode.isShortDecimal(precision, scale)
        ? `h.writeShortDecimal(out, o, buf, p, ${encode.decimalSize(precision - scale, 0)}, ${scale})`
        : `h.writeDecimal(out, o, buf, p, ${precision}, ${scale})`
      return fixed(write, encode.decimalSize(precision, scale), 80)
    }
    case ColumnType.YEAR:
      return fixed('h.writeDigits(out, o, buf[p] === 0 ? 0 : 1900 + buf[p], buf[p] === 0 ? 1 : 4)', 1, 4)
    case ColumnType.DATE:
      return fixed('h.writeDateValue(out, o, buf, p)', 3, 12)
    case ColumnType.DATETIME2:
      return fixed(`h.writeDatetime2(out, o, buf, p, ${meta})`, 5 + encode.fractionSize(meta), 32)
    case ColumnType.TIMESTAMP2:
      return fixed(`h.writeTimestamp2(out, o, buf, p, ${meta})`, 4 + encode.fractionSize(meta), 32)
    case ColumnType.TIME2:
      return fixed(`h.writeTime2(out, o, buf, p, ${meta})`, 3 + encode.fractionSize(meta), 24)
    case ColumnType.DATETIME:
      return fixed('h.writeOldDatetime(out, o, buf, p)', 8, 24)
    case ColumnType.TIMESTAMP:
      return fixed('h.writeTimestamp(out, o, buf.readUInt32LE(p), 0, 0)', 4, 24)
    case ColumnType.TIME:
      return fixed('h.writeOldTime(out, o, buf, p)', 3, 16)
    case ColumnType.BIT: {
      const bits = (meta >> 8) * 8 + (meta & 255)
      const size = (bits + 7) >> 3
      return fixed(`h.writeBit(out, o, buf, p, p + ${size}, ${bits})`, size, 24)
    }
    case ColumnType.ENUM:
      return enumCode(column)
    case ColumnType.SET:
      return setCode(column)
    case ColumnType.STRING:
      return bytesCode(column, meta > 255 ? 2 : 1, meta)
    case ColumnType.VARCHAR:
    case ColumnType.VAR_STRING:
      return bytesCode(column, meta > 255 ? 2 : 1, meta)
    case ColumnType.BLOB:
      return bytesCode(column, meta, Number.POSITIVE_INFINITY)
    case ColumnType.JSON:
      return grown(meta, 'w.text(h.jsonText(buf, p, p + n))')
    case ColumnType.VECTOR:
      return grown(meta, 'h.writeVector(w, buf, p, p + n)')
    case ColumnType.GEOMETRY:
      return grown(meta, 'h.writeGeometry(w, buf, p, p + n)')
    default:
      return {
        code: `h.unsupported(${JSON.stringify(`${table}.${column.name}`)}, ${column.type});`,
        bound: 0
      }
  }
}

function fixed(expression: string, size: number, bound: number): ValueCode {
  return { code: `o = ${expression}; p += ${size};`, bound, skip: `p += ${size};` }
}

/** Nothing is allocated for a length that the buffer does not have. */
function readLength(bytes: number): string {
  return `n = ${lengthAt(bytes)}; p += ${bytes}; if (!(p + n <= buf.length)) h.cutOff();`
}

function lengthAt(bytes: number): string {
  switch (bytes) {
    case 1:
      return 'buf[p]'
    case 2:
      return 'buf[p] | (buf[p + 1] << 8)'
    case 3:
      return 'buf.readUIntLE(p, 3)'
    default:
      return 'buf.readUInt32LE(p)'
  }
}

/** A value written through the byte writer, after which the rest of the row needs room again. */
function grown(lengthBytes: number, statement: string): ValueCode {
  const length = readLength(lengthBytes)
  return { code: `${length} ${throughWriter(statement)} p += n;`, bound: 0, skip: `${length} p += n;` }
}

function throughWriter(statement: string): string {
  return `w.length = o; ${statement}; w.ensure(BOUND); out = w.buffer; v = w.view; o = w.length;`
}

/** Character and binary columns with a length of `lengthBytes` in front. */
function bytesCode(column: Column, lengthBytes: number, longest: number): ValueCode {
  const length = readLength(lengthBytes)
  return { ...textCode(column, length, longest), skip: `${length} p += n;` }
}

function textCode(column: Column, length: string, longest: number): ValueCode {
  if (column.charset === 'binary' || column.charset === null) {
    if (column.type === ColumnType.STRING) {
      return {
        code: `${length} ${throughWriter(`h.writeBinary(w, buf, p, p + n, ${longest})`)} p += n;`,
        bound: 0
      }
    }
    return { code: `${length} ${throughWriter('h.writeBase64(w, buf, p, p + n)')} p += n;`, bound: 0 }
  }
  if (!isUtf8Charset(column.charset)) {
    const charset = JSON.stringify(column.charset)
    return {
      code: `${length} ${throughWriter(`h.writeCharset(w, ${charset}, buf, p, p + n)`)} p += n;`,
      bound: 0
    }
  }
  const short = 'o = h.writeUtf8(out, o, buf, p, p + n);'
  if (longest <= encode.SHORT_VALUE) return { code: `${length} ${short} p += n;`, bound: longest * 6 + 2 }
  const long = throughWriter('h.writeLongUtf8(w, buf, p, p + n)')
  return {
    code: `${length} if (n <= ${encode.SHORT_VALUE}) { ${short} } else { ${long} } p += n;`,
    bound: encode.SHORT_VALUE * 6 + 2
  }
}

function enumCode(column: Column): ValueCode {
  const labels = JSON.stringify(['', ...(column.labels ?? [])])
  const name = JSON.stringify(column.name)
  const size = column.meta === 2 ? 2 : 1
  const code = `n = ${lengthAt(size)}; {
    const label = ${labels}[n];
    if (label === undefined) h.badLabel('ENUM', ${name}, n);
    ${throughWriter('h.writeText(w, label)')}
  } p += ${size};`
  return { code, bound: 0 }
}

/** A bit for each label, little-endian. */
function setCode(column: Column): ValueCode {
  const labels = JSON.stringify(column.labels ?? [])
  const name = JSON.stringify(column.name)
  const size = column.meta
  const code = `{
    const labels = ${labels}, chosen = [];
    for (let bit = 0; bit < ${size * 8}; bit++) {
      if ((buf[p + (bit >> 3)] & (1 << (bit & 7))) === 0) continue;
      if (labels[bit] === undefined) h.badLabel('SET', ${name}, bit + 1);
      chosen.push(labels[bit]);
    }
    ${throughWriter("h.writeText(w, chosen.join(','))")}
  } p += ${size};`
  return { code, bound: 0 }
}
