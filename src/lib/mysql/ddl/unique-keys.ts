import { DdlError } from './lexer.ts'
import { findColumn, type KnownTable, sameName, sortedKeys, type UniqueKey } from './model.ts'
import type { KeyDefinition } from './statement.ts'

/** A table with one more primary or unique key. The columns of a primary key are NOT NULL. @throws DdlError */
export function addKey(table: KnownTable, key: KeyDefinition): KnownTable {
  const names = key.columns.map(name => {
    const column = table.columns[findColumn(table.columns, name)]
    if (column === undefined) throw new DdlError(`a key is over ${name}, which is no column`)
    return column.name
  })
  if (key.kind === 'primary') {
    const columns = table.columns.map(column => {
      if (!names.includes(column.name)) return column
      const { nullable: _, ...rest } = column
      return rest
    })
    return sorted({ ...table, columns, primaryKey: names })
  }
  const unique: UniqueKey = {
    name: key.name ?? freeName(names[0] ?? 'functional_index', table.uniqueKeys),
    columns: names,
    ...(key.partial ? { partial: true } : {})
  }
  return sorted({ ...table, uniqueKeys: [...table.uniqueKeys, unique] })
}

export function sorted(table: KnownTable): KnownTable {
  return { ...table, uniqueKeys: sortedKeys(table.uniqueKeys, table.columns) }
}

/** A key without a name has that of its first column; a second one `…_2`. */
function freeName(column: string, keys: readonly UniqueKey[]): string {
  let name = column
  for (let n = 2; keys.some(key => sameName(key.name, name)); n++) name = `${column}_${n}`
  return name
}
