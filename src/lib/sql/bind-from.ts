import type { Expression, Identifier, Query, TableReference } from './ast.ts'
import { bindJoin } from './bind-join.ts'
import type { Bound, Window } from './bound.ts'
import { cast } from './cast.ts'
import { sameExpression, scanTable, scanUndeclared } from './catalog.ts'
import { type BoundSelect, binderFor, type Environment, named, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { type Field, type Relation, resolveName } from './relation.ts'
import { TIMESTAMP_3, typeName } from './types.ts'

/** Resolves a subquery or view. */
type BindQuery = (query: Query, environment: Environment) => BoundSelect

/**
 * What stands in FROM: a table, a view, a subquery, or a window table function over one of them.
 * @param isJoined whether it is the right side of a join
 */
export function bindTable(
  reference: TableReference,
  environment: Environment,
  bindQuery: BindQuery,
  isJoined = false
): Relation {
  const { text } = environment
  switch (reference.kind) {
    case 'table': {
      const relation = namedTable(reference.path, environment, bindQuery)
      if (reference.asOf !== undefined && !isJoined)
        throw new SqlError('unsupported', unsupported('FOR SYSTEM_TIME AS OF without JOIN'), text, reference)
      if (reference.asOf === undefined) refuseLookup(relation, reference, text)
      return reference.alias === undefined ? relation : { ...relation, alias: reference.alias.name }
    }
    case 'subquery': {
      const { query, columns = [], alias } = reference
      return { ...named(bindQuery(query, environment), columns, environment.text), alias: alias?.name }
    }
    case 'join':
      return bindJoin(reference, environment, (table, inner, isJoined) =>
        bindTable(table, inner, bindQuery, isJoined)
      )
    case 'window': {
      const relation = bindTable(reference.input, environment, bindQuery)
      if (relation.window !== undefined)
        throw new SqlError('unsupported', unsupported('a window over a window'), text, reference)
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

/** The rows of a table that is looked up do not come by themselves. */
function refuseLookup({ input }: Relation, reference: TableReference, text: string): void {
  if (input.kind !== 'scan' || input.source.kind !== 'lookup') return
  const reason = `${input.name} is looked up row by row: JOIN ${input.name} FOR SYSTEM_TIME AS OF PROCTIME() ON …`
  throw new SqlError('unsupported', reason, text, reference)
}

function namedTable(path: Identifier[], environment: Environment, bindQuery: BindQuery): Relation {
  const name = path.map(part => part.name).join('.')
  const view = environment.views.get(name)
  if (view !== undefined) {
    const bound = bindQuery(view.query, { ...environment, views: view.views })
    return { ...named(bound, view.columns, environment.text), alias: path.at(-1)?.name }
  }
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
  const binder = binderFor(relation, text)
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
    binderFor(relation, text).member(bound, name, span)
  )
  if (input.kind !== 'scan') {
    if (value.rowtime === true) return cast(value, TIMESTAMP_3) as Bound
    const reason = `${column.name} (${typeName(value.type)}) is no event time: it comes from a declared WATERMARK, or is window_time`
    throw new SqlError('type', reason, text, column)
  }
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
    input.eventTime = { time, watermark: time, name: column.name, delay: watermarkDelay, declared: false }
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
