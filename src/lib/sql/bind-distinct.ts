import type { Bound } from './bound.ts'
import { type BoundSelect, unsupported } from './environment.ts'
import { type Span, SqlError } from './errors.ts'
import { groupRows, isByWindow } from './group-node.ts'
import type { Projection } from './plan.ts'
import type { Field } from './relation.ts'
import { typeName } from './types.ts'
import { settled } from './window-relation.ts'

/** Each of the rows once: groups without aggregates. */
export function bindDistinct(given: BoundSelect, at: Span, text: string): BoundSelect {
  const values = given.fields.map(field => field.value)
  const rows = isByWindow(given, values, []) ? given : settled(given)
  if (rows.open)
    throw new SqlError('unsupported', unsupported('DISTINCT over * of an undeclared table'), text, at)
  for (const { name, value } of rows.fields) {
    if (!['ROW', 'ARRAY', 'MAP'].includes(value.type.kind)) continue
    throw new SqlError(
      'type',
      `${name} is a ${typeName(value.type)}, which DISTINCT does not compare`,
      text,
      value
    )
  }
  const keys = rows.fields.map(field => field.value)
  const { node, columns } = groupRows(rows, keys, [])
  const fields = rows.fields.map(({ name }, i): Field => ({ name, value: columns[i] as Bound }))
  return {
    input: node,
    condition: undefined,
    fields,
    alias: undefined,
    open: false,
    window: undefined,
    projections: fields.map(({ name, value }): Projection => ({ kind: 'value', name, value }))
  }
}
