import type { ExpressionBinder } from './bind-expression.ts'
import { type Bound, strict } from './bound.ts'
import { cast } from './cast.ts'
import { didYouMean, type Span, SqlError } from './errors.ts'
import { BIGINT, DYNAMIC, isInteger, type SqlType, typeName } from './types.ts'

/** A field of a nested value: of an undeclared one by name, of a ROW by its declaration. */
export function member(input: Bound, name: string, span: Span, text: string): Bound {
  const { type } = input
  const emit = ([value]: string[]): string => `rt.member(${value}, ${JSON.stringify(name)})`
  if (type.kind === 'DYNAMIC') return strict(`.${name}`, DYNAMIC, [input], emit, span, true)
  if (type.kind !== 'ROW') throw new SqlError('type', `${typeName(type)} has no fields`, text, span)
  const index = type.fields.findIndex(f => f.name === name)
  const field = type.fields[index]
  if (field === undefined) {
    const names = type.fields.map(f => f.name)
    throw new SqlError('name', `no field ${name} in ${typeName(type)}${didYouMean(name, names)}`, text, span)
  }
  return strict(`.${name}`, field.type, [input], ([row]) => `${row}[${index}]`, span, true)
}

/** An element of an array, of a map or of an undeclared value. */
export function bindIndex(binder: ExpressionBinder, input: Bound, index: Bound, span: Span): Bound {
  const { type } = input
  const at = (type: SqlType, js: (operands: string[]) => string, key: Bound = index): Bound =>
    strict('[]', type, [input, key], js, span, true)
  if (type.kind === 'DYNAMIC') return at(DYNAMIC, ([value, key]) => `rt.member(${value}, ${key})`)
  if (type.kind === 'ARRAY' && (isInteger(index.type) || index.type.kind === 'DYNAMIC')) {
    if (index.kind === 'literal' && Number(index.value) < 1)
      throw binder.error('type', 'elements of an ARRAY are counted from 1', index)
    const place = cast(index, BIGINT) as Bound
    return at(type.element, ([value, key]) => `(${value}[${key} - 1] ?? null)`, place)
  }
  const key = type.kind === 'MAP' ? cast(index, type.key) : undefined
  if (type.kind === 'MAP' && key !== undefined)
    return at(type.value, ([value, k]) => `(${value}.get(${k}) ?? null)`, key)
  throw binder.error('type', `${typeName(type)} has no elements by ${typeName(index.type)}`, span)
}
