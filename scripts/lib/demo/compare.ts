import { isDeepStrictEqual } from 'node:util'
import type { Gateway, Minute } from './standing.ts'
import type { Document, Documents } from './store.ts'

/** What a comparison of rows and documents has found. */
export interface Comparison {
  readonly rows: number
  readonly documents: number
  /** In words, the first few of each table. */
  readonly differences: readonly string[]
}

const told = 5

/** Compares a table with its index: the ids, and all fields of each. */
export function compareTable(table: string, rows: Documents, documents: Documents): Comparison {
  const differences: string[] = []
  for (const [id, row] of rows) {
    const document = documents.get(id)
    if (document === undefined) differences.push(`${table} ${id} has no document`)
    else if (!isDeepStrictEqual(document, row))
      differences.push(`${table} ${id} differs: ${difference(row, document)}`)
  }
  for (const id of documents.keys()) {
    if (!rows.has(id)) differences.push(`${table} ${id} is a document, but no row`)
  }
  const more = differences.length > told ? [`… and ${differences.length - told} more of ${table}`] : []
  return { rows: rows.size, documents: documents.size, differences: [...differences.slice(0, told), ...more] }
}

export function combine(comparisons: readonly Comparison[]): Comparison {
  return {
    rows: comparisons.reduce((sum, one) => sum + one.rows, 0),
    documents: comparisons.reduce((sum, one) => sum + one.documents, 0),
    differences: comparisons.flatMap(one => one.differences)
  }
}

function difference(row: Document, document: Document): string {
  const names = new Set([...Object.keys(row), ...Object.keys(document)])
  return [...names]
    .filter(name => !isDeepStrictEqual(row[name], document[name]))
    .map(
      name =>
        `${name} is ${JSON.stringify(row[name])} in MySQL, ${JSON.stringify(document[name])} in the index`
    )
    .join('; ')
}

/** Compares the windows of joins_per_minute with what the source has counted, by the minute's end. */
export function compareJoins(counted: ReadonlyMap<string, number>, minutes: readonly Minute[]): string[] {
  const found = new Map(minutes.map(({ end, joins }) => [end, joins]))
  return [...new Set([...counted.keys(), ...found.keys()])]
    .filter(end => counted.get(end) !== found.get(end))
    .map(
      end =>
        `joins in the minute before ${end}: ${counted.get(end) ?? 'none'} inserted, ${found.get(end) ?? 'none'} counted`
    )
}

/** Compares the windows of gateway_status, summed up, with the payments as they are in the end: each is settled once. */
export function compareGateways(payments: Documents, gateways: readonly Gateway[]): string[] {
  const count = (name: string, status: string): number =>
    [...payments.values()].filter(row => row.gateway === name && row.status === status).length
  const names = new Set([
    ...[...payments.values()].map(row => String(row.gateway)),
    ...gateways.map(one => one.name)
  ])
  return [...names].flatMap(name => {
    const { succeeded, failed } = gateways.find(one => one.name === name) ?? { succeeded: 0, failed: 0 }
    const rows = { succeeded: count(name, 'SUCCESS'), failed: count(name, 'FAILED') }
    if (rows.succeeded === succeeded && rows.failed === failed) return []
    return [
      `payments by ${name}: ${rows.succeeded} succeeded and ${rows.failed} failed, ${succeeded} and ${failed} counted`
    ]
  })
}
