import { readAlterTable } from './alter-table.ts'
import type { CharsetClause } from './charset.ts'
import { keyOver, readCharset, readCreateTable } from './create-table.ts'
import type { Dialect } from './dialect.ts'
import { DdlError, tokenize } from './lexer.ts'
import type { DdlStatement, TableName } from './statement.ts'
import { TokenReader } from './token-reader.ts'

/**
 * Reads a statement of the log.
 * @param database the session's, for names without one
 * @returns null for a statement that concerns no table of rows
 * @throws DdlError for one that does, and is not understood
 */
export function parseDdl(sql: string, database: string, dialect: Dialect): DdlStatement | null {
  const reader = new TokenReader(tokenize(sql, dialect), dialect)
  if (reader.takes('SET', 'STATEMENT')) while (!reader.atEnd && reader.take().word !== 'FOR');
  switch (reader.take().word) {
    case 'CREATE':
      return readCreate(reader, database)
    case 'ALTER':
      return readAlter(reader, database)
    case 'DROP':
      return readDrop(reader, database)
    case 'RENAME':
      return readRename(reader, database)
    default:
      return null
  }
}

/**
 * The first table that a statement that is not understood names, as far as that can be told.
 * @returns null when it concerns no table
 */
export function tableOfDdl(sql: string, database: string, dialect: Dialect): TableName | null {
  try {
    const reader = new TokenReader(tokenize(sql, dialect), dialect)
    for (let words = 0; words < 8 && !reader.atEnd; words++) {
      if (!reader.takesOne('TABLE', 'TABLES')) {
        reader.take()
        continue
      }
      if (reader.takes('IF')) reader.takesOne('NOT')
      reader.takes('EXISTS')
      return reader.qualifiedName(database)
    }
    return null
  } catch (error) {
    if (error instanceof DdlError) return null
    throw error
  }
}

function readCreate(reader: TokenReader, database: string): DdlStatement | null {
  const orReplace = reader.takes('OR', 'REPLACE')
  if (reader.takes('TEMPORARY')) return null
  if (reader.takes('TABLE')) return readCreateTable(reader, database)
  if (reader.takesOne('DATABASE', 'SCHEMA')) {
    const ifNotExists = reader.takes('IF', 'NOT', 'EXISTS')
    const name = reader.tableName()
    return { kind: 'create-database', name, ifNotExists, orReplace, charset: readCharsets(reader) }
  }
  reader.takesOne('ONLINE', 'OFFLINE')
  const isUnique = reader.takes('UNIQUE')
  if (!isUnique) reader.takesOne('FULLTEXT', 'SPATIAL', 'VECTOR')
  if (!reader.takes('INDEX')) return null
  reader.takes('IF', 'NOT', 'EXISTS')
  const name = reader.name()
  if (reader.takesOne('USING', 'TYPE')) reader.take()
  if (!reader.takes('ON')) throw new DdlError('an index is on no table')
  const table = reader.qualifiedName(database)
  return { kind: 'create-index', table, key: isUnique ? keyOver('unique', name, reader) : null }
}

function readAlter(reader: TokenReader, database: string): DdlStatement | null {
  if (reader.takesOne('DATABASE', 'SCHEMA')) {
    const { kind, word } = reader.peek()
    const isNamed = kind === 'name' || (kind === 'word' && !DATABASE_OPTIONS.has(word))
    return {
      kind: 'alter-database',
      name: isNamed ? reader.tableName() : database,
      charset: readCharsets(reader)
    }
  }
  while (reader.takesOne('ONLINE', 'OFFLINE', 'IGNORE'));
  return reader.takes('TABLE') ? readAlterTable(reader, database) : null
}

/** Words that begin an option of a database; in ALTER DATABASE its name may be left out. */
const DATABASE_OPTIONS = new Set([
  'DEFAULT',
  'CHARACTER',
  'CHARSET',
  'COLLATE',
  'ENCRYPTION',
  'READ',
  'COMMENT'
])

function readCharsets(reader: TokenReader): CharsetClause {
  let clause: CharsetClause = { charset: null, collation: null }
  while (!reader.atEnd) clause = readCharset(reader, clause) ?? clause
  return clause
}

function readDrop(reader: TokenReader, database: string): DdlStatement | null {
  if (reader.takes('TEMPORARY')) return null
  if (reader.takesOne('DATABASE', 'SCHEMA')) {
    reader.takes('IF', 'EXISTS')
    return { kind: 'drop-database', name: reader.tableName() }
  }
  if (reader.takesOne('TABLE', 'TABLES')) {
    reader.takes('IF', 'EXISTS')
    const tables: TableName[] = []
    do tables.push(reader.qualifiedName(database))
    while (reader.takesSymbol(','))
    return { kind: 'drop-tables', tables }
  }
  reader.takesOne('ONLINE', 'OFFLINE')
  if (!reader.takes('INDEX')) return null
  reader.takes('IF', 'EXISTS')
  const name = reader.name()
  if (!reader.takes('ON')) throw new DdlError('an index is on no table')
  return { kind: 'drop-index', table: reader.qualifiedName(database), name }
}

function readRename(reader: TokenReader, database: string): DdlStatement | null {
  if (!reader.takesOne('TABLE', 'TABLES')) return null
  const ifExists = reader.takes('IF', 'EXISTS')
  const pairs: (readonly [TableName, TableName])[] = []
  do {
    const from = reader.qualifiedName(database)
    if (reader.takes('WAIT')) reader.take()
    else reader.takes('NOWAIT')
    if (!reader.takes('TO')) throw new DdlError(`${from[1]} is renamed to nothing`)
    pairs.push([from, reader.qualifiedName(database)])
  } while (reader.takesSymbol(','))
  return { kind: 'rename-tables', ifExists, pairs }
}
