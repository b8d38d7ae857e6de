/** A table whose rows come: what an output that keeps tables apart cannot tell from every line. */
export interface KeyedTable {
  readonly database: string
  /** '' for statements that define tables. */
  readonly name: string
  readonly columns: readonly { readonly name: string }[]
  /** Indexes of the columns that tell rows apart; none where there is no key. */
  readonly key: readonly number[]
}

export interface RowsOf {
  readonly database: string
  readonly table: string
  readonly key: readonly string[]
}

/** `{"@rows":{…}}`: a control line between a source and its own output, which leaves no process. */
export function formatRowsOf({ database, name, columns, key }: KeyedTable): Buffer {
  const rows: RowsOf = { database, table: name, key: key.map(i => columns[i]?.name ?? '') }
  return Buffer.from(`${JSON.stringify({ '@rows': rows })}\n`)
}

export function parseRowsOf(line: Buffer): RowsOf | null {
  return (JSON.parse(line.toString()) as { '@rows'?: RowsOf })['@rows'] ?? null
}
