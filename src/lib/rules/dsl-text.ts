/** The queries of Elasticsearch's query DSL that compare words: match and its relatives, and multi_match. */

import { describe, fieldOf, least, options, type Path, unwrap } from './dsl-options.ts'
import type { JsonObject } from './fields.ts'
import { readFuzziness } from './fuzziness.ts'
import { and, or, type Query, QueryError, type Scalar } from './query.ts'
import { wordsOf } from './words.ts'

function operatorOf(value: unknown, path: Path): 'any' | 'all' {
  const operator = String(value ?? 'or').toLowerCase()
  if (operator === 'or' || operator === 'and') return operator === 'and' ? 'all' : 'any'
  throw new QueryError('operator is "or" or "and"', [...path, 'operator'])
}

function slopOf(value: unknown, path: Path): number {
  const slop = value ?? 0
  if (typeof slop === 'number' && Number.isInteger(slop) && slop >= 0) return slop
  throw new QueryError(`slop is a whole number, not ${describe(slop)}`, [...path, 'slop'])
}

const WORD_OPTIONS = ['operator', 'minimum_should_match', 'fuzziness', 'prefix_length']

/** The words of a text, any or all of them, or some. */
function wordQuery(field: string, value: Scalar, more: JsonObject, path: Path): Query {
  const text = String(value)
  const found = wordsOf(text)
  if (found.length === 0 && more.zero_terms_query === 'all') return { is: 'all' }
  const words = operatorOf(more.operator, path)
  const { minimum_should_match: minimum, fuzziness } = more
  const enough =
    minimum === undefined || words === 'all'
      ? undefined
      : least(minimum, found.length, [...path, 'minimum_should_match'])
  if (fuzziness === undefined) {
    const query = { is: 'text', field, text, words } as const
    return enough === undefined ? query : { ...query, least: enough }
  }
  if (more.prefix_length !== undefined && more.prefix_length !== 0)
    throw new QueryError('prefix_length is not supported', [...path, 'prefix_length'])
  const edits = readFuzziness(fuzziness, [...path, 'fuzziness'])
  const each = found.map((word): Query => ({ is: 'word fuzzy', field, text: word, fuzziness: edits }))
  return words === 'all' ? and(each) : or(each, Math.max(1, enough ?? 1))
}

export function readMatch(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const { value: text, spec: more } = unwrap(value, at, ['query'], WORD_OPTIONS)
  return wordQuery(field, text, more, at)
}

export function readMatchPhrase(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const { value: text, spec: more } = unwrap(value, at, ['query'], ['slop'])
  return { is: 'text', field, text: String(text), words: 'phrase', slop: slopOf(more.slop, at) }
}

/** A phrase whose last word is only the beginning of one. */
export function readMatchPhrasePrefix(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const { value: text, spec: more } = unwrap(value, at, ['query'], ['slop'])
  return {
    is: 'text',
    field,
    text: String(text),
    words: 'phrase',
    slop: slopOf(more.slop, at),
    isPrefix: true
  }
}

/** Words, of which the last is only the beginning of one. */
export function readMatchBoolPrefix(spec: unknown, path: Path): Query {
  const { field, value, path: at } = fieldOf(spec, path)
  const { value: text, spec: more } = unwrap(value, at, ['query'], ['operator', 'minimum_should_match'])
  const query = wordQuery(field, text, more, at)
  return query.is === 'text' ? { ...query, isPrefix: true } : query
}

const MULTI: Record<string, { read: (spec: unknown, path: Path) => Query; options: string[] }> = {
  best_fields: { read: readMatch, options: WORD_OPTIONS },
  most_fields: { read: readMatch, options: WORD_OPTIONS },
  phrase: { read: readMatchPhrase, options: ['slop'] },
  phrase_prefix: { read: readMatchPhrasePrefix, options: ['slop'] },
  bool_prefix: { read: readMatchBoolPrefix, options: ['operator', 'minimum_should_match'] }
}

export function readMultiMatch(spec: unknown, path: Path): Query {
  const given = options(spec, path, ['query', 'fields', 'type', 'slop', ...WORD_OPTIONS])
  const { fields = ['*'], type = 'best_fields' } = given
  const names: unknown[] = typeof fields === 'string' ? [fields] : Array.isArray(fields) ? fields : []
  if (names.length === 0 || !names.every(f => typeof f === 'string'))
    throw new QueryError('fields of multi_match is a list of names', [...path, 'fields'])
  const plain = (names as string[]).map(field => field.replace(/\^[\d.]+$/, ''))
  if (type === 'cross_fields') return crossFields(given, plain, path)
  const multi = MULTI[String(type)]
  if (multi === undefined)
    throw new QueryError(
      `type ${describe(type)} is not supported: ${Object.keys(MULTI).join(', ')} or cross_fields`,
      [...path, 'type']
    )
  const { zero_terms_query } = given
  const own = Object.entries(given).filter(([name]) => multi.options.includes(name))
  const inner = { query: given.query, ...(zero_terms_query === undefined ? {} : { zero_terms_query }) }
  return or(plain.map(field => multi.read({ [field]: { ...inner, ...Object.fromEntries(own) } }, path)))
}

/** The fields as one: each word may be in any of them. */
function crossFields(
  { query, operator, minimum_should_match: minimum }: JsonObject,
  fields: string[],
  path: Path
): Query {
  const each = wordsOf(String(query)).map(text =>
    or(fields.map((field): Query => ({ is: 'text', field, text, words: 'all' })))
  )
  if (operatorOf(operator, path) === 'all') return and(each)
  const enough = minimum === undefined ? 1 : least(minimum, each.length, [...path, 'minimum_should_match'])
  return or(each, Math.max(1, enough))
}
