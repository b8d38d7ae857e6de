import { alignRows } from './align-rows.ts'
import type { Union } from './ast.ts'
import { bindDistinct } from './bind-distinct.ts'
import type { Bound } from './bound.ts'
import type { BoundSelect } from './environment.ts'
import type { Calc, Projection } from './plan.ts'
import { wholeRow } from './relation.ts'
import { settled } from './window-relation.ts'

/** The rows of all inputs, each as often as it is there, or once. */
export function bindUnion(parts: BoundSelect[], union: Union, text: string): BoundSelect {
  const inputs = parts.map(settled)
  const rows = inputs.every(isWholeRow) ? unionOfRows(inputs) : unionOfColumns(inputs, union, text)
  return union.distinct ? bindDistinct(rows, union, text) : rows
}

function unionOfColumns(parts: BoundSelect[], union: Union, text: string): BoundSelect {
  const { inputs, fields } = alignRows(parts, 'UNION', union, text)
  return {
    input: { kind: 'union', inputs },
    condition: undefined,
    fields,
    alias: undefined,
    open: false,
    window: undefined,
    projections: fields.map(({ name, value }): Projection => ({ kind: 'value', name, value }))
  }
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
