import { isAppendOnly } from './append-only.ts'
import type { Expression, Identifier, Ordered } from './ast.ts'
import { ExpressionBinder } from './bind-expression.ts'
import { type Bound, columnsOf, describe } from './bound.ts'
import { type BoundSelect, type Environment, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { eventTimeOf } from './event-time.ts'
import { calcOf, calcValue, sidesOf, sortKeys } from './lift.ts'
import type { Node, Projection } from './plan.ts'
import { rowOf } from './relation.ts'
import { isNested, typeName } from './types.ts'
import { settled } from './window-relation.ts'

/** The rows of a query in an order, or the first of them. */
export function bindOrder(
  ordered: Ordered,
  query: BoundSelect,
  binder: ExpressionBinder | undefined,
  environment: Environment
): BoundSelect {
  const { text } = environment
  const { orderBy, offset, limit, start, end } = ordered
  if (limit === undefined && offset > 0)
    throw new SqlError(
      'unsupported',
      unsupported('OFFSET without LIMIT (nor does Flink have it)'),
      text,
      ordered
    )
  // Windows would be bound to other rows once each row stands in each of them.
  const rows = settled(query)
  const order = orderBy.map(item => ({ ...item, value: sortValue(item.value, rows, binder, text) }))
  const calc = calcOf(rows)
  const lift = (value: Bound): Bound =>
    columnsOf(value).length === 0
      ? value
      : ({ ...value, kind: 'column', index: calcValue(calc, value), name: describe(value) } as Bound)
  const node = (): Node => {
    if (limit === undefined) return { kind: 'sort', input: calc, order: sortKeys(calc, byTime()) }
    const places = { from: offset + 1, to: offset + limit }
    const known = { isNumbered: false, isEndless: false, isLimit: true }
    return {
      kind: 'rank',
      input: calc,
      partition: [],
      order: sortKeys(calc, order),
      ...places,
      ...known,
      start,
      end
    }
  }
  const byTime = (): typeof order => {
    const [first, ...others] = order as [(typeof order)[number]]
    if (!isAppendOnly(calc))
      throw new SqlError(
        'unsupported',
        unsupported('ORDER BY without LIMIT of rows that change'),
        text,
        first
      )
    const time = first.descending ? undefined : eventTimeOf(calc.input, first.value, environment)
    if (time !== undefined) return [{ ...first, value: { ...time, rowtime: true } }, ...others]
    const reason = unsupported('ORDER BY without LIMIT in an order that does not begin with event time')
    throw new SqlError('unsupported', reason, text, first)
  }
  const input = node()
  const row = rowOf(rows)
  const projections = rows.projections.map((projection): Projection => {
    if (projection.kind === 'value') return { ...projection, value: lift(projection.value) }
    return { kind: 'row', value: row === undefined ? undefined : lift(row) }
  })
  return {
    input,
    condition: undefined,
    fields: rows.fields.map(({ name, value }) => ({ name, value: lift(value) })),
    alias: undefined,
    open: rows.open,
    window: undefined,
    ...(rows.open ? { sides: sidesOf(rows, lift) } : {}),
    ...(row === undefined || !rows.open ? {} : { row: lift(row) }),
    projections
  }
}

/** A name or number of a SELECT item, or an expression over the rows that these are made of. */
function sortValue(
  expression: Expression,
  { projections }: BoundSelect,
  binder: ExpressionBinder | undefined,
  text: string
): Bound {
  const items = projections.flatMap(projection => (projection.kind === 'value' ? [projection] : []))
  const item = (part: Expression): Bound | undefined => {
    if (part.kind === 'number') return items[Number(part.text) - 1]?.value
    if (part.kind !== 'reference' || part.parts.length !== 1) return undefined
    return items.find(({ name }) => name === (part.parts[0] as Identifier).name)?.value
  }
  const over = new ExpressionBinder(text, {
    whole: part => (part.kind === 'number' ? undefined : item(part)) ?? binder?.scope.whole?.(part),
    resolve(parts) {
      if (binder !== undefined) return binder.scope.resolve(parts)
      const name = parts.map(part => part.name).join('.')
      throw new SqlError('name', `${name} is no column of the query`, text, parts[0] as Identifier)
    }
  })
  const value = item(expression) ?? over.bind(expression)
  if (!isNested(value.type) && value.type.kind !== 'BYTES') return value
  throw new SqlError('type', `${typeName(value.type)} has no order`, text, expression)
}
