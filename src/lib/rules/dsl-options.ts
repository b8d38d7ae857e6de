/** What the queries of Elasticsearch's query DSL have in common: options at their places, a field and what stands below it. */

import { didYouMean } from './did-you-mean.ts'
import { isObject, type JsonObject } from './fields.ts'
import { minimumMatch } from './minimum-match.ts'
import { QueryError, type Scalar } from './query.ts'

export type Path = readonly (string | number)[]

/** Options that only rank hits or steer an analyzer. */
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
  'adjust_pure_negative',
  'enable_position_increments',
  'max_determinized_states',
  'quote_analyzer',
  'tie_breaker',
  'max_expansions',
  'prefix_length',
  'fuzzy_transpositions',
  'fuzzy_max_expansions',
  'fuzzy_prefix_length',
  'relation'
])

export function describe(value: unknown): string {
  return value === null
    ? 'nothing'
    : Array.isArray(value)
      ? 'a list'
      : isObject(value)
        ? 'an object'
        : JSON.stringify(value)
}

export function options(spec: unknown, path: Path, known: string[]): JsonObject {
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
export function fieldOf(spec: unknown, path: Path): { field: string; value: unknown; path: Path } {
  if (!isObject(spec)) throw new QueryError(`expected {field: value}, not ${describe(spec)}`, path)
  const fields = Object.keys(spec).filter(name => name !== 'boost' && name !== '_name')
  const field = fields[0]
  if (field === undefined) throw new QueryError('a field is missing', path)
  if (fields.length > 1)
    throw new QueryError(`one field, not ${fields.join(' and ')}: write two queries`, [...path, fields[1]!])
  return { field, value: spec[field], path: [...path, field] }
}

export function scalar(value: unknown, path: Path): Scalar {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new QueryError(`expected a text, a number or a boolean, not ${describe(value)}`, path)
}

export function flag(value: unknown, path: Path): boolean {
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw new QueryError(`expected true or false, not ${describe(value)}`, path)
}

/** `value` as it stands, or within an object under one of the names. */
export function unwrap(
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

/** How many of so many clauses have to match. */
export function least(value: unknown, count: number, path: Path): number {
  const n = minimumMatch(value, count)
  if (n !== undefined) return n
  throw new QueryError(`minimum_should_match is a number or a percentage, not ${String(value)}`, path)
}
