import type { CatalogDraft } from './catalog.ts'
import { type CharsetClause, resolveCharset } from './charset.ts'
import type { Circumstances } from './circumstances.ts'
import type { Placement } from './column-definition.ts'
import { DdlError } from './lexer.ts'
import { type ColumnModel, findColumn, type KnownTable, sameName, type UniqueKey } from './model.ts'
import { renameTable } from './rename-table.ts'
import { convertColumn, resolveColumn } from './resolve-column.ts'
import type { AlterAction, AlterTable, TableName } from './statement.ts'
import { addKey, sorted } from './unique-keys.ts'
import { withVersioning } from './versioning.ts'

/** A column on its way through an ALTER TABLE. */
interface Slot {
  readonly column: ColumnModel
  readonly placement: Placement
}

/**
 * The table after all actions of a statement. The server first takes away and changes columns in their places, then
 * puts the new and the moved ones in, in the order of the actions (mysql: mysql_prepare_alter_table in sql/sql_table.cc).
 * @returns null when the table has another name now, or is gone
 * @throws DdlError for a change of what is not there
 */
export function alterTable(
  statement: AlterTable,
  table: KnownTable,
  draft: CatalogDraft,
  around: Circumstances,
  unknown: (table: TableName) => void
): KnownTable | null {
  const { actions } = statement
  const databaseCharset = draft.database(table.database)?.charset ?? null
  const charset = charsetAfter(actions, table.charset, databaseCharset)
  const { columns, renames } = changeColumns(actions, table, charset, around)
  let changed: KnownTable = {
    ...table,
    charset,
    columns,
    ...keysAfter(actions, table, columns, renames, around)
  }
  for (const action of actions) {
    if (action.kind === 'add-key') changed = addKey(changed, action.key)
    if (action.kind !== 'add-column' && action.kind !== 'change-column') continue
    const key = { name: null, columns: [action.column.name], partial: false }
    if (findColumn(columns, action.column.name) < 0) continue
    if (action.column.isPrimaryKey) changed = addKey(changed, { kind: 'primary', ...key })
    if (action.column.isUnique) changed = addKey(changed, { kind: 'unique', ...key })
  }
  const versioning = actions.findLast(action => action.kind === 'system-versioning')
  if (versioning !== undefined) changed = withVersioning(changed, versioning.on)
  return moveTable(statement, sorted(keepPrimaryKey(changed)), draft, around, unknown)
}

/** CONVERT TO changes the columns there are, a default character set those that come. */
function charsetAfter(
  actions: readonly AlterAction[],
  known: string | null,
  ofDatabase: string | null
): string | null {
  let charset = known
  for (const action of actions) {
    if (action.kind !== 'convert' && action.kind !== 'default-charset') continue
    charset = resolveCharset(action.charset, saysNothing(action.charset) ? ofDatabase : charset)
  }
  return charset
}

function saysNothing({ charset, collation }: CharsetClause): boolean {
  return charset === null && collation === null
}

function changeColumns(
  actions: readonly AlterAction[],
  table: KnownTable,
  charset: string | null,
  around: Circumstances
): { columns: ColumnModel[]; renames: Map<string, string> } {
  const surroundings = { ...around, charset }
  const slots: (Slot | null)[] = table.columns.map(column => ({ column, placement: null }))
  const moved: Slot[] = []
  const renames = new Map<string, string>()
  const place = (name: string, mayMiss: boolean): number => {
    const at = findColumn(table.columns, name)
    if (at < 0 && !mayMiss) throw new DdlError(`${table.name} has no column ${name}`)
    return at
  }
  if (actions.some(action => action.kind === 'convert') && charset !== null) {
    slots.forEach((slot, i) => {
      if (slot !== null) slots[i] = { ...slot, column: convertColumn(slot.column, charset) }
    })
  }
  for (const action of actions) {
    switch (action.kind) {
      case 'add-column': {
        const isThere = findColumn(remaining(slots, moved), action.column.name) >= 0
        if (isThere && action.ifNotExists) break
        const { placement } = action.column
        moved.push({ column: resolveColumn(action.column, surroundings), placement })
        break
      }
      case 'drop-column': {
        const at = place(action.name, action.ifExists)
        if (at >= 0) slots[at] = null
        break
      }
      case 'change-column': {
        const column = resolveColumn(action.column, surroundings)
        const { placement } = action.column
        // MariaDB takes the new name for that of a column that the statement itself has added.
        const added = moved.findIndex(slot => sameName(slot.column.name, column.name))
        if (added >= 0 && findColumn(table.columns, action.name) < 0) {
          moved.splice(added, 1)
          moved.push({ column, placement })
          break
        }
        const at = place(action.name, action.ifExists)
        if (at < 0) break
        renames.set((table.columns[at] as ColumnModel).name, column.name)
        if (placement === null) slots[at] = { column, placement }
        else {
          slots[at] = null
          moved.push({ column, placement })
        }
        break
      }
      case 'rename-column': {
        const at = place(action.name, action.ifExists)
        const slot = slots[at]
        if (slot == null) break
        renames.set((table.columns[at] as ColumnModel).name, action.to)
        slots[at] = { ...slot, column: { ...slot.column, name: action.to } }
        break
      }
    }
  }
  const columns = slots.flatMap(slot => (slot === null ? [] : [slot.column]))
  for (const { column, placement } of moved) insert(columns, column, placement)
  const double = columns.find((column, i) => findColumn(columns, column.name) !== i)
  if (double !== undefined) throw new DdlError(`${table.name} has two columns ${double.name}`)
  return { columns, renames }
}

