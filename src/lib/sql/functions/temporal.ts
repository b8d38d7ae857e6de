import { arithmetic } from '../arithmetic.ts'
import type { TimeUnit } from '../ast.ts'
import { type Bound, strict } from '../bound.ts'
import { cast } from '../cast.ts'
import { compare } from '../comparison.ts'
import {
  BIGINT,
  BOOLEAN,
  DATE,
  INT,
  isNumeric,
  isTimestamp,
  type SqlType,
  STRING,
  TIMESTAMP_3
} from '../types.ts'
import { argument, type Call, type ScalarFunction, simple } from './define.ts'

/** An argument as JavaScript for milliseconds since the epoch: a timestamp of any precision, a date, an undeclared time. */
function moment(call: Call, index: number): { value: Bound; milliseconds: (js: string) => string } {
  const given = call.args[index] as Bound
  const value = given.type.kind === 'DYNAMIC' || given.type.kind === 'NULL' ? cast(given, TIMESTAMP_3) : given
  if (value?.type.kind === 'DATE') return { value, milliseconds: js => `(${js} * 86400000)` }
  if (value?.type.kind === 'TIME') return { value, milliseconds: js => js }
  if (value !== undefined && isTimestamp(value.type)) {
    const { precision } = value.type
    return {
      value,
      milliseconds: js => (precision === 3 ? `Number(${js})` : `rt.toMilliseconds(${js}, ${precision})`)
    }
  }
  return call.fail(`${call.name} takes a TIMESTAMP or DATE`, given)
}

const extractUnits =
  'YEAR QUARTER MONTH WEEK DAY HOUR MINUTE SECOND MILLISECOND EPOCH DOW ISODOW DOY ISOYEAR DECADE CENTURY MILLENNIUM'.split(
    ' '
  )
const clockUnits = ['HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND', 'NANOSECOND']

function extractOf(unit: TimeUnit): ScalarFunction {
  return {
    least: 1,
    most: 1,
    bind(call) {
      const { value, milliseconds } = moment(call, 0)
      const { type } = value
      if (type.kind === 'TIME' && !clockUnits.includes(unit)) call.fail(`a TIME has no ${unit}`, value)
      if (unit === 'MICROSECOND' || unit === 'NANOSECOND') {
        const precision = isTimestamp(type) ? type.precision : 3
        const divisor = unit === 'MICROSECOND' ? 1000 : 1
        const emit = ([js]: string[]): string => {
          const units = isTimestamp(type) ? js : milliseconds(js as string)
          return `Math.floor(rt.nanosOfSecond(${units}, ${precision}) / ${divisor})`
        }
        return strict(`EXTRACT_${unit}`, BIGINT, [value], emit, call)
      }
      if (!extractUnits.includes(unit)) call.fail(`${call.name} of ${unit} is not in the subset`)
      return strict(
        `EXTRACT_${unit}`,
        BIGINT,
        [value],
        ([js]) => `rt.extract('${unit}', ${milliseconds(js as string)})`,
        call
      )
    }
  }
}

const extract: ScalarFunction = {
  least: 1,
  most: 1,
  bind: call => extractOf(call.unit ?? call.fail('EXTRACT needs a unit: EXTRACT(HOUR FROM t)')).bind(call)
}

const truncateUnits =
  'MILLISECOND SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR DECADE CENTURY MILLENNIUM'.split(' ')

/** FLOOR(time TO unit), CEIL(time TO unit): of the argument's type. */
export function truncateTime(call: Call): Bound {
  const unit = call.unit as TimeUnit
  if (!truncateUnits.includes(unit)) call.fail(`${call.name}(time TO ${unit}) is not in the subset`)
  const { value, milliseconds } = moment(call, 0)
  const { type } = value
  const isFloor = call.name === 'FLOOR'
  const name = `${isFloor ? 'FLOOR' : 'CEIL'}_${unit}`
  const truncated = (js: string): string =>
    `rt.${isFloor ? 'floorTime' : 'ceilTime'}('${unit}', ${milliseconds(js)})`
  if (type.kind === 'TIME') {
    if (!clockUnits.includes(unit)) call.fail(`a TIME has no ${unit}`, value)
    return strict(name, type, [value], ([js]) => truncated(js as string), call)
  }
  if (type.kind === 'DATE')
    return strict(name, DATE, [value], ([js]) => `(${truncated(js as string)} / 86400000)`, call)
  const precision = isTimestamp(type) ? type.precision : 3
  const emit = ([js]: string[]): string => {
    // The next millisecond, where there is more behind it than milliseconds.
    const rest = !isFloor && precision > 3 ? `rt.restOfMillisecond(${js}, ${precision})` : '0'
    const time =
      rest === '0'
        ? truncated(js as string)
        : `rt.ceilTime('${unit}', ${milliseconds(js as string)} + ${rest})`
    return `rt.rescaleTimestamp(${time}, 3, ${precision})`
  }
  return strict(name, type, [value], emit, call)
}

