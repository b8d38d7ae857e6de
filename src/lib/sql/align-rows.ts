import type { Bound, WindowProperty } from './bound.ts'
import { cast } from './cast.ts'
import { type BoundSelect, unsupported } from './environment.ts'
import { type Span, SqlError } from './errors.ts'
import type { Calc } from './plan.ts'
import type { Field } from './relation.ts'
import { commonType, type SqlType, typeName } from './types.ts'

/** Rows of the same columns, and what these are as columns of a node over all of them. */
export type AlignedRows = { inputs: Calc[]; fields: Field[] }

/**
 * The rows of queries with columns by position, named by the first query, of the types that hold the values of all.
 * Throws SqlError.
 * @param what puts them together: UNION, INTERSECT, EXCEPT
 */
export function alignRows(queries: BoundSelect[], what: string, at: Span, text: string): AlignedRows {
  const [first] = queries as [BoundSelect]
  for (const { open, fields } of queries) {
    if (open)
      throw new SqlError('unsupported', unsupported(`${what} with * of an undeclared table`), text, at)
    if (fields.length === first.fields.length) continue
    const reason = `the parts of ${what} have ${first.fields.length} and ${fields.length} columns`
    throw new SqlError('type', reason, text, at)
  }
  const types = first.fields.map((_, i) =>
    typeOf(
      queries.map(({ fields }) => (fields[i] as Field).value),
      what,
      text
    )
  )
  const inputs = queries.map(({ input, condition, fields }): Calc => {
    const values = fields.map(({ value }, i) => cast(value, types[i] as SqlType) as Bound)
    return { kind: 'calc', input, condition, values }
  })
  const fields = first.fields.map(({ name }, index): Field => {
    const values = inputs.map(input => input.values[index] as Bound)
    const { start, end, windowed } = values[0] as Bound
    const isSame = (other: WindowProperty | undefined): boolean =>
      other?.bound === windowed?.bound && other?.windows === windowed?.windows
    const value: Bound = {
      kind: 'column',
      index,
      name,
      type: types[index] as SqlType,
      nullable: values.some(value => value.nullable),
      ...(values.every(value => value.rowtime === true) ? { rowtime: true } : {}),
      ...(windowed !== undefined && values.every(value => isSame(value.windowed)) ? { windowed } : {}),
      start,
      end
    }
    return { name, value }
  })
  return { inputs, fields }
}

function typeOf(values: Bound[], what: string, text: string): SqlType {
  return values.slice(1).reduce(
    (type, value) => {
      const common = commonType(type, value.type)
      if (common !== undefined) return common
      const reason = `${what} of ${typeName(type)} and ${typeName(value.type)}: use CAST`
      throw new SqlError('type', reason, text, value)
    },
    (values[0] as Bound).type
  )
}
