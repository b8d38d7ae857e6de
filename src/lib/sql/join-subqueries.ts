import type { Expression, Select } from './ast.ts'
import { isAggregateCall, partsOf } from './ast-walk.ts'
import { ExpressionBinder } from './bind-expression.ts'
import { addCondition, joinedColumn } from './bind-join.ts'
import { bindMembership, foundRows, nullRows } from './bind-membership.ts'
import { scalarRows } from './bind-scalar-subquery.ts'
import { namesOf } from './bind-subquery.ts'
import { type Bound, columnsOf } from './bound.ts'
import type { BindQuery, JoinedRows, OuterQuery } from './correlation.ts'
import { binderFor, type Environment } from './environment.ts'
import { calcOf, sidesOf } from './lift.ts'
import type { Join } from './plan.ts'
import type { Relation } from './relation.ts'
import { settled } from './window-relation.ts'

/** Rows, and what binds expressions over them. */
export type BoundRows = { relation: Relation; binder: ExpressionBinder }

type Subquery = Extract<Expression, { kind: 'scalarQuery' | 'inQuery' | 'exists' }>

/** The subqueries that stand for values in an expression, but not those within another, or in an aggregate. */
export function subqueriesIn(expression: Expression): Subquery[] {
  if (expression.kind === 'call' && expression.over === undefined && isAggregateCall(expression)) return []
  const inner = partsOf(expression).flatMap(subqueriesIn)
  switch (expression.kind) {
    case 'scalarQuery':
    case 'inQuery':
    case 'exists':
      return [...inner, expression]
    default:
      return inner
  }
}

/** What of a SELECT may have subqueries: `conditions` are those that rows are taken for which they are true. */
export type Asking = { conditions: readonly Expression[]; values: readonly Expression[] }

/**
 * The rows of a SELECT with the values of the subqueries in its expressions: each is joined from the left, so that no row
 * goes where it has none.
 */
export function joinSubqueries(
  { conditions, values }: Asking,
  given: BoundRows,
  select: Select,
  environment: Environment,
  bindQuery: BindQuery
): BoundRows {
  const subqueries = [...conditions, ...values].flatMap(subqueriesIn)
  if (subqueries.length === 0) return given
  const { text } = environment
  const names = select.from === undefined ? [] : namesOf(select.from)
  const certain = new Set(conditions.flatMap(partsThatMustHold))
  let rows = given
  if (given.relation.window !== undefined) {
    const relation = settled(given.relation)
    rows = { relation, binder: binderFor(relation, text) }
  }
  for (const subquery of subqueries) {
    const around = (): OuterQuery => ({ outer: rows.binder, names })
    if (subquery.kind === 'scalarQuery') {
      rows = joined(subquery, rows, scalarRows(subquery, around(), environment, bindQuery), text)
      continue
    }
    const isCertain = subquery.kind === 'exists' || (certain.has(subquery) && !subquery.negated)
    const unknown = isCertain ? undefined : nullRows(subquery, around(), environment, bindQuery)
    const nulls = unknown && { value: { ...subquery }, isByKey: unknown.keys.length > 0 }
    if (unknown !== undefined && nulls !== undefined) rows = joined(nulls.value, rows, unknown, text)
    const found = { ...subquery }
    rows = joined(found, rows, foundRows(subquery, around(), environment, bindQuery), text)
    const result = bindMembership(subquery, found, nulls, rows.binder)
    rows = { ...rows, binder: withValue(subquery, result, rows.binder) }
  }
  return rows
}

/** The parts of a condition between its ANDs and ORs, of which it makes no difference whether they are FALSE or not known. */
const partsThatMustHold = (condition: Expression): Expression[] =>
  condition.kind === 'binary' && (condition.operator === 'AND' || condition.operator === 'OR')
    ? [condition.left, condition.right].flatMap(partsThatMustHold)
    : [condition]

/** The rows joined with those of a subquery, whose value `expression` stands for. */
function joined(
  expression: Expression,
  { relation: left, binder: outer }: BoundRows,
  { relation, keys, value }: JoinedRows,
  text: string
): BoundRows {
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
  const { start, end } = expression
  const lifted = new ExpressionBinder(text, {
    whole(part) {
      const whole = outer.scope.whole?.(part)
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
  return { relation: rows, binder: withValue(expression, { ...value(liftRight), start, end }, lifted) }
}

/** A binder that knows what an expression stands for besides. */
const withValue = (
  expression: Expression,
  value: Bound,
  { text, scope }: ExpressionBinder
): ExpressionBinder =>
  new ExpressionBinder(text, {
    whole: part => (part === expression ? value : scope.whole?.(part)),
    resolve: parts => scope.resolve(parts)
  })