const difference: ScalarFunction = {
  least: 2,
  most: 2,
  bind(call) {
    const unit = call.unit ?? call.fail('TIMESTAMPDIFF needs a unit')
    if (!['SECOND', 'MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR'].includes(unit)) {
      call.fail(`TIMESTAMPDIFF in ${unit} is not in the subset`)
    }
    const from = moment(call, 0)
    const to = moment(call, 1)
    const emit = ([a, b]: string[]): string =>
      `rt.timestampDifference('${unit}', ${from.milliseconds(a as string)}, ${to.milliseconds(b as string)})`
    return strict(`TIMESTAMPDIFF_${unit}`, INT, [from.value, to.value], emit, call)
  }
}

const addLengths: Record<string, { months?: number; milliseconds?: number }> = {
  SECOND: { milliseconds: 1000 },
  MINUTE: { milliseconds: 60_000 },
  HOUR: { milliseconds: 3_600_000 },
  DAY: { milliseconds: 86_400_000 },
  WEEK: { milliseconds: 604_800_000 },
  MONTH: { months: 1 },
  QUARTER: { months: 3 },
  YEAR: { months: 12 }
}

const addition: ScalarFunction = {
  least: 2,
  most: 2,
  bind(call) {
    const unit = call.unit ?? call.fail('TIMESTAMPADD needs a unit')
    const length = addLengths[unit] ?? call.fail(`TIMESTAMPADD of ${unit} is not in the subset`)
    const count = argument(call, 0, BIGINT)
    const given = call.args[1] as Bound
    const isClock = clockUnits.includes(unit) && given.type.kind === 'DATE'
    const time = isClock ? (cast(given, { kind: 'TIMESTAMP', precision: 6 }) as Bound) : given
    const type: SqlType = { kind: length.months === undefined ? 'INTERVAL_DAY' : 'INTERVAL_MONTH' }
    const size = length.months ?? length.milliseconds
    const interval = strict(`INTERVAL_${unit}`, type, [count], ([n]) => `(Number(${n}) * ${size})`, call)
    return arithmetic('+', time, interval, call) ?? call.fail('TIMESTAMPADD takes a TIMESTAMP or DATE', time)
  }
}

/** DATE_FORMAT(time or text, pattern). */
const dateFormat: ScalarFunction = {
  least: 2,
  most: 2,
  bind(call) {
    const given = call.args[0] as Bound
    const pattern = argument(call, 1, STRING)
    if (given.type.kind === 'STRING')
      return strict(
        'DATE_FORMAT',
        STRING,
        [given, pattern],
        ([t, p]) => `rt.reformat(${t}, ${p})`,
        call,
        true
      )
    const { value, milliseconds } = moment(call, 0)
    const { type } = value
    const emit = ([t, p]: string[]): string =>
      isTimestamp(type)
        ? `rt.dateFormat(${t}, ${type.precision}, ${p})`
        : `rt.dateFormat(${milliseconds(t as string)}, 3, ${p})`
    return strict('DATE_FORMAT', STRING, [value, pattern], emit, call)
  }
}

const timestampLtz: SqlType = { kind: 'TIMESTAMP_LTZ', precision: 3 }

/** TO_TIMESTAMP_LTZ(number [, 0 or 3]): seconds or milliseconds since the epoch; (text [, pattern [, zone]]). */
const toTimestampLtz: ScalarFunction = {
  least: 1,
  most: 3,
  bind(call) {
    const [value, second] = call.args as [Bound, Bound?]
    if (value.type.kind === 'STRING' || second?.type.kind === 'STRING') {
      const operands = call.args.map((_, i) => argument(call, i, STRING))
      const emit = ([text, pattern, zone = "'UTC'"]: string[]): string =>
        pattern === undefined
          ? `rt.toTimestamp(${text})`
          : `rt.toTimestampLtzBy(${text}, ${pattern}, ${zone})`
      return strict('TO_TIMESTAMP_LTZ', timestampLtz, operands, emit, call, true)
    }
    if (!isNumeric(value.type) && value.type.kind !== 'DYNAMIC')
      call.fail('TO_TIMESTAMP_LTZ takes a number, or a text with its pattern', value)
    if (call.args.length > 2) call.fail('TO_TIMESTAMP_LTZ of a number takes its precision alone', second)
    const operands = [cast(value, BIGINT) as Bound]
    if (second !== undefined) operands.push(argument(call, 1, INT))
    const emit = ([v, p = '3']: string[]): string => `rt.toTimestampLtz(${v}, ${p})`
    return strict('TO_TIMESTAMP_LTZ', timestampLtz, operands, emit, call, true)
  }
}

