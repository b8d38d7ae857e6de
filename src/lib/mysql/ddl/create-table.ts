import type { CharsetClause } from './charset.ts'
import { type ColumnDefinition, readColumn } from './column-definition.ts'
import { DdlError, QueryError, type Token } from './lexer.ts'
import type { DdlStatement, KeyDefinition } from './statement.ts'
import { splitAtCommas, TokenReader } from './token-reader.ts'

/**
 * The rest of CREATE TABLE, behind TABLE.
 * @param database the session's
 * @throws DdlError
 */
export function readCreateTable(reader: TokenReader, database: string): DdlStatement {
  const ifNotExists = reader.takes('IF', 'NOT', 'EXISTS')
  const table = reader.qualifiedName(database)
  if (reader.takes('LIKE')) {
    return { kind: 'create-like', table, ifNotExists, like: reader.qualifiedName(database) }
  }
  if (!reader.seesSymbol('(')) throw new QueryError('it takes its columns from a query')
  const inner = reader.inParentheses()
  if (inner[0]?.word === 'LIKE') {
    const like = new TokenReader(inner, reader.dialect, 1).qualifiedName(database)
    return { kind: 'create-like', table, ifNotExists, like }
  }
  const columns: ColumnDefinition[] = []
  const keys: KeyDefinition[] = []
  for (const part of splitAtCommas(inner)) {
    const element = new TokenReader(part, reader.dialect)
    const key = readKey(element)
    if (key === undefined) columns.push(readColumn(element))
    else if (key !== null) keys.push(key)
  }
  return {
    kind: 'create-table',
    table,
    ifNotExists,
    columns,
    keys,
    ...readTableOptions(reader.rest(), reader)
  }
}

/**
 * A key or constraint.
 * @returns null for one that does not matter, undefined when it is none, but a column
 */
export function readKey(reader: TokenReader): KeyDefinition | null | undefined {
  let name: string | null = null
  if (reader.takes('CONSTRAINT')) {
    if (!seesKeyWord(reader)) name = reader.name()
  }
  if (reader.takes('PRIMARY')) {
    reader.takes('KEY')
    return keyOver('primary', null, reader)
  }
  if (reader.takes('UNIQUE')) {
    reader.takesOne('INDEX', 'KEY')
    reader.takes('IF', 'NOT', 'EXISTS')
    if (!reader.seesSymbol('(') && !reader.sees('USING')) name = reader.name()
    return keyOver('unique', name, reader)
  }
  if (name !== null || seesKeyWord(reader)) {
    reader.rest()
    return null
  }
  return undefined
}

/** Words that begin a key or a constraint; the last two are names of columns too. */
function seesKeyWord(reader: TokenReader): boolean {
  return (
    ['PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK', 'KEY', 'INDEX', 'FULLTEXT', 'SPATIAL'].includes(
      reader.peek().word
    ) ||
    reader.sees('VECTOR', 'INDEX') ||
    reader.sees('VECTOR', 'KEY') ||
    reader.sees('PERIOD', 'FOR')
  )
}

/** [USING BTREE] (a, b(10) DESC, (expression)) options */
export function keyOver(
  kind: KeyDefinition['kind'],
  name: string | null,
  reader: TokenReader
): KeyDefinition {
  if (reader.takesOne('USING', 'TYPE')) reader.take()
  if (!reader.seesSymbol('(')) throw new DdlError('a key has no columns')
  const parts = splitAtCommas(reader.inParentheses())
  reader.rest()
  const columns: string[] = []
  let partial = false
  for (const [first, second] of parts) {
    if (first === undefined || first.kind === 'symbol') partial = true
    else {
      columns.push(first.text)
      if (second?.kind === 'symbol' && second.text === '(') partial = true
      // MariaDB: b WITHOUT OVERLAPS is a period.
      if (second?.word === 'WITHOUT') columns.pop()
    }
  }
  return { kind, name, columns, partial }
}

/** What ends the options of a table. */
const AFTER_OPTIONS = new Set(['PARTITION', 'AS', 'SELECT', 'REPLACE', 'IGNORE', 'WITH', 'TABLE', 'VALUES'])

/** What matters among the options. @throws DdlError when a query follows */
function readTableOptions(
  tokens: readonly Token[],
  { dialect }: TokenReader
): { charset: CharsetClause; versioned: boolean } {
  const reader = new TokenReader(tokens, dialect)
  let clause: CharsetClause = { charset: null, collation: null }
  let versioned = false
  while (!reader.atEnd) {
    if (reader.takes('WITH', 'SYSTEM', 'VERSIONING')) {
      versioned = true
      continue
    }
    if (reader.takes('PARTITION', 'BY')) break
    if (AFTER_OPTIONS.has(reader.peek().word)) throw new QueryError('it takes columns from a query')
    clause = readCharset(reader, clause) ?? clause
  }
  return { charset: clause, versioned }
}

/** One option: the character set, or another that is skipped. */
export function readCharset(reader: TokenReader, known: CharsetClause): CharsetClause | null {
  const isDefault = reader.takes('DEFAULT')
  if (reader.takes('CHARACTER', 'SET') || reader.takes('CHARSET') || reader.takes('CHAR', 'SET')) {
    reader.takesSymbol('=')
    const charset = reader.text().toLowerCase()
    return { charset: charset === 'default' ? null : charset, collation: known.collation }
  }
  if (reader.takes('COLLATE')) {
    reader.takesSymbol('=')
    return { charset: known.charset, collation: reader.text().toLowerCase() }
  }
  if (isDefault) return null
  const { word } = reader.take()
  if (reader.takesSymbol('=')) {
    if (reader.seesSymbol('(')) reader.skipParentheses()
    else reader.take()
  } else if (word === 'COMMENT' || word === 'ENGINE') reader.take()
  else if (word === 'UNION') reader.skipParentheses()
  return null
}
