import { parseType } from '../../src/lib/sql/parse-type.ts'
import { TokenStream } from '../../src/lib/sql/token-stream.ts'
import type { SqlType } from '../../src/lib/sql/types.ts'

/** A number as it stands in JSON: DECIMAL and BIGINT lose digits as doubles. */
class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type JsonRow = Record<string, unknown>

/** A row as a plain one, or the two sides of a change. */
export type Change = { readonly before: JsonRow | null; readonly after: JsonRow | null }

/** Parses a line of JSON with its numbers as written. */
export function parseLine(line: string): JsonRow {
  return JSON.parse(line, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? new JsonNumber(context?.source ?? String(value)) : value
  ) as JsonRow
}

export type Column = { readonly name: string; readonly type: SqlType }

/** The type that DESCRIBE shows, among those that enrich knows: a CHAR(n) is a string, a MULTISET a MAP of counts. */
export function typeOf(text: string): SqlType {
  const known = text
    .replaceAll(/ \*(?:ROWTIME|PROCTIME)\*/g, '')
    .replaceAll(/\bMULTISET<(.*)>/g, 'MAP<$1, INT>')
  return parseType(new TokenStream(known))
}

/** The same text for values that are equal, in whichever of the two programs' forms they are written. */
function canonical(value: unknown, type: SqlType): unknown {
  if (value === null || value === undefined) return null
  const text = value instanceof JsonNumber ? value.text : String(value)
  switch (type.kind) {
    case 'FLOAT':
      return Math.fround(Number(text))
    case 'DOUBLE':
      return Number(text)
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
    case 'TIME':
      return text.replace(/(?:\.(\d*?)0*)?(Z?)$/, (_all, digits: string | undefined, zone: string) =>
        digits === undefined || digits === '' ? zone : `.${digits}${zone}`
      )
    case 'ARRAY':
      return (value as unknown[]).map(item => canonical(item, type.element))
    case 'MAP':
      return Object.fromEntries(
        Object.entries(value as JsonRow)
          .map(([key, item]) => [key, canonical(item, type.value)] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1))
      )
    case 'ROW':
      return type.fields.map(field => canonical((value as JsonRow)[field.name], field.type))
    default:
      return text
  }
}

/** The rows that a changelog leads to, each with the number of times it is there. */
export type Rows = ReadonlyMap<string, number>

/** Folds changes; what is taken back without being there stands with a count below zero. */
export function fold(changes: Iterable<Change>, columns: readonly Column[]): Rows {
  const rows = new Map<string, number>()
  const count = (row: JsonRow | null, by: 1 | -1): void => {
    if (row === null) return
    const names = Object.keys(row)
    const values = columns.map(({ name, type }) => [name, canonical(row[name], type)])
    const others = names.filter(name => !columns.some(column => column.name === name))
    const text = JSON.stringify(
      Object.fromEntries([...values, ...others.map(name => [name, 'not in Flink'])])
    )
    const sum = (rows.get(text) ?? 0) + by
    if (sum === 0) rows.delete(text)
    else rows.set(text, sum)
  }
  for (const { before, after } of changes) {
    count(before, -1)
    count(after, 1)
  }
  return rows
}

const MOST = 8

/** What one has and the other lacks, as lines for a message; empty when they are the same. */
export function difference(ours: Rows, theirs: Rows): string[] {
  const lines: string[] = []
  for (const row of new Set([...theirs.keys(), ...ours.keys()])) {
    const by = (ours.get(row) ?? 0) - (theirs.get(row) ?? 0)
    if (by !== 0)
      lines.push(
        `${by > 0 ? 'only enrich' : 'only Flink'}${Math.abs(by) > 1 ? ` (${Math.abs(by)} ×)` : ''}: ${row}`
      )
  }
  const told = lines.sort()
  return told.length > MOST ? [...told.slice(0, MOST), `and ${told.length - MOST} more`] : told
}
