import type { Expression, Identifier, Query, Select, TableReference } from './ast.ts'
import { hasAggregate, partsOf } from './ast-walk.ts'
import { ExpressionBinder } from './bind-expression.ts'
import { bindTable } from './bind-from.ts'
import { addCondition, joinedColumn } from './bind-join.ts'
import { hasWindows } from './bind-over.ts'
import { and, type Bound, columnsOf, conjunctsOf } from './bound.ts'
import { type BoundSelect, binderFor, type Environment, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { windowTime } from './join-window.ts'
import { calcOf, sidesOf } from './lift.ts'
import type { Join, JoinSide } from './plan.ts'
import type { Relation } from './relation.ts'
import { settled } from './window-relation.ts'

type Subquery = Extract<Expression, { kind: 'inQuery' | 'exists' }>
type BindQuery = (query: Query, environment: Environment) => BoundSelect

/** A condition on the rows of a subquery. */
export type SubqueryCondition = { subquery: Subquery; negated: boolean }

/** The parts of WHERE between its ANDs: those that ask a subquery, and the others. */
export function conditionsOf(where: Expression): {
  conditions: Expression[]
  subqueries: SubqueryCondition[]
} {
  const conditions: Expression[] = []
  const subqueries: SubqueryCondition[] = []
  let rest: Expression[] = [where]
  while (rest.length > 0) {
    const [part, ...others] = rest as [Expression, ...Expression[]]
    if (part.kind === 'binary' && part.operator === 'AND') rest = [part.left, part.right, ...others]
    else {
      rest = others
      const subquery = asSubquery(part, false)
      if (subquery === undefined) conditions.push(part)
      else subqueries.push(subquery)
    }
  }
  return { conditions, subqueries }
}

function asSubquery(part: Expression, negated: boolean): SubqueryCondition | undefined {
  if (part.kind === 'unary' && part.operator === 'NOT') return asSubquery(part.operand, !negated)
  if (part.kind === 'exists') return { subquery: part, negated }
  return part.kind === 'inQuery' ? { subquery: part, negated: negated !== part.negated } : undefined
}

/** The rows of a relation for which a subquery has rows (EXISTS), or has the operand (IN), or has not. */
export function bindSubquery(
  { subquery, negated }: SubqueryCondition,
  relation: Relation,
  environment: Environment,
  bindQuery: BindQuery
): Relation {
  const { text } = environment
  const left = settled(relation)
  const inner = innerOf(subquery.query, left, environment, bindQuery)
  const join: Join = {
    kind: 'join',
    type: 'left',
    kept: negated ? 'unpaired' : 'paired',
    left: calcOf(left),
    right: calcOf(inner.relation),
    columns: [],
    keys: [],
    condition: undefined,
    time: undefined
  }
  const lift =
    (side: JoinSide, { alias }: Relation) =>
    (value: Bound): Bound =>
      columnsOf(value).length === 0 ? value : joinedColumn(join, side, value, alias)
  const [liftLeft, liftRight] = [lift('left', left), lift('right', inner.relation)]
  const outer = binderFor(left, text)
  const both = new ExpressionBinder(text, {
    resolve: parts => resolveInBoth(parts, left, inner.relation, outer, liftLeft, liftRight, text)
  })
  const conditions = inner.conditions.flatMap(condition => conjunctsOf(both.bindCondition(condition)))
  for (const condition of conditions) addCondition(join, condition)
  if (subquery.kind === 'inQuery') {
    const operand = liftLeft(outer.bind(subquery.operand))
    const item = inner.item === undefined ? inner.value && liftRight(inner.value) : both.bind(inner.item)
    if (item === undefined)
      throw new SqlError('type', 'IN takes a subquery of one column', text, subquery.query)
    const equal = both.compare('=', operand, item, subquery)
    const isCorrelated = conditions.some(c =>
      columnsOf(c).some(({ index }) => join.columns[index]?.side === 'left')
    )
    if (!negated || !equal.nullable) addCondition(join, equal)
    else if (isCorrelated) join.condition = and(join.condition, notFalse(equal))
    else {
      addCondition(join, equal)
      if (join.keys.length === 0)
        throw new SqlError('unsupported', unsupported('NOT IN with a constant'), text, subquery)
      join.kept = 'not in'
    }
  }
  if (join.kept !== 'not in') join.time = windowTime(join)
  return {
    input: join,
    condition: undefined,
    fields: [],
    alias: undefined,
    open: left.open,
    window: undefined,
    sides: sidesOf(left, liftLeft)
  }
}

/** The condition is TRUE or not known: NOT IN leaves such rows out. */
function notFalse(condition: Bound): Bound {
  const { type, start, end } = condition
  const base = { type, nullable: false, start, end }
  return { kind: 'not', operand: { kind: 'isBoolean', operand: condition, value: false, ...base }, ...base }
}

type Inner = {
  relation: Relation
  /** What has to hold, over the rows of both queries. */
  conditions: Expression[]
  /** The only SELECT item, as it was written or bound; neither of them of a subquery that has others. */
  item?: Expression
  value?: Bound
}

/** A subquery without aggregates is taken apart, so that its WHERE can see the rows of the query around it. */
function innerOf(query: Query, outer: Relation, environment: Environment, bindQuery: BindQuery): Inner {
  const { text } = environment
  if (query.kind === 'select' && query.from !== undefined && isPlain(query)) {
    let relation = settled(bindTable(query.from, environment, bindQuery))
    const { conditions, subqueries } =
      query.where === undefined ? { conditions: [], subqueries: [] } : conditionsOf(query.where)
    for (const subquery of subqueries) relation = bindSubquery(subquery, relation, environment, bindQuery)
    const [item, second] = query.items
    if (item?.kind === 'item' && second === undefined) return { relation, conditions, item: item.value }
    const [field, other] = relation.fields
    const isOne = item?.kind === 'star' && second === undefined && other === undefined && !relation.open
    return { relation, conditions, ...(isOne && field !== undefined ? { value: field.value } : {}) }
  }
  const what = 'a subquery with aggregates, UNION or WITH'
  refuseCorrelation(query, aliasesOf(outer), what, text)
  const relation = settled(bindQuery(query, environment))
  const [first, second] = relation.projections
  const isOne = first?.kind === 'value' && second === undefined
  return { relation, conditions: [], ...(isOne ? { value: first.value } : {}) }
}

const isPlain = (select: Select): boolean =>
  select.groupBy.length === 0 &&
  select.groupingSets === undefined &&
  select.having === undefined &&
  !hasWindows(select) &&
  !select.items.some(item => item.kind === 'item' && hasAggregate(item.value))

/** A name is one of the subquery's tables before it is one of the query around it. */
function resolveInBoth(
  parts: Identifier[],
  left: Relation,
  right: Relation,
  outer: ExpressionBinder,
  liftLeft: (value: Bound) => Bound,
  liftRight: (value: Bound) => Bound,
  text: string
): Bound {
  const fromOuter = (): Bound => liftLeft(outer.scope.resolve(parts))
  const table = parts.length > 1 ? (parts[0] as Identifier).name : undefined
  if (table !== undefined && aliasesOf(left).includes(table) && !aliasesOf(right).includes(table))
    return fromOuter()
  try {
    return liftRight(binderFor(right, text).scope.resolve(parts))
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== 'name') throw error
    try {
      return fromOuter()
    } catch {
      throw error
    }
  }
}

