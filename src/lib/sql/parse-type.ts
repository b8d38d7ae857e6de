import type { TokenStream } from './token-stream.ts'
import { BOOLEAN, DATE, DOUBLE, maxPrecision, type SqlType, STRING } from './types.ts'

/** A type as written in CREATE TABLE and CAST: `DECIMAL(10, 2)`, `TIMESTAMP(3)`, `ROW<a INT, b STRING>`. */
export function parseType(tokens: TokenStream): SqlType {
  let type = parseSimpleType(tokens)
  while (tokens.takeWords('ARRAY')) type = { kind: 'ARRAY', element: type }
  return type
}

const plainTypes: Record<string, SqlType> = {
  BOOLEAN,
  TINYINT: { kind: 'TINYINT' },
  SMALLINT: { kind: 'SMALLINT' },
  INT: { kind: 'INT' },
  INTEGER: { kind: 'INT' },
  BIGINT: { kind: 'BIGINT' },
  FLOAT: { kind: 'FLOAT' },
  DATE,
  STRING,
  BYTES: { kind: 'BYTES' }
}

function parseSimpleType(tokens: TokenStream): SqlType {
  const token = tokens.peek()
  const name = token.kind === 'word' ? token.upper : ''
  const plain = Object.hasOwn(plainTypes, name) ? plainTypes[name] : undefined
  if (plain !== undefined) {
    tokens.next()
    return plain
  }
  switch (name) {
    case 'DOUBLE':
      tokens.next()
      tokens.takeWords('PRECISION')
      return DOUBLE
    case 'DECIMAL':
    case 'DEC':
    case 'NUMERIC': {
      tokens.next()
      const [precision = 10, scale = 0] = parseNumbers(tokens, 2)
      if (precision < 1 || precision > maxPrecision)
        throw tokens.unexpected(`a precision from 1 to ${maxPrecision}`, token)
      if (scale > precision) throw tokens.unexpected('a scale not above the precision', token)
      return { kind: 'DECIMAL', precision, scale }
    }
    case 'VARCHAR':
      tokens.next()
      return withLength('STRING', tokens, false)
    case 'CHAR':
    case 'CHARACTER':
      tokens.next()
      return withLength('STRING', tokens, !tokens.takeWords('VARYING'))
    case 'VARBINARY':
      tokens.next()
      return withLength('BYTES', tokens, false)
    case 'BINARY':
      tokens.next()
      return withLength('BYTES', tokens, !tokens.takeWords('VARYING'))
    case 'TIME':
      tokens.next()
      return { kind: 'TIME', precision: parseNumbers(tokens, 1)[0] ?? 0 }
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return parseTimestamp(tokens)
    case 'ARRAY': {
      tokens.next()
      tokens.expectSymbol('<')
      const element = parseNested(tokens)
      tokens.expectSymbol('>')
      return { kind: 'ARRAY', element }
    }
    case 'MAP': {
      tokens.next()
      tokens.expectSymbol('<')
      const key = parseNested(tokens)
      tokens.expectSymbol(',')
      const value = parseNested(tokens)
      tokens.expectSymbol('>')
      return { kind: 'MAP', key, value }
    }
    case 'ROW':
      return parseRow(tokens)
    case 'MULTISET':
    case 'RAW':
    case 'VARIANT':
      throw tokens.unsupported(`the type ${name}`, token)
    default:
      throw tokens.unexpected('a type such as BIGINT, STRING, DECIMAL(10, 2), TIMESTAMP(3)')
  }
}

/** What Flink takes for the length of STRING and BYTES. */
const longest = 2 ** 31 - 1

function withLength(kind: 'STRING' | 'BYTES', tokens: TokenStream, isFixed: boolean): SqlType {
  const token = tokens.peek()
  const [length = 1] = parseNumbers(tokens, 1)
  if (length < 1 || length > longest) throw tokens.unexpected(`a length from 1 to ${longest}`, token)
  if (isFixed) return { kind, length, isFixed }
  return length === longest ? { kind } : { kind, length }
}

function parseTimestamp(tokens: TokenStream): SqlType {
  const token = tokens.next()
  const precision = parseNumbers(tokens, 1)[0] ?? 6
  if (precision > 9) throw tokens.unexpected('a precision from 0 to 9', token)
  let local = token.upper === 'TIMESTAMP_LTZ'
  if (!local && tokens.takeWords('WITH')) {
    if (!tokens.takeWords('LOCAL')) throw tokens.unsupported('TIMESTAMP WITH TIME ZONE', token)
    tokens.expectWords('TIME', 'ZONE')
    local = true
  } else if (!local && tokens.takeWords('WITHOUT')) {
    tokens.expectWords('TIME', 'ZONE')
  }
  return { kind: local ? 'TIMESTAMP_LTZ' : 'TIMESTAMP', precision }
}

function parseRow(tokens: TokenStream): SqlType {
  tokens.next()
  const close = tokens.takeSymbol('(') ? ')' : '>'
  if (close === '>') tokens.expectSymbol('<')
  const fields: { name: string; type: SqlType }[] = []
  do {
    const { name } = tokens.expectName('a field name')
    fields.push({ name, type: parseNested(tokens) })
  } while (tokens.takeSymbol(','))
  tokens.expectSymbol(close)
  return { kind: 'ROW', fields }
}

function parseNested(tokens: TokenStream): SqlType {
  const type = parseType(tokens)
  if (tokens.takeWords('NOT')) tokens.expectWords('NULL')
  else tokens.takeWords('NULL')
  return type
}

function parseNumbers(tokens: TokenStream, most: number): number[] {
  const numbers: number[] = []
  if (!tokens.takeSymbol('(')) return numbers
  do numbers.push(tokens.expectInteger('a number'))
  while (numbers.length < most && tokens.takeSymbol(','))
  tokens.expectSymbol(')')
  return numbers
}
