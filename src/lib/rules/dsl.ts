/**
 * Elasticsearch's query DSL, as rule files hold it under `filter`. Options of a query that only rank hits or steer an analyzer are
 * taken and have no effect; a query or option that would change what matches and is not known is an error at its place.
 */

import { messageOf } from '../cli/index.ts'
import { parseDateBound } from './date-math.ts'
import { didYouMean } from './did-you-mean.ts'
import { isObject, type JsonObject } from './fields.ts'
import { parseLucene } from './lucene.ts'
import { compileRegexp } from './lucene-regexp.ts'
import { and, type BoundName, type Bounds, not, or, type Query, QueryError, type Scalar } from './query.ts'

type Path = readonly (string | number)[]

const NO_EFFECT = new Set([
  'boost',
  '_name',
  'rewrite',
  'analyzer',
  'lenient',
  'zero_terms_query',
  'auto_generate_synonyms_phrase_query',
  'analyze_wildcard',
  'allow_leading_wildcard',
  'enable_position_increments',
  'max_determinized_states',
  'quote_analyzer',
  'phrase_slop_default',
  'tie_breaker',
  'type',
  'max_expansions',
  'prefix_length',
  'fuzzy_transpositions',
  'fuzzy_max_expansions',
  'fuzzy_prefix_length',
  'relation'
])

const READERS: Record<string, (spec: unknown, path: Path) => Query> = {
  match_all: () => ({ is: 'all' }),
  match_none: () => ({ is: 'none' }),
  query: readQuery,
  constant_score: (spec, path) => readQuery(options(spec, path, ['filter']).filter, [...path, 'filter']),
  bool: readBool,
  term: readTerm,
  terms: readTerms,
  range: readRange,
  exists: readExists,
  prefix: readPrefix,
  wildcard: readWildcard,
  regexp: readRegexp,
  fuzzy: readFuzzy,
  ids: readIds,
  match: readMatch,
  match_phrase: readMatchPhrase,
  multi_match: readMultiMatch,
  query_string: readQueryString
}

const LATER = [
  'match_phrase_prefix',
  'match_bool_prefix',
  'simple_query_string',
  'nested',
  'script',
  'terms_set',
  'eql',
  'esql'
]

/** The filter of a rule: a list of queries that must all match. Throws QueryError. */
export function readFilter(filter: unknown, path: Path): Query {
  if (filter === null || filter === undefined) return { is: 'all' }
  if (!Array.isArray(filter)) return readQuery(filter, path)
  return and(filter.map((spec, i) => readQuery(spec, [...path, i])))
}

function readQuery(spec: unknown, path: Path): Query {
  if (Array.isArray(spec)) return and(spec.map((s, i) => readQuery(s, [...path, i])))
  if (!isObject(spec))
    throw new QueryError(`a query is an object such as {term: {status: FAILED}}, not ${describe(spec)}`, path)
  const kinds = Object.keys(spec)
  const kind = kinds[0]
  if (kind === undefined) throw new QueryError('an empty query', path)
  if (kinds.length > 1)
    throw new QueryError(`a query holds one kind, not ${kinds.join(' and ')}: write two queries`, [
      ...path,
      kinds[1]!
    ])
  const read = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined
  if (read !== undefined) return read(spec[kind], [...path, kind])
  if (LATER.includes(kind)) throw new QueryError(`query ${kind} is not supported yet`, [...path, kind])
  throw new QueryError(`unknown query ${kind}${didYouMean(kind, [...Object.keys(READERS), ...LATER])}`, [
    ...path,
    kind
  ])
}

function describe(value: unknown): string {
  return value === null
    ? 'nothing'
    : Array.isArray(value)
      ? 'a list'
      : isObject(value)
        ? 'an object'
        : JSON.stringify(value)
}

function options(spec: unknown, path: Path, known: string[]): JsonObject {
  if (!isObject(spec))
    throw new QueryError(`expected an object with ${known.join(', ')}, not ${describe(spec)}`, path)
  for (const name of Object.keys(spec)) {
    if (!known.includes(name) && !NO_EFFECT.has(name)) {
      throw new QueryError(`option ${name} is not known here${didYouMean(name, known)}`, [...path, name])
    }
  }
  return spec
}

/** `{field: …}`: the field, and what stands below it. Options beside the field have no effect. */
function fieldOf(spec: unknown, path: Path): { field: string; value: unknown; path: Path } {
  if (!isObject(spec)) throw new QueryError(`expected {field: value}, not ${describe(spec)}`, path)
  const fields = Object.keys(spec).filter(name => name !== 'boost' && name !== '_name')
  const field = fields[0]
  if (field === undefined) throw new QueryError('a field is missing', path)
  if (fields.length > 1)
    throw new QueryError(`one field, not ${fields.join(' and ')}: write two queries`, [...path, fields[1]!])
  return { field, value: spec[field], path: [...path, field] }
}

function scalar(value: unknown, path: Path): Scalar {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new QueryError(`expected a text, a number or a boolean, not ${describe(value)}`, path)
}

