import { DdlError, type Token } from './lexer.ts'
import { splitAtCommas, type TokenReader } from './token-reader.ts'

/** A column's type as it is written, before it is known which character set it is in. */
export interface WrittenType {
  /** As information_schema's DATA_TYPE, though `char`, `varchar` and `text` may turn out to be binary. */
  readonly type: string
  readonly length?: number
  readonly scale?: number
  readonly labels?: readonly Label[]
  /** What the type itself says: `utf8` of NATIONAL, `binary` of BYTE. */
  readonly charset?: string
  readonly unsigned?: true
  readonly notNull?: true
  readonly autoIncrement?: true
  readonly unique?: true
}

/** A label as text, or as the bytes of its column's character set. */
export type Label = { readonly text: string } | { readonly bytes: Buffer }

/** Types that are one word, with what information_schema calls them. */
const SIMPLE: Readonly<Record<string, string>> = {
  BIT: 'bit',
  TINYINT: 'tinyint',
  INT1: 'tinyint',
  SMALLINT: 'smallint',
  INT2: 'smallint',
  MEDIUMINT: 'mediumint',
  MIDDLEINT: 'mediumint',
  INT3: 'mediumint',
  INT: 'int',
  INTEGER: 'int',
  INT4: 'int',
  BIGINT: 'bigint',
  INT8: 'bigint',
  DECIMAL: 'decimal',
  DEC: 'decimal',
  NUMERIC: 'decimal',
  FIXED: 'decimal',
  FLOAT4: 'float',
  FLOAT8: 'double',
  DATE: 'date',
  TIME: 'time',
  DATETIME: 'datetime',
  TIMESTAMP: 'timestamp',
  YEAR: 'year',
  BINARY: 'binary',
  VARBINARY: 'varbinary',
  TINYTEXT: 'tinytext',
  TEXT: 'text',
  MEDIUMTEXT: 'mediumtext',
  LONGTEXT: 'longtext',
  TINYBLOB: 'tinyblob',
  BLOB: 'blob',
  MEDIUMBLOB: 'mediumblob',
  LONGBLOB: 'longblob',
  JSON: 'json',
  VECTOR: 'vector',
  GEOMETRY: 'geometry',
  POINT: 'point',
  LINESTRING: 'linestring',
  POLYGON: 'polygon',
  MULTIPOINT: 'multipoint',
  MULTILINESTRING: 'multilinestring',
  MULTIPOLYGON: 'multipolygon',
  GEOMETRYCOLLECTION: 'geometrycollection',
  GEOMCOLLECTION: 'geomcollection',
  UUID: 'uuid',
  INET4: 'inet4',
  INET6: 'inet6'
}

/** @throws DdlError for a type that is not known */
export function readType(reader: TokenReader): WrittenType {
  const { dialect } = reader
  const word = reader.take().word
  switch (word) {
    case 'BOOL':
    case 'BOOLEAN':
      return { type: 'tinyint', length: 1 }
    case 'SERIAL':
      return { type: 'bigint', unsigned: true, notNull: true, autoIncrement: true, unique: true }
    case 'FLOAT':
      return readFloat(reader)
    case 'DOUBLE':
      reader.takes('PRECISION')
      return { type: 'double', ...readNumbers(reader) }
    case 'REAL':
      return { type: dialect.realIsFloat ? 'float' : 'double', ...readNumbers(reader) }
    case 'CHAR':
    case 'CHARACTER':
      return { type: reader.takes('VARYING') ? 'varchar' : 'char', ...readNumbers(reader) }
    case 'VARCHAR':
    case 'VARCHARACTER':
      return { type: 'varchar', ...readNumbers(reader) }
    case 'NCHAR':
      return national(reader.takesOne('VARYING', 'VARCHAR', 'VARCHARACTER') ? 'varchar' : 'char', reader)
    case 'NVARCHAR':
      return national('varchar', reader)
    case 'NATIONAL':
      return readNational(reader)
    case 'LONG':
      return readLong(reader)
    case 'ENUM':
    case 'SET':
      return { type: word.toLowerCase(), labels: readLabels(reader) }
    default: {
      const oracle = dialect.oracle ? readOracle(word, reader) : null
      if (oracle !== null) return oracle
      const type = Object.hasOwn(SIMPLE, word) ? SIMPLE[word] : undefined
      if (type === undefined) throw new DdlError(`the type ${word} is not known`)
      return { type, ...readNumbers(reader) }
    }
  }
}

/** FLOAT(p) says how many bits are wanted, FLOAT(m,d) how many digits. */
function readFloat(reader: TokenReader): WrittenType {
  const { length, scale } = readNumbers(reader)
  if (length === undefined) return { type: 'float' }
  if (scale !== undefined) return { type: 'float', length, scale }
  return { type: length > 24 ? 'double' : 'float' }
}

function readNational(reader: TokenReader): WrittenType {
  const isVarchar = reader.takesOne('VARCHAR', 'VARCHARACTER')
  if (!isVarchar && !reader.takesOne('CHAR', 'CHARACTER'))
    throw new DdlError('NATIONAL is followed by no type')
  return national(isVarchar || reader.takes('VARYING') ? 'varchar' : 'char', reader)
}

function national(type: string, reader: TokenReader): WrittenType {
  return { type, ...readNumbers(reader), charset: 'utf8' }
}

/** LONG [VARCHAR | CHAR VARYING | VARBINARY] */
function readLong(reader: TokenReader): WrittenType {
  if (reader.takes('VARBINARY')) return { type: 'mediumblob' }
  if (!reader.takes('CHAR', 'VARYING') && !reader.takes('CHARACTER', 'VARYING'))
    reader.takesOne('VARCHAR', 'VARCHARACTER')
  return { type: 'mediumtext' }
}

/** Source: MariaDB's manual, sql_mode=ORACLE. */
function readOracle(word: string, reader: TokenReader): WrittenType | null {
  switch (word) {
    case 'VARCHAR2':
      return { type: 'varchar', ...readNumbers(reader) }
    case 'RAW':
      return { type: 'varbinary', ...readNumbers(reader) }
    case 'CLOB':
      return { type: 'longtext' }
    case 'BLOB':
      return { type: 'longblob' }
    case 'DATE':
      return { type: 'datetime' }
    case 'NUMBER': {
      const numbers = readNumbers(reader)
      return { type: numbers.length === undefined ? 'double' : 'decimal', ...numbers }
    }
    default:
      return null
  }
}

function readNumbers(reader: TokenReader): { length?: number; scale?: number } {
  if (!reader.seesSymbol('(')) return {}
  const [length, scale] = splitAtCommas(reader.inParentheses()).map(numberOf)
  return { ...(length === undefined ? {} : { length }), ...(scale === undefined ? {} : { scale }) }
}

function numberOf(tokens: readonly Token[]): number {
  const [token] = tokens
  if (token?.kind !== 'number') throw new DdlError(`'${token?.text ?? ''}' is not a length`)
  return Number(token.text)
}

function readLabels(reader: TokenReader): Label[] {
  if (!reader.seesSymbol('(')) throw new DdlError('the labels are missing')
  return splitAtCommas(reader.inParentheses()).map(tokens => {
    // An introducer only says what the bytes of the statement are, and those have been read.
    const token = tokens.at(-1)
    if (token?.kind === 'string') return { text: token.text }
    if (token?.kind === 'bytes') return { bytes: Buffer.from(token.text, 'latin1') }
    throw new DdlError(`'${token?.text ?? ''}' is not a label`)
  })
}
