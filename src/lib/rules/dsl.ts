/**
 * Elasticsearch's query DSL, as rule files hold it under `filter`. Options of a query that only rank hits or steer an analyzer are
 * taken and have no effect; a query or option that would change what matches and is not known is an error at its place.
 */

import { messageOf } from '../cli/index.ts'
import { dateReader } from './date-format.ts'
import { parseDateBound } from './date-math.ts'
import { didYouMean } from './did-you-mean.ts'
import { describe, fieldOf, flag, least, options, type Path, scalar, unwrap } from './dsl-options.ts'
import {
  readMatch,
  readMatchBoolPrefix,
  readMatchPhrase,
  readMatchPhrasePrefix,
  readMultiMatch
} from './dsl-text.ts'
import { isObject, type JsonObject } from './fields.ts'
import { readFuzziness } from './fuzziness.ts'
import { type LuceneOptions, parseLucene } from './lucene.ts'
import { compileRegexp, plainOperators } from './lucene-regexp.ts'
import { and, type BoundName, type Bounds, not, or, type Query, QueryError, type Scalar } from './query.ts'

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
  match_phrase_prefix: readMatchPhrasePrefix,
  match_bool_prefix: readMatchBoolPrefix,
  multi_match: readMultiMatch,
  query_string: readQueryString,
  nested: readNested,
  // queries that Elasticsearch had before its version 5
  not: (spec, path) => not(readQuery(below(spec, 'filter'), path)),
  and: (spec, path) => and(list(below(spec, 'filters'), path)),
  or: (spec, path) => or(list(below(spec, 'filters'), path)),
  missing: (spec, path) => not(readExists(spec, path)),
  // what only ranks
  dis_max: (spec, path) => or(list(options(spec, path, ['queries']).queries, [...path, 'queries'])),
  function_score: (spec, path) => inner(spec, path, 'query', RANKING),
  boosting: (spec, path) => inner(spec, path, 'positive', ['negative', 'negative_boost'])
}

const RANKING = ['functions', 'boost_mode', 'score_mode', 'max_boost', 'random_score', 'weight']

const LATER = ['simple_query_string', 'script', 'terms_set', 'eql', 'esql']

/** What stands below a name that may be left out. */
function below(spec: unknown, name: string): unknown {
  return isObject(spec) && Object.hasOwn(spec, name) ? spec[name] : spec
}

/** What one query below a name finds. */
function inner(spec: unknown, path: Path, name: string, others: string[]): Query {
  const given = options(spec, path, [name, ...others])[name]
  return given === undefined ? { is: 'all' } : readQuery(given, [...path, name])
}

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

function readNested(spec: unknown, path: Path): Query {
  const given = options(spec, path, ['path', 'query', 'score_mode', 'ignore_unmapped'])
  if (typeof given.path !== 'string')
    throw new QueryError('nested needs a path: {nested: {path: items, query: …}}', path)
  return { is: 'nested', path: given.path, of: readQuery(given.query, [...path, 'query']) }
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
  const pattern = String(given.value)
  const ignoreCase = flag(given.spec.case_insensitive, at)
  try {
    const plain = plainOperators(String(given.spec.flags ?? 'ALL'))
    compileRegexp(pattern, ignoreCase, plain)
    return { is: 'regexp', field, pattern, ignoreCase, ...(plain === '' ? {} : { plain }) }
  } catch (error) {
    throw new QueryError(messageOf(error), given.path)
  }
}

function readFuzzy(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const given = unwrap(value, at, ['value'], ['fuzziness', 'transpositions'])
  if (flag(given.spec.transpositions ?? true, at) === false)
    throw new QueryError('transpositions: false is not supported', [...at, 'transpositions'])
  if (given.spec.prefix_length !== undefined && given.spec.prefix_length !== 0)
    throw new QueryError('prefix_length is not supported', [...at, 'prefix_length'])
  const fuzziness = readFuzziness(given.spec.fuzziness ?? 'AUTO', [...at, 'fuzziness'])
  return { is: 'fuzzy', field, text: String(given.value), fuzziness }
}

