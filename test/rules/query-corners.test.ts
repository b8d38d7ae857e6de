/** Queries that are not often written, and the documents that Elasticsearch 9.5 finds by them under its own dynamic mapping. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dateReader } from '../../src/lib/rules/date-format.ts'
import { readFilter } from '../../src/lib/rules/dsl.ts'
import { eventOf } from '../../src/lib/rules/event.ts'
import type { Fields } from '../../src/lib/rules/fields.ts'
import { minimumMatch } from '../../src/lib/rules/minimum-match.ts'
import { compilePredicate } from '../../src/lib/rules/predicate.ts'
import { wordsOf } from '../../src/lib/rules/words.ts'

const DOCUMENTS = [
  { a: 0.5, n: 1, s: 'foo', t: 'The quick brown fox', k: 'OK', at: '2026-11-24T10:00:00Z', o: { x: 'p' } },
  {
    a: 10,
    n: 2,
    s: 'foo bar',
    t: 'quick-brown',
    k: 'ok',
    at: '2026-11-25',
    flag: true,
    o: { x: 'q', y: 'p' }
  },
  {
    a: 100,
    n: [3, 20],
    s: 'foo-bar',
    t: "don't panic",
    at: '2025-01-01',
    list: [
      { x: 1, y: 'a' },
      { x: 2, y: 'b' }
    ]
  },
  { n: 404, s: 'foo!bar', t: '', m: '日本語 テスト', list: [{ x: 1, y: 'b' }], at: '2026-12-01' },
  { n: 0, s: '-4', t: 'error [42]', m: 'abc日本', k: 'FAILED' }
]
const EVENTS = DOCUMENTS.map(document => eventOf(document) as Fields)

function found(query: unknown): number[] {
  const passes = compilePredicate(readFilter([query], []), () => 0)
  return EVENTS.flatMap((event, i) => (passes(event) ? [i] : []))
}

const CASES: [query: string | object, documents: number[], options?: object][] = [
  // words that follow each other are one text to a field's analyzer
  ['s.keyword:(foo bar)', [1]],
  ['s:(foo bar)', [0, 1, 2, 3]],
  ['n:(1 2)', []],
  ['n:(1 OR 2)', [0, 1]],
  ['foo bar', [1, 2, 3], { default_operator: 'AND', fields: ['s', 't'] }],
  ['quick foo', [], { default_operator: 'AND', fields: ['s', 't'] }],
  ['quick foo', [0, 1], { default_operator: 'AND', fields: ['s', 't'], type: 'cross_fields' }],
  ['quick fox', [0], { default_field: 't', minimum_should_match: '100%' }],
  ['quick brown', [0, 1], { default_field: 't', type: 'phrase' }],
  ['brown quick', [], { default_field: 't', type: 'phrase' }],
  ['"quick fox"', [0], { default_field: 't', phrase_slop: 1 }],
  ['"OK"', [0], { default_field: 'k', quote_field_suffix: '.keyword' }],
  ['quick fox AND k:OK', [0], { default_field: 't' }],
  // characters that end a word, and escapes by code
  ['s:foo!bar', [0]],
  ['s:foo\\!bar', [0, 1, 2, 3]],
  ['s:"\\u002d4"', [4]],
  // names with a wildcard
  ['o.\\*:p', [0, 1]],
  ['\\*:OK', [0, 1]],
  [{ exists: { field: 'o.*' } }, [0, 1]],
  // dates stand for all of their day; numbers and booleans have no beginnings
  ['at:2026-11-24', [0]],
  ['at:"2026-11-25"', [1]],
  ['at:2026-11', []],
  ['n:4*', []],
  ['flag:t*', []],
  ['t:""', []],
  ['m:日', [3, 4]],
  ['m:"日本"', [3, 4]],
  ['m:abc', [4]],
  [{ match: { at: '2026-11-24' } }, [0]],
  [{ range: { at: { gte: '2026' } } }, [0, 1, 3]],
  [{ range: { at: { gte: '24/11/2026', lt: '2026', format: 'dd/MM/yyyy||yyyy' } } }, []],
  [{ range: { at: { gt: '24/11/2026', format: 'dd/MM/yyyy' } } }, [1, 3]],
  [{ range: { at: { gte: 1795514400, format: 'epoch_second' } } }, [0, 1, 3]],
  [{ range: { at: { lte: '20261124', format: 'basic_date' } } }, [0, 2]],
  [{ match: { t: '' } }, []],
  [{ match: { t: { query: '', zero_terms_query: 'all' } } }, [0, 1, 2, 3, 4]],
  [{ match: { t: { query: 'quick fox panic', minimum_should_match: 2 } } }, [0]],
  [{ match: { t: { query: 'quikc', fuzziness: 'AUTO' } } }, [0, 1]],
  [{ match_phrase_prefix: { t: 'quick bro' } }, [0, 1]],
  [{ match_phrase_prefix: { t: 'the fo' } }, []],
  [{ match_phrase_prefix: { t: { query: 'the fo', slop: 2 } } }, [0]],
  [{ match_phrase_prefix: { t: '' } }, []],
  [{ match_bool_prefix: { t: 'fox qui' } }, [0, 1]],
  [{ match_bool_prefix: { t: { query: 'fox qui', operator: 'and' } } }, [0]],
  [{ multi_match: { query: 'quick bro', fields: ['s', 't'], type: 'phrase_prefix' } }, [0, 1]],
  [
    { multi_match: { query: 'quick foo', fields: ['s', 't'], type: 'cross_fields', operator: 'and' } },
    [0, 1]
  ],
  [{ multi_match: { query: 'foo' } }, [0, 1, 2, 3]],
  [{ regexp: { 's.keyword': 'foo@' } }, [0, 1, 2, 3]],
  [{ regexp: { 's.keyword': { value: 'foo@', flags: 'NONE' } } }, []],
  [{ regexp: { 's.keyword': { value: '-<1-5>', flags: 'INTERVAL' } } }, [4]],
  [{ regexp: { 's.keyword': 'foo#' } }, []],
  [{ dis_max: { queries: [{ term: { n: 1 } }, { term: { n: 20 } }] } }, [0, 2]],
  [{ function_score: { query: { term: { n: 1 } }, boost: 5 } }, [0]],
  [{ boosting: { positive: { term: { n: 1 } }, negative: { term: { n: 2 } }, negative_boost: 0.5 } }, [0]],
  [{ bool: { must: [{ term: { n: 1 } }], adjust_pure_negative: true } }, [0]],
  // with a nested mapping each object is looked at by itself
  [
    {
      nested: {
        path: 'list',
        query: { bool: { must: [{ term: { 'list.x': 1 } }, { match: { 'list.y': 'b' } }] } }
      }
    },
    [3]
  ],
  [{ nested: { path: 'o', query: { term: { 'o.x.keyword': 'q' } } } }, [1]],
  // of Elasticsearch before its version 5
  [{ not: { term: { n: 1 } } }, [1, 2, 3, 4]],
  [{ and: [{ exists: { field: 'a' } }, { not: { filter: { term: { n: 1 } } } }] }, [1, 2]],
  [{ or: { filters: [{ term: { n: 1 } }, { missing: { field: 'k' } }] } }, [0, 2, 3]]
]

test('queries of every kind find what Elasticsearch finds', () => {
  for (const [query, documents, options] of CASES) {
    const whole = typeof query === 'string' ? { query_string: { query, ...options } } : query
    assert.deepEqual(found(whole), documents, JSON.stringify(whole))
  }
})

test('minimum_should_match is a number, a share, what is to be left out, or each by a condition', () => {
  for (const [value, count, least] of [
    [2, 5, 2],
    ['-1', 3, 2],
    ['75%', 5, 3],
    ['-25%', 4, 3],
    ['2<75%', 2, 2],
    ['2<75%', 4, 3],
    ['2<-25% 9<-3', 10, 7],
    ['2<-25% 9 < -3', 1, 1],
    ['x', 3, undefined],
    ['2<', 3, undefined]
  ] as const)
    assert.equal(minimumMatch(value, count), least, `${value} of ${count}`)
})

test('a date in a format of its own is the same in ISO 8601, with no more parts than it had', () => {
  for (const [format, text, iso] of [
    ['dd/MM/yyyy', '24/11/2026', '2026-11-24'],
    ['d.M.yyyy H:mm', '4.1.2026 9:05', '2026-01-04T09:05'],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", '2026-11-24T10:00:00.123+05:30', '2026-11-24T10:00:00.123+05:30'],
    ['yyyy||epoch_second', '1795514400', '2026-11-24T10:00:00.000Z'],
    ['MM/yyyy', '11/2026||+1M/d', '2026-11||+1M/d'],
    ['strict_date_optional_time||dd/MM/yyyy', 'now-1d', 'now-1d'],
    ['dd/MM/yyyy', '2026-11-24', undefined]
  ] as const)
    assert.equal(dateReader(format)?.(text), iso, format)
  assert.equal(dateReader('dd/MMM/yyyy||qqq'), undefined)
})

test('Chinese characters are words, and other letters beside them are', () => {
  assert.deepEqual(wordsOf('abc日本x1 テスト'), ['abc', '日', '本', 'x1', 'テスト'])
})
