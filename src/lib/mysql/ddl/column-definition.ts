import type { CharsetClause } from './charset.ts'
import { readType, type WrittenType } from './column-type.ts'
import type { TokenReader } from './token-reader.ts'

/** Where a column is put: null for its place, or the end. */
export type Placement = 'first' | { readonly after: string } | null

/** A column as it is written in CREATE TABLE or ALTER TABLE. */
export interface ColumnDefinition extends CharsetClause {
  readonly name: string
  readonly type: WrittenType
  readonly unsigned: boolean
  readonly zerofill: boolean
  /** Null: nothing is said. */
  readonly nullable: boolean | null
  readonly autoIncrement: boolean
  readonly generated: boolean
  readonly rowTime: boolean
  readonly isPrimaryKey: boolean
  readonly isUnique: boolean
  readonly placement: Placement
}

type Draft = { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] }

/** Reads a definition to the end of the tokens. @throws DdlError */
export function readColumn(reader: TokenReader): ColumnDefinition {
  const name = reader.name()
  const type = readType(reader)
  const draft: Draft = {
    name,
    type,
    charset: type.charset ?? null,
    collation: null,
    unsigned: type.unsigned === true,
    zerofill: false,
    nullable: type.notNull === true ? false : null,
    autoIncrement: type.autoIncrement === true,
    generated: false,
    rowTime: false,
    isPrimaryKey: false,
    isUnique: type.unique === true,
    placement: null
  }
  while (!reader.atEnd) readAttribute(reader, draft)
  return draft
}

function readAttribute(reader: TokenReader, draft: Draft): void {
  const { word } = reader.take()
  switch (word) {
    case 'UNSIGNED':
      draft.unsigned = true
      return
    case 'ZEROFILL':
      draft.zerofill = true
      draft.unsigned = true
      return
    case 'NOT':
      if (reader.takes('NULL')) draft.nullable = false
      return
    case 'NULL':
      draft.nullable = true
      return
    case 'AUTO_INCREMENT':
      draft.autoIncrement = true
      return
    case 'SERIAL':
      // SERIAL DEFAULT VALUE
      if (reader.takes('DEFAULT', 'VALUE')) {
        draft.autoIncrement = true
        draft.nullable = false
        draft.isUnique = true
      }
      return
    case 'UNIQUE':
      reader.takes('KEY')
      draft.isUnique = true
      return
    case 'PRIMARY':
      reader.takes('KEY')
      draft.isPrimaryKey = true
      return
    case 'KEY':
      draft.isPrimaryKey = true
      return
    case 'DEFAULT':
      skipExpression(reader)
      return
    case 'ON':
      // ON UPDATE, of a time or of a foreign key
      reader.take()
      skipAction(reader)
      return
    case 'GENERATED':
      readGenerated(reader, draft)
      return
    case 'AS':
      draft.generated = true
      reader.skipParentheses()
      return
    case 'CHARACTER':
    case 'CHAR':
    case 'CHARSET':
      if (word === 'CHARSET' || reader.takes('SET')) {
        reader.takesSymbol('=')
        draft.charset = reader.text().toLowerCase()
      }
      return
    case 'COLLATE':
      reader.takesSymbol('=')
      draft.collation = reader.text().toLowerCase()
      return
    case 'ASCII':
      draft.charset = 'latin1'
      return
    case 'UNICODE':
      draft.charset = 'ucs2'
      return
    case 'BYTE':
      draft.charset = 'binary'
      return
    case 'COMMENT':
    case 'COLUMN_FORMAT':
    case 'STORAGE':
    case 'ENGINE_ATTRIBUTE':
    case 'SECONDARY_ENGINE_ATTRIBUTE':
    case 'SRID':
      reader.takesSymbol('=')
      reader.take()
      return
    case 'CONSTRAINT':
      if (!reader.sees('CHECK')) reader.take()
      return
    case 'CHECK':
      reader.skipParentheses()
      return
    case 'REFERENCES':
      reader.qualifiedName('')
      reader.skipParentheses()
      return
    case 'FIRST':
      draft.placement = 'first'
      return
    case 'AFTER':
      draft.placement = { after: reader.name() }
      return
    default:
    // SIGNED, BINARY, VIRTUAL, STORED, INVISIBLE, …: nothing of it matters here.
  }
}

/** GENERATED ALWAYS AS (…), or AS ROW START | END, whose values are stored and given. */
function readGenerated(reader: TokenReader, draft: Draft): void {
  reader.takes('ALWAYS')
  reader.takes('AS')
  if (reader.takes('ROW')) {
    reader.take()
    draft.nullable = false
    draft.rowTime = true
    return
  }
  draft.generated = true
  reader.skipParentheses()
}

/** SET NULL, SET DEFAULT, NO ACTION, CASCADE, RESTRICT, NOW(6) */
function skipAction(reader: TokenReader): void {
  if (reader.takesOne('SET', 'NO')) reader.take()
  else {
    reader.take()
    reader.skipParentheses()
  }
}

/** A default: a value with its sign, a call, or an expression in parentheses. */
function skipExpression(reader: TokenReader): void {
  while (reader.takesSymbol('-') || reader.takesSymbol('+'));
  if (reader.seesSymbol('(')) {
    reader.skipParentheses()
    return
  }
  const token = reader.take()
  // An introducer (_utf8mb4'x') belongs to the string behind it.
  if (token.kind === 'word' && token.text.startsWith('_') && reader.peek().kind !== 'symbol') reader.take()
  // NEXT VALUE FOR a.sequence
  if (token.word === 'NEXT' && reader.takes('VALUE', 'FOR')) reader.qualifiedName('')
  while (reader.takesSymbol('.')) reader.take()
  reader.skipParentheses()
  while (reader.peek().kind === 'string') reader.take()
}
