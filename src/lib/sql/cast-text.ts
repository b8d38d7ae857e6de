import { type Conversion, call, type MemberFunction, same } from './conversion.ts'
import { isInteger, type SqlType, STRING } from './types.ts'

type TextType = { readonly length?: number; readonly isFixed?: boolean }

/** The text of CAST, cut to the length of the type, and filled up with blanks where that is fixed. */
export function toText(
  from: SqlType,
  { length, isFixed = false }: TextType,
  member: MemberFunction
): Conversion | undefined {
  const plain = plainText(from, member)
  if (plain === undefined || length === undefined) return plain
  return { ...plain, emit: value => `rt.fitText(${plain.emit(value)}, ${length}, ${isFixed})` }
}

/** The bytes of CAST, in base64: cut as text is, filled up with zeros. */
export function toBytes(from: SqlType, { length, isFixed = false }: TextType): Conversion | undefined {
  const plain = plainBytes(from)
  if (plain === undefined || length === undefined) return plain
  return { ...plain, emit: value => `rt.fitBytes(${plain.emit(value)}, ${length}, ${isFixed})` }
}

function plainBytes(from: SqlType): Conversion | undefined {
  if (from.kind === 'STRING') return { emit: call('toBase64') }
  if (from.kind === 'BYTES') return same
  return from.kind === 'DYNAMIC' ? { emit: call('dynamicText') } : undefined
}

function plainText(from: SqlType, member: MemberFunction): Conversion | undefined {
  switch (from.kind) {
    case 'STRING':
      return same
    case 'DECIMAL':
      return { emit: call('formatDecimal', from.scale) }
    case 'FLOAT':
      return { emit: call('formatFloat') }
    case 'DOUBLE':
      return { emit: call('formatDouble') }
    case 'BOOLEAN':
      return { emit: value => `(${value} ? 'TRUE' : 'FALSE')` }
    case 'DATE':
      return { emit: call('formatDate') }
    case 'TIME':
      return { emit: call('formatTime', from.precision) }
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return { emit: call('formatTimestamp', from.precision, ' ') }
    case 'DYNAMIC':
      return { emit: call('dynamicText') }
    case 'BYTES':
      return { emit: call('fromBase64') }
    case 'INTERVAL_DAY':
      return { emit: call('dayIntervalText') }
    case 'INTERVAL_MONTH':
      return { emit: call('monthIntervalText') }
    case 'ARRAY': {
      const element = member(from.element, STRING)
      return element === undefined ? undefined : { emit: v => `rt.arrayText(${v}, ${element})` }
    }
    case 'MAP': {
      const [key, value] = [member(from.key, STRING), member(from.value, STRING)]
      return key !== undefined && value !== undefined
        ? { emit: v => `rt.mapText(${v}, ${key}, ${value})` }
        : undefined
    }
    case 'MULTISET': {
      const element = member(from.element, STRING)
      return element === undefined ? undefined : { emit: v => `rt.mapText(${v}, ${element}, String)` }
    }
    case 'ROW': {
      const fields = from.fields.map(field => member(field.type, STRING))
      return fields.includes(undefined)
        ? undefined
        : { emit: v => `rt.rowText(${v}, [${fields.map(f => `(${f})`).join(', ')}])` }
    }
    default:
      return isInteger(from) ? { emit: value => `String(${value})` } : undefined
  }
}
