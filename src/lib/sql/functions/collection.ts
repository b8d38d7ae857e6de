import { comparatorCode } from '../aggregates-extreme.ts'
import { type Bound, packed, strict } from '../bound.ts'
import { cast } from '../cast.ts'
import { BOOLEAN, commonType, DYNAMIC, INT, type SqlType, STRING, typeName } from '../types.ts'
import { unify } from './conditional.ts'
import { argument, type Call, type ScalarFunction, simple } from './define.ts'

/** ARRAY, MAP and ROW: how they are made and taken apart. */

type ArrayType = SqlType & { kind: 'ARRAY' }
type MapType = SqlType & { kind: 'MAP' }

/** The argument as an array, an undeclared one with undeclared elements. */
function arrayArgument(call: Call, index: number): Bound & { type: ArrayType } {
  const value = call.args[index] as Bound
  const array = value.type.kind === 'DYNAMIC' ? cast(value, { kind: 'ARRAY', element: DYNAMIC }) : value
  if (array?.type.kind === 'ARRAY') return array as Bound & { type: ArrayType }
  return call.fail(`${call.name} takes an ARRAY here, found ${typeName(value.type)}`, value)
}

function mapArgument(call: Call, index: number): Bound & { type: MapType } {
  const value = call.args[index] as Bound
  const map =
    value.type.kind === 'DYNAMIC' ? cast(value, { kind: 'MAP', key: STRING, value: DYNAMIC }) : value
  if (map?.type.kind === 'MAP') return map as Bound & { type: MapType }
  return call.fail(`${call.name} takes a MAP here, found ${typeName(value.type)}`, value)
}

/** Not strict: `emit` sees the NULLs of all operands. */
function lenient(call: Call, type: SqlType, operands: Bound[], emit: (js: string[]) => string): Bound {
  const { name, start, end } = call
  const nullable = operands[0]?.nullable ?? false
  return { kind: 'apply', name, type, operands, emit, strict: false, nullable, start, end }
}

const arrayConstructor: ScalarFunction = {
  least: 1,
  most: 10_000,
  bind(call) {
    const elements = unify(call.args, (reason, at) => call.fail(reason, at))
    const type: SqlType = { kind: 'ARRAY', element: (elements[0] as Bound).type }
    return { ...lenient(call, type, elements, values => `[${values.join(', ')}]`), nullable: false }
  }
}

const mapConstructor: ScalarFunction = {
  least: 2,
  most: 10_000,
  bind(call) {
    if (call.args.length % 2 === 1) call.fail('MAP[…] takes pairs of key and value')
    const every = (rest: number): Bound[] =>
      unify(
        call.args.filter((_, i) => i % 2 === rest),
        (reason, at) => call.fail(reason, at)
      )
    const [keys, values] = [every(0), every(1)]
    const type: SqlType = { kind: 'MAP', key: (keys[0] as Bound).type, value: (values[0] as Bound).type }
    const operands = keys.flatMap((key, i) => [key, values[i] as Bound])
    const emit = (js: string[]): string =>
      `new Map([${keys.map((_, i) => `[${js[2 * i]}, ${js[2 * i + 1]}]`).join(', ')}])`
    return { ...lenient(call, type, operands, emit), nullable: false }
  }
}

/** A function of one array. */
const ofArray = (
  js: string,
  result: (array: ArrayType) => SqlType = type => type,
  nullable = false
): ScalarFunction => ({
  least: 1,
  most: 1,
  bind(call) {
    const array = arrayArgument(call, 0)
    return strict(call.name, result(array.type), [array], ([a]) => `rt.${js}(${a})`, call, nullable)
  }
})

