/** What is looked up in a table of a server. */
export type ServerQuery = {
  readonly url: string
  readonly user: string | undefined
  readonly password: string | undefined
  readonly table: string
  readonly columns: readonly { readonly name: string; readonly isBoolean: boolean }[]
  readonly keys: readonly {
    readonly name: string
    readonly kind: 'number' | 'text' | 'date' | 'time' | 'timestamp'
  }[]
}

/** A table of a server in which rows are looked up. Its methods throw ToolError. */
export interface ServerRows {
  open(): Promise<void>
  /**
   * The rows of keys, each given as the texts of its columns' values: as lines of JSON, and for each line the indexes of
   * the keys that it has.
   */
  fetch(keys: readonly (readonly string[])[]): Promise<{
    readonly lines: Buffer
    readonly owners: readonly (readonly number[])[]
  }>
  close(): void
}