function readIds(spec: unknown, path: Path): Query {
  const { values } = options(spec, path, ['values'])
  if (values === undefined) throw new QueryError('ids needs a list of values', path)
  const ids = (Array.isArray(values) ? values : [values]).map((value, i) =>
    String(scalar(value, [...path, 'values', i]))
  )
  return or(ids.map(value => ({ is: 'term', field: '_id', value, ignoreCase: false })))
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

function inRange(limit: Scalar): string | number {
  return typeof limit === 'boolean' ? String(limit) : limit
}

function readRange(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const given = options(value, at, [...Object.keys(BOUNDS), 'time_zone', 'format'])
  const { format } = given
  const read = format === undefined ? undefined : dateReader(String(format))
  if (format !== undefined && read === undefined) {
    throw new QueryError(`date format ${describe(format)} is not supported: write dates in ISO 8601`, [
      ...at,
      'format'
    ])
  }
  const zoneMinutes = zone(given.time_zone, [...at, 'time_zone'])
  const bounds: Bounds = {}
  for (const [name, bound] of Object.entries(BOUNDS)) {
    if (given[name] === undefined || given[name] === null) continue
    const limit = scalar(given[name], [...at, name])
    const text = read === undefined || typeof limit === 'boolean' ? inRange(limit) : read(String(limit))
    if (text === undefined)
      throw new QueryError(`${limit} is no date of format ${String(format)}`, [...at, name])
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

const QUERY_STRING = [
  'query',
  'default_field',
  'fields',
  'default_operator',
  'time_zone',
  'type',
  'phrase_slop',
  'fuzziness',
  'quote_field_suffix',
  'minimum_should_match'
]

function readQueryString(spec: unknown, path: Path): Query {
  const given: JsonObject = typeof spec === 'string' ? { query: spec } : options(spec, path, QUERY_STRING)
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
    type: queryStringType(given.type, [...path, 'type']),
    slop: Number(given.phrase_slop ?? 0),
    fuzziness: readFuzziness(given.fuzziness ?? 'AUTO', [...path, 'fuzziness']),
    quoteSuffix: String(given.quote_field_suffix ?? ''),
    minimumMatch: given.minimum_should_match,
    path: typeof spec === 'string' ? path : [...path, 'query']
  })
}

function queryStringType(value: unknown, path: Path): NonNullable<LuceneOptions['type']> {
  if (value === 'phrase' || value === 'cross_fields') return value
  if (value === undefined || value === 'best_fields' || value === 'most_fields') return 'best_fields'
  throw new QueryError(
    `type ${describe(value)} is not supported: best_fields, most_fields, cross_fields or phrase`,
    path
  )
}

function list(value: unknown, path: Path): Query[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.map((v, i) => readQuery(v, [...path, i]))
  return [readQuery(value, path)]
}

function readBool(spec: unknown, path: Path): Query {
  const given = options(spec, path, ['must', 'filter', 'should', 'must_not', 'minimum_should_match'])
  const must = [...list(given.must, [...path, 'must']), ...list(given.filter, [...path, 'filter'])]
  const should = list(given.should, [...path, 'should'])
  const { minimum_should_match: minimum } = given
  // a query of nothing but must_not is about all documents, whatever its minimum
  if (should.length > 0 || (minimum !== undefined && must.length > 0)) {
    const wanted =
      minimum === undefined ? 0 : least(minimum, should.length, [...path, 'minimum_should_match'])
    // where nothing is required, one of the optional ones is
    must.push(or(should, must.length === 0 && should.length > 0 ? Math.max(1, wanted) : wanted))
  }
  return and([...must, ...list(given.must_not, [...path, 'must_not']).map(not)])
}