/** An array and a value of its elements' type, which may be NULL. */
const withElement = (js: string, result?: SqlType): ScalarFunction => ({
  least: 2,
  most: 2,
  bind(call) {
    const array = arrayArgument(call, 0)
    const value = call.args[1] as Bound
    const element = commonType(array.type.element, value.type)
    const type: SqlType = { kind: 'ARRAY', element: element ?? array.type.element }
    const operands = element && [cast(array, type), cast(value, element)]
    if (operands === undefined || operands.includes(undefined))
      return call.fail(`${typeName(value.type)} is no element of ${typeName(array.type)}: use CAST`, value)
    return lenient(call, result ?? type, operands as Bound[], ([a, v]) => `rt.${js}(${a}, ${v})`)
  }
})

/** Arrays of one type to another of it; NULL when one is. */
const ofArrays = (js: string, most = 2): ScalarFunction => ({
  least: most === 2 ? 2 : 1,
  most,
  bind(call) {
    const arrays = call.args.map((_, i) => arrayArgument(call, i))
    const operands = unify(arrays, (reason, at) => call.fail(reason, at))
    const { type } = operands[0] as Bound
    return strict(call.name, type, operands, values => `rt.${js}(${values.join(', ')})`, call)
  }
})

/** The function of an array whose elements have an order. */
function ordered(bind: (call: Call, array: Bound & { type: ArrayType }, compare: string) => Bound) {
  return (call: Call): Bound => {
    const array = arrayArgument(call, 0)
    if (['ROW', 'ARRAY', 'MAP', 'MULTISET'].includes(array.type.element.kind))
      call.fail(`${call.name} takes elements that have an order`, array)
    return bind(call, array, comparatorCode(array.type.element))
  }
}

const extreme = (sign: 1 | -1): ScalarFunction => ({
  least: 1,
  most: 1,
  bind: ordered((call, array, compare) =>
    strict(
      call.name,
      array.type.element,
      [array],
      ([a]) => `rt.arrayExtreme(${a}, ${compare}, ${sign})`,
      call,
      true
    )
  )
})

const sort: ScalarFunction = {
  least: 1,
  most: 3,
  bind: ordered((call, array, compare) => {
    const operands = [array, ...call.args.slice(1).map((_, i) => argument(call, i + 1, BOOLEAN))]
    const emit = ([a, ascending = 'true', nullsFirst = ascending]: string[]): string =>
      `rt.arraySort(${a}, ${compare}, ${ascending}, ${nullsFirst})`
    return strict(call.name, array.type, operands, emit, call)
  })
}

const slice: ScalarFunction = {
  least: 2,
  most: 3,
  bind(call) {
    const array = arrayArgument(call, 0)
    const operands = [array, ...call.args.slice(1).map((_, i) => argument(call, i + 1, INT))]
    return strict(call.name, array.type, operands, values => `rt.arraySlice(${values.join(', ')})`, call)
  }
}

const join: ScalarFunction = {
  least: 2,
  most: 3,
  bind(call) {
    const array = arrayArgument(call, 0)
    const texts = cast(array, { kind: 'ARRAY', element: STRING })
    if (texts === undefined || !['STRING', 'DYNAMIC'].includes(array.type.element.kind))
      return call.fail('ARRAY_JOIN takes an ARRAY<STRING>: use CAST', array)
    const operands = [texts, ...call.args.slice(1).map((_, i) => argument(call, i + 1, STRING))]
    return strict(call.name, STRING, operands, values => `rt.arrayJoin(${values.join(', ')})`, call)
  }
}

const cardinality: ScalarFunction = {
  least: 1,
  most: 1,
  bind(call) {
    const [value] = call.args as [Bound]
    const isCollection = ['ARRAY', 'MAP', 'MULTISET', 'DYNAMIC'].includes(value.type.kind)
    if (!isCollection) call.fail(`CARDINALITY takes an ARRAY or MAP, found ${typeName(value.type)}`, value)
    return strict(call.name, INT, [value], ([v]) => `rt.cardinality(${v})`, call)
  }
}