function flag(value: unknown, path: Path): boolean {
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw new QueryError(`expected true or false, not ${describe(value)}`, path)
}

/** `value` as it stands, or within an object under one of the names. */
function unwrap(
  value: unknown,
  path: Path,
  names: string[],
  others: string[]
): { value: Scalar; path: Path; spec: JsonObject } {
  if (!isObject(value)) return { value: scalar(value, path), path, spec: {} }
  const spec = options(value, path, [...names, ...others])
  const name = names.find(n => Object.hasOwn(spec, n))
  if (name === undefined) throw new QueryError(`${names[0]} is missing`, path)
  return { value: scalar(spec[name], [...path, name]), path: [...path, name], spec }
}

function readTerm(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const term = unwrap(value, at, ['value', 'term'], ['case_insensitive'])
  return { is: 'term', field, value: term.value, ignoreCase: flag(term.spec.case_insensitive, at) }
}

function readTerms(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  if (!Array.isArray(value)) throw new QueryError(`terms needs a list of values, not ${describe(value)}`, at)
  return or(value.map((v, i) => ({ is: 'term', field, value: scalar(v, [...at, i]), ignoreCase: false })))
}

function readExists(spec: unknown, path: Path): Query {
  const { field } = options(spec, path, ['field'])
  if (typeof field !== 'string')
    throw new QueryError('exists needs the name of a field: {exists: {field: status}}', path)
  return { is: 'exists', field }
}

function readPrefix(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const prefix = unwrap(value, at, ['value'], ['case_insensitive'])
  return {
    is: 'prefix',
    field,
    value: String(prefix.value),
    ignoreCase: flag(prefix.spec.case_insensitive, at)
  }
}

function readWildcard(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const { value: pattern, spec: more } = unwrap(value, at, ['value', 'wildcard'], ['case_insensitive'])
  return { is: 'wildcard', field, pattern: String(pattern), ignoreCase: flag(more.case_insensitive, at) }
}

function readRegexp(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const given = unwrap(value, at, ['value'], ['case_insensitive', 'flags', 'flags_value'])
  const query = {
    is: 'regexp',
    field,
    pattern: String(given.value),
    ignoreCase: flag(given.spec.case_insensitive, at)
  } as const
  try {
    compileRegexp(query.pattern, query.ignoreCase)
  } catch (error) {
    throw new QueryError(messageOf(error), given.path)
  }
  return query
}

function readFuzzy(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const given = unwrap(value, at, ['value'], ['fuzziness', 'transpositions'])
  if (flag(given.spec.transpositions ?? true, at) === false)
    throw new QueryError('transpositions: false is not supported', [...at, 'transpositions'])
  if (given.spec.prefix_length !== undefined && given.spec.prefix_length !== 0)
    throw new QueryError('prefix_length is not supported', [...at, 'prefix_length'])
  const fuzziness = String(given.spec.fuzziness ?? 'AUTO')
  if (!/^(?:[012]|AUTO)$/i.test(fuzziness))
    throw new QueryError('fuzziness is 0, 1, 2 or AUTO', [...at, 'fuzziness'])
  const edits = /^\d$/.test(fuzziness) ? Number(fuzziness) : 'auto'
  return { is: 'fuzzy', field, text: String(given.value), fuzziness: edits }
}

function readIds(spec: unknown, path: Path): Query {
  const { values } = options(spec, path, ['values'])
  if (!Array.isArray(values))
    throw new QueryError(`ids needs a list of values, not ${describe(values)}`, path)
  const ids = values.map((value, i) => String(scalar(value, [...path, 'values', i])))
  return or(ids.map(value => ({ is: 'term', field: '_id', value, ignoreCase: false })))
}

function readMultiMatch(spec: unknown, path: Path): Query {
  const given = options(spec, path, ['query', 'fields', 'operator', 'type', 'slop'])
  const { fields, type = 'best_fields' } = given
  if (
    !Array.isArray(fields) ||
    fields.length === 0 ||
    !fields.every(f => typeof f === 'string' && !f.includes('*'))
  ) {
    throw new QueryError('multi_match needs fields: a list of names without *', [...path, 'fields'])
  }
  if (!['best_fields', 'most_fields', 'phrase'].includes(String(type)))
    throw new QueryError(`type ${describe(type)} is not supported: best_fields, most_fields or phrase`, [
      ...path,
      'type'
    ])
  const { operator, slop } = given
  const inner =
    type === 'phrase'
      ? { query: given.query, ...(slop === undefined ? {} : { slop }) }
      : { query: given.query, ...(operator === undefined ? {} : { operator }) }
  const read = type === 'phrase' ? readMatchPhrase : readMatch
  return or(fields.map(field => read({ [field.replace(/\^[\d.]+$/, '')]: inner }, path)))
}

function readMatch(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const { value: text, spec: more } = unwrap(value, at, ['query'], ['operator'])
  const operator = String(more.operator ?? 'or').toLowerCase()
  if (operator !== 'or' && operator !== 'and')
    throw new QueryError('operator is "or" or "and"', [...at, 'operator'])
  return { is: 'text', field, text: String(text), words: operator === 'and' ? 'all' : 'any' }
}

