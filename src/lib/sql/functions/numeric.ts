import { arithmetic } from '../arithmetic.ts'
import { type Bound, literal, strict } from '../bound.ts'
import { cast } from '../cast.ts'
import { rescaled } from '../cast-number.ts'
import {
  BIGINT,
  type DecimalType,
  DOUBLE,
  INT,
  isApproximate,
  isInteger,
  isNumeric,
  maxPrecision,
  type SqlType,
  STRING
} from '../types.ts'
import { powerOfTen } from '../values/integer.ts'
import { argument, type Call, type ScalarFunction, simple } from './define.ts'

/** A function of one number, with JavaScript for each kind of it. */
function unary(kinds: { integer: string; decimal: string; double: string; dynamic: string }): ScalarFunction {
  return {
    least: 1,
    most: 1,
    bind(call) {
      const operand = call.args[0] as Bound
      const { type } = operand
      const js = isInteger(type)
        ? kinds.integer
        : isApproximate(type)
          ? kinds.double
          : type.kind === 'DECIMAL'
            ? kinds.decimal
            : kinds.dynamic
      if (!isNumeric(type) && type.kind !== 'DYNAMIC') call.fail(`${call.name} takes a number`, operand)
      return strict(call.name, type, [operand], ([value]) => `${js}(${value})`, call)
    }
  }
}

/** CEIL and FLOOR of a DECIMAL(p, s) is a DECIMAL(p, 0). */
function rounding(name: 'ceil' | 'floor'): ScalarFunction {
  return {
    least: 1,
    most: 1,
    bind(call) {
      const operand = call.args[0] as Bound
      const { type } = operand
      if (isInteger(type)) return operand
      if (isApproximate(type)) return strict(call.name, type, [operand], ([v]) => `Math.${name}(${v})`, call)
      if (type.kind === 'DECIMAL') {
        const result: SqlType = { kind: 'DECIMAL', precision: type.precision, scale: 0 }
        return strict(call.name, result, [operand], ([v]) => `rt.${name}Decimal(${v}, ${type.scale})`, call)
      }
      if (type.kind === 'DYNAMIC')
        return strict(call.name, type, [operand], ([v]) => `rt.${name}Dynamic(${v})`, call)
      return call.fail(`${call.name} takes a number, or a time as ${call.name}(time TO unit)`, operand)
    }
  }
}

/** ROUND(x [, digits]): halves away from zero. The digits of a DECIMAL must be a literal, since they make the type. */
const round: ScalarFunction = {
  least: 1,
  most: 2,
  bind(call) {
    const operand = call.args[0] as Bound
    const digits = call.args.length > 1 ? literalInteger(call, 1) : 0
    const { type } = operand
    if (isInteger(type)) {
      return digits >= 0
        ? operand
        : strict(`ROUND_${digits}`, type, [operand], ([v]) => `rt.roundInt(${v}, ${-digits})`, call)
    }
    if (type.kind === 'DECIMAL') {
      if (digits >= type.scale) return operand
      const scale = Math.max(0, digits)
      const emit = ([v]: string[]): string =>
        digits >= 0
          ? rescaled(v as string, type.scale, digits)
          : `rt.roundInt(rt.rescale(${v}, ${type.scale}, 0), ${-digits})`
      return strict(`ROUND_${digits}`, roundedType(type, scale), [operand], emit, call)
    }
    if (isApproximate(type))
      return strict(`ROUND_${digits}`, type, [operand], ([v]) => `rt.roundDouble(${v}, ${digits})`, call)
    if (type.kind === 'DYNAMIC')
      return strict(`ROUND_${digits}`, type, [operand], ([v]) => `rt.roundDynamic(${v}, ${digits})`, call)
    return call.fail('ROUND takes a number', operand)
  }
}

function literalInteger(call: Call, index: number): number {
  const value = call.args[index] as Bound
  if (value.kind !== 'literal' || typeof value.value !== 'number' || !isInteger(value.type)) {
    return call.fail(`${call.name} takes a whole number as literal here`, value)
  }
  return value.value
}

const mod: ScalarFunction = {
  least: 2,
  most: 2,
  bind: call =>
    arithmetic('%', call.args[0] as Bound, call.args[1] as Bound, call) ?? call.fail('MOD takes two numbers')
}

