import type { Expression, Query, Select } from './ast.ts'
import { hasAggregate } from './ast-walk.ts'
import { bindAggregation } from './bind-aggregation.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import { refuseCorrelation } from './bind-subquery.ts'
import { type Bound, columnOfValue, describe, literal, withColumns } from './bound.ts'
import {
  type BindQuery,
  type CorrelatedRows,
  correlatedRows,
  isSimple,
  type JoinedRows,
  type OuterQuery
} from './correlation.ts'
import type { Environment } from './environment.ts'
import { SqlError } from './errors.ts'
import { calcOf, calcValue } from './lift.ts'
import { type Aggregate, type Group, type Node, type Single, WINDOW_COLUMNS } from './plan.ts'
import type { Relation } from './relation.ts'
import { BIGINT } from './types.ts'
import { settled } from './window-relation.ts'

type ScalarExpression = Extract<Expression, { kind: 'scalarQuery' }>

/**
 * A subquery that reads the rows of the query around it is one of groups by what it compares them with, as Flink has it.
 * Throws SqlError.
 */
export function scalarRows(
  { query }: ScalarExpression,
  around: OuterQuery,
  environment: Environment,
  bindQuery: BindQuery
): JoinedRows {
  const { text } = environment
  if (query.kind === 'select' && isSimple(query)) {
    const rows = correlatedRows(query, around, environment, bindQuery)
    const [item, second] = query.items
    if (rows.keys.length > 0) {
      if (item?.kind !== 'item' || second !== undefined) throw oneColumn(query, text)
      if (hasAggregate(item.value)) return groupedRow(query, item.value, rows, environment)
      const value = rows.binder.bind(item.value)
      return singleRow(rows.relation, value, rows.keys, rows.binder)
    }
  } else
    refuseCorrelation(query, around.names, 'a subquery with GROUP BY, HAVING, DISTINCT, UNION or WITH', text)
  const bound = settled(bindQuery(query, environment))
  const [first, second] = bound.projections
  if (first?.kind !== 'value' || second !== undefined) throw oneColumn(query, text)
  const { value } = first
  if (!isOneRow(bound.input)) return singleRow(bound, value, [])
  return { relation: bound, keys: [], value: lift => lift(value) }
}

const oneColumn = (query: Query, text: string): SqlError =>
  new SqlError('type', 'a subquery that stands for a value has one column', text, query)

/** Whether a node never has more rows than one at a time. */
const isOneRow = (node: Node): boolean =>
  (node.kind === 'group' && node.keys.length === 0) ||
  (node.kind === 'rank' && node.isLimit && node.from === node.to)

/** The aggregates of the rows of each key. Where there are none, counts are 0 and other aggregates NULL. */
function groupedRow(
  select: Select,
  item: Expression,
  { relation, keys }: CorrelatedRows,
  environment: Environment
): JoinedRows {
  const { where: _, ...rest } = select
  const grouped = bindAggregation({ ...rest, groupBy: keys.map(key => key.ofInner) }, relation, environment)
  const value = grouped.binder.bind(item)
  const node = grouped.relation.input as Aggregate | Group
  const firstCall = node.keys.length + (node.kind === 'group' ? 0 : WINDOW_COLUMNS)
  const isCount = (index: number): boolean =>
    ['COUNT', 'APPROX_COUNT_DISTINCT'].includes(node.calls[index - firstCall]?.function ?? '')
  return {
    relation: grouped.relation,
    keys: keys.map(key => ({ ...key, ofInner: grouped.binder.bind(key.ofInner) })),
    value: lift =>
      withColumns(value, column => {
        const lifted = lift(column)
        if (!isCount(column.index)) return lifted
        return {
          ...lifted,
          kind: 'coalesce',
          operands: [lifted, literal(0, BIGINT, column)],
          nullable: false
        }
      })
  }
}

/** The value of the only row of each key. */
function singleRow(
  rows: Relation,
  value: Bound,
  keys: CorrelatedRows['keys'],
  binder?: ExpressionBinder
): JoinedRows {
  const input = calcOf(rows)
  const column = (bound: Bound): Bound => columnOfValue(bound, calcValue(input, bound), describe(bound))
  const bound = keys.map(key => ({ ...key, ofInner: column((binder as ExpressionBinder).bind(key.ofInner)) }))
  const only = column(value)
  const node: Single = {
    kind: 'single',
    input,
    keys: bound.map(({ ofInner }) => (ofInner as Bound & { kind: 'column' }).index)
  }
  const relation: Relation = {
    input: node,
    condition: undefined,
    fields: [],
    alias: undefined,
    open: false,
    window: undefined
  }
  return { relation, keys: bound, value: lift => lift(only) }
}
