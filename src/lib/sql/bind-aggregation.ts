import type { AggregateCall } from './aggregates.ts'
import type { CallExpression, Expression, Identifier, Select } from './ast.ts'
import { hasAggregate, isAggregateCall, isGroupingCall, partsOf } from './ast-walk.ts'
import { bindAggregate } from './bind-aggregate-call.ts'
import { ExpressionBinder, type Scope } from './bind-expression.ts'
import { bindGroupWindow, groupWindowOf } from './bind-group-window.ts'
import { bindGroupingCall } from './bind-grouping-call.ts'
import { expandRelation, groupingSetsOf, type Key } from './bind-grouping-sets.ts'
import { type Bound, describe } from './bound.ts'
import { sameExpression } from './catalog.ts'
import { binderFor, type Environment, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { groupRows, isByWindow } from './group-node.ts'
import type { Relation } from './relation.ts'
import { typeName } from './types.ts'
import { settled } from './window-relation.ts'

/** What is grouped, by which keys, and what binds expressions over it. */
type Ungrouped = {
  relation: Relation
  binder: ExpressionBinder
  keys: Key[]
  /** The bound that a call stands for where GROUP BY has a window function. */
  boundOf(call: CallExpression): Bound | undefined
}

/** The groups of a SELECT with GROUP BY or aggregates, before HAVING, and what binds expressions over them. */
export function bindAggregation(
  select: Select,
  given: Relation,
  environment: Environment
): { relation: Relation; binder: ExpressionBinder } {
  const { text } = environment
  const groupWindow = groupWindowOf(select, text)
  if (groupWindow !== undefined && select.groupingSets !== undefined) {
    const what = `grouping sets with ${groupWindow.name.name} in GROUP BY (nor does Flink have them)`
    throw new SqlError('unsupported', unsupported(what), text, groupWindow)
  }
  const { relation, binder, keys, boundOf } =
    groupWindow === undefined
      ? byKeys(select, given, environment)
      : byGroupWindow(groupWindow, select, given, environment)
  for (const { expression, value } of keys) {
    if (!['ROW', 'ARRAY', 'MAP'].includes(value.type.kind)) continue
    const reason = `${typeName(value.type)} cannot be a key of GROUP BY`
    throw new SqlError('type', reason, text, expression ?? select)
  }
  const grouping = groupingSetsOf(keys, select.groupingSets)
  const isSession = given.window?.kind === 'SESSION'
  const expanded = grouping.sets.length > 1 ? expandRelation(relation, grouping, isSession) : undefined
  const calls: AggregateCall[] = []
  const { node, columns, firstCall } =
    expanded === undefined
      ? groupRows(relation, grouping.keys, calls)
      : groupRows(expanded.relation, [...expanded.keys, expanded.set], calls)
  const others = select.groupBy.filter(expression => expression !== groupWindow)
  const ofRows = expanded === undefined ? binder : binderFor(expanded.relation, text)
  const whole = (expression: Expression): Bound | undefined => {
    if (expression.kind === 'call' && expression.over === undefined && isAggregateCall(expression)) {
      const call = bindAggregate(expression, ofRows)
      let index = calls.findIndex(other => other.name === call.name)
      if (index < 0) index = calls.push(call) - 1
      const { start, end } = expression
      const nullable = call.function !== 'COUNT'
      return {
        kind: 'column',
        index: firstCall + index,
        name: call.name,
        type: call.type,
        nullable,
        start,
        end
      }
    }
    if (expression.kind === 'call' && isGroupingCall(expression))
      return bindGroupingCall(expression, grouping, expanded && columns.at(-1), binder)
    if (hasAggregate(expression)) return undefined
    const value =
      (expression.kind === 'call' ? boundOf(expression) : undefined) ??
      (expression.kind === 'reference' || partsOf(expression).length > 0
        ? tryBind(binder, expression, others)
        : undefined)
    const key = value === undefined ? -1 : grouping.keys.findIndex(other => sameExpression(other, value))
    return key < 0 ? undefined : columns[key]
  }
  const scope: Scope = {
    whole,
    resolve(parts) {
      const name = parts.map(part => part.name).join('.')
      const span = { start: (parts[0] as Identifier).start, end: (parts.at(-1) as Identifier).end }
      throw new SqlError('name', `${name} is neither in GROUP BY nor in an aggregate`, text, span)
    }
  }
  const grouped = new ExpressionBinder(text, scope)
  for (const item of select.items) {
    if (item.kind === 'star') throw new SqlError('name', '* cannot stand beside GROUP BY', text, item)
  }
  const result: Relation = {
    input: node,
    condition: undefined,
    fields: [],
    alias: undefined,
    open: false,
    window: undefined
  }
  return { relation: result, binder: grouped }
}

/** GROUP BY of expressions alone. Rows that are grouped by their windows go into these as they are, others are in each of theirs. */
function byKeys(select: Select, given: Relation, environment: Environment): Ungrouped {
  const { text } = environment
  const ungrouped = (relation: Relation): Ungrouped => {
    const binder = binderFor(relation, text)
    const keys = select.groupBy.map(expression => ({ expression, value: binder.bind(expression) }))
    return { relation, binder, keys, boundOf: () => undefined }
  }
  const rows = ungrouped(given)
  const { window } = given
  if (window === undefined) return rows
  const [common, others] = commonKeys(select, rows.keys)
  const isExpanded = (select.groupingSets?.length ?? 1) > 1
  if (isExpanded && window.kind === 'SESSION') {
    const isEverywhere = (value: Bound): boolean => common.some(key => sameExpression(key, value))
    if (window.keys.every(isEverywhere)) return ungrouped(settled(given))
    const what = 'grouping sets without the PARTITION BY of a SESSION in each of them'
    throw new SqlError('unsupported', unsupported(what), text, select)
  }
  const read = [...others, ...readInAggregates(select, rows.binder)]
  return isByWindow(given, common, read) ? rows : ungrouped(settled(given))
}

/** The keys that are in all grouping sets, and the others. */
function commonKeys({ groupingSets = [] }: Select, keys: Key[]): [Bound[], Bound[]] {
  const textOf = new Map(keys.map(({ expression, value }) => [expression, describe(value)]))
  const sets = groupingSets.map(set => new Set(set.map(expression => textOf.get(expression))))
  const isCommon = ({ value }: Key): boolean => sets.every(set => set.has(describe(value)))
  const values = (list: Key[]): Bound[] => list.map(key => key.value)
  return [values(keys.filter(isCommon)), values(keys.filter(key => !isCommon(key)))]
}

function byGroupWindow(
  call: CallExpression,
  select: Select,
  given: Relation,
  environment: Environment
): Ungrouped {
  const relation = settled(given)
  const binder = binderFor(relation, environment.text)
  const keys = select.groupBy
    .filter(expression => expression !== call)
    .map((expression): Key => ({ expression, value: binder.bind(expression) }))
  const values = keys.map(key => key.value)
  const { window, bounds, boundOf } = bindGroupWindow(call, relation, values, environment)
  return {
    relation: { ...relation, window },
    binder,
    keys: [...keys, ...bounds.map(value => ({ expression: undefined, value }))],
    boundOf
  }
}

/** The expression over the ungrouped rows; only its own mistakes are told, not those of expressions that are no key. */
function tryBind(binder: ExpressionBinder, expression: Expression, keys: Expression[]): Bound | undefined {
  if (expression.kind !== 'reference' && !keys.some(key => key.kind === expression.kind)) return undefined
  return binder.bind(expression)
}

/** All columns that the aggregates read. */
function readInAggregates(select: Select, binder: ExpressionBinder): Bound[] {
  const expressions = select.items.flatMap(item => (item.kind === 'item' ? [item.value] : []))
  if (select.having !== undefined) expressions.push(select.having)
  return expressions
    .flatMap(aggregatesIn)
    .flatMap(referencesIn)
    .map(reference => binder.bind(reference))
}

const aggregatesIn = (expression: Expression): CallExpression[] =>
  expression.kind === 'call' && isAggregateCall(expression)
    ? [expression]
    : partsOf(expression).flatMap(aggregatesIn)

const referencesIn = (expression: Expression): Expression[] =>
  expression.kind === 'reference' ? [expression] : partsOf(expression).flatMap(referencesIn)
