import { alignRows } from './align-rows.ts'
import type { SetOperation } from './ast.ts'
import type { BoundSelect } from './environment.ts'
import { SqlError } from './errors.ts'
import type { Calc, Projection } from './plan.ts'
import type { Field } from './relation.ts'
import { typeName } from './types.ts'
import { settled } from './window-relation.ts'

/** INTERSECT or EXCEPT of two queries. */
export function bindSetOperation(
  left: BoundSelect,
  right: BoundSelect,
  operation: SetOperation,
  text: string
): BoundSelect {
  const { kind, all } = operation
  const what = kind.toUpperCase()
  const rows = alignRows([settled(left), settled(right)], what, operation, text)
  const fields = rows.fields.map(({ name, value }): Field => {
    if (['ROW', 'ARRAY', 'MAP', 'MULTISET'].includes(value.type.kind)) {
      const reason = `${name} is a ${typeName(value.type)}, which ${what} does not compare`
      throw new SqlError('type', reason, text, value)
    }
    // A row comes and goes with others, so that its time is no event time any more.
    const { rowtime: _, windowed: __, ...column } = value
    return { name, value: column }
  })
  const [first, second] = rows.inputs as [Calc, Calc]
  return {
    input: { kind: 'setOperation', operation: kind, isAll: all, left: first, right: second },
    condition: undefined,
    fields,
    alias: undefined,
    open: false,
    window: undefined,
    projections: fields.map(({ name, value }): Projection => ({ kind: 'value', name, value }))
  }
}
