import type { CallExpression, Expression, Select, WindowFrame, WindowSpecification } from './ast.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import { type Bound, describe } from './bound.ts'
import { unsupported } from './environment.ts'
import { didYouMean, SqlError } from './errors.ts'
import type { Over, Rank } from './plan.ts'
import { isNested, typeName } from './types.ts'

/** What OVER says, with names resolved over the rows that the window is of. */
export type OverWindow = {
  partition: Bound[]
  order: { value: Bound; descending: boolean; nullsFirst: boolean }[]
  frame: WindowFrame | undefined
}

/** A node for calls with OVER, and the column of its rows that each call is. */
export type BoundOver = { node: Rank | Over; results: ReadonlyMap<Expression, Bound> }

/** The column with the result of a call. */
export const resultColumn = (
  index: number,
  { name, type }: { name: string; type: Bound['type'] },
  nullable: boolean,
  { start, end }: CallExpression
): Bound => ({ kind: 'column', index, name, type, nullable, start, end })

/** The window of a call with OVER. */
export function bindWindow(call: CallExpression, select: Select, binder: ExpressionBinder): OverWindow {
  const { partitionBy, orderBy, frame } = specificationOf(
    call.over as WindowSpecification,
    select,
    binder.text
  )
  const bind = (expression: Expression): Bound => {
    const value = binder.bind(expression)
    if (isNested(value.type) || value.type.kind === 'BYTES')
      throw binder.error('type', `a window is not made by values of ${typeName(value.type)}`, expression)
    return value
  }
  const order = orderBy.map(item => ({ ...item, value: bind(item.value) }))
  return { partition: partitionBy.map(bind), order, frame }
}

/** A window as text, the same for the same windows. */
export function windowText({ partition, order, frame }: OverWindow): string {
  const by = partition.length === 0 ? '' : ` by ${partition.map(describe).join(', ')}`
  return `${by} ${orderText(order)} ${JSON.stringify(frame ?? null, (key, value) => (key === 'start' || key === 'end' ? undefined : value))}`
}

/** What rows are sorted by, as text. */
export const orderText = (order: OverWindow['order']): string =>
  order
    .map(({ value, descending, nullsFirst }) => {
      const nulls = nullsFirst === descending ? ` NULLS ${nullsFirst ? 'FIRST' : 'LAST'}` : ''
      return `${describe(value)} ${descending ? 'DESC' : 'ASC'}${nulls}`
    })
    .join(', ')

/** The specification with what the named window that it refers to says. */
function specificationOf(
  specification: WindowSpecification,
  { windows }: Select,
  text: string
): WindowSpecification {
  const { base, partitionBy, orderBy, frame } = specification
  if (base === undefined) return specification
  const found = windows.findIndex(window => window.name.name === base.name)
  if (found < 0) {
    const names = windows.map(window => window.name.name)
    throw new SqlError('name', `no window ${base.name} in WINDOW${didYouMean(base.name, names)}`, text, base)
  }
  if (partitionBy.length > 0 || frame !== undefined)
    throw new SqlError('unsupported', unsupported(`a window that changes ${base.name}`), text, specification)
  // Windows see those before them.
  const { specification: named } = windows[found] as Select['windows'][number]
  const inner = specificationOf(named, { windows: windows.slice(0, found) } as Select, text)
  if (orderBy.length === 0) return inner
  if (inner.orderBy.length > 0)
    throw new SqlError('type', `${base.name} has an ORDER BY of its own`, text, specification)
  return { ...inner, orderBy }
}
