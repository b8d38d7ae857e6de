import { type AggregateCode, aggregateCode } from './aggregates.ts'
import { type Bound, describe, literal } from './bound.ts'
import type { ExpressionCode } from './codegen.ts'
import { takeTime } from './generate-calc.ts'
import { build, PlaceCode, type Statement, valuesCode } from './place-code.ts'
import type { Aggregate, Group, Scan } from './plan.ts'
import type { Pieces } from './values/block-text.ts'

/**
 * What an aggregation takes from one row; more properties hold keys (`k0` …) and arguments (`a0` …). `time` and
 * `watermark` are those of a window.
 */
export type InputRow = { time: number; watermark: number; passes: boolean }

/** One group's keys and aggregates; `n` is its number of rows. */
export type Accumulator = { n: number }

/** The parts of an aggregation that do not depend on where rows come from. */
export type Accumulation = {
  newRow(): InputRow
  key(row: InputRow): unknown
  newAccumulator(row: InputRow): Accumulator
  add(acc: Accumulator, row: InputRow): void
  retract(acc: Accumulator, row: InputRow): void
}

export type AggregateFunctions = Accumulation & {
  /** For an aggregation over a scan. */
  read(B: Buffer, S: Pieces, P: Int32Array, O: number, row: InputRow): void
  /** For one over rows of values. */
  readValues(R: readonly unknown[], row: InputRow): void
  /** The aggregation's output row for a group in the window from start to end (ms). */
  result(acc: Accumulator, key: unknown, start: number, end: number): unknown[]
}

export type GroupFunctions = Accumulation & {
  /** For a group over a scan. */
  read(B: Buffer, S: Pieces, P: Int32Array, O: number, row: InputRow): void
  /** For one over rows of values. */
  readValues(R: readonly unknown[], row: InputRow): void
  /** The output row of a group. */
  result(acc: Accumulator, key: unknown): unknown[]
}

export function generateAggregate(aggregate: Aggregate, retracts: boolean): AggregateFunctions {
  const codes = aggregate.calls.map((call, i) => aggregateCode(call, i, retracts))
  const { input, window } = aggregate
  const isAttached = window.kind === 'ATTACHED'
  // Windows that end together may begin apart: the start is a key then.
  const keyed = isAttached ? { ...aggregate, keys: [window.start, ...aggregate.keys] } : aggregate
  const own = resultsOf(keyed.keys, codes)
  const starts = isAttached ? own.splice(0, 1) : ['start']
  const results = [...starts, 'end', 'end - 1', ...own]
  return build(`return {
${accumulation(keyed, codes)},
read(B, S, P, O, row) {
${input.kind === 'scan' ? readWindowPlace(keyed, input) : ''}},
readValues(R, row) {
${input.kind === 'scan' ? '' : readWindowValues(keyed)}},
result(acc, key, start, end) { return [${results.join(', ')}]; }
}`)
}

/** @param retracts whether rows of the input may be taken back */
export function generateGroup(group: Group, retracts: boolean): GroupFunctions {
  const codes = group.calls.map((call, i) => aggregateCode(call, i, retracts))
  const { input } = group
  const read = input.kind === 'scan' ? readGroupPlace(group, input) : ''
  const readValues = input.kind === 'scan' ? '' : readGroupValues(group)
  return build(`return {
${accumulation(group, codes)},
read(B, S, P, O, row) {
${read}},
readValues(R, row) {
${readValues}},
result(acc, key) { return [${resultsOf(group.keys, codes).join(', ')}]; }
}`)
}

function resultsOf(keys: Bound[], codes: AggregateCode[]): string[] {
  const values = isOwnKey(keys) ? ['key'] : keys.map((_, i) => `acc.k${i}`)
  return [...values, ...codes.map(code => code.result)]
}

function accumulation({ keys, calls }: Aggregate | Group, codes: AggregateCode[]): string {
  const property = (fields: string[]): string => `{ ${fields.join(', ')} }`
  const row = [
    'time: 0',
    'watermark: 0',
    'passes: false',
    ...keys.map((_, i) => `k${i}: null`),
    ...calls.map((_, i) => `a${i}: null`)
  ]
  const fields = codes.flatMap(code =>
    Object.entries(code.fields).map(([name, first]) => `${name}: ${first}`)
  )
  const kept = isOwnKey(keys) ? [] : keys.map((_, i) => `k${i}: rt.keep(row.k${i})`)
  const accumulator = ['n: 0', ...kept, ...fields]
  return `newRow() { return ${property(row)}; },
key(row) { return ${keyCode(keys)}; },
newAccumulator(row) { return ${property(accumulator)}; },
add(acc, row) { acc.n++;
${codes.map((code, i) => step(code, 'add', i)).join('\n')} },
retract(acc, row) { acc.n--;
${codes.map((code, i) => step(code, 'retract', i)).join('\n')} }`
}

