import { FieldFinder } from './fields.ts'

const finder = new FieldFinder(['source', 'databaseName', 'ddl', 'op'])
const OPEN_BRACE = 123
const QUOTE = 34

/**
 * Whether a line without `op` is a statement that defines tables, in the form of Debezium's schema change topic: it has
 * a `source` like the change events among which it stands, and is no row.
 */
export function isSchemaChange(block: Buffer, start: number, end: number): boolean {
  if (!finder.find(block, start, end)) return false
  const [source = -1, , database = -1, , ddl = -1, , op = -1] = finder.spans
  return op < 0 && database >= 0 && block[source] === OPEN_BRACE && block[ddl] === QUOTE
}
