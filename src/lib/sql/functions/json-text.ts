import { type Bound, strict } from '../bound.ts'
import { type SqlType, STRING, typeName } from '../types.ts'
import type { Call } from './define.ts'

/** Functions whose result is JSON and goes into other JSON as it is, not as a string. */
const jsonMakers: ReadonlySet<string> = new Set(['JSON_OBJECT', 'JSON_ARRAY', 'JSON'])

/** Types that Flink does not write as JSON. */
const noJson = ['DATE', 'TIME', 'INTERVAL_DAY', 'INTERVAL_MONTH', 'NULL']

/** A value as JSON text, as Flink's JSON functions write it; NULL for NULL. */
export function jsonText(value: Bound, call: Call): Bound {
  if (value.kind === 'apply' && jsonMakers.has(value.name)) return value
  if (value.kind === 'column' && /^JSON_(?:ARRAY|OBJECT)AGG\(/.test(value.name)) return value
  if (noJson.includes(value.type.kind))
    call.fail(`${typeName(value.type)} is not written as JSON: use CAST`, value)
  return strict('JSON_TEXT', STRING, [value], ([v]) => textOf(value.type, v as string), call)
}

/** JavaScript for the JSON text of a value that is not null. */
function textOf(type: SqlType, value: string): string {
  switch (type.kind) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
    case 'BOOLEAN':
      return `String(${value})`
    case 'DECIMAL':
      return `rt.formatDecimal(${value}, ${type.scale})`
    case 'FLOAT':
    case 'DOUBLE':
      return `rt.jsonTextDouble(${value})`
    case 'TIMESTAMP':
      return `'"' + rt.trimmedTimestamp(${value}, ${type.precision}, '') + '"'`
    case 'TIMESTAMP_LTZ':
      return `'"' + rt.trimmedTimestamp(${value}, ${type.precision}, 'Z') + '"'`
    case 'ARRAY':
      return `rt.jsonTextArray(${value}, ${memberText(type.element)})`
    case 'MAP':
      return `rt.jsonTextMap(${value}, ${memberText(type.value)})`
    case 'MULTISET':
      return `rt.jsonTextMap(${value}, String)`
    case 'ROW': {
      const names = JSON.stringify(type.fields.map(field => field.name))
      const fields = type.fields.map(field => `(${memberText(field.type)})`)
      return `rt.jsonTextRow(${value}, ${names}, [${fields.join(', ')}])`
    }
    case 'STRING':
    case 'BYTES':
      return `JSON.stringify(${value})`
    default:
      return `rt.jsonTextDynamic(${value})`
  }
}

const memberText = (type: SqlType): string => `e => e === null ? 'null' : ${textOf(type, 'e')}`
