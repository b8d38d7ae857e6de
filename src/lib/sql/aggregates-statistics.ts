import type { AggregateCode, AggregateDefinition } from './aggregates.ts'
import { averageType, numericArgument, takeNumber } from './aggregates-sum.ts'
import { type Bound, packed } from './bound.ts'
import { cast } from './cast.ts'
import { BIGINT, DOUBLE, isApproximate, isInteger, type SqlType } from './types.ts'

/** Variances, percentiles and the estimated number of different values. */

/**
 * Variance and standard deviation by Welford's algorithm in doubles, cut to the type of AVG at the end, as Flink's planner
 * rewrites them ($WELFORD_M2): the deviation of BIGINTs is a BIGINT.
 */
function moment(kind: { root: boolean; sample: boolean }): AggregateDefinition {
  return {
    least: 1,
    most: 1,
    bind(call) {
      const argument = numericArgument(call)
      const type = argument.type.kind === 'DYNAMIC' ? DOUBLE : averageType(argument.type)
      return { argument, type }
    },
    take: takeNumber,
    code({ argument, type }, index): AggregateCode {
      const moments = `acc.w${index}`
      const given = argument as Bound
      const double = doubleCode(given.type)
      const value = `rt.${kind.root ? 'deviation' : 'variance'}(${moments}, ${kind.sample})`
      return {
        fields: { [`w${index}`]: 'rt.newMoments()' },
        add: v => `rt.addToMoments(${moments}, ${double(v)})`,
        retract: v => `rt.takeFromMoments(${moments}, ${double(v)})`,
        result: `rt.whenPresent(${value}, v => ${fromDouble(type)})`
      }
    }
  }
}

function doubleCode(type: SqlType): (value: string) => string {
  if (isApproximate(type)) return value => value
  if (type.kind === 'DECIMAL') return value => `rt.decimalToDouble(${value}, ${type.scale})`
  return type.kind === 'DYNAMIC' ? value => `rt.dynamicToDouble(${value})` : value => `Number(${value})`
}

function fromDouble(type: SqlType): string {
  if (isInteger(type))
    return `rt.doubleToWrapped(v, ${{ TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 }[type.kind]})`
  if (type.kind === 'DECIMAL') return `rt.doubleToDecimal(v, ${type.precision}, ${type.scale})`
  return type.kind === 'FLOAT' ? 'Math.fround(v)' : 'v'
}

/** PERCENTILE(number, percentage or ARRAY of them [, frequency]): exact, between two values linearly. */
const percentile: AggregateDefinition = {
  least: 2,
  most: 3,
  bind(call) {
    const [, percentage, frequency] = call.args as [Bound, Bound, Bound | undefined]
    const double = (value: Bound, type: SqlType = DOUBLE): Bound =>
      cast(value, type) ?? call.fail('PERCENTILE takes numbers', value)
    const isArray = percentage.type.kind === 'ARRAY'
    const type: SqlType = isArray ? { kind: 'ARRAY', element: DOUBLE } : DOUBLE
    if (percentage.kind === 'literal') checkPercentage(call.fail, percentage)
    const parts = [double(numericArgument(call)), double(percentage, type)]
    if (frequency !== undefined) {
      if (!isInteger(frequency.type) && frequency.type.kind !== 'DYNAMIC')
        call.fail('PERCENTILE takes a whole number as frequency', frequency)
      parts.push(cast(frequency, BIGINT) as Bound)
    }
    return { argument: packed(parts, call), type }
  },
  code(_, index) {
    const state = `acc.p${index}`
    return {
      fields: { [`p${index}`]: 'rt.newPercentiles()' },
      add: v => `rt.addToPercentiles(${state}, ${v}, 1)`,
      retract: v => `rt.addToPercentiles(${state}, ${v}, -1)`,
      result: `rt.percentiles(${state})`
    }
  }
}

function checkPercentage(fail: (reason: string, at?: Bound) => never, percentage: Bound): void {
  const value = cast(percentage, DOUBLE)
  const number =
    percentage.kind === 'literal' && percentage.type.kind === 'DECIMAL'
      ? Number(percentage.value) / 10 ** percentage.type.scale
      : value?.kind === 'literal'
        ? Number(value.value)
        : 0
  if (!(number >= 0 && number <= 1)) fail('a percentage is from 0 to 1', percentage)
}

const approximateCount: AggregateDefinition = {
  least: 1,
  most: 1,
  ignoresDistinct: true,
  bind: call => ({ argument: call.args[0] as Bound, type: BIGINT }),
  code(_, index, retracts) {
    const state = `acc.h${index}`
    // A sketch forgets which values it has seen, so that none can be taken back.
    if (retracts) {
      return {
        fields: { [`h${index}`]: 'new Map()' },
        add: v => `rt.countUp(${state}, ${v})`,
        retract: v => `rt.countDown(${state}, ${v})`,
        result: `${state}.size`
      }
    }
    return {
      fields: { [`h${index}`]: 'rt.newDistinctSketch()' },
      add: v => `rt.sketch(${state}, ${v})`,
      retract: () => '',
      result: `rt.estimate(${state})`
    }
  }
}

export const statistics: Record<string, AggregateDefinition> = {
  VAR_POP: moment({ root: false, sample: false }),
  VAR_SAMP: moment({ root: false, sample: true }),
  VARIANCE: moment({ root: false, sample: true }),
  STDDEV_POP: moment({ root: true, sample: false }),
  STDDEV_SAMP: moment({ root: true, sample: true }),
  STDDEV: moment({ root: true, sample: true }),
  PERCENTILE: percentile,
  APPROX_COUNT_DISTINCT: approximateCount
}
