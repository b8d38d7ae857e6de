import type { CatalogDraft } from './catalog.ts'
import type { Circumstances } from './circumstances.ts'
import { DdlError } from './lexer.ts'
import type { TableName } from './statement.ts'

/** Moves a table, known or not, to another name, whatever was there. */
export function renameTable(
  from: TableName,
  to: TableName,
  draft: CatalogDraft,
  around: Circumstances,
  unknown: (table: TableName, error: unknown) => void
): void {
  const table = draft.table(from)
  const target = around.hasSeen(draft.table(to))
  const seen = around.hasSeen(table)
  if (table === undefined) {
    // Read after it was renamed, or it comes from where nobody looked.
    if (target === 'no') unknown(to, new DdlError(`${from.join('.')} is not known`))
    return
  }
  if (seen === 'yes') return
  draft.dropTable(from)
  draft.setTable(to, table)
}
