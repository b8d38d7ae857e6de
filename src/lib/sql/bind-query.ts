import {
  type AggregateCall,
  type AggregateFunction,
  aggregateArgument,
  aggregateNames,
  aggregateType,
  otherAggregates
} from './aggregates.ts'
import type { CallExpression, Expression, Identifier, Select, TableReference } from './ast.ts'
import { ExpressionBinder, type Scope } from './bind-expression.ts'
import { type Bound, describe, type Window } from './bound.ts'
import { cast } from './cast.ts'
import { sameExpression, scanTable, scanUndeclared, type Table } from './catalog.ts'
import { SqlError } from './errors.ts'
import type { Aggregate, Projection } from './plan.ts'
import { type Field, type Relation, resolveName } from './relation.ts'
import { sameType, TIMESTAMP_3, typeName } from './types.ts'

/** What the names in FROM mean, and how far event time lags behind where no WATERMARK is declared. */
export type Environment = {
  text: string
  tables: ReadonlyMap<string, Table>
  views: ReadonlyMap<string, Select>
  /** ms */
  watermarkDelay: number
}

/** A SELECT with all names resolved. `starOfOpen` tells that the row of an undeclared table is passed through. */
export type BoundSelect = Relation & { projections: Projection[] }

const unsupported = (what: string): string => `${what}: not in the subset of Flink SQL that enrich runs`

/** Resolves a SELECT; throws SqlError at the place of the first mistake. */
export function bindSelect(select: Select, environment: Environment): BoundSelect {
  const { text } = environment
  if (select.from === undefined)
    throw new SqlError('unsupported', unsupported('SELECT without FROM'), text, select)
  const relation = bindTable(select.from, environment)
  const binder = binderFor(relation, text, true)
  refuseAliases(select, relation, text)
  if (select.where !== undefined) {
    const where = binder.bindCondition(select.where)
    relation.condition = and(relation.condition, where)
  }
  const aggregates = select.items.some(item => item.kind === 'item' && hasAggregate(item.value))
  if (select.groupBy.length > 0 || aggregates || select.having !== undefined)
    return bindAggregation(select, relation, binder, environment)
  requireTumble(relation, select, text)
  return project(select, relation, expression => binder.bind(expression), text)
}

/**
 * @param rows whether expressions are computed for single rows: a row of HOP or CUMULATE has no window of its own, so
 * that its bounds can only stand in GROUP BY
 */
function binderFor(relation: Relation, text: string, rows: boolean): ExpressionBinder {
  const scope: Scope = {
    resolve(parts) {
      const value = resolveName(relation, parts, text, (input, name, span) =>
        binder.member(input, name, span)
      )
      if (rows && value.kind === 'windowBound' && value.window.kind !== 'TUMBLE') {
        const reason = unsupported(`a window bound of ${value.window.kind} outside of GROUP BY`)
        throw new SqlError('unsupported', reason, text, parts[0] as Identifier)
      }
      return value
    }
  }
  const binder = new ExpressionBinder(text, scope)
  return binder
}

function and(left: Bound | undefined, right: Bound): Bound {
  if (left === undefined) return right
  const { start, end } = right
  return { kind: 'and', left, right, type: right.type, nullable: left.nullable || right.nullable, start, end }
}

/** Rows of HOP and CUMULATE stand in several windows, which only an aggregation tells apart so far. */
function requireTumble(relation: Relation, select: Select, text: string): void {
  if (relation.window === undefined || relation.window.kind === 'TUMBLE') return
  const reason = unsupported(`${relation.window.kind} without GROUP BY window_start, window_end`)
  throw new SqlError('unsupported', reason, text, select.from ?? select)
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

const mentions = (expression: Expression, name: string): boolean =>
  (expression.kind === 'reference' && expression.parts.some(part => part.name === name)) ||
  partsOf(expression).some(part => mentions(part, name))

function partsOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'field':
      return [expression.input]
    case 'index':
      return [expression.input, expression.index]
    case 'unary':
    case 'is':
    case 'cast':
      return [expression.operand]
    case 'binary':
    case 'distinctFrom':
      return [expression.left, expression.right]
    case 'between':
      return [expression.operand, expression.low, expression.high]
    case 'in':
      return [expression.operand, ...expression.list]
    case 'like':
      return [expression.operand, expression.pattern]
    case 'case':
      return [
        expression.operand,
        expression.otherwise,
        ...expression.whens.flatMap(w => [w.when, w.result])
      ].filter(part => part !== undefined)
    case 'call':
      return [...expression.args, ...(expression.filter === undefined ? [] : [expression.filter])]
    default:
      return []
  }
}

