import { alterTable } from './apply-alter.ts'
import { type CatalogChanges, CatalogDraft, type CatalogView } from './catalog.ts'
import { resolveCharset } from './charset.ts'
import type { Circumstances } from './circumstances.ts'
import { DdlError } from './lexer.ts'
import { isKnown, type KnownTable } from './model.ts'
import { renameTable } from './rename-table.ts'
import { resolveColumn } from './resolve-column.ts'
import type { CreateTable, DdlStatement, KeyDefinition, TableName } from './statement.ts'
import { addKey } from './unique-keys.ts'
import { withVersioning } from './versioning.ts'

/**
 * What a statement does to a catalog. A table whose change cannot be followed becomes an unknown one; so does one that
 * comes from where the catalog does not look.
 * @param reason why a table is unknown afterwards, for messages
 */
export function applyDdl(
  statement: DdlStatement,
  catalog: CatalogView,
  around: Circumstances,
  reason: string
): CatalogChanges {
  const draft = new CatalogDraft(catalog)
  const unknown = (table: TableName, error: unknown): void => {
    if (!(error instanceof DdlError)) throw error
    draft.setTable(table, { database: table[0], name: table[1], unknown: `${error.message}: ${reason}` })
  }
  switch (statement.kind) {
    case 'create-table':
      if (statement.ifNotExists && draft.table(statement.table) !== undefined) break
      try {
        draft.setTable(statement.table, createTable(statement, draft, around))
      } catch (error) {
        unknown(statement.table, error)
      }
      break
    case 'create-like': {
      if (statement.ifNotExists && draft.table(statement.table) !== undefined) break
      const model = draft.table(statement.like)
      if (model === undefined) unknown(statement.table, new DdlError(`${statement.like[1]} is not known`))
      else draft.setTable(statement.table, model)
      break
    }
    case 'alter-table':
      alter(statement.table, draft, around, unknown, table =>
        alterTable(statement, table, draft, around, tableName =>
          unknown(tableName, new DdlError('its partition is not known'))
        )
      )
      break
    case 'rename-tables':
      for (const [from, to] of statement.pairs) {
        if (statement.ifExists && draft.table(from) === undefined) continue
        renameTable(from, to, draft, around, unknown)
      }
      break
    case 'drop-tables':
      for (const table of statement.tables) dropTable(table, draft, around)
      break
    case 'create-database': {
      if (statement.orReplace) dropDatabase(statement.name, draft, around)
      else if (draft.database(statement.name) !== undefined) break
      const charset = resolveCharset(statement.charset, around.serverCharset)
      if (charset !== null) draft.setDatabase({ name: statement.name, charset })
      break
    }
    case 'alter-database': {
      const known = draft.database(statement.name)?.charset ?? null
      const charset = resolveCharset(statement.charset, known)
      if (charset !== null) draft.setDatabase({ name: statement.name, charset })
      break
    }
    case 'drop-database':
      dropDatabase(statement.name, draft, around)
      break
    case 'create-index':
      alter(statement.table, draft, around, unknown, table =>
        statement.key === null ? table : addKey(table, statement.key)
      )
      break
    case 'drop-index':
      alter(statement.table, draft, around, unknown, table => ({
        ...table,
        ...(statement.name.toUpperCase() === 'PRIMARY' ? { primaryKey: [] } : {}),
        uniqueKeys: table.uniqueKeys.filter(key => key.name.toLowerCase() !== statement.name.toLowerCase())
      }))
      break
  }
  return draft.changes()
}

/** Changes a table that is known, unless its definition has the change in it already. */
function alter(
  name: TableName,
  draft: CatalogDraft,
  around: Circumstances,
  unknown: (table: TableName, error: unknown) => void,
  change: (table: KnownTable) => KnownTable | null
): void {
  const table = draft.table(name)
  const seen = around.hasSeen(table)
  if (!isKnown(table) || seen === 'yes') return
  try {
    const changed = change(table)
    if (changed === null) draft.dropTable(name)
    else draft.setTable(name, changed)
  } catch (error) {
    // Read while it may have been changed: what cannot be done again has been done.
    if (seen === 'perhaps' && error instanceof DdlError) return
    unknown(name, error)
  }
}

function dropTable(name: TableName, draft: CatalogDraft, around: Circumstances): void {
  const table = draft.table(name)
  // Read before and after, there was a table: it has been made anew since.
  if (table !== undefined && around.hasSeen(table) === 'no') draft.dropTable(name)
}

function dropDatabase(name: string, draft: CatalogDraft, around: Circumstances): void {
  const tables = draft.tablesOf(name)
  // Read before, there were tables in it that have been made anew since.
  if (tables.some(table => around.hasSeen(table) !== 'no')) return
  for (const table of tables) draft.dropTable([table.database, table.name])
  draft.dropDatabase(name)
}

function createTable(statement: CreateTable, draft: CatalogDraft, around: Circumstances): KnownTable {
  const [database, name] = statement.table
  const charset = resolveCharset(statement.charset, draft.database(database)?.charset ?? null)
  const columns = statement.columns.map(column => resolveColumn(column, { ...around, charset }))
  let table: KnownTable = { database, name, charset, columns, primaryKey: [], uniqueKeys: [] }
  const inline = statement.columns.flatMap((column): KeyDefinition[] => [
    ...(column.isPrimaryKey
      ? [{ kind: 'primary' as const, name: null, columns: [column.name], partial: false }]
      : []),
    ...(column.isUnique
      ? [{ kind: 'unique' as const, name: null, columns: [column.name], partial: false }]
      : [])
  ])
  for (const key of [...inline, ...statement.keys]) table = addKey(table, key)
  return withVersioning(table, statement.versioned)
}