/** A function of one map. */
const ofMap = (js: string, result: (map: MapType) => SqlType): ScalarFunction => ({
  least: 1,
  most: 1,
  bind(call) {
    const map = mapArgument(call, 0)
    return strict(call.name, result(map.type), [map], ([m]) => `rt.${js}(${m})`, call)
  }
})

const entriesType = ({ key, value }: MapType): SqlType => ({
  kind: 'ARRAY',
  element: {
    kind: 'ROW',
    fields: [
      { name: 'key', type: key },
      { name: 'value', type: value }
    ]
  }
})

const mapFromArrays: ScalarFunction = {
  least: 2,
  most: 2,
  bind(call) {
    const [keys, values] = [arrayArgument(call, 0), arrayArgument(call, 1)]
    const type: SqlType = { kind: 'MAP', key: keys.type.element, value: values.type.element }
    return strict(call.name, type, [keys, values], ([k, v]) => `rt.mapFromArrays(${k}, ${v})`, call)
  }
}

const mapUnion: ScalarFunction = {
  least: 1,
  most: 255,
  bind(call) {
    const maps = call.args.map((_, i) => mapArgument(call, i))
    const operands = unify(maps, (reason, at) => call.fail(reason, at))
    const { type } = operands[0] as Bound
    return strict(call.name, type, operands, values => `rt.mapUnion(${values.join(', ')})`, call)
  }
}

/** ELT(n, a, b, …): the n-th of the texts. */
const elt: ScalarFunction = {
  least: 2,
  most: 255,
  bind(call) {
    const operands = call.args.map((_, i) => argument(call, i, i === 0 ? INT : STRING))
    const emit = ([n, ...texts]: string[]): string => `rt.elt(${n}, [${texts.join(', ')}])`
    return { ...lenient(call, STRING, operands, emit), nullable: true }
  }
}

const texts: SqlType = { kind: 'ARRAY', element: STRING }
const elements = ({ element }: ArrayType): SqlType => element

export const collectionFunctions: Record<string, ScalarFunction> = {
  'ARRAY[]': arrayConstructor,
  'MAP[]': mapConstructor,
  ROW: { least: 1, most: 10_000, bind: call => packed(call.args, call) },
  CARDINALITY: cardinality,
  ELEMENT: ofArray('onlyElement', elements, true),
  ARRAY_APPEND: withElement('arrayAppend'),
  ARRAY_PREPEND: withElement('arrayPrepend'),
  ARRAY_REMOVE: withElement('arrayRemove'),
  ARRAY_CONTAINS: withElement('arrayContains', BOOLEAN),
  ARRAY_POSITION: withElement('arrayPosition', INT),
  ARRAY_DISTINCT: ofArray('arrayDistinct'),
  ARRAY_REVERSE: ofArray('arrayReverse'),
  ARRAY_CONCAT: ofArrays('arrayConcat', 255),
  ARRAY_UNION: ofArrays('arrayUnion'),
  ARRAY_EXCEPT: ofArrays('arrayExcept'),
  ARRAY_INTERSECT: ofArrays('arrayIntersect'),
  ARRAY_MAX: extreme(1),
  ARRAY_MIN: extreme(-1),
  ARRAY_SORT: sort,
  ARRAY_SLICE: slice,
  ARRAY_JOIN: join,
  MAP_KEYS: ofMap('mapKeys', ({ key }) => ({ kind: 'ARRAY', element: key })),
  MAP_VALUES: ofMap('mapValues', ({ value }) => ({ kind: 'ARRAY', element: value })),
  MAP_ENTRIES: ofMap('mapEntries', entriesType),
  MAP_FROM_ARRAYS: mapFromArrays,
  MAP_UNION: mapUnion,
  SPLIT: simple('rt.splitText', [STRING, STRING], texts),
  STR_TO_MAP: simple(
    'rt.textToMap',
    [STRING, STRING, STRING],
    { kind: 'MAP', key: STRING, value: STRING },
    {
      defaults: ["','", "'='"]
    }
  ),
  ELT: elt
}
