import { suggest } from '../cli/suggest.ts'
import type { ColumnDefinition, CreateTable, Identifier, Insert, LikePart, Statement } from './ast.ts'
import type { Span, SqlError } from './errors.ts'
import { parseExpression } from './parse-expression.ts'
import { parseCreateFunction } from './parse-function.ts'
import { parseQuery } from './parse-query.ts'
import { parseType } from './parse-type.ts'
import { TokenStream } from './token-stream.ts'

/**
 * The statements of an SQL text, separated by semicolons. Throws SqlError.
 * @param folder where paths in the text begin
 */
export function parseStatements(text: string, folder?: string): Statement[] {
  const tokens = new TokenStream(text, folder)
  const statements: Statement[] = []
  for (;;) {
    while (tokens.takeSymbol(';'));
    if (tokens.peek().kind === 'end') return statements
    if (takeStatementSet(tokens)) parseStatementSet(tokens, statements)
    else {
      const statement = parseStatement(tokens)
      if (statement !== undefined) statements.push(statement)
    }
    if (tokens.peek().kind !== 'end' && !tokens.atSymbol(';')) throw unexpectedRest(tokens)
  }
}

const takeStatementSet = (tokens: TokenStream): boolean =>
  tokens.takeWords('EXECUTE', 'STATEMENT', 'SET', 'BEGIN') || tokens.takeWords('BEGIN', 'STATEMENT', 'SET')

/** The INSERTs of a set, which run side by side: as all those of a text do here. */
function parseStatementSet(tokens: TokenStream, statements: Statement[]): void {
  while (tokens.takeSymbol(';'));
  while (!tokens.takeWords('END')) {
    const first = tokens.peek()
    tokens.expectWords('INSERT')
    statements.push(parseInsert(tokens, first))
    if (!tokens.atSymbol(';')) throw tokens.unexpected(';')
    while (tokens.takeSymbol(';'));
  }
}

/** A misspelt keyword (`SELECT a FORM t`) was taken for an alias; what is wrong is then the word before. */
function unexpectedRest(tokens: TokenStream): SqlError {
  const previous = tokens.peek(-1)
  const keyword =
    previous.kind === 'word' ? suggest(previous.text, ['FROM', 'WHERE', 'GROUP', 'HAVING']) : undefined
  if (keyword !== undefined) return tokens.unexpected(keyword, previous)
  return tokens.unexpected('; or the end of the statement')
}

/** Undefined for CREATE FUNCTION, which changes what is read after it. */
function parseStatement(tokens: TokenStream): Statement | undefined {
  const first = tokens.peek()
  if (tokens.atWords('SELECT') || tokens.atWords('WITH') || tokens.atSymbol('(')) return parseQuery(tokens)
  if (tokens.takeWords('SET')) return parseSet(tokens, first)
  if (tokens.takeWords('INSERT')) return parseInsert(tokens, first)
  if (tokens.takeWords('CREATE')) {
    tokens.takeWords('TEMPORARY')
    if (tokens.takeWords('TABLE')) return parseCreateTable(tokens, first)
    if (tokens.takeWords('VIEW')) return parseCreateView(tokens, first)
    tokens.takeWords('SYSTEM')
    if (tokens.takeWords('FUNCTION')) {
      parseCreateFunction(tokens)
      return undefined
    }
    throw tokens.unexpected('TABLE, VIEW or FUNCTION')
  }
  if (tokens.takeWords('EXPLAIN')) {
    if (!tokens.takeWords('PLAN', 'FOR')) {
      const details = ['ESTIMATED_COST', 'CHANGELOG_MODE', 'JSON_EXECUTION_PLAN', 'PLAN_ADVICE']
      do for (const word of details) tokens.takeWords(word)
      while (tokens.takeSymbol(','))
    }
    const at = tokens.peek()
    const statement = tokens.takeWords('INSERT') ? parseInsert(tokens, at) : parseQuery(tokens)
    return { kind: 'explain', statement, start: first.start, end: statement.end }
  }
  if (['EXECUTE', 'BEGIN', 'DROP', 'ALTER', 'USE', 'SHOW'].some(word => tokens.atWords(word))) {
    throw tokens.unsupported(`the statement ${first.upper}`, first)
  }
  throw tokens.unexpected('SELECT, INSERT INTO, CREATE TABLE or CREATE VIEW')
}

/** `SET 'key' = 'value'`, with or without quotes. */
function parseSet(tokens: TokenStream, first: Span): Statement {
  const take = (): string => {
    if (tokens.peek().kind === 'string') return tokens.next().text
    let word = tokens.expectName('a setting in quotes').name
    while (tokens.atSymbol('.') || tokens.atSymbol('-')) word += tokens.next().text + tokens.next().text
    return word
  }
  const key = take()
  tokens.expectSymbol('=')
  return { kind: 'set', key, value: take(), start: first.start, end: tokens.lastEnd }
}

function parseInsert(tokens: TokenStream, first: Span): Insert {
  if (tokens.atWords('OVERWRITE')) throw tokens.unsupported('INSERT OVERWRITE', tokens.peek())
  tokens.expectWords('INTO')
  const target = tokens.expectName('a table')
  const columns = parseNameList(tokens)
  if (tokens.atWords('VALUES')) throw tokens.unsupported('VALUES', tokens.peek())
  const query = parseQuery(tokens)
  return { kind: 'insert', target, columns, query, start: first.start, end: query.end }
}

function parseCreateView(tokens: TokenStream, first: Span): Statement {
  takeIfNotExists(tokens)
  const name = tokens.expectName('a name for the view')
  const columns = parseNameList(tokens)
  tokens.expectWords('AS')
  const query = parseQuery(tokens)
  return { kind: 'createView', name, columns, query, start: first.start, end: query.end }
}

