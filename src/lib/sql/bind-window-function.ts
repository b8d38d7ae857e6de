import type { Expression, Identifier, TableReference } from './ast.ts'
import { type Bound, describe, type Window, type WindowBound, windowsText } from './bound.ts'
import { cast } from './cast.ts'
import { sameExpression } from './catalog.ts'
import { binderFor, type Environment } from './environment.ts'
import { SqlError } from './errors.ts'
import { windowNames } from './plan.ts'
import { isProctime } from './proctime.ts'
import type { Field, Relation } from './relation.ts'
import { TIMESTAMP_3, typeName } from './types.ts'
import { settled } from './window-relation.ts'

type WindowReference = TableReference & { kind: 'window' }

/** A window table function over a relation: its columns, and the bounds of the windows that its rows are in. */
export function bindWindow(reference: WindowReference, input: Relation, environment: Environment): Relation {
  const relation = settled(input)
  const taken = relation.fields.find(({ name }) => windowNames.includes(name))
  if (taken !== undefined) {
    const reason = `the input of ${reference.window} has a column ${taken.name} already: give it another name`
    throw new SqlError('name', reason, environment.text, reference)
  }
  const window = windowOf(reference, relation, environment)
  const fields = (['start', 'end', 'time'] as const).map(
    (bound): Field => ({ name: `window_${bound}`, value: windowBound(window, bound, reference) })
  )
  return { ...relation, fields: [...relation.fields, ...fields], window, alias: reference.alias?.name }
}

/** A bound of the window that a row is in. */
export function windowBound(
  window: Window,
  bound: WindowBound,
  { start, end }: { start: number; end: number }
): Bound & { kind: 'windowBound' } {
  return {
    kind: 'windowBound',
    window,
    bound,
    type: TIMESTAMP_3,
    nullable: false,
    ...(bound === 'time' ? { rowtime: true as const } : {}),
    windowed: { bound, windows: windowsText(window) },
    start,
    end
  }
}

function windowOf(reference: WindowReference, relation: Relation, environment: Environment): Window {
  const { text } = environment
  const binder = binderFor(relation, text)
  const { window: kind, intervals } = reference
  const lengths = intervals.map(interval => milliseconds(binder.bind(interval), interval, text))
  const at = intervals[0] as Expression
  const offset =
    reference.offset === undefined ? 0 : milliseconds(binder.bind(reference.offset), reference.offset, text)
  const column = (name: Identifier): Bound =>
    binder.bind({ kind: 'reference', parts: [name], start: name.start, end: name.end })
  const time = eventTime(column(reference.time), relation, environment)
  const keys = reference.partition.map(column)
  return { ...checkedLengths(kind, lengths, at, text), offset, time, keys }
}

export function milliseconds(bound: Bound, at: Expression, text: string): number {
  if (bound.kind === 'literal' && bound.type.kind === 'INTERVAL_DAY' && typeof bound.value === 'number')
    return bound.value
  throw new SqlError('type', "a window takes an interval such as INTERVAL '10' MINUTE here", text, at)
}

/** @param lengths ms, in the order of the arguments */
export function checkedLengths(
  kind: Window['kind'],
  lengths: number[],
  at: Expression,
  text: string
): Pick<Window, 'kind' | 'size' | 'step'> {
  const [step = 0, size = step] = lengths
  if (step <= 0 || size <= 0) throw new SqlError('type', 'the size of a window is more than 0', text, at)
  if (kind === 'CUMULATE' && size % step !== 0)
    throw new SqlError('type', 'the size of CUMULATE is a multiple of its step', text, at)
  return { kind, size, step }
}

/** An event time, or a column of an undeclared table, which becomes its event time; as a TIMESTAMP(3). */
export function eventTime(value: Bound, relation: Relation, environment: Environment): Bound {
  const { text, watermarkDelay } = environment
  const { input } = relation
  const fail = (reason: string): never => {
    throw new SqlError('type', reason, text, value)
  }
  if (isProctime(value))
    fail(
      'windows of the time of processing depend on the clock, so a replay would give others: take an event time'
    )
  const name = describe(value)
  const declared = input.kind === 'scan' ? input.eventTime : undefined
  const isOwn = (other: Bound | undefined): boolean =>
    other !== undefined && declared !== undefined && sameExpression(other, declared.time)
  if (isOwn(value) || isOwn(cast(value, TIMESTAMP_3)))
    return cast(declared?.time as Bound, TIMESTAMP_3) as Bound
  if (value.rowtime === true) return cast(value, TIMESTAMP_3) as Bound
  const found = `${name} (${typeName(value.type)}) is no event time`
  if (input.kind !== 'scan') return fail(`${found}: it comes from a declared WATERMARK, or is window_time`)
  if (declared !== undefined)
    return fail(`${name} is not the event time of ${input.name}, which is ${declared.name}`)
  const isColumn =
    value.kind === 'column' && ['DYNAMIC', 'TIMESTAMP', 'TIMESTAMP_LTZ'].includes(value.type.kind)
  const time = isColumn ? cast(value, TIMESTAMP_3) : undefined
  if (time === undefined) return fail(`${found}: declare WATERMARK FOR a TIMESTAMP(3) column in CREATE TABLE`)
  input.eventTime = { time, watermark: time, name, delay: watermarkDelay, declared: false }
  return time
}
