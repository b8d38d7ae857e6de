import { ToolError } from '../../cli/index.ts'
import { charsetDecoder } from '../charsets.ts'
import { bytesPerCharacter, resolveCharset } from './charset.ts'
import type { ColumnDefinition } from './column-definition.ts'
import type { Label } from './column-type.ts'
import type { Dialect } from './dialect.ts'
import { DdlError } from './lexer.ts'
import type { ColumnModel } from './model.ts'

const TEXTS: readonly (readonly [type: string, most: number])[] = [
  ['tiny', 2 ** 8 - 1],
  ['', 2 ** 16 - 1],
  ['medium', 2 ** 24 - 1],
  ['long', 2 ** 32 - 1]
]
const MOST_VARCHAR_BYTES = 65_535
const BINARY_TYPES: Readonly<Record<string, string>> = { char: 'binary', varchar: 'varbinary' }
const HAS_TEXT = /^(?:char|varchar|enum|set|(?:tiny|medium|long)?text)$/

export interface Surroundings {
  readonly dialect: Dialect
  /** The table's; null when it is not known. */
  readonly charset: string | null
  /** A TIMESTAMP is NULL unless it says otherwise (explicit_defaults_for_timestamp). */
  readonly nullableTimestamps: boolean
}

/** The column that the server makes of a definition. @throws DdlError where that depends on what is not known */
export function resolveColumn(definition: ColumnDefinition, around: Surroundings): ColumnModel {
  const { name, generated, autoIncrement } = definition
  const { type, charset, length, scale } = resolveType(definition, around)
  const nullable =
    definition.nullable ??
    !(
      definition.isPrimaryKey ||
      autoIncrement ||
      (type === 'timestamp' && !around.nullableTimestamps && !generated)
    )
  const labels = definition.type.labels?.map(label => labelText(label, charset))
  return {
    name,
    type,
    ...(length === undefined ? {} : { length }),
    ...(scale === undefined ? {} : { scale }),
    ...(definition.unsigned ? { unsigned: true } : {}),
    ...(definition.zerofill ? { zerofill: true } : {}),
    ...(charset === null ? {} : { charset }),
    ...(labels === undefined ? {} : { labels }),
    ...(nullable && !autoIncrement ? { nullable: true } : {}),
    ...(generated ? { generated: true } : {}),
    ...(autoIncrement ? { autoIncrement: true } : {}),
    ...(definition.rowTime ? { rowTime: true } : {})
  }
}

interface ResolvedType {
  readonly type: string
  readonly charset: string | null
  readonly length?: number | undefined
  readonly scale?: number | undefined
}

function resolveType(definition: ColumnDefinition, around: Surroundings): ResolvedType {
  const { type, length, scale } = definition.type
  const { dialect } = around
  if (HAS_TEXT.test(type)) return resolveText(definition, around)
  switch (type) {
    case 'bit':
    case 'binary':
      return { type, charset: null, length: length ?? 1 }
    case 'decimal':
      return { type, charset: null, length: length || 10, scale: scale ?? 0 }
    case 'year':
    case 'json':
      return dialect.isMariadb && type === 'json'
        ? { type: 'longtext', charset: resolveCharset(definition, null) ?? 'utf8mb4' }
        : { type, charset: null }
    case 'time':
    case 'datetime':
    case 'timestamp':
      return { type, charset: null, length: length === 0 ? undefined : length }
    case 'blob':
      return { type: length === undefined ? type : `${sizeFor(length)}blob`, charset: null }
    case 'varbinary':
      if (length !== undefined && length > MOST_VARCHAR_BYTES)
        return { type: `${sizeFor(length)}blob`, charset: null }
      return { type, charset: null, length }
    case 'geometrycollection':
    case 'geomcollection':
      return {
        type: dialect.isMariadb || dialect.version < 80_000 ? 'geometrycollection' : 'geomcollection',
        charset: null
      }
    case 'vector':
      return { type, charset: null, length: length ?? 2048 }
    default:
      return { type, charset: null, length, scale }
  }
}

/** Text in the character set `binary` is another type, but for ENUM and SET. */
function resolveText(definition: ColumnDefinition, around: Surroundings): ResolvedType {
  const { type, length } = definition.type
  const charset = resolveCharset(definition, around.charset)
  if (charset === null) throw new DdlError(`the character set of ${definition.name} is not known`)
  if (type === 'enum' || type === 'set') return { type, charset }
  const isBinary = charset === 'binary'
  const own = isBinary ? null : charset
  if (type.endsWith('text')) {
    const sized = type === 'text' && length ? `${sizeFor(length * bytesPerCharacter(charset))}text` : type
    return { type: isBinary ? sized.replace('text', 'blob') : sized, charset: own }
  }
  if (type === 'varchar' && (length ?? 1) * bytesPerCharacter(charset) > MOST_VARCHAR_BYTES) {
    const size = sizeFor((length ?? 1) * bytesPerCharacter(charset))
    return { type: `${size}${isBinary ? 'blob' : 'text'}`, charset: own }
  }
  return { type: isBinary ? (BINARY_TYPES[type] ?? type) : type, charset: own, length: length ?? 1 }
}

function sizeFor(bytes: number): string {
  return TEXTS.find(([, most]) => bytes <= most)?.[0] ?? 'long'
}

/** The server cuts the spaces at the end of a label. */
function labelText(label: Label, charset: string | null): string {
  if ('text' in label) return charset === 'binary' ? label.text : label.text.replace(/ +$/, '')
  if (charset === null || charset === 'binary') return label.bytes.toString('latin1')
  try {
    return charsetDecoder(charset)(label.bytes).replace(/ +$/, '')
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    throw new DdlError(error.message)
  }
}

/** A text column in another character set: CONVERT TO makes room for what its values may need there. */
export function convertColumn(column: ColumnModel, charset: string): ColumnModel {
  if (column.charset === undefined || column.charset === 'binary') return column
  if (!HAS_TEXT.test(column.type)) return column
  if (charset === 'binary') return { ...toBinary(column) }
  const grows = bytesPerCharacter(charset) > bytesPerCharacter(column.charset)
  if (grows && column.type.endsWith('text')) {
    const at = TEXTS.findIndex(([size]) => `${size}text` === column.type)
    const most = TEXTS[at]?.[1] ?? 0
    const size = sizeFor(most * bytesPerCharacter(charset))
    return { ...column, type: `${size}text`, charset }
  }
  return { ...column, charset }
}

function toBinary(column: ColumnModel): ColumnModel {
  if (column.type === 'enum' || column.type === 'set') return { ...column, charset: 'binary' }
  const { charset: _, ...rest } = column
  return { ...rest, type: BINARY_TYPES[column.type] ?? column.type.replace('text', 'blob') }
}
