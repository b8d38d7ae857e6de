import type { Identifier, TableReference } from './ast.ts'
import { type Bound, columnOfValue, describe } from './bound.ts'
import { binderFor, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { calcOf, calcValue, sidesOf } from './lift.ts'
import { type Unnest, type UnnestMembers, unnestedColumns } from './plan.ts'
import { isProctime } from './proctime.ts'
import type { Field, Relation, Side } from './relation.ts'
import { DYNAMIC, INT, type SqlType, typeName } from './types.ts'

type Unnested = { members: UnnestMembers; columns: { name: string; type: SqlType }[] }

/** `t CROSS JOIN UNNEST(t.c) AS u (a, b)`, or LEFT JOIN … ON TRUE: the rows of `left` with the members of a collection. */
export function bindUnnest(
  join: TableReference & { kind: 'join' },
  reference: TableReference & { kind: 'unnest' },
  left: Relation,
  text: string
): Relation & { sides: readonly Side[] } {
  const { type, on, using } = join
  if (type !== 'inner' && type !== 'left')
    throw new SqlError('unsupported', unsupported(`UNNEST in a ${type} join`), text, reference)
  if (using !== undefined || (on !== undefined && !(on.kind === 'boolean' && on.value)))
    throw new SqlError(
      'unsupported',
      unsupported('a condition of a join with UNNEST but ON TRUE'),
      text,
      on ?? reference
    )
  const value = binderFor(left, text).bind(reference.value)
  const { members, columns } = unnested(value, reference, text)
  if (reference.ordinality) columns.push({ name: 'ORDINALITY', type: INT })
  const names = columnNames(columns, reference, text)
  const input = calcOf(left)
  const node: Unnest = {
    kind: 'unnest',
    input,
    value: calcValue(input, value),
    members,
    isCounted: value.type.kind === 'MULTISET',
    isOuter: type === 'left',
    isNumbered: reference.ordinality
  }
  const first = unnestedColumns(node)
  const { start, end } = reference
  const alias = reference.alias?.name
  const prefix = alias === undefined ? '' : `${alias}.`
  const fields = columns.map((column, index): Field => {
    const name = names[index] as string
    const field = {
      kind: 'column',
      index,
      name: `${prefix}${name}`,
      type: column.type,
      nullable: true
    } as const
    return { name, value: { ...field, start, end } }
  })
  const taken = new Set(fields.map(field => `${prefix}${field.name}`))
  const lift = (bound: Bound): Bound => {
    if (isProctime(bound)) return bound
    const index = first + calcValue(input, bound)
    const name = describe(bound)
    return columnOfValue(bound, index, taken.has(name) ? `${name}#${index}` : name)
  }
  const own: Relation = { input: node, condition: undefined, fields, alias, open: false, window: undefined }
  return {
    input: node,
    condition: undefined,
    fields: [],
    alias: undefined,
    open: left.open,
    window: undefined,
    sides: [...sidesOf(left, lift), { relation: own, lift: bound => bound, hidden: new Set() }]
  }
}

function unnested(
  value: Bound,
  { columns: names = [], ordinality }: TableReference & { kind: 'unnest' },
  text: string
): Unnested {
  const { type } = value
  switch (type.kind) {
    case 'ARRAY':
    case 'MULTISET': {
      const { element } = type
      if (element.kind === 'ROW')
        return {
          members: { kind: 'row', width: element.fields.length },
          columns: element.fields.map(field => ({ ...field }))
        }
      return { members: { kind: 'element' }, columns: [{ name: 'EXPR$0', type: element }] }
    }
    case 'MAP':
      return {
        members: { kind: 'entry' },
        columns: [
          { name: 'KEY', type: type.key },
          { name: 'VALUE', type: type.value }
        ]
      }
    case 'DYNAMIC': {
      const own = ordinality ? names.slice(0, -1) : names
      if (own.length === 0) {
        const reason =
          'the members of an undeclared array need names: UNNEST(…) AS t (a), or AS t (a, b) for the fields a and b of objects'
        throw new SqlError('type', reason, text, value)
      }
      const columns = own.map(({ name }) => ({ name, type: DYNAMIC }))
      if (own.length === 1) return { members: { kind: 'element' }, columns }
      return { members: { kind: 'fields', names: own.map(({ name }) => name) }, columns }
    }
    default:
      throw new SqlError(
        'type',
        `UNNEST takes an ARRAY, MAP or MULTISET, this is ${typeName(type)}`,
        text,
        value
      )
  }
}

function columnNames(
  columns: readonly { name: string }[],
  { columns: names, alias }: TableReference & { kind: 'unnest' },
  text: string
): string[] {
  if (names === undefined) return columns.map(({ name }) => name)
  if (names.length === columns.length) return names.map(({ name }) => name)
  const reason = `a list of ${names.length} columns for ${columns.length}`
  throw new SqlError('type', reason, text, names[0] ?? (alias as Identifier))
}
