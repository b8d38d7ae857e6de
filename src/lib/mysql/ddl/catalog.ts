import type { DatabaseModel, TableModel } from './model.ts'
import type { TableName } from './statement.ts'

/** What a statement does to a catalog: databases and tables that are new or others than before, or gone (null). */
export interface CatalogChanges {
  readonly databases: readonly (readonly [name: string, DatabaseModel | null])[]
  readonly tables: readonly (readonly [table: TableName, TableModel | null])[]
}

/** Reads databases and tables, with changes that may not be kept yet. */
export interface CatalogView {
  database(name: string): DatabaseModel | undefined
  table(table: TableName): TableModel | undefined
  tablesOf(database: string): TableModel[]
}

/** Databases and tables by name. */
export class Catalog implements CatalogView {
  readonly #databases = new Map<string, DatabaseModel>()
  readonly #tables = new Map<string, Map<string, TableModel>>()

  database(name: string): DatabaseModel | undefined {
    return this.#databases.get(name)
  }

  table([database, name]: TableName): TableModel | undefined {
    return this.#tables.get(database)?.get(name)
  }

  tablesOf(database: string): TableModel[] {
    return [...(this.#tables.get(database)?.values() ?? [])]
  }

  get databases(): DatabaseModel[] {
    return [...this.#databases.values()]
  }

  get tables(): TableModel[] {
    return [...this.#tables.values()].flatMap(tables => [...tables.values()])
  }

  apply({ databases, tables }: CatalogChanges): void {
    for (const [name, database] of databases) {
      if (database === null) this.#databases.delete(name)
      else this.#databases.set(name, database)
    }
    for (const [[database, name], table] of tables) {
      let own = this.#tables.get(database)
      if (own === undefined) this.#tables.set(database, (own = new Map()))
      if (table === null) own.delete(name)
      else own.set(name, table)
    }
  }
}

/** A catalog with changes above it. */
export class CatalogDraft implements CatalogView {
  readonly #below: CatalogView
  readonly #databases = new Map<string, DatabaseModel | null>()
  readonly #tables = new Map<string, readonly [TableName, TableModel | null]>()

  constructor(below: CatalogView) {
    this.#below = below
  }

  database(name: string): DatabaseModel | undefined {
    const own = this.#databases.get(name)
    return own === undefined ? this.#below.database(name) : (own ?? undefined)
  }

  table(table: TableName): TableModel | undefined {
    const own = this.#tables.get(keyOfName(table))
    return own === undefined ? this.#below.table(table) : (own[1] ?? undefined)
  }

  tablesOf(database: string): TableModel[] {
    return this.#below.tablesOf(database)
  }

  setDatabase(database: DatabaseModel): void {
    this.#databases.set(database.name, database)
  }

  dropDatabase(name: string): void {
    this.#databases.set(name, null)
  }

  /** Puts a table under a name, which becomes its own. */
  setTable([database, name]: TableName, table: TableModel): void {
    this.#tables.set(keyOfName([database, name]), [[database, name], { ...table, database, name }])
  }

  dropTable(table: TableName): void {
    this.#tables.set(keyOfName(table), [table, null])
  }

  changes(): CatalogChanges {
    const tables = [...this.#tables.values()].filter(
      ([name, table]) => table !== null || this.#below.table(name) !== undefined
    )
    return { databases: [...this.#databases], tables }
  }
}

function keyOfName([database, name]: TableName): string {
  return `${database}\0${name}`
}
