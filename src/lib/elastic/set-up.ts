import type { Input } from '../stream/index.ts'
import type { TableMappings } from './table-mappings.ts'

/** Puts the index templates of the tables that an input tells of; its rows are passed over. @returns how many tables */
export async function setUp(input: Input, mappings: TableMappings, stop: AbortSignal): Promise<number> {
  stop.addEventListener('abort', () => input.stop(), { once: true })
  const tables = new Set<string>()
  for await (const part of input.parts()) {
    if (part.kind === 'end' && part.cut !== undefined) throw part.cut
    if (part.kind !== 'schema') continue
    await mappings.apply(part.schema, true)
    tables.add(`${part.schema.db}.${part.schema.table}`)
  }
  return tables.size
}
