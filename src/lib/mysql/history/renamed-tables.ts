import type { DdlStatement, TableName } from '../ddl/statement.ts'

/** The names that a statement gives tables in place of others, one pair after the other. */
export function renamedTables(
  statement: DdlStatement | null
): readonly (readonly [from: TableName, to: TableName])[] {
  if (statement?.kind === 'rename-tables') return statement.pairs
  if (statement?.kind !== 'alter-table') return []
  return statement.actions.flatMap(action =>
    action.kind === 'rename-table' ? [[statement.table, action.to] as const] : []
  )
}
