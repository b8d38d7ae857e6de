import type { Expression, Identifier, Query, Select } from './ast.ts'
import { hasAggregate, mentions, partsOf } from './ast-walk.ts'
import { bindAggregation } from './bind-aggregation.ts'
import { bindDistinct } from './bind-distinct.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import { bindTable } from './bind-from.ts'
import { bindOrder } from './bind-order.ts'
import { bindOver, bindQualify, hasWindows } from './bind-over.ts'
import { bindSetOperation } from './bind-set-operation.ts'
import { bindSubquery, conditionsOf } from './bind-subquery.ts'
import { bindUnion } from './bind-union.ts'
import { type BoundSelect, binderFor, type Environment, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { filterRelation } from './filter-relation.ts'
import { type BoundRows, joinSubqueries, subqueriesIn } from './join-subqueries.ts'
import { project } from './project.ts'
import type { Relation } from './relation.ts'
import { settleRanks } from './settle-ranks.ts'
import { settled } from './window-relation.ts'

/** Resolves a query; throws SqlError at the place of the first mistake. */
export function bindQuery(query: Query, environment: Environment): BoundSelect {
  switch (query.kind) {
    case 'select':
      return bindSelect(query, environment).bound
    case 'ordered': {
      const { query: inner } = query
      const rows =
        inner.kind === 'select'
          ? bindSelect(inner, environment)
          : { bound: bindQuery(inner, environment), binder: undefined }
      return bindOrder(query, rows.bound, rows.binder, environment)
    }
    case 'union': {
      const inputs = query.inputs.map(input => bindQuery(input, environment))
      return bindUnion(inputs, query, environment.text)
    }
    case 'intersect':
    case 'except': {
      const [left, right] = [bindQuery(query.left, environment), bindQuery(query.right, environment)]
      return bindSetOperation(left, right, query, environment.text)
    }
    case 'with': {
      const views = new Map(environment.views)
      const inner = { ...environment, views }
      for (const { name, query: view } of query.views) {
        bindQuery(view, { ...inner, views: new Map(views) })
        views.set(name.name, { query: view, columns: [], views: new Map(views) })
      }
      return bindQuery(query.query, inner)
    }
  }
}

/** @returns the rows, and what binds expressions over those that they were made of, where these are still there */
function bindSelect(
  select: Select,
  environment: Environment
): { bound: BoundSelect; binder: ExpressionBinder | undefined } {
  const { text } = environment
  if (select.from === undefined)
    throw new SqlError('unsupported', unsupported('SELECT without FROM'), text, select)
  const from = bindTable(select.from, environment, bindQuery)
  let rows: BoundRows = { relation: from, binder: binderFor(from, text) }
  refuseAliases(select, from, text)
  if (select.where !== undefined) rows = bindWhere(select, select.where, rows, environment)
  const items = select.items.flatMap(item => (item.kind === 'item' ? [item.value] : []))
  const having = select.having === undefined ? [] : [select.having]
  const isGrouped = select.groupBy.length > 0 || select.groupingSets !== undefined
  if (isGrouped || items.some(hasAggregate) || having.length > 0)
    rows = bindAggregation(select, rows.relation, environment)
  const qualify = select.qualify === undefined ? [] : [select.qualify]
  rows = joinSubqueries(
    { conditions: having, values: [...items, ...qualify] },
    rows,
    select,
    environment,
    bindQuery
  )
  let { relation, binder } = rows
  for (const condition of having) filterRelation(relation, binder.bindCondition(condition))
  if (hasWindows(select)) {
    if (relation.window !== undefined) {
      relation = settled(relation)
      binder = binderFor(relation, text)
    }
    ;({ relation, binder } = bindOver(select, relation, binder, environment))
    if (select.qualify !== undefined) filterRelation(relation, bindQualify(select, select.qualify, binder))
  }
  const bound = project(select, relation, expression => binder.bind(expression), text)
  return select.distinct ? { bound: bindDistinct(bound, select, text), binder: undefined } : { bound, binder }
}

/** The rows for which WHERE holds. */
function bindWhere(select: Select, where: Expression, given: BoundRows, environment: Environment): BoundRows {
  const { text } = environment
  const { conditions, subqueries } = conditionsOf(where)
  const asking = conditions.filter(condition => subqueriesIn(condition).length > 0)
  let { relation, binder } = given
  for (const condition of conditions) {
    if (!asking.includes(condition)) filterRelation(relation, binder.bindCondition(condition))
  }
  for (const subquery of subqueries) {
    relation = bindSubquery(subquery, relation, environment, bindQuery)
    binder = binderFor(relation, text)
  }
  const rows = joinSubqueries(
    { conditions: asking, values: [] },
    { relation, binder },
    select,
    environment,
    bindQuery
  )
  for (const condition of asking) filterRelation(rows.relation, rows.binder.bindCondition(condition))
  return { relation: rows.relation, binder: binderFor(rows.relation, text) }
}

/** Resolves the query whose rows are the output. */
export function bindOutput(query: Query, environment: Environment): BoundSelect {
  const bound = settled(bindQuery(query, environment))
  settleRanks(bound.input, environment)
  return bound
}

/**
 * In an undeclared table every name is a column, so that the name of a SELECT item in WHERE or GROUP BY, which Flink
 * refuses, would quietly be a column of NULLs.
 */
function refuseAliases(select: Select, relation: Relation, text: string): void {
  if (!relation.open) return
  const aliases = new Map<string, Expression>()
  for (const item of select.items) {
    if (item.kind === 'item' && item.alias !== undefined) aliases.set(item.alias.name, item.value)
  }
  const visit = (expression: Expression): void => {
    if (expression.kind === 'reference' && expression.parts.length === 1) {
      const name = (expression.parts[0] as Identifier).name
      const value = aliases.get(name)
      const known = relation.fields.some(field => field.name === name)
      if (value !== undefined && !known && !mentions(value, name)) {
        const reason = `${name} is the name of a SELECT item, which WHERE and GROUP BY do not see: repeat its expression`
        throw new SqlError('name', reason, text, expression)
      }
    }
    for (const part of partsOf(expression)) visit(part)
  }
  for (const expression of [...(select.where === undefined ? [] : [select.where]), ...select.groupBy])
    visit(expression)
}
