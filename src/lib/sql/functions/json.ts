import type { JsonFallback } from '../ast.ts'
import { type Bound, strict } from '../bound.ts'
import { cast } from '../cast.ts'
import { integerBits } from '../conversion.ts'
import { BOOLEAN, DYNAMIC, isInteger, type SqlType, STRING, typeName } from '../types.ts'
import { argument, type Call, type ScalarFunction, simple } from './define.ts'
import { parsePath } from './json-path.ts'
import { jsonText } from './json-text.ts'

/** Functions of SQL/JSON. */

/** The JSON to look into; undeclared values may be JSON already. */
function jsonArgument(call: Call): Bound {
  const [json] = call.args as [Bound]
  if (json.type.kind === 'DYNAMIC') return json
  return argument(call, 0, STRING)
}

/** JavaScript for the steps of the path, which has to be in quotes. */
function pathCode(call: Call): string {
  const path = call.args[1] as Bound
  if (path.kind !== 'literal' || typeof path.value !== 'string')
    return call.fail(`${call.name} takes its path as a string in quotes`, path)
  const parsed = parsePath(path.value)
  return typeof parsed === 'string' ? call.fail(parsed, path) : JSON.stringify(parsed)
}

/** JavaScript of what stands for nothing found, or for an error: a function that gives the value. */
function fallback(
  call: Call,
  given: JsonFallback | undefined,
  type: SqlType,
  values: string[],
  allowed: string[]
): string {
  const { kind } = given ?? { kind: 'NULL' as const }
  if (!allowed.includes(kind)) return call.fail(`${call.name} has no ${kind} here`)
  switch (kind) {
    case 'NULL':
      return '() => null'
    case 'ERROR':
      return 'rt.jsonError'
    case 'EMPTY ARRAY':
      return type.kind === 'ARRAY' ? '() => []' : "() => '[]'"
    case 'EMPTY OBJECT':
      return "() => '{}'"
    case 'DEFAULT':
      return `() => ${values[given?.kind === 'DEFAULT' ? given.argument : 0]}`
    default:
      return call.fail(`${call.name} has no ${kind} here`)
  }
}

/** The operands with those of DEFAULT clauses as values of the result's type. */
function withDefaults(call: Call, json: Bound, type: SqlType): Bound[] {
  return call.args.map((value, i) => {
    if (i === 0) return json
    if (i === 1) return value
    return cast(value, type) ?? call.fail(`DEFAULT is no ${typeName(type)}: use CAST`, value)
  })
}

/** NULL when the JSON is; the DEFAULTs may be NULL. */
function lenient(call: Call, type: SqlType, operands: Bound[], emit: (js: string[]) => string): Bound {
  const { name, start, end } = call
  return { kind: 'apply', name, type, operands, emit, strict: false, nullable: true, start, end }
}

const jsonValue: ScalarFunction = {
  least: 2,
  most: 4,
  bind(call) {
    const { returning: type = STRING, onEmpty, onError } = call.options ?? {}
    const kinds = ['STRING', 'BOOLEAN', 'INT', 'BIGINT', 'DOUBLE', 'FLOAT', 'DECIMAL', 'SMALLINT', 'TINYINT']
    if (!kinds.includes(type.kind)) call.fail(`JSON_VALUE does not return ${typeName(type)}`)
    const path = pathCode(call)
    const convert = cast(
      { kind: 'column', index: 0, name: 'v', type: DYNAMIC, nullable: false, start: 0, end: 0 },
      type
    )
    const js = convert?.kind === 'apply' ? convert.emit(['v']) : 'v'
    const scalar = isInteger(type)
      ? `rt.wholeNumberInJson(v, ${integerBits[type.kind]})`
      : ({ STRING: 'String(v)', BOOLEAN: 'rt.booleanInJson(v)' }[type.kind as string] ?? js)
    const allowed = ['NULL', 'ERROR', 'DEFAULT']
    return lenient(call, type, withDefaults(call, jsonArgument(call), type), values => {
      const [empty, error] = [onEmpty, onError].map(f => fallback(call, f, type, values, allowed))
      return `rt.jsonValueAt(${values[0]}, ${path}, v => ${scalar}, ${empty}, ${error})`
    })
  }
}

