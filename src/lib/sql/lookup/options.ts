import type { CreateTable } from '../ast.ts'

export type FileOptions = {
  readonly kind: 'file'
  readonly path: string
  readonly format: 'json' | 'csv'
  readonly delimiter: string
  /** The text of a CSV field that is NULL. */
  readonly nullText: string | undefined
}

/** Where the rows of a table are that is looked up. */
export type LookupOptions = FileOptions

/** The options of each connector. */
export const lookupConnectors: Record<string, string[]> = {
  filesystem: ['connector', 'path', 'format', 'csv.field-delimiter', 'csv.null-literal']
}

/**
 * Reads the options of a table that is looked up.
 * @param fail throws; its second argument is the option at fault, without one the table itself is
 */
export function lookupOptions(
  { options, columns }: CreateTable,
  connector: string,
  fail: (reason: string, name?: string) => never
): LookupOptions {
  const option = (name: string): string | undefined => options.get(name)?.value
  const need = (name: string, example: string): string =>
    option(name) ?? fail(`connector '${connector}' needs '${name}', such as ${example}`)
  const path = need('path', "'customers.csv'")
  const format = option('format') ?? fail("connector 'filesystem' needs 'format', json or csv")
  if (format !== 'json' && format !== 'csv')
    return fail(`format '${format}' is not in the subset; files are json or csv`, 'format')
  const delimiter = option('csv.field-delimiter') ?? ','
  if (delimiter.length !== 1 || /["\r\n]/.test(delimiter))
    fail('a field delimiter is one character', 'csv.field-delimiter')
  const nested = columns.find(c => c.kind === 'physical' && ['ROW', 'ARRAY', 'MAP'].includes(c.type.kind))
  if (format === 'csv' && nested !== undefined)
    fail(`a CSV file has no nested values, ${nested.name.name} is one`, 'format')
  return { kind: 'file', path, format, delimiter, nullText: option('csv.null-literal') }
}