const sign: ScalarFunction = {
  least: 1,
  most: 1,
  bind(call) {
    const operand = call.args[0] as Bound
    if (isInteger(operand.type))
      return strict('SIGN', operand.type, [operand], ([v]) => `(${v} > 0 ? 1 : ${v} < 0 ? -1 : 0)`, call)
    if (operand.type.kind === 'DECIMAL') {
      const unit = powerOfTen(operand.type.scale)
      const one = typeof unit === 'bigint' ? `${unit}n` : String(unit)
      const emit = ([v]: string[]): string => `(${v} > 0 ? ${one} : ${v} < 0 ? -${one} : 0)`
      return strict('SIGN', operand.type, [operand], emit, call)
    }
    const double =
      isNumeric(operand.type) || operand.type.kind === 'DYNAMIC' ? cast(operand, DOUBLE) : undefined
    if (double === undefined) return call.fail('SIGN takes a number', operand)
    return strict('SIGN', DOUBLE, [double], ([v]) => `Math.sign(${v})`, call)
  }
}

/** A function on doubles. */
const double = (js: string, count = 1): ScalarFunction => ({
  least: count,
  most: count,
  bind(call) {
    const operands = call.args.map((_, i) => argument(call, i, DOUBLE))
    return strict(call.name, DOUBLE, operands, values => `${js}(${values.join(', ')})`, call)
  }
})

/** TRUNCATE(x [, digits]): towards zero. The digits of a DECIMAL must be a literal, since they make the type. */
const truncate: ScalarFunction = {
  least: 1,
  most: 2,
  bind(call) {
    const operand = call.args[0] as Bound
    const { type } = operand
    if (!isNumeric(type) && type.kind !== 'DYNAMIC') return call.fail('TRUNCATE takes a number', operand)
    if (type.kind === 'DECIMAL') {
      const digits = call.args.length > 1 ? literalInteger(call, 1) : 0
      if (digits >= type.scale) return operand
      const scale = Math.max(0, digits)
      const emit = ([v]: string[]): string => `rt.truncateDecimal(${v}, ${type.scale}, ${digits})`
      return strict(`TRUNCATE_${digits}`, roundedType(type, scale), [operand], emit, call)
    }
    const digits = call.args.length > 1 ? argument(call, 1, INT) : literal(0, INT, call)
    const js = isInteger(type) ? 'truncateInt' : isApproximate(type) ? 'truncateDouble' : 'truncateDynamic'
    return strict('TRUNCATE', type, [operand, digits], ([v, n]) => `rt.${js}(${v}, ${n})`, call)
  }
}

/** Source: Flink's LogicalTypeMerging.findRoundDecimalType. */
const roundedType = (type: DecimalType, scale: number): DecimalType => ({
  kind: 'DECIMAL',
  precision: Math.min(maxPrecision, 1 + type.precision - type.scale + scale),
  scale
})

/** HEX of a whole number, or of a text's UTF-8. */
const hex: ScalarFunction = {
  least: 1,
  most: 1,
  bind(call) {
    const operand = call.args[0] as Bound
    if (operand.type.kind === 'STRING')
      return strict('HEX', STRING, [operand], ([v]) => `rt.hexOfText(${v})`, call)
    return strict('HEX', STRING, [argument(call, 0, BIGINT)], ([v]) => `rt.hexOfInteger(${v})`, call)
  }
}

export const numericFunctions: Record<string, ScalarFunction> = {
  ABS: unary({
    integer: 'rt.absolute',
    decimal: 'rt.absolute',
    double: 'Math.abs',
    dynamic: 'rt.absoluteDynamic'
  }),
  CEIL: rounding('ceil'),
  CEILING: rounding('ceil'),
  FLOOR: rounding('floor'),
  ROUND: round,
  MOD: mod,
  SIGN: sign,
  POWER: double('Math.pow', 2),
  SQRT: double('Math.sqrt'),
  EXP: double('Math.exp'),
  LN: double('Math.log'),
  LOG10: double('Math.log10'),
  LOG2: double('Math.log2'),
  PI: { least: 0, most: 0, bind: call => strict('PI', DOUBLE, [], () => 'Math.PI', call) },
  E: { least: 0, most: 0, bind: call => strict('E', DOUBLE, [], () => 'Math.E', call) },
  SIN: double('Math.sin'),
  COS: double('Math.cos'),
  TAN: double('Math.tan'),
  COT: double('rt.cotangent'),
  ASIN: double('Math.asin'),
  ACOS: double('Math.acos'),
  ATAN: double('Math.atan'),
  ATAN2: double('Math.atan2', 2),
  SINH: double('Math.sinh'),
  COSH: double('Math.cosh'),
  TANH: double('Math.tanh'),
  DEGREES: double('rt.degrees'),
  RADIANS: double('rt.radians'),
  LOG: { ...double('rt.logarithm', 2), least: 1 },
  TRUNCATE: truncate,
  BIN: simple('rt.bin', [BIGINT], STRING),
  HEX: hex
}
