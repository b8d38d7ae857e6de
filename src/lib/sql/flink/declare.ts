import type { Scan } from '../plan.ts'
import { quoteName } from './quote.ts'

/**
 * A CREATE TABLE to begin with for a table that enrich finds by name in the events, and Flink must be told of: the columns
 * that a query reads, with types that their names suggest.
 */
export function suggestedDeclaration({ name, source, columns, eventTime }: Scan): string {
  const root: Members = new Map()
  for (const { path } of columns) insert(root, path)
  const fields = [...root].map(
    ([column, members]) => `  ${quoteName(column)} ${guess(column, members, eventTime?.name)}`
  )
  if (eventTime !== undefined)
    fields.push(`  WATERMARK FOR ${quoteName(eventTime.name)} AS ${quoteName(eventTime.name)}`)
  const format = source.kind === 'changes' ? 'debezium-json' : 'json'
  const declared = name.split('.').at(-1) as string
  const table = name === declared ? '' : `, 'table' = '${name}'`
  return `CREATE TABLE ${quoteName(declared)} (\n${fields.join(',\n')}\n) WITH ('connector' = 'stdin', 'format' = '${format}'${table});`
}

type Members = Map<string, Members>

function insert(members: Members, path: readonly string[]): void {
  let place = members
  for (const name of path) {
    const next: Members = place.get(name) ?? new Map()
    place.set(name, next)
    place = next
  }
}

function guess(name: string, members: Members, eventTime: string | undefined): string {
  if (members.size > 0) {
    const fields = [...members].map(
      ([field, inner]) => `${quoteName(field)} ${guess(field, inner, eventTime)}`
    )
    return `ROW<${fields.join(', ')}>`
  }
  if (name === eventTime || /(?:_at|_time|timestamp)$|^(?:at|time)$/i.test(name)) return 'TIMESTAMP(3)'
  if (/(?:amount|price|total|fee|balance|prize)$/i.test(name)) return 'DECIMAL(18, 2)'
  if (/(?:^|_)(?:id|count|number|seats|spots|size)$|_ms$/i.test(name)) return 'BIGINT'
  if (/(?:_date|_day)$|^(?:date|day)$/i.test(name)) return 'DATE'
  return /^(?:is|has)_/i.test(name) ? 'BOOLEAN' : 'STRING'
}
