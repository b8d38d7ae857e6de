import type { ByteWriter } from '../stream/index.ts'
import type { Bound } from './bound.ts'
import { type ExpressionCode, jsonCode } from './codegen.ts'
import { build, PlaceCode, valuesCode } from './place-code.ts'
import type { Projection, Scan } from './plan.ts'
import type { SqlType } from './types.ts'
import type { Pieces } from './values/block-text.ts'
import { quote } from './values/text.ts'

/**
 * Functions that write output rows as bytes: the lines that `generateProject…` give as text, at a fraction of what it
 * costs to put texts together. No string is made of a value that goes from the input to the output as it is.
 */

/** Writes the output row of a place if it passes the condition. After an error a part of it may be written. */
export type WritePlace = (
  B: Buffer,
  S: Pieces,
  P: Int32Array,
  O: number,
  RS: number,
  RE: number,
  W: ByteWriter
) => void

/** The same of a row of values. */
export type WriteValues = (R: readonly unknown[], W: ByteWriter) => void

/** @param end of a row. @returns undefined for rows that are put together of whole rows */
export function generateWritePlace(
  scan: Scan,
  condition: Bound | undefined,
  projections: Projection[],
  end: '\n' | ''
): WritePlace | undefined {
  const [first] = projections
  const isWhole = projections.length === 1 && first?.kind === 'row' && first.value === undefined
  const columns = projections.filter(projection => projection.kind === 'value')
  if (!isWhole && columns.length < projections.length) return undefined
  const body = new PlaceCode(scan)
  const filter = condition === undefined ? '' : body.statement(c => `if (!${c.isTrue(condition)}) return;`)
  const output = isWhole
    ? `rt.appendBytes(W, B, RS, RE, 1);\n${end === '' ? '' : 'W.buffer[W.length++] = 10;'}`
    : body.statement(c => new RowStatements(c, value => body.bytes(value)).of(columns, end))
  return build(`return function write(B, S, P, O, RS, RE, W) {\n${body.declarations()}${filter}${output}}`)
}

/** @returns undefined for rows that are put together of whole rows */
export function generateWriteValues(
  condition: Bound | undefined,
  projections: Projection[],
  end: '\n' | ''
): WriteValues | undefined {
  const columns = projections.filter(projection => projection.kind === 'value')
  if (columns.length < projections.length) return undefined
  const code = valuesCode()
  const filter = condition === undefined ? '' : `if (!${code.isTrue(condition)}) return;\n`
  const output = new RowStatements(code, () => undefined).of(columns, end)
  return build(`return function write(R, W) {\n${code.declarations()}${filter}${output}}`)
}

type Column = Projection & { kind: 'value' }

/**
 * Statements that write a row: `b` are the bytes of the writer `W`, `v` the same for words, `o` the offset. Room is made
 * once for all parts of a limited size, and for a text when it is written, with what may follow it.
 */
class RowStatements {
  private readonly code: ExpressionCode
  private readonly bytes: (value: Bound) => string | undefined
  private literal = ''
  private room = 0
  private readonly statements: string[] = []

  /** @param bytes JavaScript for `bytes, start, end` of a value that is written as it stands */
  constructor(code: ExpressionCode, bytes: (value: Bound) => string | undefined) {
    this.code = code
    this.bytes = bytes
  }

  of(columns: Column[], end: string): string {
    for (const [i, { name, value }] of columns.entries()) {
      this.literal += `${i === 0 ? '{' : ','}${quote(name)}:`
      this.write(value, i)
    }
    this.literal += `}${end}`
    this.writeLiteral()
    return `const room = ${this.room};
W.ensure(room);
let b = W.buffer, v = W.view, o = W.length;
${this.statements.join('\n')}
W.length = o;
`
  }

  private write(value: Bound, i: number): void {
    this.writeLiteral()
    const { type } = value
    const bytes = this.bytes(value)
    const limited = bytes === undefined ? limitedCode(type, `x${i}`) : undefined
    if (limited !== undefined) {
      this.room += limited.size
      this.statements.push(`const x${i} = ${this.code.value(value)};`, `o = ${limited.code};`)
      return
    }
    const append =
      bytes !== undefined
        ? `rt.${type.kind === 'STRING' ? 'appendRawString' : 'appendRaw'}(W, ${bytes}, room);`
        : type.kind === 'STRING'
          ? `rt.appendString(W, ${this.code.value(value)}, room);`
          : `const x${i} = ${this.code.value(value)};\nrt.appendText(W, ${jsonCode(type, `x${i}`)}, room);`
    this.statements.push(`W.length = o;\n${append}\nb = W.buffer; v = W.view; o = W.length;`)
  }

  /** The text between two values: by words, the last of which may go over what comes next. */
  private writeLiteral(): void {
    const bytes = Buffer.from(this.literal, 'latin1')
    const words = Buffer.alloc(Math.ceil(bytes.length / 4) * 4)
    bytes.copy(words)
    for (let at = 0; at < words.length; at += 4)
      this.statements.push(`v.setInt32(o + ${at}, ${words.readInt32LE(at)}, true);`)
    this.statements.push(`o += ${bytes.length};`)
    this.room += words.length
    this.literal = ''
  }
}

/** JavaScript that writes a value of at most `size` bytes into `b` at `o`; undefined for types without a limit. */
function limitedCode(type: SqlType, name: string): { code: string; size: number } | undefined {
  switch (type.kind) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
    case 'INTERVAL_DAY':
    case 'INTERVAL_MONTH':
      return { code: `rt.putInteger(b, o, ${name})`, size: 24 }
    case 'BOOLEAN':
      return { code: `rt.putAscii(b, o, String(${name}))`, size: 5 }
    case 'DECIMAL':
      return { code: `rt.putDecimal(b, o, ${name}, ${type.scale})`, size: 48 }
    default:
      return undefined
  }
}
