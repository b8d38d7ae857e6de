import type { Bound, WindowProperty } from './bound.ts'
import { cast } from './cast.ts'
import { type BoundSelect, unsupported } from './environment.ts'
import { type Span, SqlError } from './errors.ts'
import { groupRows, isByWindow } from './group-node.ts'
import type { Calc, Projection } from './plan.ts'
import { type Field, wholeRow } from './relation.ts'
import { commonType, type SqlType, typeName } from './types.ts'
import { settled } from './window-relation.ts'

/** The rows of all inputs: columns by position, named by the first input, of the types that hold the values of all. */
export function bindUnion(parts: BoundSelect[], at: Span, text: string): BoundSelect {
  const inputs = parts.map(settled)
  const [first] = inputs as [BoundSelect]
  if (inputs.every(isWholeRow)) return unionOfRows(inputs)
  for (const input of inputs) {
    if (input.open)
      throw new SqlError('unsupported', unsupported('UNION with * of an undeclared table'), text, at)
    if (input.fields.length !== first.fields.length) {
      const reason = `the parts of UNION have ${first.fields.length} and ${input.fields.length} columns`
      throw new SqlError('type', reason, text, at)
    }
  }
  const types = first.fields.map((_, i) =>
    unionType(
      inputs.map(input => (input.fields[i] as Field).value),
      text
    )
  )
  const calcs = inputs.map((input): Calc => {
    const values = input.fields.map(({ value }, i) => cast(value, types[i] as SqlType) as Bound)
    return { kind: 'calc', input: input.input, condition: input.condition, values }
  })
  const fields = first.fields.map(({ name }, index): Field => {
    const values = calcs.map(calc => calc.values[index] as Bound)
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
  return {
    input: { kind: 'union', inputs: calcs },
    condition: undefined,
    fields,
    alias: undefined,
    open: false,
    window: undefined,
    projections: fields.map(({ name, value }): Projection => ({ kind: 'value', name, value }))
  }
}

function unionType(values: Bound[], text: string): SqlType {
  return values.slice(1).reduce(
    (type, value) => {
      const common = commonType(type, value.type)
      if (common !== undefined) return common
      throw new SqlError(
        'type',
        `UNION of ${typeName(type)} and ${typeName(value.type)}: use CAST`,
        text,
        value
      )
    },
    (values[0] as Bound).type
  )
}

const isWholeRow = ({ input, projections }: BoundSelect): boolean =>
  input.kind === 'scan' && projections.length === 1 && projections[0]?.kind === 'row'

/** Rows of undeclared tables, as they are. */
function unionOfRows(inputs: BoundSelect[]): BoundSelect {
  const calcs = inputs.map(({ input, condition }): Calc => {
    if (input.kind !== 'scan') throw new Error('rows as they are come from scans')
    return { kind: 'calc', input, condition, values: [wholeRow(input)] }
  })
  const row = (calcs[0] as Calc).values[0] as Bound
  return {
    input: { kind: 'union', inputs: calcs },
    condition: undefined,
    fields: [],
    alias: undefined,
    open: true,
    window: undefined,
    projections: [{ kind: 'row', value: { ...row, kind: 'column', index: 0, name: '*' } }]
  }
}

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
