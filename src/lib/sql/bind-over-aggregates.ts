import type { AggregateCall } from './aggregates.ts'
import { isAppendOnly } from './append-only.ts'
import type { CallExpression, Expression, FrameBound, WindowFrame } from './ast.ts'
import { bindAggregate } from './bind-aggregate-call.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import { type BoundOver, type OverWindow, resultColumn } from './bind-window.ts'
import { type Bound, literal, strict } from './bound.ts'
import { type Environment, unsupported } from './environment.ts'
import type { Span } from './errors.ts'
import { eventTimeOf } from './event-time.ts'
import { calcValue } from './lift.ts'
import type { Calc, OverFrame } from './plan.ts'
import { isProctime } from './proctime.ts'
import { DYNAMIC, isInteger, NULL, typeName } from './types.ts'
import { windowFunctions } from './window-functions.ts'

/** Aggregates over the rows up to each row, in the order of event time, or of their coming. */
export function bindOverAggregates(
  window: OverWindow,
  calls: CallExpression[],
  calc: Calc,
  lift: (value: Bound) => Bound,
  binder: ExpressionBinder,
  environment: Environment
): BoundOver {
  const bound = calls.map(call => bindCall(call, binder))
  const names = [...new Set(bound.map(call => call.name))]
  const own = names.map(name => bound.find(call => call.name === name) as AggregateCall)
  const results = new Map(
    calls.map((call, i): [Expression, Bound] => {
      const { function: name, type } = bound[i] as AggregateCall
      const nullable = name !== 'COUNT'
      const index = names.indexOf((bound[i] as AggregateCall).name)
      return [call, resultColumn(index, { name: names[index] as string, type }, nullable, call)]
    })
  )
  const time = timeOf(window, calls[0] as CallExpression, calc, binder, environment)
  const frame = frameOf(window, calls, binder)
  if (time === undefined && frame.unit === 'RANGE' && frame.preceding < Number.POSITIVE_INFINITY) {
    const reason = 'RANGE of PROCTIME() depends on the clock, so a replay would give other results: take ROWS'
    throw binder.error('unsupported', reason, window.frame ?? (calls[0] as Span))
  }
  // The places of the results.
  for (const call of own) calc.values.push(literal(null, NULL, call.argument ?? (calls[0] as Span)))
  const partition = window.partition.map(value => calcValue(calc, value))
  const lifted = own.map(
    (call): AggregateCall =>
      call.argument === undefined ? call : { ...call, argument: lift(asNumber(call, call.argument)) }
  )
  const node = {
    kind: 'over' as const,
    input: calc,
    partition,
    time: time === undefined ? undefined : calcValue(calc, time),
    calls: lifted,
    frame
  }
  return { node, results }
}

function bindCall(call: CallExpression, binder: ExpressionBinder): AggregateCall {
  const name = call.name.name.toUpperCase()
  const fail = (reason: string, at: Span): never => {
    throw binder.error('unsupported', reason, at)
  }
  if (call.filter !== undefined)
    fail(unsupported('FILTER with OVER (nor does Flink have it: use CASE WHEN)'), call.filter)
  if (['LEAD', 'NTILE', 'CUME_DIST', 'PERCENT_RANK'].includes(name))
    fail(
      unsupported(`${name}, which asks for rows that have not come yet (nor does Flink have it)`),
      call.name
    )
  if (name === 'RANK' || name === 'DENSE_RANK')
    fail(
      unsupported(`${name} (for which Flink gives in streams what COUNT(*) gives: use that, or ROW_NUMBER)`),
      call.name
    )
  return bindAggregate(call, binder)
}

/**
 * Aggregates work when a watermark comes, long after the row was read: what is no number is found in it before, so that
 * the error is that of its line.
 */
function asNumber({ function: name }: AggregateCall, argument: Bound): Bound {
  if (argument.type.kind !== 'DYNAMIC' || !/^(?:SUM|AVG|STDDEV|VAR)/.test(name)) return argument
  return strict('number', DYNAMIC, [argument], ([value]) => `rt.asNumber(${value})`, argument)
}

/** The event time that a window is in order of; undefined for the order in which rows come. */
function timeOf(
  { order }: OverWindow,
  call: CallExpression,
  calc: Calc,
  binder: ExpressionBinder,
  environment: Environment
): Bound | undefined {
  const at = call.over as Span
  const [first, second] = order
  if (first === undefined) throw binder.error('type', 'OVER needs ORDER BY an event time', at)
  if (first.descending || second !== undefined)
    throw binder.error('unsupported', unsupported('OVER in an order other than that of event time'), at)
  if (!isAppendOnly(calc)) {
    const reason = unsupported('OVER of aggregates over rows that change')
    throw binder.error('unsupported', reason, at)
  }
  if (isProctime(first.value)) return undefined
  const time = eventTimeOf(calc.input, first.value, environment)
  if (time !== undefined) return { ...time, rowtime: true }
  const reason = `OVER in order of a ${typeName(first.value.type)} that is no event time (declare WATERMARK FOR it)`
  throw binder.error('unsupported', unsupported(reason), first.value)
}

function frameOf({ frame }: OverWindow, calls: CallExpression[], binder: ExpressionBinder): OverFrame {
  const fixed = calls.find(call => windowFunctions.has(call.name.name.toUpperCase()))
  if (fixed === undefined)
    return frame === undefined
      ? { unit: 'RANGE', preceding: Number.POSITIVE_INFINITY }
      : bounded(frame, binder)
  const name = fixed.name.name.toUpperCase()
  if (frame !== undefined && name !== 'ROW_NUMBER')
    throw binder.error('type', `${name} takes no ROWS or RANGE`, frame)
  const unit = name === 'ROW_NUMBER' ? 'ROWS' : 'RANGE'
  const mixed = calls.find(call => (call.name.name.toUpperCase() === 'ROW_NUMBER') !== (unit === 'ROWS'))
  if (mixed !== undefined) {
    const reason = unsupported('ROW_NUMBER beside other calls with OVER (nor does Flink have it)')
    throw binder.error('unsupported', reason, mixed)
  }
  return { unit, preceding: Number.POSITIVE_INFINITY }
}

function bounded({ unit, from, to }: WindowFrame, binder: ExpressionBinder): OverFrame {
  if (to.kind !== 'current')
    throw binder.error(
      'unsupported',
      unsupported('OVER … AND anything but CURRENT ROW (nor does Flink have it)'),
      to
    )
  if (from.kind !== 'preceding') {
    const reason = unsupported('OVER from anything but PRECEDING (nor does Flink have it)')
    throw binder.error('unsupported', reason, from)
  }
  return {
    unit,
    preceding: from.offset === undefined ? Number.POSITIVE_INFINITY : distance(unit, from, binder)
  }
}

function distance(unit: OverFrame['unit'], bound: FrameBound, binder: ExpressionBinder): number {
  const offset =
    bound.kind === 'current' || bound.offset === undefined ? undefined : binder.bind(bound.offset)
  const isRight =
    offset?.kind === 'literal' &&
    typeof offset.value === 'number' &&
    offset.value >= 0 &&
    (unit === 'ROWS' ? isInteger(offset.type) : offset.type.kind === 'INTERVAL_DAY')
  if (isRight && offset.kind === 'literal') return Number(offset.value)
  const wanted = unit === 'ROWS' ? 'a number of rows' : "an interval such as INTERVAL '1' HOUR"
  throw binder.error('type', `${unit} takes ${wanted} before PRECEDING`, bound)
}
