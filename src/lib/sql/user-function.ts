import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import type { AggregateDefinition } from './aggregates.ts'
import { type Bound, packed, strict } from './bound.ts'
import { cast } from './cast.ts'
import { SqlError } from './errors.ts'
import type { Call, ScalarFunction } from './functions/define.ts'
import { parseType } from './parse-type.ts'
import { TokenStream } from './token-stream.ts'
import { DYNAMIC, type SqlType, typeName } from './types.ts'
import { type Aggregator, registerUser, type UserCallable } from './user-function-runtime.ts'

/**
 * A function of CREATE FUNCTION, from a JavaScript module: its default export, or the export of the function's name. A
 * function gives a value for values; an object with `create()`, `add(state, …)`, `result(state)` and perhaps
 * `retract(state, …)` is an aggregate, whose states are plain data. `returns` names the type of the result, such as
 * `'DOUBLE'`, as another export or as a property; without it the result is what it is, as undeclared values are.
 * `acceptsNull` asks for calls with NULL, which else give NULL.
 */
export type UserFunction = { scalar: ScalarFunction } | { aggregate: AggregateDefinition }

const require = createRequire(import.meta.url)

/** Loads a function; throws Error with what is wrong. */
export function loadUserFunction(name: string, file: string, folder: string): UserFunction {
  const path = resolve(folder, file)
  let module: Record<string, unknown>
  try {
    module = require(path) as Record<string, unknown>
  } catch (error) {
    throw new Error(`${file} cannot be loaded: ${(error as Error).message.split('\n')[0]}`)
  }
  const found = exportOf(module, name) as (Record<string, unknown> & UserCallable) | undefined
  const setting = (key: string): unknown => found?.[key] ?? module[key]
  const returns = typeOf(setting('returns'), file)
  const acceptsNull = setting('acceptsNull') === true
  if (typeof found === 'function') return { scalar: scalarOf(found, returns, acceptsNull) }
  if (isAggregator(found)) return { aggregate: aggregateOf(found, returns, acceptsNull) }
  throw new Error(`${file} exports no function, neither as default nor as ${name}`)
}

function exportOf(module: Record<string, unknown>, name: string): unknown {
  const named = Object.keys(module).find(key => key.toUpperCase() === name.toUpperCase())
  return named === undefined ? (module.default ?? module) : module[named]
}

function isAggregator(value: unknown): value is Aggregator {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['create', 'add', 'result'].every(key => typeof (value as Record<string, unknown>)[key] === 'function')
  )
}

function typeOf(returns: unknown, file: string): SqlType {
  if (returns === undefined) return DYNAMIC
  const tokens = new TokenStream(String(returns))
  try {
    const type = parseType(tokens)
    if (tokens.peek().kind === 'end') return type
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
  }
  throw new Error(`${file}: returns '${String(returns)}' is no type`)
}

/** An argument in the form that it has in output: DECIMAL and times as text. */
function plainArgument(call: Call, value: Bound): Bound {
  const dynamic = cast(value, DYNAMIC)
  if (dynamic === undefined) return call.fail(`${typeName(value.type)} is not handed to functions`, value)
  return value.type.kind === 'DECIMAL' || value.type.kind === 'DYNAMIC'
    ? strict('PLAIN', DYNAMIC, [dynamic], ([v]) => `rt.plainValue(${v})`, call)
    : dynamic
}

/** JavaScript of the result as a value of its type, `v` what the function gave. */
function resultCode(returns: SqlType): string {
  const given: Bound = {
    kind: 'column',
    index: 0,
    name: 'v',
    type: DYNAMIC,
    nullable: false,
    start: 0,
    end: 0
  }
  const converted = cast(given, returns)
  return converted?.kind === 'apply' ? converted.emit(['v']) : 'v'
}

function scalarOf(callable: UserCallable, returns: SqlType, acceptsNull: boolean): ScalarFunction {
  const convert = resultCode(returns)
  return {
    least: 0,
    most: 255,
    bind(call) {
      const operands = call.args.map(value => plainArgument(call, value))
      const id = registerUser(callable, call.name)
      const emit = (values: string[]): string =>
        `rt.whenPresent(rt.callUser(${id}, [${values.join(', ')}]), v => ${convert})`
      const bound = strict(call.name, returns, operands, emit, call, true)
      return acceptsNull && bound.kind === 'apply' ? { ...bound, strict: false } : bound
    }
  }
}

function aggregateOf(aggregator: Aggregator, returns: SqlType, acceptsNull: boolean): AggregateDefinition {
  const convert = resultCode(returns)
  return {
    least: 0,
    most: 255,
    bind(call) {
      const operands = call.args.map(value => plainArgument(call, value))
      return { argument: packed(operands, call), type: returns }
    },
    code(call, index, retracts) {
      const id = registerUser(aggregator, call.function)
      const state = `acc.u${index}`
      const result = (given: string): string =>
        `rt.whenPresent(rt.resultUser(${id}, ${given}), v => ${convert})`
      // What cannot take rows back is made anew of those that are left.
      if (retracts && aggregator.retract === undefined) {
        return {
          fields: { [`u${index}`]: 'rt.newOrderedRows()' },
          add: v => `rt.appendRow(${state}, ${v})`,
          retract: v => `rt.removeRow(${state}, ${v})`,
          result: result(`rt.replayUser(${id}, ${state}, ${acceptsNull})`)
        }
      }
      return {
        fields: { [`u${index}`]: `rt.createUser(${id})` },
        add: v => `${state} = rt.addUser(${id}, 'add', ${state}, ${v}, ${acceptsNull})`,
        retract: v => `${state} = rt.addUser(${id}, 'retract', ${state}, ${v}, ${acceptsNull})`,
        result: result(state)
      }
    }
  }
}
