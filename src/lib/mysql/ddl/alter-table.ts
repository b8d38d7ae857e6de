import type { CharsetClause } from './charset.ts'
import { readColumn } from './column-definition.ts'
import { readCharset, readKey } from './create-table.ts'
import { DdlError, type Token } from './lexer.ts'
import type { AlterAction, AlterTable } from './statement.ts'
import { splitAtCommas, TokenReader } from './token-reader.ts'

const ON_PARTITIONS = [
  'ANALYZE',
  'CHECK',
  'COALESCE',
  'DISCARD',
  'EXCHANGE',
  'IMPORT',
  'OPTIMIZE',
  'REBUILD',
  'REORGANIZE',
  'REPAIR',
  'TRUNCATE'
]
/** Actions that change no column. */
const WITHOUT_EFFECT = new Set([
  ...ON_PARTITIONS,
  'ALGORITHM',
  'DISABLE',
  'ENABLE',
  'FORCE',
  'LOCK',
  'NOWAIT',
  'REMOVE',
  'SECONDARY_LOAD',
  'SECONDARY_UNLOAD',
  'UPGRADE',
  'WAIT',
  'WITHOUT'
])

/** Options of a table that may stand without `=`. */
const OPTIONS = new Set([
  'AUTOEXTEND_SIZE',
  'AUTO_INCREMENT',
  'AVG_ROW_LENGTH',
  'CHAR',
  'CHARACTER',
  'CHARSET',
  'CHECKSUM',
  'COLLATE',
  'COMMENT',
  'COMPRESSION',
  'CONNECTION',
  'DATA',
  'DEFAULT',
  'DELAY_KEY_WRITE',
  'ENCRYPTION',
  'ENGINE',
  'ENGINE_ATTRIBUTE',
  'INDEX',
  'INSERT_METHOD',
  'KEY_BLOCK_SIZE',
  'MAX_ROWS',
  'MIN_ROWS',
  'PACK_KEYS',
  'PASSWORD',
  'ROW_FORMAT',
  'SECONDARY_ENGINE',
  'SECONDARY_ENGINE_ATTRIBUTE',
  'SEQUENCE',
  'STATS_AUTO_RECALC',
  'STATS_PERSISTENT',
  'STATS_SAMPLE_PAGES',
  'STORAGE',
  'TABLESPACE',
  'TABLE_CHECKSUM',
  'TYPE',
  'UNION'
])

/**
 * The rest of ALTER TABLE, behind TABLE.
 * @param database the session's
 * @throws DdlError for an action that is not known
 */
export function readAlterTable(reader: TokenReader, database: string): AlterTable {
  reader.takes('IF', 'EXISTS')
  const table = reader.qualifiedName(database)
  if (reader.takes('WAIT')) reader.take()
  else reader.takes('NOWAIT')
  const actions: AlterAction[] = []
  for (const part of splitAtCommas(reader.rest())) {
    const action = new TokenReader(part, reader.dialect)
    // Lists of partitions and of ORDER BY have commas; nothing but more of them follows.
    if (action.sees('ORDER', 'BY') || concernsPartitions(action)) break
    actions.push(...readActions(action, database))
    if (part.some(token => token.word === 'PARTITION') && part.some(token => token.word === 'BY')) break
  }
  return { kind: 'alter-table', table, actions }
}

function concernsPartitions(reader: TokenReader): boolean {
  return (
    [...ON_PARTITIONS, 'DROP'].some(word => reader.sees(word, 'PARTITION')) ||
    reader.sees('PARTITION', 'BY') ||
    reader.sees('REMOVE', 'PARTITIONING')
  )
}

function readActions(reader: TokenReader, database: string): AlterAction[] {
  if (reader.atEnd) return []
  const { word } = reader.peek()
  switch (word) {
    case 'ADD':
      reader.take()
      return readAdd(reader)
    case 'DROP':
      reader.take()
      return readDrop(reader)
    case 'MODIFY':
    case 'CHANGE':
      reader.take()
      return [readChange(reader, word === 'MODIFY')]
    case 'RENAME':
      reader.take()
      return [readRename(reader, database)]
    case 'ALTER':
      // ALTER COLUMN changes defaults and visibility, ALTER INDEX visibility.
      return []
    case 'CONVERT':
      reader.take()
      return [readConvert(reader, database)]
    case 'WITH':
      // WITH | WITHOUT VALIDATION
      return []
    default:
      if (WITHOUT_EFFECT.has(word)) return []
      if (!OPTIONS.has(word) && !reader.seesSymbol('=', 1)) {
        throw new DdlError(`the action ${reader.peek().text} is not known`)
      }
      return readOptions(reader)
  }
}