function remaining(slots: readonly (Slot | null)[], moved: readonly Slot[]): ColumnModel[] {
  return [...slots, ...moved].flatMap(slot => (slot === null ? [] : [slot.column]))
}

function insert(columns: ColumnModel[], column: ColumnModel, placement: Placement): void {
  if (placement === null) columns.push(column)
  else if (placement === 'first') columns.unshift(column)
  else {
    const at = findColumn(columns, placement.after)
    if (at < 0) throw new DdlError(`${column.name} is put after ${placement.after}, which is no column`)
    columns.splice(at + 1, 0, column)
  }
}

/** The keys that stay, without columns that are gone and with the names they have now. */
function keysAfter(
  actions: readonly AlterAction[],
  table: KnownTable,
  columns: readonly ColumnModel[],
  renames: ReadonlyMap<string, string>,
  { dialect }: Circumstances
): { primaryKey: string[]; uniqueKeys: UniqueKey[] } {
  const dropped = actions.flatMap(action =>
    action.kind === 'drop-column' ? [action.name.toLowerCase()] : []
  )
  const origins = new Map([...renames].map(([from, to]) => [to, from]))
  const follow = (names: readonly string[]): string[] =>
    names.flatMap(name => {
      // The first column that was of this name, or is new under it.
      const now = columns.find(column => sameName(origins.get(column.name) ?? column.name, name))?.name
      const isDropped = dropped.includes(name.toLowerCase())
      // MariaDB leaves a key over a column that is dropped and added anew.
      if (isDropped && !(dialect.isMariadb && findColumn(columns, name) >= 0)) return []
      return now === undefined ? [] : [now]
    })
  let uniqueKeys = table.uniqueKeys.flatMap((key): UniqueKey[] => {
    const names = follow(key.columns)
    return names.length === 0 && key.columns.length > 0 ? [] : [{ ...key, columns: names }]
  })
  let primaryKey = follow(table.primaryKey)
  for (const action of actions) {
    if (action.kind === 'drop-primary-key') primaryKey = []
    if (action.kind === 'drop-key') uniqueKeys = uniqueKeys.filter(key => !sameName(key.name, action.name))
    if (action.kind === 'rename-key') {
      uniqueKeys = uniqueKeys.map(key =>
        sameName(key.name, action.name) ? { ...key, name: action.to } : key
      )
    }
  }
  return { primaryKey, uniqueKeys }
}

/** A column of the primary key that is defined anew stays NOT NULL. */
function keepPrimaryKey(table: KnownTable): KnownTable {
  const { primaryKey } = table
  return primaryKey.length === 0
    ? table
    : addKey(table, { kind: 'primary', name: null, columns: primaryKey, partial: false })
}

function moveTable(
  { table: name, actions }: AlterTable,
  table: KnownTable,
  draft: CatalogDraft,
  around: Circumstances,
  unknown: (table: TableName) => void
): KnownTable | null {
  for (const action of actions) {
    if (action.kind === 'partition-to-table') draft.setTable(action.to, table)
    if (action.kind === 'table-to-partition') draft.dropTable(action.from)
  }
  // Of several new names the last counts.
  const to = actions.findLast(action => action.kind === 'rename-table')?.to
  if (to === undefined || to.join('\0') === name.join('\0')) return table
  draft.setTable(name, table)
  renameTable(name, to, draft, around, unknown)
  return null
}
