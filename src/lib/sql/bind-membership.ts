import { type AggregateCall, aggregates } from './aggregates.ts'
import type { Expression } from './ast.ts'
import { hasAggregate } from './ast-walk.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import { refuseCorrelation } from './bind-subquery.ts'
import { type Bound, describe, literal } from './bound.ts'
import { type BindQuery, correlatedRows, isSimple, type JoinedRows, type OuterQuery } from './correlation.ts'
import type { Environment } from './environment.ts'
import { type Span, SqlError } from './errors.ts'
import { groupRows } from './group-node.ts'
import type { Relation } from './relation.ts'
import { BOOLEAN, INT, NULL } from './types.ts'
import { settled } from './window-relation.ts'

/**
 * IN (SELECT …) and EXISTS as values: the rows of the query around are joined with groups of the subquery's. With IN it is
 * asked besides whether there are rows at all, and NULLs among them, as a value that is not found may be one of these.
 */
type Membership = Extract<Expression, { kind: 'inQuery' | 'exists' }>

/** The rows of a subquery, what ties them to those around it, and the value that IN compares. */
type MemberRows = { relation: Relation; keys: JoinedRows['keys']; item: Bound | undefined }

/** One row for each value that IN finds, or with EXISTS for each key. */
export function foundRows(
  subquery: Membership,
  around: OuterQuery,
  environment: Environment,
  bindQuery: BindQuery
): JoinedRows {
  const { relation, keys, item } = memberRows(subquery, around, environment, bindQuery)
  const all =
    subquery.kind === 'inQuery' && item !== undefined
      ? [...keys, { ofOuter: subquery.operand, ofInner: item, at: subquery }]
      : keys
  return grouped(relation, all, [], lift => lift(literal(true, BOOLEAN, subquery)))
}

/** One row for each key: 1 if NULL is among the values, else 0. */
export function nullRows(
  subquery: Membership,
  around: OuterQuery,
  environment: Environment,
  bindQuery: BindQuery
): JoinedRows {
  const { relation, keys, item } = memberRows(subquery, around, environment, bindQuery)
  const [no, yes] = [literal(0, INT, subquery), literal(1, INT, subquery)]
  const { start, end } = subquery
  const isItemNull = isNull(item ?? no, subquery)
  const argument: Bound = {
    kind: 'case',
    whens: [{ when: isItemNull, result: yes }],
    otherwise: no,
    type: INT,
    nullable: false,
    start,
    end
  }
  return grouped(relation, keys, [maximum(argument)])
}

/** The groups by the keys; the value is the first aggregate's if it is not given. */
function grouped(
  relation: Relation,
  keys: JoinedRows['keys'],
  calls: AggregateCall[],
  value?: JoinedRows['value']
): JoinedRows {
  const values = keys.map(key => key.ofInner)
  const { node, columns, firstCall } = groupRows(relation, values, calls)
  const { start, end } = columns[0] ?? { start: 0, end: 0 }
  const [call] = calls
  const first: Bound = {
    kind: 'column',
    index: firstCall,
    name: call?.name ?? '',
    type: call?.type ?? BOOLEAN,
    nullable: true,
    start,
    end
  }
  return {
    relation: {
      input: node,
      condition: undefined,
      fields: [],
      alias: undefined,
      open: false,
      window: undefined
    },
    keys: keys.map((key, i) => ({ ...key, ofInner: columns[i] as Bound })),
    value: value ?? (lift => lift(first))
  }
}

function maximum(argument: Bound): AggregateCall {
  const definition = aggregates.get('MAX')
  if (definition === undefined) throw new Error('MAX is an aggregate')
  const name = `MAX(${describe(argument)})`
  return {
    function: 'MAX',
    definition,
    argument,
    distinct: false,
    filter: undefined,
    type: argument.type,
    name,
    options: {}
  }
}

function memberRows(
  subquery: Membership,
  around: OuterQuery,
  environment: Environment,
  bindQuery: BindQuery
): MemberRows {
  const { query } = subquery
  const { text } = environment
  const isIn = subquery.kind === 'inQuery'
  const isOfRows =
    query.kind === 'select' &&
    isSimple(query) &&
    !query.items.some(item => item.kind === 'item' && hasAggregate(item.value))
  if (isOfRows) {
    const { relation, binder, keys } = correlatedRows(query, around, environment, bindQuery)
    if (keys.length > 0) {
      const [item, second] = query.items
      if (isIn && (item?.kind !== 'item' || second !== undefined)) throw oneColumn(subquery, text)
      const value = isIn && item?.kind === 'item' ? binder.bind(item.value) : undefined
      return { relation, keys: keys.map(key => ({ ...key, ofInner: binder.bind(key.ofInner) })), item: value }
    }
  } else refuseCorrelation(query, around.names, 'a subquery with aggregates, GROUP BY, UNION or WITH', text)
  const bound = settled(bindQuery(query, environment))
  const [first, second] = bound.projections
  if (isIn && (first?.kind !== 'value' || second !== undefined)) throw oneColumn(subquery, text)
  return { relation: bound, keys: [], item: first?.kind === 'value' ? first.value : undefined }
}

const oneColumn = ({ query }: Membership, text: string): SqlError =>
  new SqlError('type', 'IN takes a subquery of one column', text, query)

/**
 * Whether it is so: TRUE, FALSE, or NULL where a value may be one of those that are not known.
 * @param found stands for the value of `foundRows`
 * @param nulls stands for that of `nullRows`; without it what is not known is FALSE. Where these are by keys, NULL is in no
 * rows is not known either, as in Flink
 */
export function bindMembership(
  subquery: Membership,
  found: Expression,
  nulls: { value: Expression; isByKey: boolean } | undefined,
  binder: ExpressionBinder
): Bound {
  const isFound = not(isNull(binder.bind(found), subquery), false)
  if (subquery.kind === 'exists' || nulls === undefined) return isFound
  const { start, end } = subquery
  const hasNulls = binder.bind(nulls.value)
  const of = (value: boolean): Bound => literal(value, BOOLEAN, subquery)
  const unknown = { ...literal(null, NULL, subquery), type: BOOLEAN }
  const isNone = { when: isNull(hasNulls, subquery), result: of(false) }
  const isOperandNull = { when: isNull(binder.bind(subquery.operand), subquery), result: unknown }
  const isOneNull = binder.compare('=', hasNulls, literal(1, INT, subquery), subquery)
  const value: Bound = {
    kind: 'case',
    whens: [
      ...(nulls.isByKey ? [isOperandNull, isNone] : [isNone, isOperandNull]),
      { when: isFound, result: of(true) },
      { when: isOneNull, result: unknown }
    ],
    otherwise: of(false),
    type: BOOLEAN,
    nullable: true,
    start,
    end
  }
  return subquery.negated ? not(value, true) : value
}

const isNull = (operand: Bound, { start, end }: Span): Bound => ({
  kind: 'isNull',
  operand,
  type: BOOLEAN,
  nullable: false,
  start,
  end
})

const not = (operand: Bound, nullable: boolean): Bound => {
  const { start, end } = operand
  return { kind: 'not', operand, type: BOOLEAN, nullable, start, end }
}
