import { type AggregateCode, aggregateCode } from './aggregates.ts'
import { type Bound, describe, literal } from './bound.ts'
import { type ColumnCode, ExpressionCode, jsonCode, loadCode } from './codegen.ts'
import type { Aggregate, Calc, Group, Join, Projection, Scan } from './plan.ts'
import * as runtime from './runtime.ts'
import { DYNAMIC, isTimestamp, type SqlType } from './types.ts'
import type { Pieces } from './values/block-text.ts'

/**
 * Functions generated for one query. Rows of a scan are places in a block: `B` its bytes, `S` the same as a string of one
 * character a byte, `P` start and end of each column's value, beginning at index `O`; `RS`, `RE` are those of the row.
 */

/** The output row's JSON text (UTF-8, one character a byte), or null when the row does not pass the condition. */
export type ProjectPlace = (
  B: Buffer,
  S: Pieces,
  P: Int32Array,
  O: number,
  RS: number,
  RE: number
) => string | null

/** The same for a row of values. */
export type ProjectValues = (R: readonly unknown[]) => string | null

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

/** What the text of a function body gives, which calls the runtime as `rt`. */
export function build<T>(source: string): T {
  return new Function('rt', `'use strict';\n${source}`)(runtime) as T
}

export function generateProjectPlace(
  scan: Scan,
  condition: Bound | undefined,
  projections: Projection[]
): ProjectPlace {
  const body = new PlaceCode(scan)
  const filter =
    condition === undefined ? '' : body.statement(c => `if (!${c.isTrue(condition)}) return null;`)
  const output = body.statement(
    c => `return ${rowJson(projections, value => body.raw(value) ?? jsonOf(c, value))};`
  )
  return build(`return function project(B, S, P, O, RS, RE) {\n${body.declarations()}${filter}${output}}`)
}

export function generateProjectValues(
  condition: Bound | undefined,
  projections: Projection[]
): ProjectValues {
  const code = valuesCode()
  const filter = condition === undefined ? '' : `if (!${code.isTrue(condition)}) return null;\n`
  const output = `return ${rowJson(
    projections,
    value => jsonOf(code, value),
    row => code.value(row)
  )};\n`
  return build(`return function project(R) {\n${code.declarations()}${filter}${output}}`)
}

/** Code over a row of values, `R`. */
function valuesCode(): ExpressionCode {
  return new ExpressionCode(((index: number, as?: SqlType) =>
    as === undefined ? `R[${index}]` : undefined) as ColumnCode)
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
    const { filter } = call
    if (filter === undefined) parts.push(statement(c => `row.a${i} = ${c.value(argument)};`))
    else parts.push(statement(c => `row.a${i} = ${c.isTrue(filter)} ? ${c.value(argument)} : null;`))
  }
  return parts
}

/** Makes a statement of code for expressions, with the reading of the columns they need before it. */
type Statement = (make: (code: ExpressionCode) => string) => string

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

/** Statements that set `row.time` and `row.watermark` from the event time of a scan. */
function takeTime(
  { eventTime }: Scan,
  condition: Bound | undefined,
  statement: Statement,
  drop: string
): string[] {
  if (eventTime === undefined) return []
  const { time, watermark, name, delay, declared } = eventTime
  const parts: string[] = []
  // Where no WATERMARK is declared, a row that WHERE drops needs no time; Flink asks a declared one of every row.
  if (!declared && condition !== undefined) {
    parts.push(
      statement(
        c =>
          `if (${c.value(time)} === null && !(${c.isTrue(condition)})) { row.watermark = -Infinity; ${drop} }`
      )
    )
  }
  parts.push(statement(c => `row.time = Number(rt.requireTime(${c.value(time)}, ${JSON.stringify(name)}));`))
  if (describe(watermark) === describe(time)) parts.push(`row.watermark = row.time - ${delay};\n`)
  else {
    // A row whose watermark is NULL moves no time.
    parts.push(statement(c => `row.watermark = Number(${c.value(watermark)} ?? -Infinity) - ${delay};`))
  }
  return parts
}

/** A row's time and the watermark that it gives, in ms. */
export type RowTime = { time: number; watermark: number }

export type CalcFunctions = {
  /** The values of a scan's row, null when it does not pass the condition; `row` gets its time, if the scan has one. */
  place(
    B: Buffer,
    S: Pieces,
    P: Int32Array,
    O: number,
    RS: number,
    RE: number,
    row: RowTime
  ): unknown[] | null
  /** The same of a row of values, which has no time of its own. */
  values(R: readonly unknown[]): unknown[] | null
}

export function generateCalc({ input, condition, values }: Calc): CalcFunctions {
  if (input.kind !== 'scan') {
    const code = valuesCode()
    const filter = condition === undefined ? '' : `if (!${code.isTrue(condition)}) return null;\n`
    const row = `return [${values.map(value => code.value(value)).join(', ')}];\n`
    return build(`return { values(R) {\n${code.declarations()}${filter}${row}} }`)
  }
  const body = new PlaceCode(input)
  const statement: Statement = make => body.statement(make)
  const parts = takeTime(input, condition, statement, 'return null;')
  if (condition !== undefined) parts.push(statement(c => `if (!${c.isTrue(condition)}) return null;`))
  parts.push(statement(c => `return [${values.map(value => c.value(value)).join(', ')}];`))
  return build(`return { place(B, S, P, O, RS, RE, row) {\n${body.declarations()}${parts.join('')}} }`)
}

