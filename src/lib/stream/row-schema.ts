/** What a table's change events have in `before` and `after`, from here on in the stream. */
export interface RowSchema {
  readonly db: string
  readonly table: string
  /** The columns that tell rows apart, in the order of the key; none where the table has no such key. */
  readonly key: readonly string[]
  readonly columns: readonly RowColumn[]
}

export interface RowColumn {
  readonly name: string
  /** MySQL's type in lower case, without display widths: `bigint unsigned`, `decimal(10,2)`, `enum('a','b')`. */
  readonly type: string
}

/** The control line that tells a schema. */
export function formatSchema(schema: RowSchema): string {
  return `${JSON.stringify({ '@schema': schema })}\n`
}

/** The schema that a control line tells; undefined when it is none. */
export function asSchema(value: unknown): RowSchema | undefined {
  if (value === null || typeof value !== 'object') return undefined
  const { db, table, key, columns } = value as Record<string, unknown>
  if (typeof db !== 'string' || typeof table !== 'string') return undefined
  if (!Array.isArray(key) || !key.every(name => typeof name === 'string')) return undefined
  if (!Array.isArray(columns) || !columns.every(isColumn)) return undefined
  return { db, table, key, columns: columns.map(({ name, type }) => ({ name, type })) }
}

function isColumn(value: unknown): value is RowColumn {
  if (value === null || typeof value !== 'object') return false
  const { name, type } = value as Record<string, unknown>
  return typeof name === 'string' && typeof type === 'string'
}
