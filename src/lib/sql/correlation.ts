import type { Expression, Identifier, Query, Select, TableReference } from './ast.ts'
import { partsOf } from './ast-walk.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import { bindTable } from './bind-from.ts'
import { bindSubquery, conditionsOf, namesOf } from './bind-subquery.ts'
import type { Bound } from './bound.ts'
import { type BoundSelect, binderFor, type Environment, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { filterRelation } from './filter-relation.ts'
import type { Relation } from './relation.ts'
import { settled } from './window-relation.ts'

/** The query around a subquery: what binds expressions over its rows, and the names of its tables. */
export type OuterQuery = { outer: ExpressionBinder; names: readonly string[] }

/** The rows of a subquery, and what ties them to rows of the query around it: expressions over each that are equal. */
export type CorrelatedRows = {
  relation: Relation
  binder: ExpressionBinder
  keys: { ofOuter: Expression; ofInner: Expression; at: Expression }[]
}

/** What the rows of a query are joined with of a subquery: at most one row for each key. */
export type JoinedRows = {
  relation: Relation
  keys: { ofOuter: Expression; ofInner: Bound; at: Expression }[]
  /** The value over joined rows, where `lift` makes a column of a value of `relation`. */
  value(lift: (value: Bound) => Bound): Bound
}

export type BindQuery = (query: Query, environment: Environment) => BoundSelect

/** Whether a SELECT is rows of tables, or one aggregation of all of them. */
export const isSimple = ({ from, groupBy, groupingSets, having, distinct }: Select): boolean =>
  from !== undefined &&
  groupBy.length === 0 &&
  groupingSets === undefined &&
  having === undefined &&
  !distinct

/** The rows of FROM and WHERE of a subquery. Throws SqlError where the query around it is not only asked for equal values. */
export function correlatedRows(
  select: Select,
  around: OuterQuery,
  environment: Environment,
  bindQuery: BindQuery
): CorrelatedRows {
  const { text } = environment
  const from = select.from as TableReference
  let relation = settled(bindTable(from, environment, bindQuery))
  let binder = binderFor(relation, text)
  const own = namesOf(from)
  const sidesIn = (expression: Expression): Set<Side> =>
    new Set(referencesIn(expression).map(parts => sideOf(parts, binder, own, around)))
  const { conditions, subqueries } =
    select.where === undefined ? { conditions: [], subqueries: [] } : conditionsOf(select.where)
  const keys: CorrelatedRows['keys'] = []
  for (const condition of conditions) {
    if (!sidesIn(condition).has('outer')) {
      filterRelation(relation, binder.bindCondition(condition))
      continue
    }
    const key = keyOf(condition, sidesIn)
    if (key === undefined) {
      const what =
        'a subquery for a value that compares with the query around it otherwise than inner value = outer value'
      throw new SqlError('unsupported', unsupported(what), text, condition)
    }
    keys.push(key)
  }
  for (const subquery of subqueries) {
    relation = bindSubquery(subquery, relation, environment, bindQuery)
    binder = binderFor(relation, text)
  }
  return { relation, binder, keys }
}

type Side = 'inner' | 'outer'

/** A name is one of the subquery's tables before it is one of the query around it. */
function sideOf(
  parts: Identifier[],
  binder: ExpressionBinder,
  own: readonly string[],
  { outer, names }: OuterQuery
): Side {
  const table = parts.length > 1 ? (parts[0] as Identifier).name : undefined
  if (table !== undefined && !own.includes(table) && names.includes(table)) return 'outer'
  if (isKnown(() => binder.scope.resolve(parts))) return 'inner'
  const { start } = parts[0] as Identifier
  const { end } = parts.at(-1) as Identifier
  return isKnown(() => outer.bind({ kind: 'reference', parts, start, end })) ? 'outer' : 'inner'
}

function isKnown(resolve: () => unknown): boolean {
  try {
    resolve()
    return true
  } catch (error) {
    if (error instanceof SqlError && error.code === 'name') return false
    throw error
  }
}

/** An equality of an expression over the subquery's rows alone with one over those around it alone. */
function keyOf(
  condition: Expression,
  sidesIn: (expression: Expression) => Set<Side>
): CorrelatedRows['keys'][number] | undefined {
  if (condition.kind !== 'binary' || condition.operator !== '=') return undefined
  const { left, right } = condition
  const is = (expression: Expression, side: Side): boolean => {
    const sides = sidesIn(expression)
    return sides.size === 1 && sides.has(side)
  }
  if (is(left, 'inner') && is(right, 'outer')) return { ofInner: left, ofOuter: right, at: condition }
  if (is(left, 'outer') && is(right, 'inner')) return { ofInner: right, ofOuter: left, at: condition }
  return undefined
}

const referencesIn = (expression: Expression): Identifier[][] =>
  expression.kind === 'reference' ? [expression.parts] : partsOf(expression).flatMap(referencesIn)