const aliasesOf = ({ sides, alias, fields }: Relation): (string | undefined)[] =>
  sides === undefined || fields.length > 0 ? [alias] : sides.flatMap(({ relation }) => aliasesOf(relation))

/** In an undeclared table the name of an outer one would quietly be a column of NULLs. */
export function refuseCorrelation(
  query: Query,
  aliases: readonly (string | undefined)[],
  what: string,
  text: string
): void {
  const visit = (expression: Expression, own: readonly string[]): void => {
    const first =
      expression.kind === 'reference' && expression.parts.length > 1 ? expression.parts[0] : undefined
    if (first !== undefined && aliases.includes(first.name) && !own.includes(first.name)) {
      const reads = `${what} that reads the tables of the query around it`
      throw new SqlError('unsupported', unsupported(reads), text, expression)
    }
    for (const part of partsOf(expression)) visit(part, own)
  }
  for (const select of selectsOf(query)) {
    const own = select.from === undefined ? [] : namesOf(select.from)
    const items = select.items.flatMap(item => (item.kind === 'item' ? [item.value] : []))
    for (const expression of [...items, select.where, ...select.groupBy, select.having])
      if (expression !== undefined) visit(expression, own)
  }
}

function selectsOf(query: Query): Select[] {
  switch (query.kind) {
    case 'select':
      return [query]
    case 'union':
      return query.inputs.flatMap(selectsOf)
    case 'intersect':
    case 'except':
      return [query.left, query.right].flatMap(selectsOf)
    default:
      return selectsOf(query.query)
  }
}

/** What the tables in FROM are called. */
export function namesOf(table: TableReference): string[] {
  if (table.kind === 'join') return [...namesOf(table.left), ...namesOf(table.right)]
  if (table.alias !== undefined) return [table.alias.name]
  return table.kind === 'table' ? [(table.path.at(-1) as Identifier).name] : []
}
