import { type Conversion, call, type MemberFunction, same } from './conversion.ts'
import { DYNAMIC, isApproximate, isInteger, type SqlType, STRING } from './types.ts'

export function toNested(
  to: SqlType & { kind: 'ARRAY' | 'MAP' | 'ROW' },
  from: SqlType,
  member: MemberFunction
): Conversion | undefined {
  const parts: [SqlType, SqlType][] = []
  const source = from.kind === 'DYNAMIC' ? from : undefined
  if (to.kind === 'ARRAY') {
    if (from.kind === 'ARRAY' || source) parts.push([source ?? (from as typeof to).element, to.element])
  } else if (to.kind === 'MAP') {
    if (from.kind === 'MAP' || source) {
      const { key, value } = source ? { key: STRING, value: source } : (from as typeof to)
      parts.push([key, to.key], [value, to.value])
    }
  } else if (source) {
    for (const { type } of to.fields) parts.push([source, type])
  } else if (from.kind === 'ROW' && from.fields.length === to.fields.length) {
    for (const [i, { type }] of to.fields.entries()) parts.push([from.fields[i]?.type ?? type, type])
  }
  const functions = parts.map(([a, b]) => member(a, b))
  if (functions.length === 0 || functions.includes(undefined)) return undefined
  const members = functions.map(f => `(${f})`)
  if (to.kind === 'ARRAY') return { emit: v => `rt.toArray(${v}, ${members[0]})` }
  if (to.kind === 'MAP') return { emit: v => `rt.toMap(${v}, ${members.join(', ')})` }
  const names = JSON.stringify(to.fields.map(field => field.name))
  return { emit: v => `rt.toRow(${v}, ${names}, [${members.join(', ')}])` }
}

/** A value in the form of undeclared ones. */
export function toDynamic(from: SqlType, member: MemberFunction): Conversion | undefined {
  if (isInteger(from) || isApproximate(from)) return same
  switch (from.kind) {
    case 'STRING':
    case 'BOOLEAN':
    case 'BYTES':
      return same
    case 'ARRAY':
      return { emit: v => `rt.toArray(${v}, ${member(from.element, DYNAMIC)})` }
    case 'MAP':
      return {
        emit: v => `rt.toObject(${v}, ${member(from.key, STRING)}, ${member(from.value, DYNAMIC)})`
      }
    case 'MULTISET':
      return { emit: v => `rt.toObject(${v}, ${member(from.element, STRING)}, e => e)` }
    case 'ROW': {
      const names = JSON.stringify(from.fields.map(field => field.name))
      const fields = from.fields.map(field => `(${member(field.type, DYNAMIC)})`)
      return { emit: v => `rt.rowToObject(${v}, ${names}, [${fields.join(', ')}])` }
    }
    case 'DECIMAL':
      return { emit: value => `new rt.Decimal(${value}, ${from.scale})` }
    case 'TIMESTAMP':
      return { emit: call('isoTimestamp', from.precision, '') }
    case 'TIMESTAMP_LTZ':
      return { emit: call('isoTimestamp', from.precision, 'Z') }
    case 'DATE':
      return { emit: call('formatDate') }
    case 'TIME':
      return { emit: call('formatTime', from.precision) }
    default:
      return undefined
  }
}