const hasAggregate = (expression: Expression): boolean =>
  (expression.kind === 'call' && isAggregateName(expression.name.name)) ||
  partsOf(expression).some(hasAggregate)

const isAggregateName = (name: string): boolean =>
  aggregateNames.has(name.toUpperCase()) || otherAggregates.has(name.toUpperCase())

// --- FROM ---

function bindTable(reference: TableReference, environment: Environment): Relation {
  const { text } = environment
  switch (reference.kind) {
    case 'table': {
      const relation = namedTable(reference.path, environment)
      return reference.alias === undefined ? relation : { ...relation, alias: reference.alias.name }
    }
    case 'subquery':
      return { ...bindSelect(reference.query, environment), alias: reference.alias?.name }
    case 'window': {
      const relation = bindTable(reference.input, environment)
      if (relation.window !== undefined || relation.input.kind === 'aggregate') {
        throw new SqlError('unsupported', unsupported('a window over windows'), text, reference)
      }
      const window = bindWindow(reference, relation, environment)
      const bounds = (['start', 'end', 'time'] as const).map((bound): Field => {
        const { start, end } = reference
        return {
          name: `window_${bound}`,
          value: { kind: 'windowBound', window, bound, type: TIMESTAMP_3, nullable: false, start, end }
        }
      })
      return { ...relation, fields: [...relation.fields, ...bounds], window, alias: reference.alias?.name }
    }
  }
}

function namedTable(path: Identifier[], environment: Environment): Relation {
  const name = path.map(part => part.name).join('.')
  const view = environment.views.get(name)
  if (view !== undefined) return { ...bindSelect(view, environment), alias: path.at(-1)?.name }
  const table = environment.tables.get(name)
  if (table !== undefined) {
    if (table.source === 'stdout') {
      throw new SqlError(
        'name',
        `${name} is an output: it cannot be read`,
        environment.text,
        path[0] as Identifier
      )
    }
    return scanTable(table)
  }
  return scanUndeclared(path, environment.text)
}

function bindWindow(
  reference: TableReference & { kind: 'window' },
  relation: Relation,
  environment: Environment
): Window {
  const { text } = environment
  const binder = binderFor(relation, text, true)
  const milliseconds = (expression: Expression): number => {
    const bound = binder.bind(expression)
    if (bound.kind === 'literal' && bound.type.kind === 'INTERVAL_DAY' && typeof bound.value === 'number')
      return bound.value
    throw new SqlError(
      'type',
      "a window takes an interval such as INTERVAL '10' MINUTE here",
      text,
      expression
    )
  }
  const [first = 0, second] = reference.intervals.map(milliseconds)
  const size = second ?? first
  const at = reference.intervals[0] as Expression
  if (first <= 0 || size <= 0) throw new SqlError('type', 'the size of a window is more than 0', text, at)
  if (reference.window === 'CUMULATE' && size % first !== 0) {
    throw new SqlError('type', 'the size of CUMULATE is a multiple of its step', text, at)
  }
  if (reference.window === 'HOP' && size % first !== 0) {
    throw new SqlError(
      'unsupported',
      unsupported('HOP with a size that is no multiple of its slide'),
      text,
      at
    )
  }
  const offset = reference.offset === undefined ? 0 : milliseconds(reference.offset)
  return {
    kind: reference.window,
    size,
    step: first,
    offset,
    time: eventTime(reference.time, relation, environment)
  }
}

/** The column of DESCRIPTOR: the declared event time, or a column of an undeclared table, which becomes it. */
function eventTime(column: Identifier, relation: Relation, environment: Environment): Bound {
  const { text, watermarkDelay } = environment
  const { input } = relation
  const value = resolveName(relation, [column], text, (bound, name, span) =>
    binderFor(relation, text, true).member(bound, name, span)
  )
  if (input.kind === 'aggregate')
    throw new SqlError('unsupported', unsupported('a window over windows'), text, column)
  const declared = input.eventTime
  if (declared === undefined) {
    const isColumn =
      value.kind === 'column' &&
      (value.type.kind === 'DYNAMIC' ||
        value.type.kind === 'TIMESTAMP' ||
        value.type.kind === 'TIMESTAMP_LTZ')
    const time = isColumn ? cast(value, TIMESTAMP_3) : undefined
    if (time === undefined) {
      const reason = `${column.name} (${typeName(value.type)}) is no event time: declare WATERMARK FOR a TIMESTAMP(3) column in CREATE TABLE`
      throw new SqlError('type', reason, text, column)
    }
    input.eventTime = { time, watermark: time, name: column.name, delay: watermarkDelay }
    return time
  }
  if (
    !sameExpression(value, declared.time) &&
    !sameExpression(cast(value, TIMESTAMP_3) ?? value, declared.time)
  ) {
    throw new SqlError(
      'type',
      `${column.name} is not the event time of ${input.name}, which is ${declared.name}`,
      text,
      column
    )
  }
  return cast(declared.time, TIMESTAMP_3) as Bound
}

