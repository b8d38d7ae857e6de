import { arithmetic } from '../arithmetic.ts'
import { type Bound, strict } from '../bound.ts'
import { cast, rescaled } from '../cast.ts'
import { DOUBLE, INT, isApproximate, isInteger, isNumeric, type SqlType } from '../types.ts'
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
      // Flink's LogicalTypeMerging.findRoundDecimalType.
      const scale = Math.max(0, digits)
      const precision = Math.min(38, 1 + type.precision - type.scale + scale)
      const emit = ([v]: string[]): string =>
        digits >= 0
          ? rescaled(v as string, type.scale, digits)
          : `rt.roundInt(rt.rescale(${v}, ${type.scale}, 0), ${-digits})`
      return strict(`ROUND_${digits}`, { kind: 'DECIMAL', precision, scale }, [operand], emit, call)
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
    const double =
      isNumeric(operand.type) || operand.type.kind === 'DYNAMIC' ? cast(operand, DOUBLE) : undefined
    if (double === undefined || operand.type.kind === 'DECIMAL')
      return call.fail('SIGN of this type is not supported: use CASE', operand)
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
  ASCII: simple('rt.ascii', [{ kind: 'STRING' }], INT)
}
