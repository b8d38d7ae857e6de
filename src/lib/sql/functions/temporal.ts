import { arithmetic } from '../arithmetic.ts'
import type { TimeUnit } from '../ast.ts'
import { type Bound, strict } from '../bound.ts'
import { cast } from '../cast.ts'
import { BIGINT, DATE, INT, isInteger, isTimestamp, type SqlType, STRING, TIMESTAMP_3 } from '../types.ts'
import { argument, type Call, type ScalarFunction, simple } from './define.ts'

/** An argument as JavaScript for milliseconds since the epoch: a timestamp of any precision, a date, an undeclared time. */
function moment(call: Call, index: number): { value: Bound; milliseconds: (js: string) => string } {
  const given = call.args[index] as Bound
  const value = given.type.kind === 'DYNAMIC' || given.type.kind === 'NULL' ? cast(given, TIMESTAMP_3) : given
  if (value?.type.kind === 'DATE') return { value, milliseconds: js => `(${js} * 86400000)` }
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
  'YEAR QUARTER MONTH WEEK DAY HOUR MINUTE SECOND MILLISECOND EPOCH DOW ISODOW DOY ISOYEAR'.split(' ')

function extractOf(unit: TimeUnit): ScalarFunction {
  return {
    least: 1,
    most: 1,
    bind(call) {
      if (!extractUnits.includes(unit)) call.fail(`${call.name} of ${unit} is not in the subset`)
      const { value, milliseconds } = moment(call, 0)
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

/** FLOOR(time TO unit), CEIL(time TO unit): of the argument's type. */
export function truncateTime(call: Call): Bound {
  const unit = call.unit as TimeUnit
  if (call.name !== 'FLOOR') call.fail(`${call.name}(time TO unit) is not in the subset`)
  if (!['MILLISECOND', 'SECOND', 'MINUTE', 'HOUR', 'DAY', 'MONTH', 'QUARTER', 'YEAR'].includes(unit)) {
    call.fail(`FLOOR(time TO ${unit}) is not in the subset`)
  }
  const { value, milliseconds } = moment(call, 0)
  const { type } = value
  const floor = (js: string): string => `rt.floorTime('${unit}', ${milliseconds(js)})`
  if (type.kind === 'DATE')
    return strict(`FLOOR_${unit}`, DATE, [value], ([js]) => `(${floor(js as string)} / 86400000)`, call)
  const precision = isTimestamp(type) ? type.precision : 3
  return strict(
    `FLOOR_${unit}`,
    type,
    [value],
    ([js]) => `rt.rescaleTimestamp(${floor(js as string)}, 3, ${precision})`,
    call
  )
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
    const time = call.args[1] as Bound
    const type: SqlType = { kind: length.months === undefined ? 'INTERVAL_DAY' : 'INTERVAL_MONTH' }
    const size = length.months ?? length.milliseconds
    const interval = strict(`INTERVAL_${unit}`, type, [count], ([n]) => `(Number(${n}) * ${size})`, call)
    return arithmetic('+', time, interval, call) ?? call.fail('TIMESTAMPADD takes a TIMESTAMP or DATE', time)
  }
}

const dateFormat: ScalarFunction = {
  least: 2,
  most: 2,
  bind(call) {
    const { value, milliseconds } = moment(call, 0)
    const pattern = argument(call, 1, STRING)
    return strict(
      'DATE_FORMAT',
      STRING,
      [value, pattern],
      ([t, p]) => `rt.formatPattern(${milliseconds(t as string)}, ${p})`,
      call
    )
  }
}

/** TO_TIMESTAMP_LTZ(number [, 0 or 3]): seconds or milliseconds since the epoch. */
const toTimestampLtz: ScalarFunction = {
  least: 1,
  most: 2,
  bind(call) {
    const type: SqlType = { kind: 'TIMESTAMP_LTZ', precision: 3 }
    const number = call.args[0] as Bound
    if (!isInteger(number.type) && number.type.kind !== 'DYNAMIC')
      call.fail('TO_TIMESTAMP_LTZ takes a whole number', number)
    const operands = [argument(call, 0, BIGINT)]
    if (call.args.length > 1) operands.push(argument(call, 1, INT))
    const emit = ([v, p]: string[]): string => `rt.toTimestampLtz(${v}, ${p ?? 3})`
    return strict('TO_TIMESTAMP_LTZ', type, operands, emit, call, true)
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
  TO_TIMESTAMP: simple('rt.toTimestamp', [STRING], TIMESTAMP_3, { nullable: true }),
  TO_DATE: simple('rt.parseDateOrNull', [STRING], DATE, { nullable: true }),
  TO_TIMESTAMP_LTZ: toTimestampLtz
}