const step = (code: AggregateCode, action: 'add' | 'retract', i: number): string =>
  `if (row.a${i} !== null) { ${code[action](`row.a${i}`)} }`

/** Whether groups are kept under the value of their only key, so that they need not hold it. */
const isOwnKey = (keys: Bound[]): boolean => keys.length === 1 && keys[0]?.type.kind !== 'DYNAMIC'

/** @param value JavaScript for the value of a key, by its number */
export function keyCode(keys: Bound[], value: (index: number) => string = i => `row.k${i}`): string {
  const [first] = keys
  if (first === undefined) return "''"
  if (keys.length > 1) return `rt.groupKey(${keys.map((_, i) => value(i)).join(', ')})`
  return first.type.kind === 'DYNAMIC' ? `rt.dynamicKey(${value(0)})` : value(0)
}

/** Statements that put a row's keys and arguments where the aggregation takes them from. */
function takeParts({ keys, calls }: Aggregate | Group, statement: Statement): string[] {
  const parts = keys.map((key, i) => statement(c => `row.k${i} = ${c.value(key)};`))
  for (const [i, call] of calls.entries()) {
    const argument = call.argument ?? literal(true, { kind: 'BOOLEAN' }, { start: 0, end: 0 })
    const { filter, definition } = call
    const take = (code: ExpressionCode): string =>
      definition.take?.(code.value(argument), argument) ?? code.value(argument)
    if (filter === undefined) parts.push(statement(c => `row.a${i} = ${take(c)};`))
    else parts.push(statement(c => `row.a${i} = ${c.isTrue(filter)} ? ${take(c)} : null;`))
  }
  return parts
}

/** The statement that tells whether a row takes part. */
function passes(condition: Bound | undefined, statement: Statement): string {
  if (condition === undefined) return 'row.passes = true;\n'
  return statement(c => `row.passes = ${c.isTrue(condition)};\nif (!row.passes) return;`)
}

function readGroupPlace(group: Group, scan: Scan): string {
  const body = new PlaceCode(scan)
  const statement: Statement = make => body.statement(make)
  const parts = [passes(group.condition, statement), ...takeParts(group, statement)]
  return body.declarations() + parts.join('')
}

function readGroupValues(group: Group): string {
  const code = valuesCode()
  const statement: Statement = make => `${make(code)}\n`
  const parts = [passes(group.condition, statement), ...takeParts(group, statement)]
  return code.declarations() + parts.join('')
}

function readWindowPlace(aggregate: Aggregate, scan: Scan): string {
  const body = new PlaceCode(scan)
  const statement: Statement = make => body.statement(make)
  const { condition, window } = aggregate
  const parts = [
    ...takeTime(scan, condition, statement, 'row.passes = false; return;'),
    ...(isSame(windowTime(window), scan.eventTime?.time) ? [] : [takeWindowTime(aggregate, statement)]),
    passes(condition, statement),
    ...takeParts(aggregate, statement)
  ]
  return body.declarations() + parts.join('')
}

function readWindowValues(aggregate: Aggregate): string {
  const code = valuesCode()
  const statement: Statement = make => `${make(code)}\n`
  const parts = [
    passes(aggregate.condition, statement),
    takeWindowTime(aggregate, statement),
    ...takeParts(aggregate, statement)
  ]
  return code.declarations() + parts.join('')
}

const isSame = (a: Bound, b: Bound | undefined): boolean => b !== undefined && describe(a) === describe(b)

/** What tells the window of a row: its time, or the end of the window that it has. */
const windowTime = (window: Aggregate['window']): Bound =>
  window.kind === 'ATTACHED' ? window.end : window.time

function takeWindowTime({ window }: Aggregate, statement: Statement): string {
  const time = windowTime(window)
  return statement(
    c => `row.time = Number(rt.requireTime(${c.value(time)}, ${JSON.stringify(describe(time))}));`
  )
}
