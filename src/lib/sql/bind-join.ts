import { isAppendOnly } from './append-only.ts'
import type { Expression, Identifier, JoinType, TableReference } from './ast.ts'
import { isLookup, isLookupKey, lookupTime } from './bind-lookup.ts'
import { bindUnnest } from './bind-unnest.ts'
import {
  and,
  type Bound,
  columnOfValue,
  columnsOf,
  conjunctsOf,
  describe,
  strict,
  withColumns
} from './bound.ts'
import { binderFor, type Environment, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { eventTimeOf } from './event-time.ts'
import { intervalOf, timeBound } from './join-interval.ts'
import { windowTime } from './join-window.ts'
import { calcOf, calcValue, sidesOf } from './lift.ts'
import type { Calc, Join, JoinSide, JoinTime, Scan } from './plan.ts'
import { isProctime } from './proctime.ts'
import { boundRank } from './rank-range.ts'
import { type Relation, resolveName, type Side, scanColumn } from './relation.ts'
import { BIGINT, STRING } from './types.ts'
import { settled } from './window-relation.ts'

type JoinReference = TableReference & { kind: 'join' }
type BindTable = (reference: TableReference, environment: Environment, isJoined: boolean) => Relation

/** Two tables joined: a relation whose names are those of both. */
export function bindJoin(reference: JoinReference, environment: Environment, bindTable: BindTable): Relation {
  const { text } = environment
  const { type } = reference
  const left = settled(bindTable(reference.left, environment, false))
  if (reference.right.kind === 'unnest') {
    const unnested = bindUnnest(reference, reference.right, left, text)
    refuseSameNames(unnested.sides, reference, text)
    return unnested
  }
  const right = settled(bindTable(reference.right, environment, true))
  const join: Join = {
    kind: 'join',
    type,
    left: calcOf(left),
    right: calcOf(right),
    columns: [],
    keys: [],
    condition: undefined,
    time: isLookup(right) ? { kind: 'lookup' } : undefined
  }
  const lift =
    (side: JoinSide, { alias }: Relation) =>
    (value: Bound): Bound =>
      joinedColumn(join, side, value, alias)
  const sides = [...sidesOf(left, lift('left', left)), ...sidesOf(right, lift('right', right))]
  refuseSameNames(sides, reference, text)
  const relation: Relation = {
    input: join,
    condition: undefined,
    fields: [],
    alias: undefined,
    open: sides.some(side => side.relation.open),
    window: undefined,
    sides
  }
  const conditions = [
    ...usingConditions(reference, join, left, right, sides, text),
    ...(reference.on === undefined ? [] : conjunctsOf(binderFor(relation, text).bindCondition(reference.on)))
  ]
  for (const condition of conditions) addCondition(join, condition)
  if (reference.right.kind !== 'table' || reference.right.asOf === undefined) boundByTime(join)
  else if (isLookup(right)) lookupTime(reference.right, join, left, text)
  else join.time = asOfTime(reference, join, left, right, environment)
  return relation
}

/** The value of one side as a column of the joined row. */
export function joinedColumn(join: Join, side: JoinSide, value: Bound, alias: string | undefined): Bound {
  if (isProctime(value)) return value
  const index = calcValue(join[side], value)
  let column = join.columns.findIndex(c => c.side === side && c.index === index)
  if (column < 0) {
    const own = describe(value)
    const wanted = alias === undefined ? own : `${alias}.${own}`
    const taken = join.columns.some(c => c.name === wanted)
    column = join.columns.push({ side, index, name: taken ? `${wanted}#${join.columns.length}` : wanted }) - 1
  }
  const joined = columnOfValue(value, column, join.columns[column]?.name ?? '')
  if (!isPadded(join.type, side)) return joined
  const { windowed: _, ...padded } = joined
  return { ...padded, nullable: true }
}

/** Whether the side's columns may be NULL because no row of it was found. */
const isPadded = (type: JoinType, side: JoinSide): boolean =>
  type === 'full' || type === (side === 'left' ? 'right' : 'left')

function refuseSameNames(sides: readonly Side[], at: JoinReference, text: string): void {
  const names = new Set<string>()
  for (const { relation } of sides) {
    const { alias } = relation
    if (alias === undefined) continue
    if (names.has(alias))
      throw new SqlError('name', `two tables are called ${alias} here: give one an alias`, text, at.right)
    names.add(alias)
  }
}

/** `left.a = right.a` for each column of USING, which then has one name. */
function usingConditions(
  reference: JoinReference,
  join: Join,
  left: Relation,
  right: Relation,
  sides: Side[],
  text: string
): Bound[] {
  const columns = reference.using ?? []
  if (columns.length === 0) return []
  if (join.type === 'right' || join.type === 'full')
    throw new SqlError('unsupported', unsupported(`USING in a ${join.type} join`), text, reference)
  const of = (relation: Relation, side: JoinSide, column: Identifier): Bound =>
    joinedColumn(join, side, resolveName(relation, [column], text), relation.alias)
  const last = sides.at(-1) as Side
  last.hidden = new Set(columns.map(column => column.name))
  return columns.map(column =>
    binderFor(left, text).compare('=', of(left, 'left', column), of(right, 'right', column), column)
  )
}

/**
 * Adds what has to hold: an equality of both sides as a key, what concerns one side alone to that side's rows, as far as
 * that does not change which rows are padded; anything else is asked of the pairs.
 */
export function addCondition(join: Join, condition: Bound): void {
  const [side, other] = new Set(columnsOf(condition).map(({ index }) => join.columns[index]?.side))
  const changesNothing =
    side !== undefined && join.type !== 'full' && (join.type === 'inner' || isPadded(join.type, side))
  if (changesNothing && other === undefined) {
    addFilter(join[side], below(join, condition))
    return
  }
  if (!addKey(join, condition)) join.condition = and(join.condition, condition)
}

/** Adds a condition that is asked of the rows which a join gives, as far as that changes nothing; false where it does. */
export function addFilterAbove(join: Join, condition: Bound): boolean {
  const sides = new Set(columnsOf(condition).map(({ index }) => join.columns[index]?.side))
  if (sides.size === 0) return false
  if (join.type === 'inner' && join.time?.kind !== 'version') {
    addCondition(join, condition)
    if (join.time === undefined) boundByTime(join)
    return true
  }
  const kept: JoinSide | undefined =
    join.type === 'inner' ? 'left' : join.type === 'full' ? undefined : join.type
  if (kept === undefined || sides.size > 1 || !sides.has(kept)) return false
  addFilter(join[kept], below(join, condition))
  return true
}

/** The condition over the rows that come into a side. */
const below = (join: Join, condition: Bound): Bound =>
  withColumns(condition, ({ index }) => {
    const column = join.columns[index] as Join['columns'][number]
    return join[column.side].values[column.index] as Bound
  })

function addFilter(calc: Calc, condition: Bound): void {
  if (calc.input.kind === 'join' && addFilterAbove(calc.input, condition)) return
  if (calc.input.kind === 'rank' && boundRank(calc.input, condition)) return
  calc.condition = and(calc.condition, condition)
}

/** An equality between the sides. Undeclared values are compared again, as equal keys may be written differently. */
function addKey(join: Join, condition: Bound): boolean {
  if (condition.kind !== 'apply' || condition.name !== '=') return false
  const [a, b] = condition.operands as [Bound, Bound]
  const sideOf = (value: Bound): JoinSide | undefined => {
    const [side, other] = new Set(columnsOf(value).map(column => join.columns[column.index]?.side))
    return other === undefined ? side : undefined
  }
  const [first, second] = [sideOf(a), sideOf(b)]
  if (first === undefined || second === undefined || first === second) return false
  const [left, right] = first === 'left' ? [a, b] : [b, a]
  if (join.time?.kind === 'lookup' && !isLookupKey(join, below(join, right))) return false
  join.keys.push({
    left: calcValue(join.left, below(join, left)),
    right: calcValue(join.right, below(join, right))
  })
  // Event times that are equal bound each other too.
  if (timeBound(join, condition) !== undefined) return false
  return a.type.kind !== 'DYNAMIC' && b.type.kind !== 'DYNAMIC'
}

/** Makes a join of rows in the same windows a window join, one of rows that are only added, whose times bound each other, an interval join. */
function boundByTime(join: Join): void {
  join.time = windowTime(join)
  if (join.time !== undefined) return
  if (join.condition === undefined || !isAppendOnly(join.left) || !isAppendOnly(join.right)) return
  const conditions = conjunctsOf(join.condition)
  const bounds = conditions.map(condition => timeBound(join, condition))
  const interval = intervalOf(bounds.filter(bound => bound !== undefined))
  if (interval === undefined) return
  join.time = { kind: 'interval', ...interval }
  join.condition = conditions
    .filter((_, i) => bounds[i] === undefined)
    .reduce<Bound | undefined>(and, undefined)
}

/** FOR SYSTEM_TIME AS OF: the time of the left row, and that of the versions of the right one. */
function asOfTime(
  reference: JoinReference,
  join: Join,
  left: Relation,
  right: Relation,
  environment: Environment
): JoinTime {
  const { text } = environment
  const at = (reference.right as TableReference & { kind: 'table' }).asOf as Expression
  if (join.type !== 'inner' && join.type !== 'left')
    throw new SqlError(
      'unsupported',
      unsupported(`FOR SYSTEM_TIME AS OF in a ${join.type} join`),
      text,
      reference
    )
  const versions = right.input.kind === 'scan' ? right.input : undefined
  const table = versions?.name ?? 'the table'
  const fail = (reason: string): never => {
    throw new SqlError('type', reason, text, at)
  }
  if (versions?.source.kind !== 'changes')
    return fail(`${table} has no versions: FOR SYSTEM_TIME AS OF takes a table of change events`)
  if (join.keys.length === 0)
    return fail(`FOR SYSTEM_TIME AS OF finds the row of ${table} by its key: ON needs a = ${table}.key`)
  const time = eventTimeOf(left.input, binderFor(left, text).bind(at), environment)
  if (time === undefined)
    return fail('AS OF takes the event time of the left table: declare WATERMARK FOR it')
  const version = versions.eventTime?.time ?? commitTime(versions)
  return { kind: 'version', left: calcValue(join.left, time), right: calcValue(join.right, version) }
}

/** From when on a row of an undeclared table is as it is: its commit (ms), for one of a snapshot ever since. */
function commitTime(scan: Scan): Bound {
  const none = { start: 0, end: 0 }
  const operation = scanColumn(scan, ['op'], STRING, none, true)
  const time = scanColumn(scan, ['source', 'ts_ms'], BIGINT, none, true)
  const emit = ([op, ms]: string[]): string => `(${op} === 'r' ? -8.64e15 : Number(${ms}))`
  return strict('commit time', BIGINT, [operation, time], emit, none)
}
