import type { CreateTable } from './ast.ts'
import { SqlError } from './errors.ts'

/**
 * A table declared LIKE another: what that has, and then its own; of options, watermark and primary key its own.
 * Source: Flink's MergeTableLikeUtil.
 */
export function likeTable(table: CreateTable, other: CreateTable, text: string): CreateTable {
  const including = table.like?.including ?? new Set()
  const taken = other.columns.filter(
    column =>
      column.kind === 'physical' || including.has(column.kind === 'computed' ? 'GENERATED' : 'METADATA')
  )
  for (const column of table.columns) {
    if (taken.some(({ name }) => name.name === column.name.name))
      throw new SqlError(
        'name',
        `column ${column.name.name} is one of ${other.name.name} already`,
        text,
        column
      )
  }
  const watermark = table.watermark ?? (including.has('WATERMARKS') ? other.watermark : undefined)
  const key = including.has('CONSTRAINTS') ? other.primaryKey : []
  return {
    ...table,
    columns: [...taken, ...table.columns],
    primaryKey: table.primaryKey.length > 0 ? table.primaryKey : key,
    ...(watermark === undefined ? {} : { watermark }),
    options: new Map([...(including.has('OPTIONS') ? other.options : []), ...table.options])
  }
}