const jsonQuery: ScalarFunction = {
  least: 2,
  most: 2,
  bind(call) {
    const { returning: type = STRING, wrapper = 'WITHOUT', onEmpty, onError } = call.options ?? {}
    const isTexts = type.kind === 'ARRAY' && type.element.kind === 'STRING'
    if (type.kind !== 'STRING' && !isTexts) call.fail(`JSON_QUERY does not return ${typeName(type)}`)
    const path = pathCode(call)
    const allowed = ['NULL', 'ERROR', 'EMPTY ARRAY', 'EMPTY OBJECT']
    return lenient(call, type, [jsonArgument(call)], values => {
      const [empty, error] = [onEmpty, onError].map(f => fallback(call, f, type, values, allowed))
      return `rt.jsonQueryAt(${values[0]}, ${path}, '${wrapper}', ${isTexts}, ${empty}, ${error})`
    })
  }
}

const jsonExists: ScalarFunction = {
  least: 2,
  most: 2,
  bind(call) {
    const kind = call.options?.onError?.kind ?? 'FALSE'
    const onError = { TRUE: '() => true', FALSE: '() => false', UNKNOWN: '() => null', ERROR: 'rt.jsonError' }
    const js = Object.hasOwn(onError, kind)
      ? onError[kind as keyof typeof onError]
      : call.fail(`JSON_EXISTS has no ${kind} ON ERROR`)
    const path = pathCode(call)
    return lenient(
      call,
      BOOLEAN,
      [jsonArgument(call)],
      ([json]) => `rt.jsonExistsAt(${json}, ${path}, ${js})`
    )
  }
}

const jsonObject: ScalarFunction = {
  least: 0,
  most: 10_000,
  bind(call) {
    const operands = call.args.map((arg, i) => {
      if (i % 2 === 1) return jsonText(arg, call)
      if (arg.type.kind !== 'STRING' && arg.type.kind !== 'DYNAMIC')
        call.fail('a key is a STRING: use CAST', arg)
      return cast(arg, STRING) as Bound
    })
    const absent = call.options?.nulls === 'ABSENT'
    const emit = (values: string[]): string => `rt.jsonObjectText([${values.join(', ')}], ${absent})`
    return { ...lenient(call, STRING, operands, emit), nullable: false }
  }
}

const jsonArray: ScalarFunction = {
  least: 0,
  most: 10_000,
  bind(call) {
    const operands = call.args.map(arg => jsonText(arg, call))
    const absent = call.options?.nulls !== 'NULL'
    const emit = (values: string[]): string => `rt.jsonArrayText([${values.join(', ')}], ${absent})`
    return { ...lenient(call, STRING, operands, emit), nullable: false }
  }
}

/** JSON(text): for JSON_OBJECT and its like, which take it as JSON. */
const json: ScalarFunction = {
  least: 1,
  most: 1,
  bind: call =>
    strict('JSON', STRING, [argument(call, 0, STRING)], ([text]) => `rt.checkedJson(${text})`, call)
}

const jsonString: ScalarFunction = {
  least: 1,
  most: 1,
  bind(call) {
    const text = jsonText(call.args[0] as Bound, call)
    return { ...text, name: 'JSON_STRING' } as Bound
  }
}

const isJson = (kind: string): ScalarFunction => ({
  least: 1,
  most: 1,
  bind(call) {
    const value = argument(call, 0, STRING)
    return {
      ...lenient(call, BOOLEAN, [value], ([text]) => `rt.isJson(${text}, '${kind}')`),
      nullable: false
    }
  }
})

export const jsonFunctions: Record<string, ScalarFunction> = {
  JSON_VALUE: jsonValue,
  JSON_QUERY: jsonQuery,
  JSON_EXISTS: jsonExists,
  JSON_OBJECT: jsonObject,
  JSON_ARRAY: jsonArray,
  JSON: json,
  JSON_STRING: jsonString,
  JSON_QUOTE: simple('rt.jsonQuote', [STRING], STRING),
  JSON_UNQUOTE: simple('rt.jsonUnquote', [STRING], STRING),
  'IS JSON VALUE': isJson('VALUE'),
  'IS JSON OBJECT': isJson('OBJECT'),
  'IS JSON ARRAY': isJson('ARRAY'),
  'IS JSON SCALAR': isJson('SCALAR')
}
