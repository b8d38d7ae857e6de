import type { Expression, Identifier, Select } from './ast.ts'
import type { Bound } from './bound.ts'
import { cast } from './cast.ts'
import type { Table } from './catalog.ts'
import type { BoundSelect } from './environment.ts'
import { SqlError } from './errors.ts'
import type { Projection } from './plan.ts'
import { type Field, type Relation, rowOf } from './relation.ts'
import { sameType, typeName } from './types.ts'

/** The SELECT list over a relation; `bind` resolves its expressions. */
export function project(
  select: Select,
  relation: Relation,
  bind: (expression: Expression) => Bound,
  text: string
): BoundSelect {
  const projections: Projection[] = []
  const names = new Set<string>()
  /** The number that the next column of a name gets. */
  const numbers = new Map<string, number>()
  const push = (wanted: string, value: Bound): void => {
    // A name that is taken gets a number, as in Flink.
    let name = wanted
    let n = numbers.get(wanted) ?? 0
    while (names.has(name)) name = `${wanted}${n++}`
    numbers.set(wanted, n)
    names.add(name)
    projections.push({ kind: 'value', name, value })
  }
  for (const [i, item] of select.items.entries()) {
    if (item.kind === 'item') {
      push(item.alias?.name ?? impliedName(item.value) ?? `EXPR$${i}`, bind(item.value))
      continue
    }
    const tables = tablesOf(relation).filter(
      ({ alias }) => item.table === undefined || item.table.name === alias
    )
    if (item.table !== undefined && tables.length === 0)
      throw new SqlError('name', `no table ${item.table.name} in FROM`, text, item.table)
    for (const { row, fields } of tables) {
      if (row !== undefined) projections.push({ kind: 'row', value: row.value })
      for (const field of fields) push(field.name, field.value)
    }
  }
  const rows = projections.filter(projection => projection.kind === 'row')
  if (rows.length > 1) {
    const reason = '* of several undeclared tables may name columns twice: list the columns, or one table.*'
    throw new SqlError('unsupported', reason, text, select.items.find(item => item.kind === 'star') ?? select)
  }
  if (rows.length > 0) dropRepeated(projections)
  const fields = projections.flatMap((p): Field[] =>
    p.kind === 'value' ? [{ name: p.name, value: p.value }] : []
  )
  const open = projections.some(projection => projection.kind === 'row')
  const row = rows[0]?.value
  const { sides, row: _, ...rest } = relation
  return {
    ...rest,
    ...(open && sides !== undefined ? { sides } : {}),
    ...(row === undefined ? {} : { row }),
    fields,
    open,
    projections
  }
}

/** What `*` stands for in one table: its row as it came, and its columns. */
type StarTable = { alias: string | undefined; row: { value: Bound | undefined } | undefined; fields: Field[] }

function tablesOf({ sides, alias, open, fields, row }: Relation): StarTable[] {
  if (sides === undefined || fields.length > 0)
    return [{ alias, row: open ? { value: row } : undefined, fields }]
  return sides.map(({ relation, lift, hidden }) => {
    const whole = rowOf(relation)
    return {
      alias: relation.alias,
      row: whole === undefined ? undefined : { value: lift(whole) },
      fields: relation.fields
        .filter(field => !hidden.has(field.name))
        .map(field => ({ name: field.name, value: lift(field.value) }))
    }
  })
}

/** Beside the whole row, its own columns under their own names say nothing new. */
function dropRepeated(projections: Projection[]): void {
  const kept = projections.filter(
    p => p.kind === 'row' || p.value.kind !== 'column' || p.value.name !== p.name
  )
  projections.splice(0, projections.length, ...kept)
}

/** The name of an item without alias: that of the column or nested field. */
function impliedName(expression: Expression): string | undefined {
  if (expression.kind === 'reference') return expression.parts.at(-1)?.name
  return expression.kind === 'field' ? expression.name.name : undefined
}

/** Fits a query's columns to a declared output: names by position, types by cast. */
export function fitToTable(
  query: BoundSelect,
  table: Table,
  columns: Identifier[],
  text: string
): Projection[] {
  const declared = table.declaration.columns
  const targets =
    columns.length === 0
      ? declared.filter(column => column.kind === 'physical')
      : columns.map(c => declared.find(d => d.name.name === c.name) ?? missingColumn(c, table, text))
  const at = table.declaration.name
  if (query.open || query.projections.length !== targets.length) {
    const found = query.open ? 'the columns of an undeclared table' : `${query.projections.length} columns`
    throw new SqlError(
      'type',
      `${at.name} takes ${targets.length} columns, found ${found}`,
      text,
      query.projections.length > 0 ? firstSpan(query, at) : at
    )
  }
  return targets.map((target, i) => {
    const { value } = query.projections[i] as Projection & { kind: 'value' }
    if (target.kind !== 'physical')
      throw new SqlError(
        'type',
        `${target.name.name} is computed: nothing can be written to it`,
        text,
        target
      )
    const fitted = sameType(value.type, target.type) ? value : cast(value, target.type)
    if (fitted === undefined) {
      throw new SqlError(
        'type',
        `${target.name.name} is ${typeName(target.type)}, found ${typeName(value.type)}: use CAST`,
        text,
        value
      )
    }
    return { kind: 'value', name: target.name.name, value: fitted }
  })
}

function firstSpan(query: BoundSelect, fallback: Identifier): { start: number; end: number } {
  const first = query.projections[0]
  return first?.kind === 'value' ? first.value : fallback
}

function missingColumn(column: Identifier, table: Table, text: string): never {
  throw new SqlError('name', `no column ${column.name} in ${table.declaration.name.name}`, text, column)
}
