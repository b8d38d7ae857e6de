import type { Emit } from './bound.ts'
import { type Conversion, call, integerBits, same } from './conversion.ts'
import { asDecimal, isInteger, type SqlType } from './types.ts'

export function toInteger(from: SqlType, bits: 8 | 16 | 32 | 64): Conversion | undefined {
  if (isInteger(from)) {
    return (integerBits[from.kind] ?? 64) <= bits ? same : { emit: call('wrap', bits) }
  }
  switch (from.kind) {
    case 'DECIMAL':
      return { emit: value => `rt.wrap(rt.wholePart(${value}, ${from.scale}), ${bits})` }
    case 'FLOAT':
    case 'DOUBLE':
      return bits >= 32
        ? { emit: call('doubleToInteger', bits) }
        : { emit: v => `rt.wrap(rt.doubleToInteger(${v}, 32), ${bits})` }
    case 'BOOLEAN':
      return { emit: value => `(${value} ? 1 : 0)` }
    case 'STRING':
      return { emit: call('textToInteger', bits) }
    case 'DYNAMIC':
      return { emit: value => `rt.wrap(rt.dynamicInteger(${value}), ${bits})` }
    default:
      return undefined
  }
}

export function toDecimal(from: SqlType, precision: number, scale: number): Conversion | undefined {
  if (isInteger(from) || from.kind === 'DECIMAL') {
    const source = asDecimal(from)
    const emit = (value: string): string => rescaled(value, source.scale, scale)
    const widens = scale >= source.scale && precision - scale >= source.precision - source.scale
    if (widens) return { emit }
    return { emit: value => `rt.decimalOrNull(${emit(value)}, ${precision})`, mayBeNull: true }
  }
  switch (from.kind) {
    case 'FLOAT':
    case 'DOUBLE':
      return { emit: call('doubleToDecimal', precision, scale), mayBeNull: true }
    case 'BOOLEAN':
      return { emit: value => `(${value} ? ${powerOfTenCode(scale)} : 0)` }
    case 'STRING':
      return { emit: call('textToDecimal', precision, scale), mayBeNull: true }
    case 'DYNAMIC':
      return { emit: call('dynamicToDecimal', precision, scale), mayBeNull: true }
    default:
      return undefined
  }
}

const powerOfTenCode = (exponent: number): string =>
  exponent <= 15 ? String(10 ** exponent) : `${10n ** BigInt(exponent)}n`

/** JavaScript that brings an unscaled value from one scale to another. */
export function rescaled(value: string, from: number, to: number): string {
  return from === to ? value : `rt.rescale(${value}, ${from}, ${to})`
}

export function toDouble(from: SqlType, single: boolean): Conversion | undefined {
  const round: Emit = ([value]) => (single ? `Math.fround(${value})` : (value as string))
  const wrapped = (emit: (value: string) => string): Conversion => ({ emit: value => round([emit(value)]) })
  if (isInteger(from)) return wrapped(value => `Number(${value})`)
  switch (from.kind) {
    case 'DECIMAL':
      return wrapped(call('decimalToDouble', from.scale))
    case 'FLOAT':
    case 'DOUBLE':
      return wrapped(value => value)
    case 'STRING':
      return wrapped(call('textToDouble'))
    case 'DYNAMIC':
      return wrapped(call('dynamicToDouble'))
    default:
      return undefined
  }
}
