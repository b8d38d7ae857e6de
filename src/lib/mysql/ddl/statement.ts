import type { CharsetClause } from './charset.ts'
import type { ColumnDefinition } from './column-definition.ts'

/** Database and name. */
export type TableName = readonly [database: string, name: string]

/** Statements that change what tables there are and what columns they have. */
export type DdlStatement =
  | CreateTable
  | {
      readonly kind: 'create-like'
      readonly table: TableName
      readonly ifNotExists: boolean
      readonly like: TableName
    }
  | AlterTable
  | {
      readonly kind: 'rename-tables'
      readonly ifExists: boolean
      readonly pairs: readonly (readonly [from: TableName, to: TableName])[]
    }
  | { readonly kind: 'drop-tables'; readonly tables: readonly TableName[] }
  | {
      readonly kind: 'create-database'
      readonly name: string
      readonly ifNotExists: boolean
      /** MariaDB: what was there is dropped. */
      readonly orReplace: boolean
      readonly charset: CharsetClause
    }
  | { readonly kind: 'alter-database'; readonly name: string; readonly charset: CharsetClause }
  | { readonly kind: 'drop-database'; readonly name: string }
  | { readonly kind: 'create-index'; readonly table: TableName; readonly key: KeyDefinition | null }
  | { readonly kind: 'drop-index'; readonly table: TableName; readonly name: string }

export interface CreateTable {
  readonly kind: 'create-table'
  readonly table: TableName
  readonly ifNotExists: boolean
  readonly columns: readonly ColumnDefinition[]
  readonly keys: readonly KeyDefinition[]
  readonly charset: CharsetClause
  /** MariaDB: WITH SYSTEM VERSIONING. */
  readonly versioned: boolean
}

export interface AlterTable {
  readonly kind: 'alter-table'
  readonly table: TableName
  readonly actions: readonly AlterAction[]
}

/** A primary or unique key; others do not matter. */
export interface KeyDefinition {
  readonly kind: 'primary' | 'unique'
  readonly name: string | null
  readonly columns: readonly string[]
  /** Over parts of columns or expressions. */
  readonly partial: boolean
}

export type AlterAction =
  | { readonly kind: 'add-column'; readonly column: ColumnDefinition; readonly ifNotExists: boolean }
  | { readonly kind: 'drop-column'; readonly name: string; readonly ifExists: boolean }
  /** MODIFY too, with both names the same. */
  | {
      readonly kind: 'change-column'
      readonly name: string
      readonly column: ColumnDefinition
      readonly ifExists: boolean
    }
  | { readonly kind: 'rename-column'; readonly name: string; readonly to: string; readonly ifExists: boolean }
  | { readonly kind: 'add-key'; readonly key: KeyDefinition }
  | { readonly kind: 'drop-primary-key' }
  | { readonly kind: 'system-versioning'; readonly on: boolean }
  | { readonly kind: 'drop-key'; readonly name: string }
  | { readonly kind: 'rename-key'; readonly name: string; readonly to: string }
  | { readonly kind: 'convert'; readonly charset: CharsetClause }
  | { readonly kind: 'default-charset'; readonly charset: CharsetClause }
  | { readonly kind: 'rename-table'; readonly to: TableName }
  /** MariaDB: a partition becomes a table, or the other way round. */
  | { readonly kind: 'partition-to-table'; readonly to: TableName }
  | { readonly kind: 'table-to-partition'; readonly from: TableName }
