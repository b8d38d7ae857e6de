import type { CallOptions, TimeUnit } from '../ast.ts'
import { type Bound, strict } from '../bound.ts'
import { cast } from '../cast.ts'
import type { Span } from '../errors.ts'
import { type SqlType, typeName } from '../types.ts'

/** A call as its function sees it. `fail` throws an SqlError at the call or at one argument. */
export type Call = Span & {
  name: string
  args: Bound[]
  unit: TimeUnit | undefined
  options: CallOptions | undefined
  fail(reason: string, at?: Span): never
}

/** A scalar function: how many arguments it takes, and its calls bound to types and JavaScript. */
export type ScalarFunction = {
  least: number
  most: number
  bind(call: Call): Bound
}

/** The argument as a value of `type`, by the casts that Flink applies without being asked; an error otherwise. */
export function argument(call: Call, index: number, type: SqlType): Bound {
  const value = call.args[index] as Bound
  const implicit =
    value.type.kind === 'DYNAMIC' ||
    value.type.kind === 'NULL' ||
    value.type.kind === type.kind ||
    widens(value.type, type)
  const converted = implicit ? cast(value, type) : undefined
  if (converted !== undefined) return converted
  return call.fail(
    `${call.name} takes ${typeName(type)} here, found ${typeName(value.type)}: use CAST`,
    value
  )
}

const numericOrder = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'DECIMAL', 'FLOAT', 'DOUBLE']

function widens(from: SqlType, to: SqlType): boolean {
  const a = numericOrder.indexOf(from.kind)
  const b = numericOrder.indexOf(to.kind)
  if (a >= 0 && b >= 0) return a <= b
  return from.kind === 'DATE' && to.kind === 'TIMESTAMP'
}

/**
 * A function with fixed argument types that is NULL when an argument is. `js` is the JavaScript name, called with all
 * arguments; `nullable` when it may give NULL besides. Missing optional arguments are filled from `defaults`, as JavaScript.
 */
export function simple(
  js: string,
  types: SqlType[],
  result: SqlType,
  options: { defaults?: string[]; nullable?: boolean; extra?: string } = {}
): ScalarFunction {
  const defaults = options.defaults ?? []
  return {
    least: types.length - defaults.length,
    most: types.length,
    bind(call) {
      const operands = call.args.map((_, i) => argument(call, i, types[i] as SqlType))
      const missing = types.length - operands.length
      const rest = [
        ...(missing > 0 ? defaults.slice(-missing) : []),
        ...(options.extra === undefined ? [] : [options.extra])
      ]
      const emit = (given: string[]): string => `${js}(${[...given, ...rest].join(', ')})`
      return strict(call.name, result, operands, emit, call, options.nullable)
    }
  }
}