// --- GROUP BY ---

function bindAggregation(
  select: Select,
  relation: Relation,
  binder: ExpressionBinder,
  environment: Environment
): BoundSelect {
  const { text } = environment
  const { input, window } = relation
  const groupBinder = binderFor(relation, text, false)
  const groups = select.groupBy.map(expression => ({ expression, value: groupBinder.bind(expression) }))
  const bounds = groups.map(({ value }) => (value.kind === 'windowBound' ? value.bound : undefined))
  if (window === undefined || input.kind === 'aggregate') {
    const at =
      select.groupBy[0] ??
      select.items.find(item => item.kind === 'item' && hasAggregate(item.value)) ??
      select
    throw new SqlError(
      'unsupported',
      unsupported('aggregation without a window (its results keep changing)'),
      text,
      at
    )
  }
  if (!bounds.includes('start') || !bounds.includes('end')) {
    const at = select.groupBy[0] ?? select
    throw new SqlError(
      'unsupported',
      unsupported('GROUP BY over windows without both window_start and window_end'),
      text,
      at
    )
  }
  const keys = groups.filter(({ value }) => value.kind !== 'windowBound')
  for (const { expression, value } of keys) {
    if (['ROW', 'ARRAY', 'MAP'].includes(value.type.kind)) {
      throw new SqlError('type', `${typeName(value.type)} cannot be a key of GROUP BY`, text, expression)
    }
  }
  const calls: AggregateCall[] = []
  const aggregate: Aggregate = {
    kind: 'aggregate',
    input,
    condition: relation.condition,
    window,
    keys: keys.map(k => k.value),
    calls
  }
  const output = (index: number, value: Bound, name: string): Bound => {
    const { start, end, type, nullable } = value
    return { kind: 'column', index, name, type, nullable, start, end }
  }
  const whole = (expression: Expression): Bound | undefined => {
    if (expression.kind === 'call' && isAggregateName(expression.name.name)) {
      const call = bindAggregate(expression, binder)
      let index = calls.findIndex(other => other.name === call.name)
      if (index < 0) index = calls.push(call) - 1
      const { start, end } = expression
      const nullable = call.function !== 'COUNT'
      return {
        kind: 'column',
        index: 3 + keys.length + index,
        name: call.name,
        type: call.type,
        nullable,
        start,
        end
      }
    }
    if (hasAggregate(expression)) return undefined
    const value =
      expression.kind === 'reference' || partsOf(expression).length > 0
        ? tryBind(
            groupBinder,
            expression,
            keys.map(k => k.expression)
          )
        : undefined
    if (value === undefined) return undefined
    if (value.kind === 'windowBound' && bounds.includes(value.bound)) {
      return output(['start', 'end', 'time'].indexOf(value.bound), value, `window_${value.bound}`)
    }
    const key = keys.findIndex(k => sameExpression(k.value, value))
    return key < 0 ? undefined : output(3 + key, value, describe(value))
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
  const having = select.having === undefined ? undefined : grouped.bindCondition(select.having)
  const result: Relation = {
    input: aggregate,
    condition: having,
    fields: [],
    alias: undefined,
    open: false,
    window: undefined
  }
  return project(select, result, expression => grouped.bind(expression), text)
}

/** The expression over the ungrouped rows; only its own mistakes are told, not those of expressions that are no key. */
function tryBind(binder: ExpressionBinder, expression: Expression, keys: Expression[]): Bound | undefined {
  if (expression.kind !== 'reference' && !keys.some(key => key.kind === expression.kind)) return undefined
  return binder.bind(expression)
}

function bindAggregate(expression: CallExpression, binder: ExpressionBinder): AggregateCall {
  const name = expression.name.name.toUpperCase() as AggregateFunction
  if (!aggregateNames.has(name))
    throw binder.error('unsupported', unsupported(`the aggregate ${name}`), expression.name)
  if (expression.args.some(hasAggregate))
    throw binder.error('type', 'an aggregate cannot stand in an aggregate', expression)
  if (expression.star ? name !== 'COUNT' : expression.args.length !== 1) {
    throw binder.error('type', `${name} takes one argument`, expression)
  }
  const first = expression.args[0]
  const argument = first === undefined ? undefined : aggregateArgument(name, binder.bind(first))
  const filter = expression.filter === undefined ? undefined : binder.bindCondition(expression.filter)
  const type = aggregateType(name, argument?.type)
  if (type === undefined) {
    throw binder.error(
      'type',
      `${name} does not take ${typeName(argument?.type ?? { kind: 'NULL' })}`,
      expression
    )
  }
  const inner = argument === undefined ? '*' : describe(argument)
  const distinct = expression.distinct && name !== 'MIN' && name !== 'MAX'
  const where = filter === undefined ? '' : ` FILTER (WHERE ${describe(filter)})`
  return {
    function: name,
    argument,
    distinct,
    filter,
    type,
    name: `${name}(${distinct ? 'DISTINCT ' : ''}${inner})${where}`
  }
}

// --- SELECT list ---

function project(
  select: Select,
  relation: Relation,
  bind: (expression: Expression) => Bound,
  text: string
): BoundSelect {
  const projections: Projection[] = []
  const names = new Set<string>()
  const push = (wanted: string, value: Bound): void => {
    // A name that is taken gets a number, as in Flink.
    let name = wanted
    for (let n = 0; names.has(name); n++) name = `${wanted}${n}`
    names.add(name)
    projections.push({ kind: 'value', name, value })
  }
  for (const [i, item] of select.items.entries()) {
    if (item.kind === 'item') {
      push(item.alias?.name ?? impliedName(item.value) ?? `EXPR$${i}`, bind(item.value))
      continue
    }
    if (item.table !== undefined && item.table.name !== relation.alias) {
      throw new SqlError('name', `no table ${item.table.name} in FROM`, text, item.table)
    }
    if (relation.open) projections.push({ kind: 'row' })
    for (const field of relation.fields) push(field.name, field.value)
  }
  if (projections.some(projection => projection.kind === 'row')) dropRepeated(projections)
  const fields = projections.flatMap((p): Field[] =>
    p.kind === 'value' ? [{ name: p.name, value: p.value }] : []
  )
  const open = projections.some(projection => projection.kind === 'row')
  return { ...relation, fields, open, projections }
}

/** Beside the whole row, its own columns under their own names say nothing new. */
function dropRepeated(projections: Projection[]): void {
  const kept = projections.filter(
    p => p.kind === 'row' || p.value.kind !== 'column' || p.value.name !== p.name
  )
  projections.splice(0, projections.length, ...kept)
}

/** The name of an item without alias: that of the column or nested field. */
function impliedName(expression: Expression): string | undefined {
  if (expression.kind === 'reference') return expression.parts.at(-1)?.name
  return expression.kind === 'field' ? expression.name.name : undefined
}

/** Fits a query's columns to a declared output: names by position, types by cast. */
export function fitToTable(
  query: BoundSelect,
  table: Table,
  columns: Identifier[],
  text: string
): Projection[] {
  const declared = table.declaration.columns
  const targets =
    columns.length === 0
      ? declared
      : columns.map(c => declared.find(d => d.name.name === c.name) ?? missingColumn(c, table, text))
  const at = table.declaration.name
  if (query.open || query.projections.length !== targets.length) {
    const found = query.open ? 'the columns of an undeclared table' : `${query.projections.length} columns`
    throw new SqlError(
      'type',
      `${at.name} takes ${targets.length} columns, found ${found}`,
      text,
      query.projections.length > 0 ? firstSpan(query, at) : at
    )
  }
  return targets.map((target, i) => {
    const { value } = query.projections[i] as Projection & { kind: 'value' }
    if (target.kind !== 'physical')
      throw new SqlError(
        'type',
        `${target.name.name} is computed: nothing can be written to it`,
        text,
        target
      )
    const fitted = sameType(value.type, target.type) ? value : cast(value, target.type)
    if (fitted === undefined) {
      throw new SqlError(
        'type',
        `${target.name.name} is ${typeName(target.type)}, found ${typeName(value.type)}: use CAST`,
        text,
        value
      )
    }
    return { kind: 'value', name: target.name.name, value: fitted }
  })
}

function firstSpan(query: BoundSelect, fallback: Identifier): { start: number; end: number } {
  const first = query.projections[0]
  return first?.kind === 'value' ? first.value : fallback
}

function missingColumn(column: Identifier, table: Table, text: string): never {
  throw new SqlError('name', `no column ${column.name} in ${table.declaration.name.name}`, text, column)
}