/** A function of a text, by a pattern where there is one. */
const byPattern = (plain: string, patterned: string, result: SqlType): ScalarFunction => ({
  least: 1,
  most: 2,
  bind(call) {
    const operands = call.args.map((_, i) => argument(call, i, STRING))
    const emit = ([text, pattern]: string[]): string =>
      pattern === undefined ? `${plain}(${text})` : `${patterned}(${text}, ${pattern})`
    return strict(call.name, result, operands, emit, call, true)
  }
})

const unixTimestamp: ScalarFunction = {
  least: 0,
  most: 2,
  bind(call) {
    if (call.args.length === 0)
      return call.fail('UNIX_TIMESTAMP() depends on the clock, so a replay would give other results')
    const operands = call.args.map((_, i) => argument(call, i, STRING))
    const emit = ([text, pattern = clockPattern]: string[]): string => `rt.unixTimestamp(${text}, ${pattern})`
    return strict(call.name, BIGINT, operands, emit, call)
  }
}

const clockPattern = "'yyyy-MM-dd HH:mm:ss'"

/** (start, end or length) OVERLAPS (start, end or length): they may touch, and begin with their end. */
const overlaps: ScalarFunction = {
  least: 4,
  most: 4,
  bind(call) {
    const [a, b, c, d] = call.args as [Bound, Bound, Bound, Bound]
    const order = (x: Bound, y: Bound): Bound =>
      compare('<=', x, y, call) ?? call.fail('OVERLAPS takes times that can be compared', y)
    const either = (kind: 'and' | 'or', left: Bound, right: Bound): Bound => {
      const { start, end } = call
      return { kind, left, right, type: BOOLEAN, nullable: left.nullable || right.nullable, start, end }
    }
    const period = (from: Bound, to: Bound): [Bound, Bound] => {
      const isLength = to.type.kind === 'INTERVAL_DAY' || to.type.kind === 'INTERVAL_MONTH'
      const last = isLength ? arithmetic('+', from, to, call) : to
      return [from, last ?? call.fail('OVERLAPS takes pairs of times, or of a time and an interval', to)]
    }
    const [from1, to1] = period(a, b)
    const [from2, to2] = period(c, d)
    // min(from1, to1) <= max(from2, to2) and the other way round
    const begins = (x: [Bound, Bound], y: [Bound, Bound]): Bound =>
      either(
        'or',
        either('or', order(x[0], y[0]), order(x[0], y[1])),
        either('or', order(x[1], y[0]), order(x[1], y[1]))
      )
    return either('and', begins([from1, to1], [from2, to2]), begins([from2, to2], [from1, to1]))
  }
}

export const temporalFunctions: Record<string, ScalarFunction> = {
  EXTRACT: extract,
  YEAR: extractOf('YEAR'),
  QUARTER: extractOf('QUARTER'),
  MONTH: extractOf('MONTH'),
  WEEK: extractOf('WEEK'),
  DAYOFYEAR: extractOf('DOY'),
  DAYOFMONTH: extractOf('DAY'),
  DAYOFWEEK: extractOf('DOW'),
  HOUR: extractOf('HOUR'),
  MINUTE: extractOf('MINUTE'),
  SECOND: extractOf('SECOND'),
  TIMESTAMPDIFF: difference,
  TIMESTAMPADD: addition,
  DATE_FORMAT: dateFormat,
  TO_TIMESTAMP: byPattern('rt.toTimestamp', 'rt.toTimestampBy', TIMESTAMP_3),
  TO_DATE: byPattern('rt.parseDateOrNull', 'rt.toDateBy', DATE),
  UNIX_TIMESTAMP: unixTimestamp,
  FROM_UNIXTIME: simple('rt.fromUnixtime', [BIGINT, STRING], STRING, { defaults: [clockPattern] }),
  CONVERT_TZ: simple('rt.convertTimeZone', [STRING, STRING, STRING], STRING, { nullable: true }),
  OVERLAPS: overlaps,
  TO_TIMESTAMP_LTZ: toTimestampLtz
}
