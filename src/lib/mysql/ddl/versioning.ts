import type { ColumnModel, KnownTable } from './model.ts'

/**
 * MariaDB's system-versioned tables: unless columns are defined for it (AS ROW START, AS ROW END), two that no
 * definition names stand at the end of each row.
 */
export function withVersioning(table: KnownTable, on: boolean): KnownTable {
  const { versioned: _, ...rest } = table
  return on && !table.columns.some(column => column.rowTime === true) ? { ...rest, versioned: true } : rest
}

/** The columns of rows in the log. */
export function loggedColumns({ columns, versioned }: KnownTable): readonly ColumnModel[] {
  return versioned === true ? [...columns, rowTime('row_start'), rowTime('row_end')] : columns
}

function rowTime(name: string): ColumnModel {
  return { name, type: 'timestamp', length: 6, rowTime: true }
}
