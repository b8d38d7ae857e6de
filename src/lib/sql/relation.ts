import type { Identifier } from './ast.ts'
import { member } from './bind-access.ts'
import type { Bound, Window } from './bound.ts'
import { didYouMean, type Span, SqlError } from './errors.ts'
import type { Node, Scan } from './plan.ts'
import { DYNAMIC, type SqlType } from './types.ts'

/** A named output of a relation, as an expression over the rows of its input. */
export type Field = { name: string; value: Bound }

/**
 * What stands in FROM, while a query is bound: the rows of `input` for which `condition` is TRUE, with `fields`
 * computed from them. Views and subqueries are merged by construction: their fields are expressions over the same input.
 */
export type Relation = {
  input: Node
  condition: Bound | undefined
  fields: Field[]
  /** The name that qualifies its columns. */
  alias: string | undefined
  /** An undeclared table: names that are not fields are columns of its rows. */
  open: boolean
  /** The window table function that the rows went through and are not grouped by yet. */
  window: Window | undefined
  /** The tables of a join, in which its names are looked up. */
  sides?: readonly Side[]
  /** Of a SELECT with the whole row of an undeclared table: that row, where it is not the row of `input`. */
  row?: Bound
}

/** A table in a join. */
export type Side = {
  relation: Relation
  /** An expression over the table's rows as one over the joined rows. */
  lift(value: Bound): Bound
  /** Columns that another side has too, under the same name and with the same value (USING). */
  hidden: ReadonlySet<string>
}

/** The expression for `a`, `a.b` or `alias.a.b` in a relation; throws SqlError when there is none. */
export function resolveName(relation: Relation, parts: Identifier[], text: string): Bound {
  const first = parts[0] as Identifier
  const qualified = parts.length > 1 && first.name === relation.alias
  const path = qualified ? parts.slice(1) : parts
  const head = path[0] as Identifier
  const dotted = path.find(part => part.name.includes('.'))
  if (dotted !== undefined) {
    throw new SqlError('unsupported', 'a column with a dot in its name is not in the subset', text, dotted)
  }
  const field = relation.fields.find(f => f.name === head.name)
  if (field !== undefined) return descend(relation, field.value, path.slice(1), text)
  if (relation.sides !== undefined) return resolveInSides(relation.sides, path, text)
  if (relation.open && relation.input.kind === 'scan') {
    return scanColumn(
      relation.input,
      path.map(part => part.name),
      DYNAMIC,
      head
    )
  }
  throw noColumn(
    head,
    relation.fields.map(f => f.name),
    relation.alias,
    text
  )
}

function noColumn(head: Identifier, names: string[], alias: string | undefined, text: string): SqlError {
  const where = alias === undefined ? '' : ` in ${alias}`
  const known = names.length === 0 ? '' : `; there are ${names.join(', ')}`
  const near = didYouMean(head.name, names)
  return new SqlError('name', `no column ${head.name}${where}${near === '' ? known : near}`, text, head)
}

/** By the name of its table; without one a name is a declared column of one table, or of the only undeclared one. */
function resolveInSides(sides: readonly Side[], path: Identifier[], text: string): Bound {
  const head = path[0] as Identifier
  const named = path.length > 1 ? sides.find(side => side.relation.alias === head.name) : undefined
  if (named !== undefined) return named.lift(resolveName(named.relation, path, text))
  const visible = sides.filter(({ hidden }) => !hidden.has(head.name))
  const declared = visible.filter(({ relation }) => relation.fields.some(f => f.name === head.name))
  const candidates = declared.length > 0 ? declared : visible.filter(({ relation }) => relation.open)
  const [side, ...others] = candidates
  if (side === undefined) {
    const names = visible.flatMap(({ relation }) => relation.fields.map(f => f.name))
    throw noColumn(head, names, undefined, text)
  }
  if (others.length > 0) {
    const names = candidates.map(({ relation }) => `${relation.alias ?? '?'}.${head.name}`).join(' or ')
    throw new SqlError('name', `${head.name} is ambiguous: say ${names}`, text, head)
  }
  return side.lift(resolveName(side.relation, path, text))
}

/** Nested fields of a column that is read from the bytes are found there; others are taken from the value. */
function descend(relation: Relation, value: Bound, path: Identifier[], text: string): Bound {
  let result = value
  for (const part of path) {
    const scan = relation.input.kind === 'scan' ? relation.input : undefined
    const column = result.kind === 'column' ? scan?.columns[result.index] : undefined
    const type = memberType(result.type, part.name)
    result =
      scan !== undefined && column !== undefined && type !== undefined
        ? scanColumn(scan, [...column.path, part.name], type, part)
        : member(result, part.name, part, text)
  }
  return result
}

function memberType(type: SqlType, name: string): SqlType | undefined {
  if (type.kind === 'DYNAMIC') return DYNAMIC
  return type.kind === 'ROW' ? type.fields.find(field => field.name === name)?.type : undefined
}

/** All of the rows of an undeclared table, as the text that they are. */
export const wholeRow = (scan: Scan): Bound => scanColumn(scan, [], DYNAMIC, { start: 0, end: 0 })

/** The row that `*` of an undeclared table stands for. */
export const rowOf = ({ row, input, open }: Relation): Bound | undefined =>
  row ?? (open && input.kind === 'scan' ? wholeRow(input) : undefined)

/** The column of a scan that reads `path`, added to what the scan reads. */
export function scanColumn(scan: Scan, path: string[], type: SqlType, span: Span, envelope?: true): Bound {
  const name = path.length === 0 ? '*' : path.join('.')
  let index = scan.columns.findIndex(
    column =>
      column.envelope === envelope &&
      column.path.length === path.length &&
      column.path.every((p, i) => p === path[i])
  )
  if (index < 0)
    index = scan.columns.push({ path, type, name, ...(envelope === undefined ? {} : { envelope }) }) - 1
  return { kind: 'column', index, name, type, nullable: true, start: span.start, end: span.end }
}
