import { constantKeys, lookupColumn } from '../bind-lookup.ts'
import { type Bound, columnsOf } from '../bound.ts'
import { cast } from '../cast.ts'
import { generateValues } from '../generate-calc.ts'
import type { Row } from '../operators/operator.ts'
import type { Join, Scan, ScanColumn } from '../plan.ts'
import { isNumeric, type SqlType, STRING } from '../types.ts'
import type { ServerQuery } from './server.ts'

/** A column of a server's table that rows are looked up by, and its value over the row of the left side. */
export type ServerKey = ServerQuery['keys'][number] & { readonly value: Bound }

/** How values of a type are compared on a server; undefined for types that are no keys there. */
export function keyKind(type: SqlType): ServerKey['kind'] | undefined {
  if (isNumeric(type) && type.kind !== 'FLOAT' && type.kind !== 'DOUBLE') return 'number'
  switch (type.kind) {
    case 'STRING':
      return 'text'
    case 'DATE':
      return 'date'
    case 'TIME':
      return 'time'
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return 'timestamp'
    default:
      return undefined
  }
}

/** What the rows of a join's right side are looked up by: its keys, and the constants that its columns are equal to. */
export function keysOf(join: Join): ServerKey[] {
  const { left, right, keys } = join
  const scan = right.input as Scan
  const pairs = keys.map(({ left: index, right: at }) => {
    const { type } = left.values[index] as Bound
    const value: Bound = { kind: 'column', index, name: '', type, nullable: true, start: 0, end: 0 }
    return { column: lookupColumn(right.values[at] as Bound), value }
  })
  const byName = new Map<string, ServerKey>()
  for (const { column, value } of [...pairs, ...constantKeys(join)]) {
    const { name, type } = scan.columns[column?.index ?? -1] as ScanColumn
    const kind = keyKind(type)
    if (kind !== undefined && !byName.has(name)) byName.set(name, { name, kind, value })
  }
  return [...byName.values()]
}

/** The columns that the query reads, as they stand in the table. */
export function columnsRead({ right }: Join): ServerQuery['columns'] {
  const { columns } = right.input as Scan
  const read = [...right.values, ...(right.condition === undefined ? [] : [right.condition])].flatMap(
    columnsOf
  )
  const types = new Map<string, SqlType>()
  for (const { index } of read) {
    const { path, type } = columns[index] as ScanColumn
    types.set(path[0] as string, type)
  }
  return [...types].map(([name, type]) => ({ name, isBoolean: type.kind === 'BOOLEAN' }))
}

/** A function that gives the values of a key for a row of the left side, as texts. */
export function keyTexts(keys: readonly ServerKey[]): (left: Row) => (string | null)[] {
  const texts = keys.map(({ value }) => cast(value, STRING) as Bound)
  return generateValues(texts) as (left: Row) => (string | null)[]
}