function parseCreateTable(tokens: TokenStream, first: Span): CreateTable {
  takeIfNotExists(tokens)
  const table: CreateTable = {
    kind: 'createTable',
    name: tokens.expectName('a name for the table'),
    columns: [],
    primaryKey: [],
    options: new Map(),
    start: first.start,
    end: 0
  }
  if (!tokens.atWords('LIKE')) {
    tokens.expectSymbol('(')
    do parseTableElement(tokens, table)
    while (tokens.takeSymbol(','))
    tokens.expectSymbol(')')
  }
  if (tokens.takeWords('COMMENT')) tokens.expectString('a comment')
  if (tokens.atWords('PARTITIONED')) throw tokens.unsupported('PARTITIONED BY', tokens.peek())
  if (tokens.takeWords('WITH')) parseOptions(tokens, table.options)
  if (tokens.takeWords('LIKE')) table.like = parseLike(tokens)
  table.end = tokens.lastEnd
  return table
}

const LIKE_PARTS = ['CONSTRAINTS', 'GENERATED', 'METADATA', 'OPTIONS', 'WATERMARKS'] as const

/** `LIKE table [(INCLUDING | EXCLUDING | OVERWRITING part …)]`. What is in both is the new table's. */
function parseLike(tokens: TokenStream): NonNullable<CreateTable['like']> {
  const table = tokens.expectName('a table')
  const including = new Set<LikePart>(LIKE_PARTS)
  if (tokens.takeSymbol('(')) {
    while (!tokens.takeSymbol(')')) {
      const isExcluded = tokens.takeWords('EXCLUDING')
      if (!isExcluded && !tokens.takeWords('OVERWRITING')) tokens.expectWords('INCLUDING')
      const part = tokens.takeWords('ALL') ? undefined : LIKE_PARTS.find(word => tokens.takeWords(word))
      if (part === undefined && tokens.peek(-1).upper !== 'ALL') {
        if (!tokens.takeWords('PARTITIONS') && !tokens.takeWords('DISTRIBUTION'))
          throw tokens.unexpected(`ALL, ${LIKE_PARTS.join(', ')}`)
        continue
      }
      for (const each of part === undefined ? LIKE_PARTS : [part]) {
        if (isExcluded) including.delete(each)
        else including.add(each)
      }
    }
  }
  return { table, including }
}

function parseTableElement(tokens: TokenStream, table: CreateTable): void {
  const { start } = tokens.peek()
  if (tokens.takeWords('WATERMARK', 'FOR')) {
    const column = tokens.expectName('the column of event time')
    tokens.expectWords('AS')
    const value = parseExpression(tokens)
    if (table.watermark !== undefined)
      throw tokens.unsupported('a second WATERMARK', { start, end: value.end })
    table.watermark = { column, value, start, end: value.end }
    return
  }
  if (tokens.atWords('CONSTRAINT') || tokens.atWords('PRIMARY', 'KEY')) {
    if (tokens.takeWords('CONSTRAINT')) tokens.expectName('a name')
    tokens.expectWords('PRIMARY', 'KEY')
    if (!tokens.atSymbol('(')) throw tokens.unexpected('(')
    table.primaryKey = parseNameList(tokens)
    tokens.expectWords('NOT', 'ENFORCED')
    return
  }
  table.columns.push(parseColumn(tokens, table))
}

function parseColumn(tokens: TokenStream, table: CreateTable): ColumnDefinition {
  const name = tokens.expectName('a column')
  if (tokens.takeWords('AS')) {
    const value = parseExpression(tokens)
    if (tokens.takeWords('COMMENT')) tokens.expectString('a comment')
    return { kind: 'computed', name, value, start: name.start, end: tokens.lastEnd }
  }
  const type = parseType(tokens)
  if (tokens.takeWords('METADATA')) {
    const key = tokens.takeWords('FROM') ? tokens.expectString('the name of metadata').text : name.name
    const virtual = tokens.takeWords('VIRTUAL')
    if (tokens.takeWords('COMMENT')) tokens.expectString('a comment')
    return { kind: 'metadata', name, type, key, virtual, start: name.start, end: tokens.lastEnd }
  }
  const notNull = tokens.takeWords('NOT')
  if (notNull) tokens.expectWords('NULL')
  else tokens.takeWords('NULL')
  if (tokens.takeWords('PRIMARY')) {
    tokens.expectWords('KEY')
    tokens.expectWords('NOT', 'ENFORCED')
    table.primaryKey = [name]
  }
  if (tokens.takeWords('COMMENT')) tokens.expectString('a comment')
  return { kind: 'physical', name, type, notNull, start: name.start, end: tokens.lastEnd }
}

function parseOptions(tokens: TokenStream, options: CreateTable['options']): void {
  tokens.expectSymbol('(')
  do {
    const key = tokens.expectString("an option such as 'connector'")
    tokens.expectSymbol('=')
    const value = tokens.expectString('its value in quotes')
    options.set(key.text, { value: value.text, start: key.start, end: value.end })
  } while (tokens.takeSymbol(','))
  tokens.expectSymbol(')')
}

function parseNameList(tokens: TokenStream): Identifier[] {
  const names: Identifier[] = []
  if (!tokens.takeSymbol('(')) return names
  do names.push(tokens.expectName('a column'))
  while (tokens.takeSymbol(','))
  tokens.expectSymbol(')')
  return names
}

function takeIfNotExists(tokens: TokenStream): void {
  if (tokens.takeWords('IF')) tokens.expectWords('NOT', 'EXISTS')
}
