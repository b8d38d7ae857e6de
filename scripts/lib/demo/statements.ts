/** The few forms of SQL that the evening's transactions are written in. */

/** `rows` are lists of values, all of the table's columns in order, without parentheses. */
export function insert(table: string, rows: readonly string[]): string {
  return `INSERT INTO ${table} VALUES ${rows.map(row => `(${row})`).join()}`
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A moment in UTC as a literal with milliseconds. */
export function moment(ms: number): string {
  return literal(new Date(ms).toISOString().slice(0, -1).replace('T', ' '))
}
