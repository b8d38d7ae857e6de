import type { Expression, Query, Select } from './ast.ts'
import { partsOf } from './ast-walk.ts'
import { ExpressionBinder } from './bind-expression.ts'
import { addCondition, joinedColumn } from './bind-join.ts'
import { type ScalarExpression, scalarRows } from './bind-scalar-subquery.ts'
import { namesOf } from './bind-subquery.ts'
import { type Bound, columnsOf } from './bound.ts'
import { type BoundSelect, binderFor, type Environment } from './environment.ts'
import { calcOf, sidesOf } from './lift.ts'
import type { Join } from './plan.ts'
import type { Relation } from './relation.ts'
import { settled } from './window-relation.ts'

/** Rows, and what binds expressions over them. */
export type BoundRows = { relation: Relation; binder: ExpressionBinder }

/** The subqueries that stand for values in an expression, but not those within another. */
export function subqueriesIn(expression: Expression): ScalarExpression[] {
  return expression.kind === 'scalarQuery' ? [expression] : partsOf(expression).flatMap(subqueriesIn)
}

/**
 * The rows of a SELECT with the values of the subqueries in its expressions: each is joined from the left, so that its value
 * is NULL where it has no row.
 */
export function joinSubqueries(
  expressions: readonly Expression[],
  given: BoundRows,
  select: Select,
  environment: Environment,
  bindQuery: (query: Query, environment: Environment) => BoundSelect
): BoundRows {
  const subqueries = expressions.flatMap(subqueriesIn)
  if (subqueries.length === 0) return given
  const { text } = environment
  const names = select.from === undefined ? [] : namesOf(select.from)
  let rows = given
  if (given.relation.window !== undefined) {
    const relation = settled(given.relation)
    rows = { relation, binder: binderFor(relation, text) }
  }
  for (const subquery of subqueries) rows = joined(subquery, rows, names, environment, bindQuery)
  return rows
}

function joined(
  subquery: ScalarExpression,
  { relation: left, binder: outer }: BoundRows,
  names: readonly string[],
  environment: Environment,
  bindQuery: (query: Query, environment: Environment) => BoundSelect
): BoundRows {
  const { relation, keys, value } = scalarRows(subquery, { outer, names }, environment, bindQuery)
  const join: Join = {
    kind: 'join',
    type: 'left',
    left: calcOf(left),
    right: calcOf(relation),
    columns: [],
    keys: [],
    condition: undefined,
    time: undefined
  }
  const lift = (bound: Bound): Bound =>
    columnsOf(bound).length === 0 ? bound : joinedColumn(join, 'left', bound, left.alias)
  const liftRight = (bound: Bound): Bound => joinedColumn(join, 'right', bound, undefined)
  for (const { ofOuter, ofInner, at } of keys)
    addCondition(join, outer.compare('=', lift(outer.bind(ofOuter)), liftRight(ofInner), at))
  const result = { ...value(liftRight), start: subquery.start, end: subquery.end }
  const binder = new ExpressionBinder(environment.text, {
    whole(expression) {
      if (expression === subquery) return result
      const whole = outer.scope.whole?.(expression)
      return whole === undefined ? undefined : lift(whole)
    },
    resolve: parts => lift(outer.scope.resolve(parts))
  })
  const rows: Relation = {
    input: join,
    condition: undefined,
    fields: [],
    alias: undefined,
    open: left.open,
    window: undefined,
    sides: sidesOf(left, lift)
  }
  return { relation: rows, binder }
}