/** A function that gives the values of expressions over a row of values. */
export function generateValues(values: Bound[]): (R: readonly unknown[]) => unknown[] {
  const code = valuesCode()
  const row = `return [${values.map(value => code.value(value)).join(', ')}];`
  return build(`return function values(R) {\n${code.declarations()}${row} }`)
}

export type JoinFunctions = {
  /** The key of a side's row, null when it is equal to none. */
  leftKey(R: readonly unknown[]): unknown
  rightKey(R: readonly unknown[]): unknown
  /** The joined row; a side that is null is padded with NULLs. */
  row(L: readonly unknown[] | null, R: readonly unknown[] | null): unknown[]
  /** Whether a joined row is one. */
  matches(R: readonly unknown[]): boolean
}

export function generateJoin(join: Join): JoinFunctions {
  const { keys, columns, condition, left, right } = join
  const key = (side: 'left' | 'right'): string => {
    const values = keys.map(k => `R[${k[side]}]`)
    if (values.length === 0) return "''"
    const [first] = keys
    const undeclared = (k: { left: number; right: number }): boolean =>
      [left.values[k.left], right.values[k.right]].some(value => value?.type.kind === 'DYNAMIC')
    const parts = keys.map((k, i) => (undeclared(k) ? `rt.joinKey(${values[i]})` : values[i]))
    if (keys.length === 1 && first !== undefined) return parts[0] as string
    const isNull = values.map(value => `${value} === null`).join(' || ')
    return `(${isNull} ? null : rt.groupKey(${parts.join(', ')}))`
  }
  const code = valuesCode()
  const test = condition === undefined ? 'true' : code.isTrue(condition)
  const cells = (l: boolean, r: boolean): string =>
    `[${columns
      .map(({ side, index }) =>
        (side === 'left' ? l : r) ? `${side === 'left' ? 'L' : 'R'}[${index}]` : 'null'
      )
      .join(', ')}]`
  return build(`return {
leftKey(R) { return ${key('left')}; },
rightKey(R) { return ${key('right')}; },
row(L, R) { return L === null ? ${cells(false, true)} : R === null ? ${cells(true, false)} : ${cells(true, true)}; },
matches(R) { ${code.declarations()}return ${test}; }
}`)
}

/** Code over a row's places: each column is read once, before the first statement that needs it. */
class PlaceCode {
  private readonly scan: Scan
  private readonly code: ExpressionCode
  private readonly loaded = new Set<string>()
  private pending: string[] = []

  constructor(scan: Scan) {
    this.scan = scan
    this.code = new ExpressionCode(((index: number, as?: SqlType) => this.column(index, as)) as ColumnCode)
  }

  /** `make`'s statement with the reading of the columns it needs before it. */
  statement(make: (code: ExpressionCode) => string): string {
    const made = make(this.code)
    const loads = this.pending
    this.pending = []
    return `${loads.join('')}${made}\n`
  }

  declarations(): string {
    return this.code.declarations()
  }

  /** JavaScript for a column's JSON text as it stands in the bytes, where that is its output form. */
  raw(value: Bound): string | undefined {
    if (value.kind !== 'column') return undefined
    const { type } = value
    if (type.kind === 'STRING' && type.length === undefined)
      return `rt.rawString(B, S, ${this.place(value.index)})`
    if (type.kind === 'DYNAMIC') return `rt.loadRaw(B, S, ${this.place(value.index)})`
    return undefined
  }

  private column(index: number, as?: SqlType): string | undefined {
    // A time is read from the digits in place; the string that it stands in is never made.
    if (as !== undefined && !isTimestamp(as)) return undefined
    const name = as === undefined ? `c${index}` : `c${index}_${as.kind}_${as.precision}`
    if (!this.loaded.has(name)) {
      this.loaded.add(name)
      if (this.scan.columns[index]?.path.length === 0) {
        this.pending.push(`const ${name} = S.substring(RS, RE);\n`)
        return name
      }
      const type = as ?? this.scan.columns[index]?.type ?? DYNAMIC
      this.pending.push(`const ${name} = ${loadCode(type, this.at(index, 0), this.at(index, 1))};\n`)
    }
    return name
  }

  private place(index: number): string {
    return `${this.at(index, 0)}, ${this.at(index, 1)}`
  }

  private at(index: number, side: 0 | 1): string {
    return `P[O + ${index * 2 + side}]`
  }
}

const jsonOf = (code: ExpressionCode, value: Bound): string => {
  const js = code.value(value)
  const name = /^[a-zA-Z_]\w*(?:\[\d+\])?$/.test(js) ? js : undefined
  if (name !== undefined) return jsonCode(value.type, name)
  const temporary = `t${code.temporaries.length}`
  code.temporaries.push(temporary)
  const json = jsonCode(value.type, temporary)
  return json === temporary ? js : `(${temporary} = ${js}, ${json})`
}

/** JavaScript for the text of a JSON object with the projections as members. */
function rowJson(
  projections: Projection[],
  json: (value: Bound) => string,
  text: (row: Bound) => string = json
): string {
  const members: string[] = []
  for (const projection of projections) {
    if (projection.kind === 'row') {
      const { value } = projection
      members.push(value === undefined ? 'rt.members(S, RS, RE)' : `rt.membersOf(${text(value)})`)
    } else members.push(`${JSON.stringify(`${runtime.quote(projection.name)}:`)} + ${json(projection.value)}`)
  }
  const [first] = projections
  if (projections.length === 1 && first?.kind === 'row')
    return first.value === undefined ? 'S.substring(RS, RE)' : text(first.value)
  if (projections.some(projection => projection.kind === 'row'))
    return `rt.joinMembers(${members.join(', ')})`
  return `'{' + ${members.join(" + ',' + ")} + '}'`
}