function readMatchPhrase(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const { value: text, spec: more } = unwrap(value, at, ['query'], ['slop'])
  const { slop = 0 } = more
  if (typeof slop !== 'number' || !Number.isInteger(slop) || slop < 0)
    throw new QueryError(`slop is a whole number, not ${describe(slop)}`, [...at, 'slop'])
  return { is: 'text', field, text: String(text), words: 'phrase', slop }
}

function zone(value: unknown, path: Path): number {
  if (value === undefined || value === 'UTC' || value === 'Z') return 0
  const m = typeof value === 'string' ? /^([+-])(\d\d):?(\d\d)$/.exec(value) : null
  if (m === null) throw new QueryError(`time_zone is an offset such as +02:00, not ${describe(value)}`, path)
  return (m[1] === '-' ? -1 : 1) * (+m[2]! * 60 + +m[3]!)
}

const BOUNDS: Record<string, BoundName> = {
  gt: 'gt',
  gte: 'gte',
  lt: 'lt',
  lte: 'lte',
  from: 'gte',
  to: 'lte'
}

function readRange(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const given = options(value, at, [...Object.keys(BOUNDS), 'time_zone', 'format'])
  const format = given.format
  if (
    format !== undefined &&
    !/^(?:(?:strict_)?date_optional_time(?:_nanos)?|epoch_millis|\|\|)+$/.test(String(format))
  ) {
    throw new QueryError(`date format ${describe(format)} is not supported yet: write dates in ISO 8601`, [
      ...at,
      'format'
    ])
  }
  const zoneMinutes = zone(given.time_zone, [...at, 'time_zone'])
  const bounds: Bounds = {}
  for (const [name, bound] of Object.entries(BOUNDS)) {
    if (given[name] === undefined || given[name] === null) continue
    const limit = scalar(given[name], [...at, name])
    const text = typeof limit === 'boolean' ? String(limit) : limit
    if (
      typeof text === 'string' &&
      /^now(?![a-zA-Z_])|\|\|/.test(text) &&
      parseDateBound(text, false, 0) === undefined
    ) {
      throw new QueryError(`${text} is no date with date math such as now-1h/d`, [...at, name])
    }
    bounds[bound] = text
  }
  if (Object.keys(bounds).length === 0) return { is: 'exists', field }
  return { is: 'range', field, bounds, zoneMinutes }
}

function readQueryString(spec: unknown, path: Path): Query {
  const given: JsonObject =
    typeof spec === 'string'
      ? { query: spec }
      : options(spec, path, ['query', 'default_field', 'fields', 'default_operator', 'time_zone'])
  const { query, default_field: field, fields = field === undefined || field === '*' ? [] : [field] } = given
  if (typeof query !== 'string')
    throw new QueryError(`query_string needs a query text, not ${describe(query)}`, path)
  if (!Array.isArray(fields) || !fields.every(f => typeof f === 'string')) {
    throw new QueryError('fields is a list of names', [...path, 'fields'])
  }
  const operator = String(given.default_operator ?? 'OR').toUpperCase()
  if (operator !== 'OR' && operator !== 'AND')
    throw new QueryError('default_operator is OR or AND', [...path, 'default_operator'])
  return parseLucene(query, {
    defaultFields: fields.map(f => f.replace(/\^[\d.]+$/, '')).filter(f => f !== '*'),
    defaultOperator: operator,
    zoneMinutes: zone(given.time_zone, [...path, 'time_zone']),
    path: typeof spec === 'string' ? path : [...path, 'query']
  })
}

function list(value: unknown, path: Path): Query[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.map((v, i) => readQuery(v, [...path, i]))
  return [readQuery(value, path)]
}

function leastShould(value: unknown, count: number, path: Path): number {
  const text = String(value)
  const m = /^(-?\d+)(%?)$/.exec(text)
  if (m === null) throw new QueryError(`minimum_should_match is a number or a percentage, not ${text}`, path)
  const n = m[2] === '%' ? Math.trunc((+m[1]! * count) / 100) : +m[1]!
  return n < 0 || text.startsWith('-') ? count + n : n
}

function readBool(spec: unknown, path: Path): Query {
  const given = options(spec, path, ['must', 'filter', 'should', 'must_not', 'minimum_should_match'])
  const must = [...list(given.must, [...path, 'must']), ...list(given.filter, [...path, 'filter'])]
  const should = list(given.should, [...path, 'should'])
  const { minimum_should_match: minimum } = given
  // a query of nothing but must_not is about all documents, whatever its minimum
  if (should.length > 0 || (minimum !== undefined && must.length > 0)) {
    const wanted =
      minimum === undefined ? 0 : leastShould(minimum, should.length, [...path, 'minimum_should_match'])
    // where nothing is required, one of the optional ones is
    must.push(or(should, must.length === 0 && should.length > 0 ? Math.max(1, wanted) : wanted))
  }
  return and([...must, ...list(given.must_not, [...path, 'must_not']).map(not)])
}