function readAdd(reader: TokenReader): AlterAction[] {
  if (reader.sees('PARTITION') && !isType(reader.peek(1))) return []
  if (reader.takes('SYSTEM', 'VERSIONING')) return [{ kind: 'system-versioning', on: true }]
  const key = reader.sees('COLUMN') ? undefined : readKey(reader)
  if (key !== undefined) return key === null ? [] : [{ kind: 'add-key', key }]
  reader.takes('COLUMN')
  const ifNotExists = reader.takes('IF', 'NOT', 'EXISTS')
  if (!reader.seesSymbol('(')) return [{ kind: 'add-column', column: readColumn(reader), ifNotExists }]
  return splitAtCommas(reader.inParentheses()).flatMap((part): AlterAction[] => {
    const element = new TokenReader(part, reader.dialect)
    const key = readKey(element)
    if (key === null) return []
    if (key !== undefined) return [{ kind: 'add-key', key }]
    return [{ kind: 'add-column', column: readColumn(element), ifNotExists }]
  })
}

/** Whether a token may be the type of a column of the name before: ADD PARTITION (…) and PARTITIONS n may not. */
function isType(token: Token): boolean {
  return token.kind === 'word' && !['IF', 'PARTITIONS', 'NO_WRITE_TO_BINLOG', 'LOCAL'].includes(token.word)
}

function readDrop(reader: TokenReader): AlterAction[] {
  if (reader.takes('PRIMARY', 'KEY')) return [{ kind: 'drop-primary-key' }]
  if (reader.takesOne('INDEX', 'KEY')) {
    reader.takes('IF', 'EXISTS')
    const name = reader.name()
    return [name.toUpperCase() === 'PRIMARY' ? { kind: 'drop-primary-key' } : { kind: 'drop-key', name }]
  }
  if (reader.takes('CONSTRAINT')) {
    reader.takes('IF', 'EXISTS')
    const name = reader.name()
    return [name.toUpperCase() === 'PRIMARY' ? { kind: 'drop-primary-key' } : { kind: 'drop-key', name }]
  }
  if (reader.sees('FOREIGN', 'KEY') || reader.sees('CHECK') || reader.sees('PERIOD', 'FOR')) return []
  if (reader.takes('SYSTEM', 'VERSIONING')) return [{ kind: 'system-versioning', on: false }]
  reader.takes('COLUMN')
  const ifExists = reader.takes('IF', 'EXISTS')
  return [{ kind: 'drop-column', name: reader.name(), ifExists }]
}

function readChange(reader: TokenReader, keepsName: boolean): AlterAction {
  reader.takes('COLUMN')
  const ifExists = reader.takes('IF', 'EXISTS')
  const name = keepsName ? reader.peek().text : reader.name()
  return { kind: 'change-column', name, column: readColumn(reader), ifExists }
}

function readRename(reader: TokenReader, database: string): AlterAction {
  if (reader.takes('COLUMN')) {
    const ifExists = reader.takes('IF', 'EXISTS')
    return { kind: 'rename-column', ...readNames(reader), ifExists }
  }
  if (reader.takesOne('INDEX', 'KEY')) {
    reader.takes('IF', 'EXISTS')
    return { kind: 'rename-key', ...readNames(reader) }
  }
  if (!reader.takesOne('TO', 'AS')) reader.takesSymbol('=')
  return { kind: 'rename-table', to: reader.qualifiedName(database) }
}

function readNames(reader: TokenReader): { name: string; to: string } {
  const name = reader.name()
  if (!reader.takes('TO')) throw new DdlError(`${name} is renamed to nothing`)
  return { name, to: reader.name() }
}

function readConvert(reader: TokenReader, database: string): AlterAction {
  if (reader.takes('PARTITION')) {
    reader.name()
    if (!reader.takes('TO', 'TABLE')) throw new DdlError('a partition is converted to nothing')
    return { kind: 'partition-to-table', to: reader.qualifiedName(database) }
  }
  if (reader.takes('TABLE')) return { kind: 'table-to-partition', from: reader.qualifiedName(database) }
  reader.takes('TO')
  return { kind: 'convert', charset: readCharsets(reader) }
}

/** Options of the table, one after the other without commas; of them only the character set matters. */
function readOptions(reader: TokenReader): AlterAction[] {
  const charset = readCharsets(reader)
  return charset.charset === null && charset.collation === null ? [] : [{ kind: 'default-charset', charset }]
}

function readCharsets(reader: TokenReader): CharsetClause {
  let clause: CharsetClause = { charset: null, collation: null }
  while (!reader.atEnd) {
    if (reader.sees('PARTITION', 'BY')) break
    clause = readCharset(reader, clause) ?? clause
  }
  return clause
}
